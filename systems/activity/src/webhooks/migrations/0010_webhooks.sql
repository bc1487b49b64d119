-- Where a workspace has what happens told to. `granted` are the permissions of whoever chose the types: nothing that needs
-- another one is told. `headers`, `secret` and `old_secret` are sealed.
CREATE TABLE webhooks (
    id               BLOB   NOT NULL PRIMARY KEY,
    workspace        BLOB   NOT NULL,
    description      TEXT   NOT NULL,
    url              TEXT   NOT NULL,
    types            TEXT   NOT NULL,
    granted          TEXT   NOT NULL,
    header_names     TEXT   NOT NULL,
    headers          BLOB   NOT NULL,
    secret           BLOB   NOT NULL,
    old_secret       BLOB,
    old_secret_until BIGINT,
    -- enabled, disabled by somebody, or switched_off by us for the reason beside it.
    state            TEXT   NOT NULL,
    reason           TEXT,
    failing_since    BIGINT,
    created_at       BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL,
    version          BIGINT NOT NULL
);
CREATE INDEX webhooks_of_workspace ON webhooks (workspace, created_at, id);
CREATE INDEX webhooks_listening ON webhooks (workspace) WHERE state = 'enabled';
CREATE INDEX webhooks_switched_off ON webhooks (workspace) WHERE state = 'switched_off';
-- One row: how far the journal was read for all of them. It moves in the commit that makes the deliveries.
CREATE TABLE webhook_follower (
    id    BIGINT NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL,
    tx    BIGINT NOT NULL,
    seq   BIGINT NOT NULL
);
