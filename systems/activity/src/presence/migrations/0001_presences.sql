-- Who is on which topic of a workspace at which node, as the node last said. Only PostgreSQL has several nodes; SQLite keeps
-- this in memory and leaves the table empty. What was not said again for half a minute is not believed.
CREATE TABLE live_presences (
    workspace BLOB NOT NULL,
    node      TEXT NOT NULL,
    topics    TEXT NOT NULL,
    seen_at   BIGINT NOT NULL,
    PRIMARY KEY (workspace, node)
);
CREATE INDEX live_presences_by_age ON live_presences (seen_at);
