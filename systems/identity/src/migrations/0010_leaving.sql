-- When the account ends, for somebody who asked to go.
ALTER TABLE people ADD COLUMN leaves_at BIGINT;
-- Rises whenever the password or the address becomes another: what was mailed before is then good for nothing.
ALTER TABLE people ADD COLUMN proof BIGINT NOT NULL DEFAULT 0;
CREATE INDEX people_leaves_at ON people (leaves_at) WHERE leaves_at IS NOT NULL;
