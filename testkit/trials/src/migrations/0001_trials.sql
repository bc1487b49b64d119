-- What a writer asked for. Nothing keeps it from being there twice: that would hide what the tests look for.
CREATE TABLE trials (
    id         BLOB   NOT NULL PRIMARY KEY,
    workspace  BLOB   NOT NULL,
    series     TEXT   NOT NULL,
    number     BIGINT NOT NULL,
    says       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

-- What jobs did in the database. Nothing keeps a job from doing it twice, for the same reason.
CREATE TABLE trial_effects (
    workspace BLOB   NOT NULL,
    trial     TEXT   NOT NULL,
    job       TEXT   NOT NULL,
    attempt   BIGINT NOT NULL
);
