-- Where whatever happened was asked for: the address in 16 bytes, an IPv4 one mapped into IPv6, and what the client says
-- it is. About people: both are emptied before the event itself is forgotten.
ALTER TABLE events ADD COLUMN client BLOB;
ALTER TABLE events ADD COLUMN user_agent TEXT;
-- How far the feed was thinned out: what lies there or before and is still kept is for the audit only.
ALTER TABLE journal_state ADD COLUMN feed_epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE journal_state ADD COLUMN feed_tx BIGINT NOT NULL DEFAULT 0;
ALTER TABLE journal_state ADD COLUMN feed_seq BIGINT NOT NULL DEFAULT 0;
-- How far addresses were forgotten.
ALTER TABLE journal_state ADD COLUMN blind_epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE journal_state ADD COLUMN blind_tx BIGINT NOT NULL DEFAULT 0;
ALTER TABLE journal_state ADD COLUMN blind_seq BIGINT NOT NULL DEFAULT 0;
