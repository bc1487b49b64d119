-- Those that wait: looked through for what no job will ever send.
CREATE INDEX webhook_deliveries_queued ON webhook_deliveries (id) WHERE state = 'queued';
