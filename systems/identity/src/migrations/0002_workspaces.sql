CREATE TABLE workspaces (
    id         BLOB   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    slug       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version    BIGINT NOT NULL
);
CREATE UNIQUE INDEX workspaces_slug ON workspaces (slug);

CREATE TABLE memberships (
    workspace_id BLOB   NOT NULL REFERENCES workspaces (id),
    person_id    BLOB   NOT NULL REFERENCES people (id),
    role         TEXT   NOT NULL,
    -- Where the person works when a request names no workspace; at most one of somebody's is.
    is_default   BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, person_id)
);
CREATE INDEX memberships_person ON memberships (person_id);
CREATE UNIQUE INDEX memberships_default ON memberships (person_id) WHERE is_default = 1;
