//! One server as a process under a supervisor.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};

use rustix::process::{Pid, Signal, kill_process};

use crate::patience::until;

const SUPERVISOR: &str = include_str!("supervisor.sh");
/// Seconds that a server may take to end.
const TO_END: u32 = 30;

/// A new folder in the system's temporary one. A supervisor removes it.
pub(crate) fn folder() -> PathBuf {
    let folder = tempfile::Builder::new().prefix("rotunda-grounds-").tempdir();
    folder.unwrap_or_else(|error| panic!("a temporary folder: {error}")).keep()
}

/// Runs a command to its end; answers what it printed, without the last line break. Panics when it fails.
pub(crate) fn run(command: &mut Command) -> String {
    let output = attempt(command);
    let Output { status, stdout, stderr } = &output;
    assert!(status.success(), "{command:?}: {status}\n{}", String::from_utf8_lossy(stderr));
    String::from_utf8_lossy(stdout).trim_end().to_owned()
}

/// Runs a command to its end, however it ends.
pub(crate) fn attempt(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output();
    output.unwrap_or_else(|error| panic!("{command:?}: {error}; ./scripts/test installs it"))
}

/// A server that can come and go, always with the same command, and its folder.
pub(crate) struct Process {
    folder: PathBuf,
    supervisor: Mutex<Supervisor>,
}

struct Supervisor {
    child: Child,
    /// Closed by this process's end, at the latest.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// The server's, while it runs and until it is reaped.
    server: Option<Pid>,
}

impl Process {
    /// Puts a supervisor over the folder. The server is not started yet.
    pub(crate) fn new(folder: PathBuf, goodbye: &str, command: &[OsString]) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", SUPERVISOR, "supervisor"]).arg(&folder).arg(goodbye).args(command);
        // Ctrl-C in a terminal is for the tests alone; the supervisor hears of their end by the pipe.
        let child =
            shell.process_group(0).current_dir(&folder).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("a supervisor: {error}"));
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            panic!("a supervisor without pipes")
        };
        let supervisor =
            Supervisor { child, orders: Some(orders), answers: BufReader::new(answers), server: None };
        Self { folder, supervisor: Mutex::new(supervisor) }
    }

    /// Where the server has its data and its log.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the server wrote to its output so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Starts the server, unless it runs, and waits until it is ready.
    pub(crate) fn start(&self, mut ready: impl FnMut() -> bool) {
        let pid = {
            let mut supervisor = self.locked();
            if supervisor.server.is_some() {
                return;
            }
            let pid = supervisor.order("start").parse().ok().and_then(Pid::from_raw);
            supervisor.server = pid;
            pid.unwrap_or_else(|| panic!("a server without a process id"))
        };
        let ready = until(TO_END, || !runs(pid) || ready()) && runs(pid);
        assert!(ready, "a server does not become ready:\n{}", self.log());
    }

    /// The process id, while the server runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.locked().server.and_then(|pid| u32::try_from(pid.as_raw_nonzero().get()).ok())
    }

    /// Asks the server to end, with a signal, and waits until it has. Nothing happens when it does not run.
    pub(crate) fn end(&self, signal: Signal) {
        let mut supervisor = self.locked();
        let Some(pid) = supervisor.server else { return };
        send(pid, signal);
        let ended = until(TO_END, || !runs(pid));
        assert!(ended, "a server does not end by {signal:?}:\n{}", self.log());
        supervisor.order("reap");
        supervisor.server = None;
    }

    /// `kill -9` for the server and all processes that it started: from one moment on none of them does anything.
    pub(crate) fn kill(&self) {
        let Some(pid) = self.locked().server else { return };
        // Stopped first, so that nobody is started in between.
        send(pid, Signal::STOP);
        let children = children(pid);
        for child in &children {
            send(*child, Signal::KILL);
        }
        self.end(Signal::KILL);
        let gone = until(TO_END, || !children.iter().any(|child| runs(*child)));
        assert!(gone, "a server's children do not end");
    }

    /// A signal for the server and all processes that it started.
    pub(crate) fn signal_all(&self, signal: Signal) {
        let Some(pid) = self.locked().server else { return };
        send(pid, signal);
        for child in children(pid) {
            send(child, signal);
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Supervisor> {
        // A test that failed must not keep others from ending their servers.
        self.supervisor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Supervisor {
    /// One word there, one line back.
    fn order(&mut self, word: &str) -> String {
        let mut line = String::new();
        let asked = self.orders.as_mut().map(|orders| writeln!(orders, "{word}"));
        let told = self.answers.read_line(&mut line);
        assert!(matches!((asked, told), (Some(Ok(())), Ok(1..))), "a supervisor is gone");
        line.trim_end().to_owned()
    }
}

impl Drop for Process {
    /// Closes the pipe and waits until server and folder are gone.
    fn drop(&mut self) {
        let mut supervisor = self.locked();
        supervisor.orders = None;
        let _ = supervisor.child.wait();
    }
}

fn send(pid: Pid, signal: Signal) {
    // Whoever is gone already needs no signal.
    let _ = kill_process(pid, signal);
}

/// Whether a process is there and not just waiting to be reaped.
fn runs(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    // The state follows the name, which is in parentheses and may itself hold any.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

fn children(pid: Pid) -> Vec<Pid> {
    let path = format!("/proc/{pid}/task/{pid}/children", pid = pid.as_raw_nonzero());
    let children = std::fs::read_to_string(path).unwrap_or_default();
    children.split_whitespace().filter_map(|child| child.parse().ok().and_then(Pid::from_raw)).collect()
}
