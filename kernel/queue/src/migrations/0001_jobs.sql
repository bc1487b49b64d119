-- Work that is asked for inside a commit. `lane` is whom it is done for: the id of the workspace, or `installation`.
-- `attempt` counts the starts and is the fencing token; `failures` those that count against the kind's limit; `losses`
-- the nodes that died on it. `ready` is 0 while `run_at` lies ahead. `lines` numbers the job's own log.
CREATE TABLE jobs (
    id          BLOB NOT NULL PRIMARY KEY,
    kind        TEXT NOT NULL,
    queue       TEXT NOT NULL,
    workspace   BLOB,
    lane        TEXT NOT NULL,
    subject     TEXT,
    priority    BIGINT NOT NULL,
    state       TEXT NOT NULL,
    ready       BIGINT NOT NULL,
    run_at      BIGINT NOT NULL,
    attempt     BIGINT NOT NULL,
    failures    BIGINT NOT NULL,
    losses      BIGINT NOT NULL,
    cancel      BIGINT NOT NULL,
    lines       BIGINT NOT NULL,
    told        BIGINT NOT NULL,
    node        BLOB,
    unique_key  TEXT,
    payload     TEXT NOT NULL,
    result      TEXT,
    error       TEXT,
    actor_kind  TEXT NOT NULL,
    actor_id    TEXT,
    actor_label TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    trace_id    TEXT NOT NULL,
    enqueued_at BIGINT NOT NULL,
    started_at  BIGINT,
    ended_at    BIGINT
);
CREATE INDEX jobs_ready ON jobs (kind, lane, priority DESC, run_at, id) WHERE state = 'queued' AND ready = 1;
CREATE INDEX jobs_due ON jobs (run_at) WHERE state = 'queued' AND ready = 0;
CREATE INDEX jobs_running ON jobs (kind, lane) WHERE state = 'running';
CREATE INDEX jobs_of_node ON jobs (node, cancel) WHERE state = 'running';
CREATE INDEX jobs_of_workspace ON jobs (workspace, id);
CREATE INDEX jobs_ended ON jobs (ended_at) WHERE state IN ('done', 'cancelled');
CREATE UNIQUE INDEX jobs_kind_lane_unique_key ON jobs (kind, lane, unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('queued', 'running');
-- The job's own log: every change of its state, what it says, how far it is.
CREATE TABLE job_lines (
    job     BLOB NOT NULL,
    number  BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    kind    TEXT NOT NULL,
    says    TEXT NOT NULL,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;
-- One row a node; a node whose `beats` stand still is dead.
CREATE TABLE job_nodes (
    id         BLOB NOT NULL PRIMARY KEY,
    beats      BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);
-- Queues from which nothing is taken.
CREATE TABLE queue_pauses (
    queue     TEXT NOT NULL PRIMARY KEY,
    paused_at BIGINT NOT NULL,
    paused_by TEXT NOT NULL
);
