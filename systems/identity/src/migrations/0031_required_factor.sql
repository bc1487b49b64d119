-- Whether a session without a second factor is kept out of the workspace.
ALTER TABLE workspaces ADD COLUMN require_second_factor BIGINT NOT NULL DEFAULT 0;
