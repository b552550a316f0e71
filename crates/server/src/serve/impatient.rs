//! A connection that says something soon, and reads what it asked for, or is closed.
//!
//! Which version of HTTP a connection speaks is found out by its first bytes, and the time limits of either version begin
//! only then. Without this, a client that connects and says nothing would hold its place for ever; so would one that asks
//! and never reads the answer.

use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::strangers;

/// The length of the preface that tells HTTP/2 apart (RFC 9113 §3.4): after it, the version is known.
const PREFACE: usize = 24;

/// A stream whose first bytes have to arrive in time, and whose other end has to take what is written.
pub(super) struct Impatient<S> {
    stream: S,
    /// Until the version is known: how long is left, and how many bytes are missing.
    waiting: Option<(Pin<Box<Sleep>>, usize)>,
    /// How long a write may make no progress.
    patience: Duration,
    /// While one makes none: how long is left.
    stuck: Option<Pin<Box<Sleep>>>,
    /// A PROXY header came before its first bytes.
    has_proxy_header: bool,
}

impl<S> Impatient<S> {
    pub(super) fn new(stream: S, first_bytes: Duration, patience: Duration) -> Self {
        let waiting = Some((Box::pin(sleep(first_bytes)), PREFACE));
        Self { stream, waiting, patience, stuck: None, has_proxy_header: false }
    }

    /// Says whether a PROXY header came before: another one is then told in other words.
    pub(super) fn with_proxy_header(mut self, has_proxy_header: bool) -> Self {
        self.has_proxy_header = has_proxy_header;
        self
    }

    /// Passes on what became of a write, unless it has made no progress for too long.
    fn judge<T>(&mut self, cx: &mut Context<'_>, written: Poll<Result<T>>) -> Poll<Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let left = self.stuck.get_or_insert_with(|| Box::pin(sleep(self.patience)));
        match left.as_mut().poll(cx) {
            Poll::Ready(()) => {
                Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the answer was not read in time")))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Impatient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        let arrived = buf.filled().len().saturating_sub(before);
        let has_proxy_header = self.has_proxy_header;
        if let Some((left, missing)) = &mut self.waiting {
            if arrived > 0 && *missing == PREFACE {
                let first = buf.filled().get(before..).unwrap_or_default();
                strangers::tell_if_not_http(first, has_proxy_header);
            }
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
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let written = Pin::new(&mut self.stream).poll_flush(cx);
        self.judge(cx, written)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        // TLS says farewell first: there is something to read even now.
        let written = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.judge(cx, written)
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
            let mut server = Impatient::new(server, Duration::from_secs(10), Duration::from_secs(20));
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
        let mut server = Impatient::new(server, Duration::from_secs(10), Duration::from_secs(20));
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

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_reads_ends_and_a_slow_reader_does_not() {
        let (mut client, server) = duplex(64);
        let mut server = Impatient::new(server, Duration::from_secs(10), Duration::from_secs(20));
        let slow_reader = tokio::spawn(async move {
            let mut buffer = [0; 16];
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_secs(15)).await;
                client.read_exact(&mut buffer).await.unwrap();
            }
            client
        });
        server.write_all(&[0; 160]).await.unwrap();
        let _client_that_stopped_reading = slow_reader.await.unwrap();
        let end = server.write_all(&[0; 160]).await.unwrap_err();
        assert_eq!(end.kind(), ErrorKind::TimedOut);
    }

    /// A stream whose last words nobody takes.
    struct Mute;

    impl AsyncWrite for Mute {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<Result<usize>> {
            Poll::Pending
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
            Poll::Pending
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_farewell_that_nobody_reads_ends() {
        let mut server = Impatient::new(Mute, Duration::from_secs(10), Duration::from_secs(20));
        let end = tokio::time::timeout(Duration::from_secs(30), server.shutdown()).await;
        assert_eq!(end.unwrap().unwrap_err().kind(), ErrorKind::TimedOut);
    }
}
