-- What was mailed to whom: links that work once, and mails without one, which count as mails all the same.
CREATE TABLE mailed_links (
    -- Of the token; the token itself is in the mail and nowhere else.
    hash       BLOB   NOT NULL PRIMARY KEY,
    purpose    TEXT   NOT NULL,
    -- NULL while nobody has the address: whoever opens a registration's link becomes a person.
    person_id  BLOB   REFERENCES people (id),
    -- The address that opening it proves.
    email      TEXT   NOT NULL,
    email_key  TEXT   NOT NULL,
    -- What `people.proof` was when it was made.
    proof      BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX mailed_links_email ON mailed_links (email_key, created_at);
CREATE INDEX mailed_links_person ON mailed_links (person_id);
CREATE INDEX mailed_links_expires_at ON mailed_links (expires_at);
