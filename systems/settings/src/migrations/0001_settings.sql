-- What was changed at run time. A setting that was put back keeps its row, without a value, so that the highest
-- revision of all rows only ever rises.
CREATE TABLE settings (
    key        TEXT   NOT NULL PRIMARY KEY,
    value      TEXT,
    updated_at BIGINT NOT NULL,
    updated_by TEXT   NOT NULL,
    revision   BIGINT NOT NULL
);
