-- `tokens`: an access token and a refresh token. `cookie`: the cookie of a browser, whose hash is in `refresh_hash`.
ALTER TABLE sessions ADD COLUMN kind TEXT NOT NULL DEFAULT 'tokens';
-- Rises when the person gives the device another name.
ALTER TABLE sessions ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
