-- Workspaces whose jobs wait.
CREATE TABLE queue_held_lanes (
    lane    TEXT   NOT NULL PRIMARY KEY,
    held_at BIGINT NOT NULL
);
