-- Sign-ins that failed, counted: a crowd of strangers must not be able to fill the disk with rows of their own.
CREATE TABLE refused_sign_ins (
    minute  BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    network TEXT   NOT NULL,
    times   BIGINT NOT NULL,
    PRIMARY KEY (minute, kind, network)
);
