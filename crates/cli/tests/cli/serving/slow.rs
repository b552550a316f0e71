//! Clients that are slow, silent, or never done: others are served, and memory does not grow.
//!
//! The quick test has few files, so that a few hundred connections are all that there can be. The long one has ten thousand, and
//! measures how long others wait.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::caller::Caller;
use super::with_its_environment;
use crate::support::{Place, Server};

/// Serves with so many files at most.
fn serve_with_files(place: &Place, files: u32) -> Server {
    let serve = place.command(&["serve"]);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n $1; shift; exec \"$@\"", "sh", &files.to_string()]);
    command.arg(serve.get_program()).args(serve.get_args());
    with_its_environment(&mut command, &serve);
    let log = std::fs::File::create(place.path("server.log")).unwrap();
    Server::started(command.stderr(log), place.port, &place.path("server.log"))
}

/// Memory that the server has in use, in MiB.
fn memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

const HALF_A_HEAD: &[u8] = b"POST /auth/login HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
const HALF_A_BODY: &[u8] =
    b"POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{";

/// As many connections as can be had, each of which says this much and then no more.
fn open(port: u16, many: usize, beginning: &[u8]) -> Vec<TcpStream> {
    let one = |_| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream.write_all(beginning).ok()?;
        Some(stream)
    };
    (0..many).filter_map(one).collect()
}

/// Sends a body of so many MiB for as long as it is taken; answers how much was, and what was said.
fn send_large_body(port: u16, host: &str, mib: usize) -> (usize, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = mib << 20;
    let head = format!(
        "POST /auth/login HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let (mut sent, piece) = (0, vec![b' '; 1 << 20]);
    while sent < length && stream.write_all(&piece).is_ok() {
        sent += piece.len();
    }
    let mut answer = Vec::new();
    // It may be reset, because it was closed with something unread.
    let _ = stream.read_to_end(&mut answer);
    (sent, String::from_utf8_lossy(&answer).into_owned())
}

#[test]
fn slow_clients_hold_neither_places_nor_memory() {
    let place = Place::new("");
    let server = serve_with_files(&place, 400);
    assert!(
        place.read("server.log").contains("it serves 272 connections at once"),
        "{}",
        place.read("server.log")
    );
    let host = format!("localhost:{}", place.port);
    let before = memory(&server);
    let slow =
        [open(place.port, 300, b""), open(place.port, 200, HALF_A_HEAD), open(place.port, 50, HALF_A_BODY)];
    for _ in 0..30 {
        let mut caller = Caller::new(place.port, &host);
        for _ in 0..2 {
            assert_eq!(caller.get("/healthz").unwrap().0, 200);
        }
    }
    let (sent, answer) = send_large_body(place.port, &host, 100);
    assert!(sent < 100 << 20, "{answer}");
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let grown = memory(&server).saturating_sub(before);
    assert!(grown < 64, "{grown} MiB more for {} slow clients", slow.iter().map(Vec::len).sum::<usize>());
    // Idle ones gave their places: each of the bodies is still waited for, or was answered for being slow.
    for stream in &slow[2] {
        stream.set_nonblocking(true).unwrap();
        let mut first = [0; 12];
        match stream.peek(&mut first) {
            Ok(0) => panic!("a body was cut off, and there were idle connections"),
            Ok(_) => assert!(first.starts_with(b"HTTP/1.1 "), "{first:?}"),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock, "{error}"),
        }
    }
}

/// Does something again and again beside the test.
struct Beside {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Beside {
    fn start(mut work: impl FnMut() + Send + 'static) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                work();
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The 99th percentile of so many requests, in milliseconds; some wait between them, as users do.
#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn p99(caller: &mut Caller, many: usize) -> f64 {
    let mut took: Vec<Duration> = (0..many)
        .map(|_| {
            std::thread::sleep(Duration::from_millis(3));
            let begun = Instant::now();
            assert_eq!(caller.get("/readyz").unwrap().0, 200);
            begun.elapsed()
        })
        .collect();
    took.sort();
    took[many * 99 / 100].as_secs_f64() * 1_000.0
}

/// A thousand requests over HTTP/2 that are taken back at once.
fn flood_of_resets(port: u16) {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return };
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    for number in 0..1_000_u32 {
        let stream = (2 * number + 1).to_be_bytes();
        bytes.extend([&[0, 0, 14, 1, 5], &stream[..], b"\x82\x86\x84\x41\x09localhost"].concat());
        bytes.extend([&[0, 0, 4, 3, 0], &stream[..], &[0, 0, 0, 8]].concat());
    }
    let _ = stream.write_all(&bytes);
    let _ = stream.read_to_end(&mut Vec::new());
}

#[test]
#[ignore = "long: ten thousand connections, and it measures; scripts/long bench"]
#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn ten_thousand_slow_clients_and_what_others_wait() {
    let place = Place::new("");
    let server = place.serve();
    let (port, host) = (place.port, format!("localhost:{}", place.port));
    let mut caller = Caller::new(port, &host);
    p99(&mut caller, 200);
    let before = memory(&server);
    let mut all = Vec::new();
    // Quiet times lie between them: whatever else this machine does is in both.
    let mut measure = |what: &'static str, (held, meant): (usize, usize), end: &mut dyn FnMut()| {
        assert!(held * 100 >= meant * 99, "{what}: only {held} could be opened; see `ulimit -n`");
        let taken = p99(&mut caller, 2_000);
        let memory = memory(&server);
        end();
        all.push((what, taken, p99(&mut caller, 2_000), held, memory));
    };
    let mut idle = open(port, 10_000, b"");
    measure("10,000 idle connections", (idle.len(), 10_000), &mut || idle.clear());
    let mut slow = open(port, 2_000, HALF_A_HEAD);
    let mut trickle = Some(Beside::start({
        let mut slow: Vec<TcpStream> = slow.iter().map(|stream| stream.try_clone().unwrap()).collect();
        move || {
            slow.iter_mut().for_each(|stream| drop(stream.write_all(b"x")));
            std::thread::sleep(Duration::from_secs(1));
        }
    }));
    measure("2,000 slow heads", (slow.len(), 2_000), &mut || {
        drop(trickle.take());
        slow.clear();
    });
    let mut bodies = open(port, 1_000, HALF_A_BODY);
    measure("1,000 slow bodies", (bodies.len(), 1_000), &mut || bodies.clear());
    let mut large = Some(Beside::start({
        let host = host.clone();
        move || drop(send_large_body(port, &host, 100))
    }));
    measure("bodies of 100 MB, one after the other", (1, 1), &mut || drop(large.take()));
    let mut resets = Some(Beside::start(move || {
        flood_of_resets(port);
        std::thread::sleep(Duration::from_millis(20));
    }));
    measure("HTTP/2 resets, 1,000 a connection, 50 connections a second", (1, 1), &mut || {
        drop(resets.take())
    });
    for (what, p99, quiet, held, memory) in &all {
        println!("{what}: p99 {p99:.2} ms, {quiet:.2} ms when it is over; {held} connections, {memory} MiB");
    }
    for (what, p99, quiet, _, memory) in all {
        assert!(p99 <= (2.0 * quiet).max(quiet + 5.0), "{what}: {p99:.2} ms, quiet {quiet:.2} ms");
        assert!(memory < before + 400, "{what}: {memory} MiB, {before} before");
    }
}
