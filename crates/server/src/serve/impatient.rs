//! A connection that says something soon, or is closed.
//!
//! Which version of HTTP a connection speaks is found out by its first bytes, and the time limits of either version begin
//! only then. Without this, a client that connects and says nothing would hold its place for ever.

use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// The length of the preface that tells HTTP/2 apart (RFC 9113 §3.4): after it, the version is known.
const PREFACE: usize = 24;

/// A stream whose first bytes have to arrive in time.
pub(super) struct Impatient<S> {
    stream: S,
    /// Until the version is known: how long is left, and how many bytes are missing.
    waiting: Option<(Pin<Box<Sleep>>, usize)>,
}

impl<S> Impatient<S> {
    pub(super) fn new(stream: S, patience: Duration) -> Self {
        Self { stream, waiting: Some((Box::pin(sleep(patience)), PREFACE)) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Impatient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        let arrived = buf.filled().len().saturating_sub(before);
        if let Some((left, missing)) = &mut self.waiting {
            if arrived >= *missing {
                self.waiting = None;
            } else {
                *missing = missing.saturating_sub(arrived);
                if read.is_pending() && left.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "no request arrived in time")));
                }
            }
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Impatient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test(start_paused = true)]
    async fn silence_and_half_a_preface_end_and_a_request_does_not() {
        for said in [&b""[..], b"PRI * HTTP/2.0"] {
            let (mut client, server) = duplex(64);
            let mut server = Impatient::new(server, Duration::from_secs(10));
            client.write_all(said).await.unwrap();
            let mut buffer = [0; 64];
            let end = loop {
                match server.read(&mut buffer).await {
                    Ok(_) => {}
                    Err(error) => break error,
                }
            };
            assert_eq!(end.kind(), ErrorKind::TimedOut, "{said:?}");
        }
        let (mut client, server) = duplex(64);
        let mut server = Impatient::new(server, Duration::from_secs(10));
        client.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n").await.unwrap();
        let mut buffer = [0; 64];
        assert!(server.read(&mut buffer).await.unwrap() >= PREFACE);
        tokio::time::advance(Duration::from_secs(60)).await;
        client.write_all(b"\r\n").await.unwrap();
        assert_eq!(
            server.read(&mut buffer).await.unwrap(),
            2,
            "after its first bytes HTTP's own limits hold"
        );
    }
}
