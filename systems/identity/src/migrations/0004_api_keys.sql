CREATE TABLE api_keys (
    id           BLOB   NOT NULL PRIMARY KEY,
    -- NULL for a key of the operator's, which works in every workspace that its request names.
    workspace_id BLOB   REFERENCES workspaces (id),
    person_id    BLOB   NOT NULL REFERENCES people (id),
    name         TEXT   NOT NULL,
    prefix       TEXT   NOT NULL,
    hash         BLOB   NOT NULL,
    permissions  TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT,
    revoked_at   BIGINT
);
CREATE UNIQUE INDEX api_keys_prefix ON api_keys (prefix);
CREATE INDEX api_keys_workspace ON api_keys (workspace_id, id);
