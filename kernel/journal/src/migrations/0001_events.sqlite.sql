-- What happened. `tx` is 0: one writer commits in the order of seq.
CREATE TABLE events (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch       BIGINT NOT NULL,
    tx          BIGINT NOT NULL DEFAULT 0,
    id          BLOB NOT NULL UNIQUE,
    workspace   BLOB,
    kind        TEXT NOT NULL,
    noun        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    actor_kind  TEXT NOT NULL,
    actor_id    TEXT,
    actor_label TEXT NOT NULL,
    source      TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    trace_id    TEXT NOT NULL,
    payload     TEXT NOT NULL
);
CREATE INDEX events_in_order ON events (epoch, tx, seq);
CREATE INDEX events_of_workspace ON events (workspace, epoch, tx, seq);
CREATE INDEX events_of_subject ON events (workspace, subject, epoch, tx, seq);
-- One row: the epoch rises after a restore; what happened before `pruned_before` may be gone.
CREATE TABLE journal_state (
    id            BIGINT PRIMARY KEY,
    epoch         BIGINT NOT NULL,
    pruned_before BIGINT NOT NULL
);
INSERT INTO journal_state (id, epoch, pruned_before) VALUES (1, 1, 0);
