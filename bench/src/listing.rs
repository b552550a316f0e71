//! How long it takes to list the sessions of a user.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::clients::Clients;
use crate::http;
use crate::latency::Latencies;
use crate::moment::now;
use crate::seed::OF_FIRST_USER;

/// How many users with two sessions are asked about, and how often user 0, who has a hundred.
const TIMES: u64 = 100;

/// What it took: of users with two sessions, and of one with a hundred.
pub(crate) struct Listed {
    pub(crate) two: Latencies,
    pub(crate) hundred: Latencies,
}

/// One request after the other, over HTTP, of users spread over the whole table.
pub(crate) fn listing(clients: &mut Clients, sessions: u64) -> anyhow::Result<Listed> {
    let mut stream = TcpStream::connect(clients.server())?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.set_nodelay(true)?;
    let mut listed = Listed { two: Latencies::new()?, hundred: Latencies::new()? };
    for n in 0..TIMES {
        let session = OF_FIRST_USER + n * ((sessions - OF_FIRST_USER) / TIMES);
        let bearer = clients.access_token(&mut stream, session)?;
        listed.two.add(list(&mut stream, &bearer)?);
    }
    let bearer = clients.access_token(&mut stream, 0)?;
    for _ in 0..TIMES {
        listed.hundred.add(list(&mut stream, &bearer)?);
    }
    Ok(listed)
}

fn list(stream: &mut TcpStream, bearer: &str) -> anyhow::Result<Duration> {
    let request = http::get("/auth/sessions", bearer);
    let began = now();
    let (status, body) = exchange(stream, &request)?;
    let took = began.elapsed();
    ensure!(status == 200, "GET /auth/sessions: {status} {body}");
    Ok(took)
}

/// One request and its answer.
pub(crate) fn exchange(stream: &mut TcpStream, request: &[u8]) -> anyhow::Result<(u16, String)> {
    stream.write_all(request)?;
    let (mut input, mut piece) = (Vec::new(), [0; 8192]);
    loop {
        let count = stream.read(&mut piece).context("waiting for an answer")?;
        ensure!(count > 0, "the server closed the connection");
        input.extend_from_slice(&piece[..count]);
        if let Some(answer) = http::answer(&input).map_err(anyhow::Error::msg)? {
            return Ok((answer.status, answer.body.to_owned()));
        }
    }
}
