//! What stands behind a gateway, or where Rotunda was: says nothing but what it was sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request as it arrived: header names and values as they were written.
pub(super) type Headers = Vec<(String, String)>;

/// A server of a few lines on a port of its own. It is there until the test process ends.
pub(super) struct Behind {
    pub(super) port: u16,
    seen: Arc<Mutex<Vec<Headers>>>,
}

impl Behind {
    /// Answers every request with 200.
    pub(super) fn start() -> Self {
        Self::answering("200 OK", TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// Answers every request that comes here with this status.
    pub(super) fn answering(status: &'static str, listener: TcpListener) -> Self {
        let behind = Self { port: listener.local_addr().unwrap().port(), seen: Arc::default() };
        let seen = Arc::clone(&behind.seen);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                // Whoever knocks and says nothing has asked nothing.
                let _ = connection.ok().and_then(|connection| answer(connection, status, &seen));
            }
        });
        behind
    }

    /// What has arrived since this was asked last.
    pub(super) fn arrived(&self) -> Vec<Headers> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

/// Reads one request to its end, notes it, and only then answers.
fn answer(mut connection: TcpStream, status: &str, seen: &Mutex<Vec<Headers>>) -> Option<()> {
    let mut reader = BufReader::new(connection.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut headers = Headers::new();
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.map_or(0, |(_, value)| value.parse().unwrap());
    reader.read_exact(&mut vec![0; length]).ok()?;
    seen.lock().unwrap().push(headers);
    let text = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    connection.write_all(text.as_bytes()).ok()
}
