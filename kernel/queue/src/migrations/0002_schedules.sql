-- When a schedule runs next. Whoever moves `next_at` on asks for the job in the same commit, so each time comes once.
CREATE TABLE queue_schedules (
    name    TEXT NOT NULL PRIMARY KEY,
    cron    TEXT NOT NULL,
    next_at BIGINT NOT NULL,
    last_at BIGINT
);
