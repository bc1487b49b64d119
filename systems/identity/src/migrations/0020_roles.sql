-- Roles that a workspace made for itself, beside owner, admin, member and viewer.
CREATE TABLE workspace_roles (
    id           BLOB   NOT NULL PRIMARY KEY,
    workspace_id BLOB   NOT NULL REFERENCES workspaces (id),
    name         TEXT   NOT NULL,
    -- The name in lower case: two roles of one name could not be told apart.
    name_key     TEXT   NOT NULL,
    -- JSON, as they were asked for: what follows from them is reckoned.
    permissions  TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    version      BIGINT NOT NULL
);
CREATE UNIQUE INDEX workspace_roles_workspace_id_name_key ON workspace_roles (workspace_id, name_key);

-- Set where `role` is `custom`.
ALTER TABLE memberships ADD COLUMN role_id BLOB REFERENCES workspace_roles (id);
ALTER TABLE memberships ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
CREATE INDEX memberships_role ON memberships (role_id) WHERE role_id IS NOT NULL;
