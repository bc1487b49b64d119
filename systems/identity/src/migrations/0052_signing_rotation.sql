-- A key is published before it signs, so that whoever keeps the published list for a while knows it in time.
ALTER TABLE signing_keys ADD COLUMN signs_from BIGINT NOT NULL DEFAULT 0;
