-- One sign-in. The state of its refresh tokens is here and nowhere else: hashes of the two youngest generations.
CREATE TABLE sessions (
    id            BLOB   NOT NULL PRIMARY KEY,
    person_id     BLOB   NOT NULL REFERENCES people (id),
    device        TEXT   NOT NULL,
    user_agent    TEXT   NOT NULL,
    ip            TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    last_used_at  BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    revoked_at    BIGINT,
    generation    BIGINT NOT NULL,
    salt          BLOB   NOT NULL,
    refresh_hash  BLOB   NOT NULL,
    previous_hash BLOB,
    rotated_at    BIGINT
);
CREATE INDEX sessions_person ON sessions (person_id, id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE TABLE signing_keys (
    id          BLOB   NOT NULL PRIMARY KEY,
    public_key  BLOB   NOT NULL,
    -- Encrypted under a key derived from the installation secret.
    private_key BLOB   NOT NULL,
    created_at  BIGINT NOT NULL,
    retired_at  BIGINT
);
