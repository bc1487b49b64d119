-- Providers that an operator made at run time. Those of the settings file are not here.
CREATE TABLE sso_providers (
    name          TEXT   NOT NULL PRIMARY KEY,
    title         TEXT   NOT NULL,
    issuer        TEXT   NOT NULL,
    client_id     TEXT   NOT NULL,
    -- Sealed together with name and issuer; NULL for a public client.
    client_secret BLOB,
    scopes        TEXT   NOT NULL,
    audience      TEXT,
    domains       TEXT   NOT NULL,
    provisioning  TEXT   NOT NULL,
    -- The id of a workspace. No reference: a provider does not hold up its end.
    workspace     TEXT,
    role          TEXT   NOT NULL,
    enabled       BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    version       BIGINT NOT NULL
);

-- Who somebody is elsewhere. By issuer and not by provider: a provider of that name may become another one.
CREATE TABLE sso_identities (
    id           BLOB   NOT NULL PRIMARY KEY,
    person_id    BLOB   NOT NULL REFERENCES people (id),
    provider     TEXT   NOT NULL,
    issuer       TEXT   NOT NULL,
    subject      TEXT   NOT NULL,
    email        TEXT,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX sso_identities_issuer_subject ON sso_identities (issuer, subject);
CREATE INDEX sso_identities_person ON sso_identities (person_id, id);

-- States of logins that came back. A login that was only begun is in its browser.
CREATE TABLE sso_used_states (
    hash       BLOB   NOT NULL PRIMARY KEY,
    used_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sso_used_states_expires_at ON sso_used_states (expires_at);

-- Somebody whom a provider proved, until the password of the account was given.
CREATE TABLE sso_link_tickets (
    hash       BLOB   NOT NULL PRIMARY KEY,
    person_id  BLOB   NOT NULL REFERENCES people (id),
    provider   TEXT   NOT NULL,
    issuer     TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    email      TEXT   NOT NULL,
    return_to  TEXT,
    tries      BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sso_link_tickets_expires_at ON sso_link_tickets (expires_at);
