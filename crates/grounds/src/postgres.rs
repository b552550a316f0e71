//! PostgreSQL: the newest that is installed.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use rustix::process::{Signal, geteuid};

use crate::patience::until;
use crate::port::free_port;
use crate::process::{Process, attempt, folder, run};

/// Database and superuser.
const NAME: &str = "rotunda";
/// Real enough for tests that look whether a password gets into a log.
const PASSWORD: &str = "grounds-7Kp2xQ";
/// PostgreSQL refuses to run as root; Debian's package brings this user.
const USER: &str = "postgres";

/// A PostgreSQL server; gone with its data when it goes out of scope, or with the process.
pub struct Postgres {
    process: Process,
    port: u16,
    /// The primary's URL, for a replica.
    primary: Option<String>,
}

/// How a server is to be.
#[derive(Default)]
pub struct Builder {
    settings: Vec<(String, String)>,
    durable: bool,
}

impl Builder {
    /// Whether commits wait for the disk (`fsync`, `full_page_writes`), for measurements. Without it nothing is lost either
    /// by killing the server, only by a crash of the machine.
    #[must_use]
    pub fn durable(mut self, durable: bool) -> Self {
        self.durable = durable;
        self
    }

    /// A line of `postgresql.conf`.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes a cluster, starts it and waits until it takes connections.
    #[must_use]
    pub fn start(self) -> Postgres {
        let (folder, port) = (folder_for_server(), free_port());
        let password = folder.join("password");
        write(&password, PASSWORD);
        let mut initdb = as_server(&binary("initdb"));
        initdb.args(["--no-sync", "--no-locale", "--encoding=UTF8", "--auth=scram-sha-256"]);
        initdb.arg(format!("--username={NAME}")).arg("--pwfile").arg(&password);
        run(initdb.arg("-D").arg(folder.join("data")));
        self.configure(&folder, port);
        let postgres = Postgres::over(folder, port, None);
        postgres.start_again();
        run(Command::new(binary("createdb"))
            .arg("--maintenance-db")
            .arg(postgres.url_of(NAME_AT_FIRST))
            .arg(NAME));
        postgres
    }

    fn configure(&self, folder: &Path, port: u16) {
        let mut lines = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\nmax_connections = 300\n\
             dynamic_shared_memory_type = mmap\n"
        );
        if !self.durable {
            lines.push_str("fsync = off\nfull_page_writes = off\n");
        }
        for (name, value) in &self.settings {
            let _ = writeln!(lines, "{name} = '{}'", value.replace('\'', "''"));
        }
        append(&folder.join("data/postgresql.conf"), &lines);
    }
}

/// The database that every new cluster has.
const NAME_AT_FIRST: &str = "postgres";

