-- A service as its latest event left it: reading the whole status looks at nothing else.
CREATE TABLE status_services (
    id         BLOB   NOT NULL PRIMARY KEY,
    workspace  BLOB   NOT NULL,
    slug       TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    status     TEXT   NOT NULL,
    since      BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version    BIGINT NOT NULL
);

CREATE UNIQUE INDEX status_services_workspace_slug ON status_services (workspace, slug);

-- What was reported, never changed afterwards.
CREATE TABLE status_events (
    id          BLOB   NOT NULL PRIMARY KEY,
    workspace   BLOB   NOT NULL,
    service     BLOB   NOT NULL REFERENCES status_services (id),
    slug        TEXT   NOT NULL,
    status      TEXT   NOT NULL,
    description TEXT   NOT NULL,
    created_by  TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
);

CREATE INDEX status_events_workspace_created_at ON status_events (workspace, created_at, id);
CREATE INDEX status_events_workspace_slug ON status_events (workspace, slug, created_at, id);
