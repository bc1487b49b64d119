-- What happened. `tx` is the transaction that wrote it, as a number: readers wait until all before it have ended.
CREATE TABLE events (
    seq         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    epoch       BIGINT NOT NULL,
    tx          BIGINT NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    id          BYTEA NOT NULL UNIQUE,
    workspace   BYTEA,
    kind        TEXT COLLATE "C" NOT NULL,
    noun        TEXT COLLATE "C" NOT NULL,
    subject     TEXT COLLATE "C" NOT NULL,
    occurred_at BIGINT NOT NULL,
    actor_kind  TEXT COLLATE "C" NOT NULL,
    actor_id    TEXT COLLATE "C",
    actor_label TEXT COLLATE "C" NOT NULL,
    source      TEXT COLLATE "C" NOT NULL,
    request_id  TEXT COLLATE "C" NOT NULL,
    trace_id    TEXT COLLATE "C" NOT NULL,
    payload     TEXT COLLATE "C" NOT NULL
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