impl Postgres {
    /// A server with fast settings: `fsync` off, everything else as PostgreSQL has it.
    #[must_use]
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// A server with other settings.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    fn over(folder: PathBuf, port: u16, primary: Option<String>) -> Self {
        let mut command = prefix();
        command.push(binary("postgres").into());
        command.extend(["-D".into(), folder.join("data").into()]);
        // An immediate shutdown: children and shared memory go with it.
        Self { process: Process::new(folder, "QUIT", &command), port, primary }
    }

    /// The URL of the database `rotunda`, as a superuser of that name.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of(NAME)
    }

    /// Creates a database and answers its URL.
    ///
    /// # Panics
    /// When it exists.
    #[must_use]
    pub fn database(&self, name: &str) -> String {
        self.sql(&format!("CREATE DATABASE \"{name}\""));
        self.url_of(name)
    }

    /// The URL of the database `rotunda`, with two hosts. Whoever connects has to find out which of them takes writes.
    #[must_use]
    pub fn url_with(&self, other: &Self) -> String {
        let (here, there) = (self.port, other.port);
        format!("postgres://{NAME}:{PASSWORD}@127.0.0.1:{here},127.0.0.1:{there}/{NAME}")
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://{NAME}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// The TCP port on 127.0.0.1; it stays the same as long as there is this value.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id of the postmaster, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    /// The folder with `data` and `log`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.process.folder()
    }

    /// What the server logged.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Runs SQL on the database `rotunda`; answers the rows, a line each, columns separated by `|`.
    ///
    /// # Panics
    /// When the server refuses it.
    pub fn sql(&self, sql: &str) -> String {
        ask(&self.url(), sql)
    }

    /// The same on another database.
    ///
    /// # Panics
    /// When the server refuses it.
    pub fn sql_in(&self, database: &str, sql: &str) -> String {
        ask(&self.url_of(database), sql)
    }

    /// A fast shutdown (connections are cut, everything is written), and a start.
    pub fn restart(&self) {
        self.stop();
        self.start_again();
    }

    /// A fast shutdown.
    pub fn stop(&self) {
        self.process.end(Signal::INT);
    }

    /// SIGKILL, for the postmaster and its children.
    pub fn kill(&self) {
        self.process.kill();
    }

    /// Starts what was stopped or killed, and waits until it takes connections. Nothing, when it runs.
    ///
    /// # Panics
    /// When it does not take any within half a minute.
    pub fn start_again(&self) {
        let mut ready = Command::new(binary("pg_isready"));
        ready.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
        self.process.start(|| attempt(&mut ready).status.success());
    }

    /// SIGSTOP, for the postmaster and its children: connections stay open, and nobody answers.
    pub fn pause(&self) {
        self.process.signal_all(Signal::STOP);
    }

    /// SIGCONT, for whoever was paused.
    pub fn resume(&self) {
        self.process.signal_all(Signal::CONT);
    }

    /// A standby that streams from this server, readable. It may lag behind.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn replica(&self) -> Self {
        let (folder, port) = (folder_for_server(), free_port());
        let mut backup = as_server(&binary("pg_basebackup"));
        backup.args(["--no-sync", "--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf"]);
        run(backup.arg("-d").arg(self.url_of("")).arg("-D").arg(folder.join("data")));
        append(&folder.join("data/postgresql.conf"), &format!("port = {port}\n"));
        let replica = Self::over(folder, port, Some(self.url()));
        replica.start_again();
        replica
    }

    /// A standby that this server's commits wait for, from when this returns on.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn synchronous_replica(&self) -> Self {
        let replica = self.replica();
        self.sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.sql("SELECT pg_reload_conf()");
        let sync = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        assert!(until(10, || self.sql(sync) == "1"), "the standby does not keep up:\n{}", replica.log());
        replica
    }

    /// Whether this standby shows what its primary has written up to now.
    ///
    /// # Panics
    /// When this is no replica, or the primary does not answer.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        let Some(primary) = &self.primary else { panic!("this server is nobody's replica") };
        let written = ask(primary, "SELECT pg_current_wal_flush_lsn()");
        self.sql(&format!("SELECT pg_last_wal_replay_lsn() >= '{written}'")) == "t"
    }

    /// Starts this server, which was a primary and was stopped, as a standby of the one that took over from it.
    ///
    /// # Panics
    /// When it runs, or cannot follow, as one that was killed may not.
    pub fn follow(&self, primary: &Self) {
        assert_eq!(self.pid(), None, "a primary that runs follows nobody");
        let data = self.folder().join("data");
        append(&data.join("postgresql.conf"), &format!("primary_conninfo = '{}'\n", primary.url_of("")));
        write(&data.join("standby.signal"), "");
        self.start_again();
        let streams = "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'";
        assert!(until(10, || self.sql(streams) == "1"), "it does not follow:\n{}", self.log());
    }

    /// Makes a primary of this standby. Its old primary should be down, or both take writes.
    ///
    /// # Panics
    /// When it does not become one within 20 seconds.
    pub fn promote(&self) {
        assert_eq!(self.sql("SELECT pg_promote(true, 20)"), "t", "no promotion:\n{}", self.log());
    }
}

/// One server for this whole process, with a database for each test ([`Postgres::database`]). Not one to stop or to pause.
pub fn one_postgres() -> &'static Postgres {
    static ONE: OnceLock<Postgres> = OnceLock::new();
    ONE.get_or_init(Postgres::start)
}

fn ask(url: &str, sql: &str) -> String {
    let mut psql = Command::new(binary("psql"));
    // `-d` as an argument of its own is fine: these are test servers on loopback.
    run(psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql]))
}

/// A program of the newest version that is installed; Debian does not put them on the path.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).max();
    let Some(newest) = newest else {
        panic!("no PostgreSQL in /usr/lib/postgresql; ./scripts/test installs it")
    };
    Path::new("/usr/lib/postgresql").join(newest.to_string()).join("bin").join(name)
}

/// What a command begins with, so that it does not run as root. It becomes the command: the process id is the same.
fn prefix() -> Vec<OsString> {
    if !geteuid().is_root() {
        return Vec::new();
    }
    let user = format!("--reuid={USER}");
    let group = format!("--regid={USER}");
    ["setpriv", &user, &group, "--clear-groups"].map(OsString::from).into()
}

fn as_server(program: &Path) -> Command {
    let mut words = prefix();
    words.push(program.into());
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}

/// A temporary folder that belongs to whoever the server runs as.
fn folder_for_server() -> PathBuf {
    let folder = folder();
    give(&folder);
    folder
}

fn give(path: &Path) {
    if geteuid().is_root() {
        let id = |flag| run(Command::new("id").args([flag, USER])).parse().ok();
        let given = std::os::unix::fs::chown(path, id("-u"), id("-g"));
        given.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    give(path);
}

fn append(path: &Path, text: &str) {
    let before = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    write(path, &(before + text));
}
