-- Somebody asked into a workspace by mail. Of the token in the link only the hash is here.
CREATE TABLE invitations (
    id           BLOB   NOT NULL PRIMARY KEY,
    workspace_id BLOB   NOT NULL REFERENCES workspaces (id),
    email        TEXT   NOT NULL,
    email_key    TEXT   NOT NULL,
    role         TEXT   NOT NULL,
    role_id      BLOB   REFERENCES workspace_roles (id),
    token_hash   BLOB   NOT NULL,
    -- Who invites has to be able to grant the role when it is accepted, too.
    invited_by   BLOB   NOT NULL REFERENCES people (id),
    -- pending, accepted or cancelled; a pending one past its time is expired.
    state        TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    sent_at      BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    ended_at     BIGINT,
    accepted_by  BLOB   REFERENCES people (id),
    version      BIGINT NOT NULL
);
CREATE UNIQUE INDEX invitations_token_hash ON invitations (token_hash);
CREATE INDEX invitations_workspace ON invitations (workspace_id, created_at, id);
CREATE UNIQUE INDEX invitations_workspace_id_email_key ON invitations (workspace_id, email_key) WHERE state = 'pending';
CREATE INDEX invitations_role ON invitations (role_id) WHERE role_id IS NOT NULL;
