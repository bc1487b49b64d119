//! A private PostgreSQL server: made, started, restarted and gone.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::watchdog::Watchdog;
use crate::{Folder, admin, free_port};

/// Names a server that is already running, so that each test binary need not start its own.
pub const SHARED: &str = "MAINSTAY_TEST_POSTGRES";
/// Names the folder of the server's programs, where it is not a usual one.
const PROGRAMS: &str = "MAINSTAY_TEST_POSTGRES_BIN";
const START_LIMIT: Duration = Duration::from_mins(1);

/// How a private server is to be run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether commits reach the disk. Only a test that never takes the machine away may do without.
    pub fsync: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { fsync: true }
    }
}

/// A server of PostgreSQL on a loopback port. Its databases compare text by the rules of English, not by bytes,
/// so that a statement that forgot `COLLATE "C"` shows.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    base: String,
    own: Option<Own>,
}

#[derive(Debug)]
struct Own {
    options: Options,
    running: Mutex<Option<Child>>,
    // Field order is drop order: the watchdog ends what still runs before the folder goes.
    _watchdog: Watchdog,
    folder: Folder,
}

/// The one server of this test process, started when it is first asked for: the one that `MAINSTAY_TEST_POSTGRES`
/// names, else a private one without fsync.
pub fn postgres() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(|| match std::env::var(SHARED) {
        Ok(url) if !url.is_empty() => Postgres::at(&url),
        _ => Postgres::start(Options { fsync: false }),
    })
}

impl Postgres {
    /// Makes and starts a server. A test that stops or restarts it needs one of its own.
    ///
    /// # Panics
    /// When it cannot be started, with the end of the server's log.
    pub fn start(options: Options) -> Self {
        let folder = Folder::new();
        let data = folder.join("data");
        make_data_folder(&folder, &data).unwrap_or_else(|error| panic!("no private PostgreSQL: {error}"));
        let watchdog = Watchdog::over(folder.path()).expect("sh starts");
        let own = Own { options, running: Mutex::new(None), _watchdog: watchdog, folder };
        let mut server = Self { port: 0, base: String::new(), own: Some(own) };
        // Another process may take the port between looking and listening.
        for _ in 0..5 {
            server.port = free_port();
            server.base = format!("postgres://postgres@127.0.0.1:{}", server.port);
            if server.launch().is_ok() {
                return server;
            }
        }
        panic!("no private PostgreSQL: it ended at once; its log ends:\n{}", server.log_end());
    }

    /// A server that somebody else started and will end: `postgres://user@host:port[/database]`.
    fn at(url: &str) -> Self {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let authority = rest.split('/').next().unwrap_or(rest);
        let port = authority.rsplit(':').next().and_then(|text| text.parse().ok());
        let port = port.unwrap_or_else(|| panic!("{SHARED} must be postgres://user@host:port, it is {url}"));
        Self { port, base: format!("postgres://{authority}"), own: None }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of a database on this server.
    pub fn url(&self, database: &str) -> String {
        format!("{}/{database}", self.base)
    }

    /// The process of the server, when this process started it and it runs.
    pub fn pid(&self) -> Option<u32> {
        let own = self.own.as_ref()?;
        own.running.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Child::id)
    }

    /// Takes the server down without a goodbye, as a crash would, and starts it again on the same port. Returns
    /// when it accepts connections.
    ///
    /// # Panics
    /// When the server is shared: other tests are using it.
    pub fn restart_immediate(&self) {
        self.stop();
        self.start_again();
    }

