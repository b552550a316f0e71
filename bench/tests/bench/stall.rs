//! A server that rotates nothing and stalls once: for everybody, as when a disk hangs.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use rotunda_bench::load::contender::Contender;
use rotunda_bench::load::target::Target;

/// How it ends its replies.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum End {
    /// With a length.
    Length,
    /// By closing the connection.
    Close,
    /// It does not reply to each third request, and closes the connection.
    Lose,
    /// With a length; each third reply is a refusal that sets a cookie all the same.
    Refuse,
}

/// No two servers give out the same: a client that is given the token that it has counts that as no success.
static TOKENS: AtomicU64 = AtomicU64::new(0);

struct Server {
    replies: AtomicU64,
    /// Held while nothing is answered.
    answering: RwLock<()>,
    /// Before which reply, and for how long.
    stall: (u64, Duration),
    end: End,
}

/// Starts one; it stalls before reply `at`.
pub(crate) fn server(at: u64, stall: Duration, end: End) -> Contender {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (replies, answering) = (AtomicU64::new(0), RwLock::new(()));
    let server = Arc::new(Server { replies, answering, stall: (at, stall), end });
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let server = server.clone();
            std::thread::spawn(move || while server.reply(&stream) {});
        }
    });
    contender(address)
}

fn contender(address: SocketAddr) -> Contender {
    let target = r#"{
        "name": "stalls", "version": "1",
        "login": {"method": "POST", "path": "/login"}, "refresh": {"method": "POST", "path": "/refresh"},
        "take": {"cookie": "t"}, "give": {"cookie": "t"}
    }"#;
    Contender::at(Target::parse(target).unwrap(), address)
}

impl Server {
    /// Takes a request, which comes in one piece, and answers; whether there may be another.
    fn reply(&self, mut stream: &TcpStream) -> bool {
        let mut request = [0; 4096];
        if stream.read(&mut request).unwrap_or(0) == 0 {
            return false;
        }
        let n = self.replies.fetch_add(1, Ordering::SeqCst);
        if n == self.stall.0 {
            let _nobody = self.answering.write().unwrap();
            // Nothing will ever come.
            let (_open, nothing) = channel::<()>();
            assert!(nothing.recv_timeout(self.stall.1).is_err());
        }
        let _answering = self.answering.read().unwrap();
        let stays = matches!(self.end, End::Length | End::Refuse);
        let length = if stays { "content-length: 4\r\n" } else { "" };
        let status = if self.end == End::Refuse && n.is_multiple_of(3) { 503 } else { 200 };
        if self.end != End::Lose || !n.is_multiple_of(3) {
            let token = TOKENS.fetch_add(1, Ordering::SeqCst);
            let reply = format!("HTTP/1.1 {status} So\r\nset-cookie: t={token}; Path=/\r\n{length}\r\nbody");
            stream.write_all(reply.as_bytes()).unwrap();
        }
        stays
    }
}
