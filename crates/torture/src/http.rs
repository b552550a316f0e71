//! As much of HTTP/1.1 (RFC 9112) as client, proxy and server speak here, byte by byte: a proxy that breaks messages
//! off in the middle needs to hold them as bytes.
//!
//! 1. A message is a head, an empty line, and as many bytes of body as `content-length` says; none without it.
//! 2. A connection carries one message after another, never two at once.
//! 3. What breaks off is still a message, marked as incomplete: a browser keeps the cookies of a reply whose body it
//!    never saw.

use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// More than any honest message has.
const MOST_BYTES: usize = 256 * 1024;

/// A request or a reply, as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// All of it, as far as it came.
    pub bytes: Vec<u8>,
    /// Where the body begins.
    body: usize,
    /// Whether all of it came.
    pub complete: bool,
}

impl Message {
    fn head(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.body]).unwrap_or_default()
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.bytes[self.body..]
    }

    /// The values of a header; its name in lower case.
    pub(crate) fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.head().split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
        fields.filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The status of a reply; 0 for what is none.
    pub(crate) fn status(&self) -> u16 {
        self.head().split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or(0)
    }
}

/// Reads one message. `None` when the other end closed before the head was complete.
pub(crate) async fn read(stream: &mut TcpStream) -> io::Result<Option<Message>> {
    let mut bytes = Vec::with_capacity(2_048);
    let body = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if bytes.len() > MOST_BYTES || stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let mut message = Message { bytes, body, complete: false };
    let length: usize = message.headers("content-length").next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let whole = body + length.min(MOST_BYTES);
    while message.bytes.len() < whole {
        match stream.read_buf(&mut message.bytes).await {
            Ok(0) | Err(_) => return Ok(Some(message)),
            Ok(_) => {}
        }
    }
    message.complete = true;
    Ok(Some(message))
}

/// A request with a JSON body.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, String)], body: &str) -> Vec<u8> {
    let mut text =
        format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n", body.len());
    if !body.is_empty() {
        text.push_str("content-type: application/json\r\n");
    }
    for (name, value) in headers {
        text.push_str(name);
        text.push_str(": ");
        text.push_str(value);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

/// Idle connections to one address.
pub(crate) struct Pool {
    address: SocketAddr,
    idle: Mutex<Vec<TcpStream>>,
}

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Exchanged {
    /// An answer, complete or broken off.
    Answer(Message),
    /// It was never sent: nobody listens there.
    NotSent,
    /// The connection ended without an answer.
    Broken,
}

impl Pool {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, idle: Mutex::default() }
    }

    /// Lets the idle connections go: whoever was at their other end is gone.
    pub(crate) fn forget(&self) {
        self.idle.lock().unwrap().clear();
    }

    pub(crate) async fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// One whose other end has not closed it meanwhile, as servers do after a while.
    fn idle(&self) -> Option<TcpStream> {
        let open = |stream: &TcpStream| matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock);
        let mut idle = self.idle.lock().unwrap();
        std::iter::from_fn(|| idle.pop()).find(open)
    }

    /// Sends a request and reads the answer. Dropped in the middle, it closes the connection.
    pub(crate) async fn exchange(&self, request: &[u8]) -> Exchanged {
        let mut stream = match self.idle() {
            Some(stream) => stream,
            None => match self.connect().await {
                Ok(stream) => stream,
                Err(_) => return Exchanged::NotSent,
            },
        };
        if stream.write_all(request).await.is_err() {
            return Exchanged::Broken;
        }
        match read(&mut stream).await {
            Ok(Some(message)) => {
                if message.complete && message.headers("connection").all(|v| !v.eq_ignore_ascii_case("close"))
                {
                    self.idle.lock().unwrap().push(stream);
                }
                Exchanged::Answer(message)
            }
            Ok(None) | Err(_) => Exchanged::Broken,
        }
    }
}
