-- When it was last put off: a clock that says much less than that was set back, and `run_at` is reckoned anew.
ALTER TABLE jobs ADD COLUMN put_off_at BIGINT;
CREATE INDEX jobs_put_off ON jobs (put_off_at) WHERE state = 'queued' AND ready = 0;
