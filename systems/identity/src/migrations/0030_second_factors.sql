-- How the person of a session proved who they are, when they last did, and when they last showed a second factor.
ALTER TABLE sessions ADD COLUMN methods TEXT NOT NULL DEFAULT 'password';
ALTER TABLE sessions ADD COLUMN proven_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN second_factor_at BIGINT;

CREATE TABLE totp_factors (
    person_id    BLOB   NOT NULL PRIMARY KEY REFERENCES people (id),
    -- Encrypted under a key derived from the installation secret.
    secret       BLOB   NOT NULL,
    created_at   BIGINT NOT NULL,
    -- NULL until the first code of it was shown; it does not count before.
    confirmed_at BIGINT,
    -- The newest time step whose code was used. Only later ones are good.
    last_step    BIGINT NOT NULL
);

CREATE TABLE recovery_codes (
    person_id  BLOB   NOT NULL REFERENCES people (id),
    hash       BLOB   NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT,
    PRIMARY KEY (person_id, hash)
);

CREATE TABLE passkeys (
    id            BLOB   NOT NULL PRIMARY KEY,
    person_id     BLOB   NOT NULL REFERENCES people (id),
    -- As the authenticator names it; what browsers send.
    credential_id BLOB   NOT NULL,
    -- A COSE key.
    public_key    BLOB   NOT NULL,
    sign_count    BIGINT NOT NULL,
    -- Whether the authenticator may copy it to other devices, and has.
    may_be_synced BIGINT NOT NULL,
    is_synced     BIGINT NOT NULL,
    transports    TEXT   NOT NULL,
    name          TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    last_used_at  BIGINT,
    version       BIGINT NOT NULL
);
CREATE UNIQUE INDEX passkeys_credential_id ON passkeys (credential_id);
CREATE INDEX passkeys_person ON passkeys (person_id, id);

-- Wrong codes shown after the right password, counted from the first of them on.
CREATE TABLE wrong_codes (
    person_id BLOB   NOT NULL PRIMARY KEY REFERENCES people (id),
    times     BIGINT NOT NULL,
    since     BIGINT NOT NULL
);

-- Challenges are signed and kept nowhere; only those that led to something are remembered until they expire.
CREATE TABLE spent_challenges (
    hash       BLOB   NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX spent_challenges_expires_at ON spent_challenges (expires_at);
