//! A request as bytes, of which nothing is made anew but what changes.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::ensure;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::target::Call;
use crate::seed::USER_AGENT;

/// How many digits `{nonce}` has.
const NONCE_LENGTH: usize = 24;
/// What a form has to escape (RFC 3986 §2.3).
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request that is ready but for what changes each time.
pub struct Request {
    head: Vec<Piece>,
    body: Vec<Piece>,
    /// Whether the body is a form.
    form: bool,
}

enum Piece {
    Text(String),
    Token,
    Nonce,
}

impl Request {
    /// Of a call in which nothing but `{token}` and `{nonce}` is left open.
    ///
    /// # Errors
    /// When there is more, which nobody could fill in.
    pub fn of(call: &Call, host: &str) -> anyhow::Result<Self> {
        let mut head = format!("{} {} HTTP/1.1\r\n", call.method, call.path);
        let ours = [("host", host), ("user-agent", USER_AGENT)];
        let given = call.headers.iter().map(|(name, value)| (&**name, &**value));
        for (name, value) in ours.into_iter().chain(given) {
            // Into memory, which takes everything.
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let body = &call.body;
        for name in ["{user}", "{password}", "{access}", "{secret}"] {
            let open = head.contains(name) || body.contains(name);
            ensure!(!open, "{}: nothing is known to stand for {name}", call.path);
        }
        let form = head.contains("application/x-www-form-urlencoded");
        Ok(Self { head: pieces(&head), body: pieces(body), form })
    }

    /// Writes it into a buffer, in place of what is there.
    pub fn write(&self, out: &mut Vec<u8>, token: &str, nonce: u64) {
        out.clear();
        let in_body =
            if self.form { utf8_percent_encode(token, &RESERVED).into() } else { Cow::Borrowed(token) };
        let length: usize = self.body.iter().map(|piece| piece.length(&in_body)).sum();
        self.head.iter().for_each(|piece| piece.write(out, token, nonce));
        let _ = write!(out, "content-length: {length}\r\n\r\n");
        self.body.iter().for_each(|piece| piece.write(out, &in_body, nonce));
    }

    /// Whether the token is in it.
    #[must_use]
    pub fn shows_token(&self) -> bool {
        self.head.iter().chain(&self.body).any(|piece| matches!(piece, Piece::Token))
    }
}

impl Piece {
    fn write(&self, out: &mut Vec<u8>, token: &str, nonce: u64) {
        let _ = match self {
            Self::Text(text) => out.write_all(text.as_bytes()),
            Self::Token => out.write_all(token.as_bytes()),
            Self::Nonce => write!(out, "{nonce:0NONCE_LENGTH$}"),
        };
    }

    fn length(&self, token: &str) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Token => token.len(),
            Self::Nonce => NONCE_LENGTH,
        }
    }
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (n, part) in text.split("{token}").enumerate() {
        if n > 0 {
            pieces.push(Piece::Token);
        }
        for (m, part) in part.split("{nonce}").enumerate() {
            if m > 0 {
                pieces.push(Piece::Nonce);
            }
            if !part.is_empty() {
                pieces.push(Piece::Text(part.to_owned()));
            }
        }
    }
    pieces
}
