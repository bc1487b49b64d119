-- Programs that a workspace lets in, without a person behind them. One that was deleted stays a row, for the history.
CREATE TABLE service_accounts (
    id           BLOB   NOT NULL PRIMARY KEY,
    workspace_id BLOB   NOT NULL REFERENCES workspaces (id),
    name         TEXT   NOT NULL,
    -- A JSON list of names: what its keys may do at most.
    permissions  TEXT   NOT NULL,
    created_by   BLOB   NOT NULL REFERENCES people (id),
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    disabled_at  BIGINT,
    deleted_at   BIGINT,
    version      BIGINT NOT NULL
);
CREATE INDEX service_accounts_workspace ON service_accounts (workspace_id, id);

-- A key acts for the person who made it, unless it is of a service account.
ALTER TABLE api_keys ADD COLUMN service_account_id BLOB REFERENCES service_accounts (id);
-- A JSON list; with one the key is publishable: it stands in web pages of these origins, and is no secret.
ALTER TABLE api_keys ADD COLUMN origins TEXT;
ALTER TABLE api_keys ADD COLUMN last_used_ip TEXT;
CREATE INDEX api_keys_service_account ON api_keys (service_account_id);
