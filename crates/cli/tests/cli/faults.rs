//! When the ground shakes: disks that fail, fill up or turn read-only, locks, torn logs, files that are not there.
//!
//! What holds in every one of them, against the real binary over HTTP:
//!
//! 1. No token is given out for a write that is not durable. The answer is 503 with `Retry-After`.
//! 2. Nobody is signed out: never a 401, and the same request goes through when the fault is gone.
//! 3. The server recovers by itself.
//!
//! The faults are real where they can be. A disk that fails on order is a small library between the server and the
//! system (`faults/disk.c`, compiled here with `cc`), which touches only the folder of the database.

mod disk;
mod full;
mod lock;
mod start;
mod wal;

use std::io::{BufRead, BufReader};
use std::ops::Deref;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, Place};

/// Hashing is not what is tested here, nor how often one user may sign in.
pub(crate) const QUICK: &str = "[password]\nmemory_mib = 19\niterations = 2\n[limits]\nenabled = false\n";

pub(crate) const DATA: &str = "rotunda-data";

/// What the log says when a session was ended as stolen.
const THEFT: &str = "a used refresh token came back";

/// The library that makes a disk fail, compiled once.
fn disk_library() -> &'static PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/faults/disk.c");
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let (library, new) = (folder.join("disk.so"), folder.join(format!("disk.{}", std::process::id())));
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&new).args([source, "-ldl"]);
        assert!(cc.status().unwrap().success(), "cc makes the library from {source}");
        std::fs::rename(new, &library).unwrap();
        library
    })
}

/// The disk under a folder, as one process sees it.
pub(crate) struct Disk {
    orders: PathBuf,
    log: PathBuf,
    folder: PathBuf,
}

impl Disk {
    /// Under the data folder of a place. `name` keeps two processes' disks apart.
    pub(crate) fn under(place: &Place, name: &str) -> Self {
        let root = place.dir.path().canonicalize().unwrap();
        Self {
            orders: root.join(format!("{name}.orders")),
            log: root.join(format!("{name}.faults")),
            folder: root.join(DATA),
        }
    }

    /// This process runs on this disk.
    pub(crate) fn carry<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("LD_PRELOAD", disk_library())
            .env("FAULT_FOLDER", &self.folder)
            .env("FAULT_ORDERS", &self.orders)
            .env("FAULT_LOG", &self.log)
    }

    /// From now on, as `faults/disk.c` says.
    pub(crate) fn fails(&self, orders: &str) {
        let new = self.orders.with_extension("new");
        std::fs::write(&new, orders).unwrap();
        std::fs::rename(new, &self.orders).unwrap();
    }

    pub(crate) fn is_well(&self) {
        std::fs::remove_file(&self.orders).unwrap();
    }

    /// How many calls were made to fail so far.
    pub(crate) fn faults(&self) -> usize {
        std::fs::read_to_string(&self.log).unwrap_or_default().lines().count()
    }
}

/// A server on a disk that may fail. Killed when it goes out of scope.
pub(crate) struct Shaken {
    child: Child,
    line: Line,
}

impl Deref for Shaken {
    type Target = Line;

    fn deref(&self) -> &Line {
        &self.line
    }
}

impl Shaken {
    pub(crate) fn start(place: &Place, disk: &Disk) -> Self {
        Self::try_start(place, disk).unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    /// Starts the server, or answers with what exit code and which words it refused.
    pub(crate) fn try_start(place: &Place, disk: &Disk) -> Result<Self, (Option<i32>, String)> {
        let log = place.path("server.log");
        let said_before = place.read("server.log").len();
        let stderr = std::fs::File::options().create(true).append(true).open(&log).unwrap();
        let mut command = place.command(&["serve"]);
        let mut child = disk.carry(&mut command).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let mut banner = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut banner).unwrap();
        if banner.contains("is ready at") {
            let url = format!("http://localhost:{}", place.port);
            return Ok(Self { child, line: Line { url, client: reqwest::Client::new() } });
        }
        Err((child.wait().unwrap().code(), place.read("server.log")[said_before..].to_owned()))
    }

