-- Lists of jobs, and of those that wait for somebody to look at them.
DROP INDEX jobs_of_workspace;
CREATE INDEX jobs_of_workspace ON jobs (workspace, enqueued_at, id);
CREATE INDEX jobs_failed ON jobs (queue) WHERE state = 'failed';
-- How far a job is. `said` counts the lines that the job itself wrote.
ALTER TABLE jobs ADD COLUMN progress_done BIGINT;
ALTER TABLE jobs ADD COLUMN progress_total BIGINT;
ALTER TABLE jobs ADD COLUMN said BIGINT NOT NULL DEFAULT 0;
-- The kinds that a node runs, with commas between them.
ALTER TABLE job_nodes ADD COLUMN kinds TEXT NOT NULL DEFAULT '';
