//! The real binary as a process, and who visits it.

use std::io::{BufRead as _, BufReader, Error, ErrorKind, Read as _, Result, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// A running server; killed (`kill -9`) when it goes out of scope.
pub(crate) struct Floor {
    pub address: SocketAddr,
    child: Child,
    _output: BufReader<ChildStdout>,
}

impl Floor {
    pub(crate) fn start(data: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rotunda-floor"));
        command.args(["--listen", "127.0.0.1:0", "--data"]).arg(data);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = line.trim_end().parse().unwrap_or_else(|_| panic!("no address: {line:?}"));
        Self { address, child, _output: output }
    }

    pub(crate) fn visitor(&self) -> Visitor {
        Visitor::to(self.address)
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A client with one connection.
pub(crate) struct Visitor(BufReader<TcpStream>);

/// What it was told.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    /// `Set-Cookie`.
    pub cookie: Option<String>,
    pub body: String,
}

impl Visitor {
    pub(crate) fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// A new session; its refresh token.
    pub(crate) fn login(&mut self) -> String {
        self.ask("POST /login", None).unwrap().token()
    }

    pub(crate) fn refresh(&mut self, token: &str) -> Answer {
        self.ask("POST /refresh", Some(token)).unwrap()
    }

    /// One request without a body and its answer; an error when the server goes away meanwhile.
    pub(crate) fn ask(&mut self, what: &str, token: Option<&str>) -> Result<Answer> {
        let cookie = token.map_or(String::new(), |token| format!("cookie: a=b; floor_refresh={token}\r\n"));
        let request = format!("{what} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n{cookie}\r\n");
        self.0.get_mut().write_all(request.as_bytes())?;
        let status = self.line()?.get(9..12).and_then(|digits| digits.parse().ok()).unwrap();
        let (mut length, mut cookie) = (0, None);
        loop {
            let line = self.line()?;
            match line.split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap(),
                Some(("set-cookie", value)) => cookie = Some(value.to_owned()),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok(Answer { status, cookie, body: String::from_utf8(body).unwrap() })
    }

    /// A line of the head, without its end.
    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let whole = line.strip_suffix("\r\n").map(str::to_owned);
        whole.ok_or_else(|| Error::new(ErrorKind::UnexpectedEof, "the server is gone"))
    }
}

impl Answer {
    /// The refresh token that it brought.
    pub(crate) fn token(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        let (pair, _) = self.cookie.as_deref().unwrap().split_once(';').unwrap();
        pair.strip_prefix("floor_refresh=").unwrap().to_owned()
    }

    pub(crate) fn access_token(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap();
        body["access_token"].as_str().unwrap().to_owned()
    }
}
