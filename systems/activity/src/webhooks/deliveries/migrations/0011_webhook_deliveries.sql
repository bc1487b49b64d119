-- One event on its way to one webhook. `event` is NULL for a test. What is sent is made of these columns, the same each time.
CREATE TABLE webhook_deliveries (
    id            BLOB   NOT NULL PRIMARY KEY,
    workspace     BLOB   NOT NULL,
    webhook       BLOB   NOT NULL,
    event         BLOB,
    kind          TEXT   NOT NULL,
    subject       TEXT   NOT NULL,
    event_version BIGINT,
    occurred_at   BIGINT NOT NULL,
    -- queued, delivered or failed.
    state         TEXT   NOT NULL,
    attempts      BIGINT NOT NULL,
    status        BIGINT,
    error         TEXT,
    job           BLOB,
    created_at    BIGINT NOT NULL,
    ended_at      BIGINT,
    version       BIGINT NOT NULL
);
-- No event comes twice to one webhook, whoever makes deliveries of it.
CREATE UNIQUE INDEX webhook_deliveries_webhook_event ON webhook_deliveries (webhook, event);
CREATE INDEX webhook_deliveries_of_webhook ON webhook_deliveries (workspace, webhook, created_at, id);
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;
-- What was sent and answered, a row an attempt, with secrets masked.
CREATE TABLE webhook_attempts (
    delivery        BLOB   NOT NULL,
    number          BIGINT NOT NULL,
    workspace       BLOB   NOT NULL,
    at              BIGINT NOT NULL,
    ms              BIGINT NOT NULL,
    status          BIGINT,
    error           TEXT,
    request_headers TEXT   NOT NULL,
    answer_headers  TEXT,
    answer_body     TEXT,
    PRIMARY KEY (delivery, number)
) WITHOUT ROWID;
