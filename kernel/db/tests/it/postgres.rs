//! A PostgreSQL of this test process alone. It ends with the process, however that ends.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const BIN: &str = "/usr/lib/postgresql/15/bin";

pub(crate) struct Postgres {
    pub(crate) port: u16,
    _keeper: Child,
}

pub(crate) struct Database {
    pub(crate) url: String,
    name: String,
}

pub(crate) fn postgres() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(Postgres::start)
}

impl Postgres {
    /// The server refuses to run as root. Its keeper waits on a pipe that closes when this process is gone.
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("db-postgres-").tempdir().unwrap().keep();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = folder.display();
        let script = format!(
            "cd {folder} && {BIN}/initdb -D {folder}/data -A trust -U postgres -E UTF8 --locale=C --no-sync >/dev/null || exit 1; \
             {BIN}/postgres -D {folder}/data -h 127.0.0.1 -p {port} -k {folder} -c fsync=off -c max_connections=200 \
             -c log_min_messages=panic >/dev/null 2>&1 </dev/null & server=$!; \
             cat >/dev/null; kill -QUIT $server; wait $server; rm -rf {folder}/*"
        );
        let mut keeper =
            if std::fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own)).unwrap()
                == 0
            {
                let mut command = Command::new("setpriv");
                command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
                command
            } else {
                Command::new("sh")
            };
        let keeper = keeper.args(["-c", &script]).stdin(Stdio::piped()).spawn().unwrap();
        let server = Self { port, _keeper: keeper };
        let started = Instant::now();
        while !server.psql("SELECT 1") {
            assert!(started.elapsed() < Duration::from_secs(30), "PostgreSQL did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    pub(crate) fn psql(&self, sql: &str) -> bool {
        let port = self.port.to_string();
        let args = ["-X", "-q", "-h", "127.0.0.1", "-p", &port, "-U", "postgres", "-c", sql, "postgres"];
        let quiet = || Stdio::null();
        Command::new(format!("{BIN}/psql"))
            .args(args)
            .stdout(quiet())
            .stderr(quiet())
            .status()
            .unwrap()
            .success()
    }

    pub(crate) fn url_for(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    pub(crate) fn fresh_database(&self) -> Database {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        assert!(self.psql(&format!("CREATE DATABASE {name} TEMPLATE template0")));
        Database { url: self.url_for(&name), name }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        postgres().psql(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}
