//! What arrives on the socket before there is a request: the server answers or hangs up, and serves the next one.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::{Place, Server};

/// Sends bytes as they are, and reads what comes until the other side is done.
fn raw(server: &Server, bytes: &[u8], then_break_off: bool) -> String {
    let address = server.url.trim_start_matches("http://").replace("localhost", "127.0.0.1");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // The server may hang up in the middle of something too large.
    let _ = stream.write_all(bytes);
    if then_break_off {
        stream.shutdown(std::net::Shutdown::Write).unwrap();
    }
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => answer.extend_from_slice(&buffer[..n]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("the server neither answered nor hung up: {error}"),
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn no_bytes_on_the_socket_bring_the_server_down() {
    let place = Place::new("");
    let server = place.serve();
    let long = "a".repeat(100_000);
    let post = |headers: &str, body: &str| {
        format!("POST /auth/login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n{body}")
            .into_bytes()
    };
    let json = "Content-Type: application/json\r\n";
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("nothing", vec![], &[""]),
        ("not HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc".to_vec(), &["", "HTTP/1.1 400"]),
        ("a header that never ends", post(&format!("X: {long}"), ""), &["HTTP/1.1 431", "HTTP/1.1 400"]),
        ("too many headers", post(&"X: y\r\n".repeat(500), ""), &["HTTP/1.1 431", "HTTP/1.1 400"]),
        (
            "a body that breaks off",
            post(&format!("{json}Content-Length: 50\r\n"), "{\"email\":"),
            &["HTTP/1.1 400", ""],
        ),
        ("a body too large", post(&format!("{json}Content-Length: 100000\r\n"), &long), &["HTTP/1.1 413"]),
        ("a length that is none", post(&format!("{json}Content-Length: -1\r\n"), "{}"), &["HTTP/1.1 400"]),
        (
            "chunks too large",
            post(&format!("{json}Transfer-Encoding: chunked\r\n"), &format!("186A0\r\n{long}\r\n0\r\n\r\n")),
            &["HTTP/1.1 413"],
        ),
        (
            "a request for another host",
            b"GET /healthz HTTP/1.1\r\nHost: auth.example.com\r\nConnection: close\r\n\r\n".to_vec(),
            &["HTTP/1.1 421"],
        ),
        (
            "a request for another host",
            b"GET /healthz HTTP/1.1\r\nHost: auth.example.com\r\nConnection: close\r\n\r\n".to_vec(),
            &["HTTP/1.1 421"],
        ),
        (
            "a path that is none",
            b"GET /%ff%00/../.. HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_vec(),
            &["HTTP/1.1 404", "HTTP/1.1 400"],
        ),
    ];
    for (what, bytes, expected) in cases {
        let answer = raw(&server, &bytes, what == "nothing" || what == "a body that breaks off");
        let fits = expected
            .iter()
            .any(|start| if start.is_empty() { answer.is_empty() } else { answer.starts_with(start) });
        assert!(fits, "{what}: {answer}");
        let alive =
            raw(&server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", false);
        assert!(alive.starts_with("HTTP/1.1 200"), "after {what}: {alive}");
    }
    drop(server);
    let log = place.read("server.log");
    assert!(!log.contains("panicked"), "{log}");
}
