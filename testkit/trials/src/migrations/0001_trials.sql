-- What a writer asked for. Nothing keeps it from being there twice: that would hide what the tests look for.
CREATE TABLE trials (
    id         BLOB   NOT NULL PRIMARY KEY,
    workspace  BLOB   NOT NULL,
    series     TEXT   NOT NULL,
    number     BIGINT NOT NULL,
    text       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