    /// SIGTERM, and a clean end.
    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Shaken {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What native clients ask a server.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) url: String,
    pub(crate) client: reqwest::Client,
}

impl Line {
    pub(crate) async fn refresh(&self, session: &Answer, retry_key: &str) -> Heard {
        self.try_refresh(session, retry_key).await.unwrap()
    }

    /// The same, where the server may vanish before it has answered.
    pub(crate) async fn try_refresh(&self, session: &Answer, retry_key: &str) -> reqwest::Result<Heard> {
        // A real one has 22 characters at least.
        let retry_keys = [format!("{retry_key:-<22}")];
        let mut body = json!({"refresh_token": session.text("/refresh_token"), "retry_keys": retry_keys});
        if let Some(secret) = session.body.get("device_secret") {
            body["device_secret"] = secret.clone();
        }
        self.post("/auth/refresh", &body).await
    }

    pub(crate) async fn login(&self) -> Heard {
        let body = json!({"email": "ada@example.com", "password": PASSWORD, "client_id": "native"});
        self.post("/auth/login", &body).await.unwrap()
    }

    pub(crate) async fn logout(&self, session: &Answer) -> Heard {
        let body = json!({"refresh_token": session.text("/refresh_token")});
        self.post("/auth/logout", &body).await.unwrap()
    }

    /// Asks who this is, which only reads.
    pub(crate) async fn me(&self, session: &Answer) -> u16 {
        let bearer = format!("Bearer {}", session.text("/access_token"));
        let request = self.client.get(format!("{}/auth/me", self.url)).header("authorization", bearer);
        request.send().await.unwrap().status().as_u16()
    }

    /// Asks for readiness until the answer is this one: the server asks its store once a second at most.
    pub(crate) async fn becomes(&self, status: u16) {
        for _ in 0..100_000 {
            let answer = self.client.get(format!("{}/readyz", self.url)).send().await.unwrap();
            if answer.status().as_u16() == status {
                return;
            }
        }
        panic!("/readyz never answers {status}");
    }

    async fn post(&self, path: &str, body: &Value) -> reqwest::Result<Heard> {
        let request =
            self.client.post(format!("{}{path}", self.url)).header(CONTENT_TYPE, "application/json");
        let response = request.body(body.to_string()).send().await?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).map(|value| value.to_str().unwrap().to_owned());
        Ok(Heard { status, retry_after, text: response.text().await? })
    }
}

/// An answer as it came, with the header that matters here.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) status: u16,
    retry_after: Option<String>,
    text: String,
}

impl Heard {
    /// Must be a session.
    pub(crate) fn session(self) -> Answer {
        assert_eq!(self.status, 200, "{self:?}");
        Answer { status: 200, cookies: Vec::new(), body: serde_json::from_str(&self.text).unwrap() }
    }

    /// Must be: not now, come back, and nothing else.
    pub(crate) fn is_not_now(&self) {
        assert_eq!(self.status, 503, "{self:?}");
        let seconds: u32 = self.retry_after.as_ref().and_then(|text| text.parse().ok()).unwrap_or_default();
        assert!((1..=60).contains(&seconds), "{self:?}");
        assert!(self.text.contains(r#""error":"temporarily_unavailable""#), "{self:?}");
        assert!(!self.text.contains("_token\":") && !self.text.contains("rt1_"), "{self:?}");
    }

    /// Must be a refusal with this reason.
    pub(crate) fn is_refused(&self, reason: &str) {
        let body: Value = serde_json::from_str(&self.text).unwrap();
        assert_eq!((self.status, body["reason"].as_str()), (401, Some(reason)), "{self:?}");
    }
}

/// Whatever happened, no session was ended as stolen.
pub(crate) fn nobody_was_called_a_thief(place: &Place) {
    assert!(!place.read("server.log").contains(THEFT), "{}", place.read("server.log"));
}

/// The generation that a session answer speaks of.
pub(crate) fn generation(session: &Answer) -> u64 {
    session.body["session"]["generation"].as_u64().unwrap()
}
