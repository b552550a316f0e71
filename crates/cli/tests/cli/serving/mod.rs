//! How connections come in, and how they end: TLS, PROXY headers, slow clients, restarts, systemd.

mod caller;
mod proxied;
mod restarts;
mod slow;
mod systemd;
mod tls;

use std::fs::File;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use crate::support::{Place, Server};

/// As systemd does it: the first socket is file 3, and the process is told how many there are and that it is meant.
const HAND_OVER: &str =
    r#"exec 3<&0 0</dev/null; LISTEN_FDS=$1 LISTEN_PID=$$; export LISTEN_FDS LISTEN_PID; shift; exec "$@""#;

/// The command of the server, with something that it is handed over.
fn handed(place: &Place, what: Stdio, several: u32) -> Command {
    let serve = place.command(&["serve"]);
    let mut command = Command::new("sh");
    command
        .args(["-c", HAND_OVER, "sh", &several.to_string()])
        .arg(serve.get_program())
        .args(serve.get_args());
    with_its_environment(&mut command, &serve);
    command.stdin(what);
    command
}

/// The folder and the variables of another command.
fn with_its_environment(command: &mut Command, other: &Command) {
    other.get_current_dir().map(|folder| command.current_dir(folder));
    for (name, value) in other.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

/// Starts it with a socket that stays here, and waits until it is ready.
fn serve_handed(place: &Place, listener: &TcpListener) -> Server {
    let log = File::options().create(true).append(true).open(place.path("server.log")).unwrap();
    let mut command = handed(place, OwnedFd::from(listener.try_clone().unwrap()).into(), 1);
    Server::started(command.stderr(log), place.port, &place.path("server.log"))
}

/// Waits for what has to come soon.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..1_200 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("not within half a minute: {what}");
}
