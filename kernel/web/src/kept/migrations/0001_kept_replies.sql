-- What was answered under an idempotency key. Nothing here can be read without the raw key, which is not stored.
CREATE TABLE kept_replies (
    lookup      BLOB   NOT NULL PRIMARY KEY,
    fingerprint BLOB   NOT NULL,
    sealed      BLOB   NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);

CREATE INDEX kept_replies_expires_at ON kept_replies (expires_at);
