//! HAProxy and nginx.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use rotunda_grounds::{Haproxy, Nginx};

/// Two servers that answer with their own port, and one port where nobody is.
fn servers() -> ([u16; 2], u16) {
    let ports = [(); 2].map(|()| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, mut head) = (stream.unwrap(), Vec::new());
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    if stream.read(&mut byte).unwrap() == 0 {
                        break;
                    }
                    head.push(byte[0]);
                }
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n{port:05}"
                );
            }
        });
        port
    });
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    (ports, nobody)
}

/// Who answers a request through the proxy.
fn ask(port: u16) -> u16 {
    let (mut stream, mut answer) = (TcpStream::connect(("127.0.0.1", port)).unwrap(), String::new());
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .unwrap();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    body.parse().unwrap()
}

fn asks_each_in_turn_and_nobody_who_is_away(port: u16, mut servers: [u16; 2]) {
    let mut seen: Vec<u16> = (0..6).map(|_| ask(port)).collect();
    seen.sort_unstable();
    seen.dedup();
    servers.sort_unstable();
    assert_eq!(seen, servers);
}

#[test]
fn haproxy_asks_each_in_turn_and_nobody_who_is_away() {
    let (servers, nobody) = servers();
    let proxy = Haproxy::start(&[servers[0], nobody, servers[1]]);
    assert_eq!(proxy.url(), format!("http://127.0.0.1:{}", proxy.port()));
    asks_each_in_turn_and_nobody_who_is_away(proxy.port(), servers);
}

#[test]
fn nginx_asks_each_in_turn_and_nobody_who_is_away() {
    let (servers, nobody) = servers();
    let proxy = Nginx::start(&[servers[0], nobody, servers[1]]);
    assert_eq!(proxy.url(), format!("http://127.0.0.1:{}", proxy.port()));
    asks_each_in_turn_and_nobody_who_is_away(proxy.port(), servers);
    let port = proxy.port();
    drop(proxy);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "it is gone");
}
