-- How a workspace stands. Each is NULL where it does not apply.
ALTER TABLE workspaces ADD COLUMN code TEXT;
ALTER TABLE workspaces ADD COLUMN enabled_from BIGINT;
ALTER TABLE workspaces ADD COLUMN enabled_until BIGINT;
ALTER TABLE workspaces ADD COLUMN suspended_at BIGINT;
ALTER TABLE workspaces ADD COLUMN archived_at BIGINT;
ALTER TABLE workspaces ADD COLUMN paused_at BIGINT;
-- When it will be forgotten; somebody deleted it.
ALTER TABLE workspaces ADD COLUMN delete_at BIGINT;
CREATE UNIQUE INDEX workspaces_code ON workspaces (code) WHERE code IS NOT NULL;
CREATE INDEX workspaces_delete_at ON workspaces (delete_at) WHERE delete_at IS NOT NULL;

-- What the workspace decided for itself; no row is as good as one of defaults.
CREATE TABLE workspace_settings (
    workspace_id    BLOB   NOT NULL PRIMARY KEY REFERENCES workspaces (id),
    role            TEXT   NOT NULL,
    role_id         BLOB   REFERENCES workspace_roles (id),
    invitation_days BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    revision        BIGINT NOT NULL
);

-- An owner who wants to be none, and who was offered the place.
CREATE TABLE workspace_transfers (
    workspace_id BLOB   NOT NULL PRIMARY KEY REFERENCES workspaces (id),
    from_person  BLOB   NOT NULL REFERENCES people (id),
    to_person    BLOB   NOT NULL REFERENCES people (id),
    offered_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);

-- What the operator allows a workspace where it is not what the settings say.
CREATE TABLE workspace_limits (
    workspace_id BLOB   NOT NULL REFERENCES workspaces (id),
    name         TEXT   NOT NULL,
    value        BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, name)
);