    /// Takes the server down at once, cutting every connection. Committed data stays.
    ///
    /// # Panics
    /// When the server is shared: other tests are using it.
    pub fn stop(&self) {
        let own = self.own();
        let child = own.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut child) = child {
            signal("QUIT", child.id());
            let _ = child.wait();
        }
    }

    /// Starts a stopped server on the port it had.
    ///
    /// # Panics
    /// When it does not start, or the server is shared.
    pub fn start_again(&self) {
        self.launch()
            .unwrap_or_else(|error| panic!("PostgreSQL did not come back: {error}\n{}", self.log_end()));
    }

    fn own(&self) -> &Own {
        let Some(own) = &self.own else {
            panic!("the shared PostgreSQL may not be stopped: use Postgres::start for a server of your own");
        };
        own
    }

    fn launch(&self) -> io::Result<()> {
        let own = self.own();
        let log = fs::File::options().create(true).append(true).open(own.folder.join("log"))?;
        let mut command = as_server_user(&program("postgres"));
        command.arg("-D").arg(own.folder.join("data"));
        let fast = [("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off")];
        let port = self.port.to_string();
        let settings = [
            ("listen_addresses", "127.0.0.1"),
            ("port", port.as_str()),
            ("unix_socket_directories", ""),
            ("max_connections", "200"),
            ("max_pred_locks_per_transaction", "256"),
            ("shared_buffers", "64MB"),
            ("max_wal_senders", "0"),
            ("wal_level", "minimal"),
        ];
        let fast = fast.iter().filter(|_| !own.options.fsync);
        for (name, value) in settings.iter().chain(fast) {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let child = command
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()?;
        *own.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        self.wait_until_it_accepts(own)
    }

    fn wait_until_it_accepts(&self, own: &Own) -> io::Result<()> {
        let url = self.url("postgres");
        let began = Instant::now();
        loop {
            if admin::run(&url, "SELECT 1").is_ok() {
                return Ok(());
            }
            let mut running = own.running.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(status) = running.as_mut().and_then(|child| child.try_wait().transpose()) {
                *running = None;
                return Err(io::Error::other(format!("it ended with {}", status?)));
            }
            drop(running);
            if began.elapsed() > START_LIMIT {
                return Err(io::Error::other(format!("it did not accept within {START_LIMIT:?}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn log_end(&self) -> String {
        let log = fs::read_to_string(self.own().folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.own.is_some() {
            self.stop();
        }
    }
}

fn signal(name: &str, pid: u32) {
    let _ = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status();
}

/// Text compares by ICU's English because a bare system has no other locale than C.
fn make_data_folder(folder: &Folder, data: &Path) -> io::Result<()> {
    use std::os::unix::fs::{PermissionsExt, chown};
    fs::create_dir(data)?;
    if let Some((user, group)) = server_user()? {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        chown(data, Some(user), Some(group))?;
    }
    let made = as_server_user(&program("initdb"))
        .args(["--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"])
        .args(["--locale-provider=icu", "--icu-locale=en-US", "--no-instructions", "-D"])
        .arg(data)
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| {
            io::Error::other(format!("initdb does not start ({error}); scripts/setup.sh installs it"))
        })?;
    if made.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("initdb failed: {}", String::from_utf8_lossy(&made.stderr))))
}

/// PostgreSQL refuses to run as root; there it runs as the user that Debian's package made.
fn server_user() -> io::Result<Option<(u32, u32)>> {
    if id(&["-u"])? != 0 {
        return Ok(None);
    }
    Ok(Some((id(&["-u", "postgres"])?, id(&["-g", "postgres"])?)))
}

fn id(arguments: &[&str]) -> io::Result<u32> {
    let output = Command::new("id").args(arguments).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().map_err(|_| io::Error::other(format!("`id {}` has no number", arguments.join(" "))))
}

fn as_server_user(program: &Path) -> Command {
    match server_user() {
        Ok(Some((user, group))) => {
            let mut command = Command::new("setpriv");
            command.arg(format!("--reuid={user}")).arg(format!("--regid={group}"));
            command.args(["--clear-groups", "--"]).arg(program);
            command
        }
        _ => Command::new(program),
    }
}

/// Where the server's programs are: as told, else the newest of Debian's folders, else wherever `PATH` has them.
fn program(name: &str) -> PathBuf {
    if let Ok(folder) = std::env::var(PROGRAMS) {
        return Path::new(&folder).join(name);
    }
    let folders = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = folders
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())))
        .map(|(version, path)| (version, path.join("bin").join(name)))
        .filter(|(_, path)| path.exists())
        .max();
    newest.map_or_else(|| PathBuf::from(name), |(_, path)| path)
}
