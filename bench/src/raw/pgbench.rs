//! The unit as a script of pgbench, in a database where `grouped` ran before.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::Limit;
use crate::place::Place;
use crate::process::output;

/// As many as Mainstay writes with when its pool has the default size.
const CONNECTIONS: u32 = 8;

const SCRIPT: &str = r"
\set now 1780000000000
\set key random(1, 9000000000000000000)
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT pg_try_advisory_xact_lock((:key)::bigint);
SELECT fingerprint, sealed FROM kept_replies WHERE lookup = decode(md5((:key)::bigint::text) || md5(((:key)::bigint + 1)::text), 'hex') AND expires_at > :now;
SELECT id AS service, workspace AS space FROM status_services WHERE workspace = decode(repeat('07', 16), 'hex') AND slug = 'bench-' || :client_id \gset
UPDATE status_services SET status = 'degraded', since = :now, updated_at = :now, version = version + 1 WHERE workspace = (:space)::bytea AND id = (:service)::bytea;
INSERT INTO status_events (id, workspace, service, slug, status, description, created_by, created_at) VALUES (decode(md5(random()::text), 'hex'), (:space)::bytea, (:service)::bytea, 'bench-' || :client_id, 'degraded', 'slow answers since the morning', 'owner@example.test', :now);
INSERT INTO events (epoch, id, workspace, kind, noun, subject, occurred_at, actor_kind, actor_id, actor_label, source, request_id, trace_id, payload) VALUES (1, decode(md5(random()::text), 'hex'), (:space)::bytea, 'status_event.created', 'status_event', md5(random()::text), :now, 'person', 'per_01k0000000000000000000000', 'owner@example.test', 'http', md5(random()::text), md5(random()::text), '{}');
DELETE FROM kept_replies WHERE lookup = decode(md5((:key)::bigint::text) || md5(((:key)::bigint + 1)::text), 'hex') AND expires_at <= :now;
INSERT INTO kept_replies (lookup, fingerprint, sealed, created_at, expires_at) VALUES (decode(md5((:key)::bigint::text) || md5(((:key)::bigint + 1)::text), 'hex'), decode(md5((:key)::bigint::text), 'hex'), decode(repeat(md5(random()::text), 20), 'hex'), :now, (:now)::bigint + 86400000);
COMMIT;
";

pub fn pgbench(place: &Place, url: &str, folder: &Path, span: Duration) -> Limit {
    let script = folder.join("unit.sql");
    std::fs::write(&script, SCRIPT).expect("the script");
    let mut command = Command::new(&place.pgbench);
    command.args(["--no-vacuum", "--protocol=prepared", "--jobs=1", "--max-tries=60"]);
    command.arg(format!("--client={CONNECTIONS}")).arg(format!("--time={}", span.as_secs().max(1)));
    let said = output(command.arg("--file").arg(&script).arg(url));
    let number = |before: &str| {
        let rest =
            said.split(before).nth(1).unwrap_or_else(|| panic!("pgbench said nothing of {before}: {said}"));
        rest.split_whitespace().next().and_then(|word| word.parse::<f64>().ok()).unwrap_or(f64::NAN)
    };
    Limit {
        name: format!("pgbench, the same unit, {CONNECTIONS} connections, prepared"),
        durability: "fsync on, synchronous_commit on".into(),
        rate: number("tps = "),
        p99: f64::NAN,
    }
}
