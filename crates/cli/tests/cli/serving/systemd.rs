//! What systemd is told, and what it hands over.

use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{handed, serve_handed, until};
use crate::support::{Place, Server};

/// The next state that it tells and that holds this word.
fn told(supervisor: &UnixDatagram, word: &str) -> String {
    let mut bytes = [0; 512];
    loop {
        let length = supervisor.recv(&mut bytes).unwrap_or_else(|error| panic!("{word}: {error}"));
        let state = String::from_utf8(bytes[..length].to_vec()).unwrap();
        if state.contains(word) {
            return state;
        }
    }
}

#[tokio::test]
async fn systemd_is_told_when_it_serves_that_it_lives_and_when_it_stops() {
    let place = Place::new("");
    let name = format!("rotunda-test-{}", place.port);
    for abstract_name in [false, true] {
        let (supervisor, socket) = if abstract_name {
            let address = SocketAddr::from_abstract_name(&name).unwrap();
            (UnixDatagram::bind_addr(&address).unwrap(), format!("@{name}"))
        } else {
            let path = place.path("notify");
            (UnixDatagram::bind(&path).unwrap(), path.to_str().unwrap().to_owned())
        };
        supervisor.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut command = place.command(&["serve"]);
        command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "100000").stderr(Stdio::null());
        let server = Server::started(&mut command, place.port, &place.path("server.log"));
        assert!(told(&supervisor, "READY=1").starts_with("READY=1\n"));
        let status = reqwest::get(format!("{}/readyz", server.url)).await.unwrap().status();
        assert_eq!(status, 200, "ready is ready");
        for _ in 0..3 {
            told(&supervisor, "WATCHDOG=1");
        }
        let ended = tokio::task::spawn_blocking(move || server.stop());
        assert!(told(&supervisor, "STOPPING=1").starts_with("STOPPING=1\n"));
        assert_eq!(ended.await.unwrap(), Some(0));
    }
}

/// Killed when it goes out of scope.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// systemd's own program listens, and starts the server when somebody comes: who comes first is answered.
#[tokio::test]
async fn whoever_comes_before_the_server_is_answered_by_it() {
    let place = Place::new("");
    let serve = place.command(&["serve"]);
    let address = format!("127.0.0.1:{}", place.port);
    let mut command = Command::new("systemd-socket-activate");
    command.args(["--listen", &address, "--setenv", &format!("ROTUNDA_SERVER__LISTEN={address}")]);
    command.arg(serve.get_program()).args(serve.get_args()).current_dir(place.dir.path());
    let log = std::fs::File::create(place.path("server.log")).unwrap();
    let _running = Running(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
    let url = format!("http://localhost:{}/healthz", place.port);
    until("an answer", async || reqwest::get(&url).await.is_ok_and(|answer| answer.status() == 200)).await;
    let log = place.read("server.log");
    assert!(!log.contains("[server] listen says"), "{log}");
}

#[tokio::test]
async fn a_socket_elsewhere_than_configured_is_used_and_told() {
    let mut place = Place::new("");
    let configured = place.port;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = serve_handed(&place, &listener);
    let health = reqwest::get(format!("http://localhost:{port}/healthz")).await.unwrap();
    assert_eq!(health.status(), 200);
    let log = place.read("server.log");
    assert!(
        log.contains(&format!(
            "listens on 127.0.0.1:{port}, and [server] listen says 127.0.0.1:{configured}"
        )),
        "{log}"
    );
    assert_eq!(server.stop(), Some(0));
    // It waits in the socket, which is still open.
    place.port = port;
    let early = tokio::spawn(reqwest::get(format!("http://localhost:{port}/healthz")));
    let _server = serve_handed(&place, &listener);
    assert_eq!(early.await.unwrap().unwrap().status(), 200);
}

#[test]
fn what_is_handed_over_and_is_no_listening_socket_is_told() {
    let place = Place::new("");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connected = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let refused = |what: Stdio, several: u32| {
        let output = handed(&place, what, several).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        said
    };
    let mut said = refused(Stdio::null(), 1);
    assert!(said.contains("is not a TCP socket"), "{said}");
    said = refused(OwnedFd::from(listener.try_clone().unwrap()).into(), 2);
    assert!(said.contains("2 sockets were handed over"), "{said}");
    said = refused(OwnedFd::from(connected).into(), 1);
    assert!(said.contains("does not listen"), "{said}");
}
