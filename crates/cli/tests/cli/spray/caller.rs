//! Callers with an address of their own each: 127.0.0.0/8 is all this machine's.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::PASSWORD;

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    /// Seconds.
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: Value,
}

impl Told {
    /// The text of a field.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_else(|| panic!("{field} in {self:?}"))
    }

    /// Must be: not now, come back then.
    pub(crate) fn waits(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.retry_after.is_some_and(|seconds| (1..=90).contains(&seconds)), "{self:?}");
    }
}

/// Somebody at an address, and the server they call.
#[derive(Clone, Copy)]
pub(crate) struct Caller {
    address: Ipv4Addr,
    pub(crate) port: u16,
}

impl Caller {
    /// The caller of this number: another number, another address. Up to 62,500 of them.
    pub(crate) fn number(number: usize, port: u16) -> Self {
        let [third, fourth] = [number / 250, number % 250 + 1].map(|part| u8::try_from(part).unwrap());
        Self { address: Ipv4Addr::new(127, 1, third, fourth), port }
    }

    /// Sends JSON over a connection of its own; what comes back is still to be read.
    pub(crate) async fn send(self, path: &str, body: &Value) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((self.address, 0)))?;
        let mut stream = socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))).await?;
        let (port, body) = (self.port, body.to_string());
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        Ok(stream)
    }

    /// Sends JSON and reads the answer.
    pub(crate) async fn post(self, path: &str, body: &Value) -> Told {
        read(self.send(path, body).await.unwrap()).await
    }

    /// A native client without a device secret signs in.
    pub(crate) async fn login(self, email: &str, password: &str) -> Told {
        self.post("/auth/login", &login(email, password)).await
    }

    /// The test's own password, and the device secret of an earlier session.
    pub(crate) async fn login_on(self, email: &str, device_secret: &str) -> Told {
        let mut body = login(email, PASSWORD);
        body["device_secret"] = json!(device_secret);
        self.post("/auth/login", &body).await
    }
}

/// The body of a native client's login.
pub(crate) fn login(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password, "client_id": "native"})
}

/// Reads an answer to its end, which is the connection's.
pub(crate) async fn read(mut stream: TcpStream) -> Told {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let wait = head.lines().find_map(|line| line.strip_prefix("retry-after: "));
    let retry_after = wait.map(|seconds| seconds.parse().unwrap());
    Told { status, retry_after, body: serde_json::from_str(body).unwrap_or_default() }
}
