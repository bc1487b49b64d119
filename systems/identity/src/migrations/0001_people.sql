-- People belong to the installation; where they may act is said by their memberships.
CREATE TABLE people (
    id            BLOB   NOT NULL PRIMARY KEY,
    email         TEXT   NOT NULL,
    -- The address without blanks around it, in Unicode NFC and lower case: two addresses are the same when this is.
    email_key     TEXT   NOT NULL,
    name          TEXT   NOT NULL,
    -- NULL for somebody who has no password.
    password_hash TEXT,
    status        TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    version       BIGINT NOT NULL
);
CREATE UNIQUE INDEX people_email_key ON people (email_key);

CREATE TABLE installation_rights (
    person_id  BLOB   NOT NULL REFERENCES people (id),
    permission TEXT   NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, permission)
);
