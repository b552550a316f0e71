//! A client that hides nothing: one connection that is used again and again, and no second try. What fails, fails.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::PASSWORD;

/// Longer than any start of a server takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Caller {
    at: SocketAddr,
    host: String,
    kept: Option<TcpStream>,
    /// How many connections it took.
    pub(super) connections: u32,
}

impl Caller {
    pub(super) fn new(port: u16, host: &str) -> Self {
        Self { at: ([127, 0, 0, 1], port).into(), host: host.to_owned(), kept: None, connections: 0 }
    }

    pub(super) fn get(&mut self, path: &str) -> Result<(u16, String)> {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host))
    }

    pub(super) fn post(&mut self, path: &str, body: &Value) -> Result<(u16, Value)> {
        let body = body.to_string();
        let (status, text) = self.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        ))?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// Forgets the connection.
    pub(super) fn hang_up(&mut self) {
        self.kept = None;
    }

    fn ask(&mut self, request: &str) -> Result<(u16, String)> {
        // As every pool does: a connection that was closed is not used again.
        let mut stream = match self.kept.take().filter(is_open) {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect_timeout(&self.at, PATIENCE)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                self.connections += 1;
                stream
            }
        };
        stream.write_all(request.as_bytes())?;
        let (head, body) = read_answer(&mut stream)?;
        if !head.contains("connection: close") {
            self.kept = Some(stream);
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok((status.ok_or_else(|| broken(&head))?, body))
    }
}

fn is_open(stream: &TcpStream) -> bool {
    let _ = stream.set_nonblocking(true);
    let seen = stream.peek(&mut [0]);
    let _ = stream.set_nonblocking(false);
    seen.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

/// The head, in small letters, and the body.
fn read_answer(stream: &mut TcpStream) -> Result<(String, String)> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        match stream.read(&mut piece)? {
            0 => return Err(broken(&String::from_utf8_lossy(&bytes))),
            read => bytes.extend_from_slice(&piece[..read]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = bytes.split_off(end);
    let missing = length.unwrap_or(0_usize).saturating_sub(body.len());
    let mut rest = vec![0; missing];
    stream.read_exact(&mut rest)?;
    body.extend_from_slice(&rest);
    Ok((head, String::from_utf8_lossy(&body).into_owned()))
}

fn broken(head: &str) -> Error {
    Error::new(ErrorKind::UnexpectedEof, format!("no answer, but {head:?}"))
}

/// Callers that refresh all the time, each with a session of its own.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU32>,
    callers: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    /// Registers a user and signs in as often as there are callers. Every second caller takes a new connection each time.
    pub(super) fn start(port: u16, host: &str, callers: u32) -> Self {
        let mut first = Caller::new(port, host);
        let ada = json!({"email": "ada@example.com", "password": PASSWORD, "client_id": "native"});
        assert_eq!(first.post("/auth/register", &ada).unwrap().0, 201);
        let (stop, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicU32>::default());
        let caller = |number: u32| {
            let (status, session) = first.post("/auth/login", &ada).unwrap();
            assert_eq!(status, 200, "{session}");
            let (mut caller, stop) = (Caller::new(port, host), Arc::clone(&stop));
            let answered = Arc::clone(&answered);
            std::thread::spawn(move || {
                let mut failed = Vec::new();
                let mut token = session["refresh_token"].clone();
                while !stop.load(Ordering::Relaxed) {
                    let body = json!({"refresh_token": token, "device_secret": session["device_secret"]});
                    match caller.post("/auth/refresh", &body) {
                        Ok((200, answer)) => token = answer["refresh_token"].clone(),
                        Ok((status, answer)) => failed.push(format!("{status} {answer}")),
                        Err(error) => failed.push(error.to_string()),
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                    if number % 2 == 1 {
                        caller.hang_up();
                    }
                }
                failed
            })
        };
        let callers = (0..callers).map(caller).collect();
        Self { stop, answered, callers }
    }

    /// Until so many more answers came.
    pub(super) async fn go_on(&self, many: u32) {
        let from = self.answered.load(Ordering::Relaxed);
        super::until("answers", async || self.answered.load(Ordering::Relaxed) >= from + many).await;
    }

    /// Ends it: how many requests there were, and what failed of them.
    pub(super) fn end(self) -> (u32, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        let failed = self.callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect();
        (self.answered.load(Ordering::Relaxed), failed)
    }
}
