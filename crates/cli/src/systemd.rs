//! What systemd hands over and is told: sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3). Whoever else speaks these protocols
//! will do as well; where nobody does, nothing happens here.
//!
//! 1. A socket that systemd listens on is taken over before anything else runs. It stays open when this process ends, so that
//!    connections wait there for the next one and none is refused.
//! 2. `READY=1` when requests are served, `STOPPING=1` when that ends.
//! 3. `WATCHDOG=1` twice as often as is asked for, by a task among those that serve: a process that serves no more says nothing
//!    either. A store that is away is no reason to be silent; a restart would not bring it back.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{self, UnixDatagram};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{env, process};

use anyhow::{Context, bail, ensure};
use listenfd::ListenFd;
use rustix::net::sockopt::socket_acceptconn;

/// The socket that this process was started with, if there is one. To be called while there is one thread: it takes what it was
/// told out of the environment, so that no child believes to be meant.
pub(crate) fn handed_over() -> anyhow::Result<Option<TcpListener>> {
    let mut handed = ListenFd::from_env();
    match handed.len() {
        0 => return Ok(None),
        1 => {}
        several => bail!(
            "{several} sockets were handed over (LISTEN_FDS); a server listens on one: keep one ListenStream= in its socket unit"
        ),
    }
    let about = "the socket that was handed over (LISTEN_FDS) is not a TCP socket; see ListenStream= in its socket unit";
    let Some(listener) = handed.take_tcp_listener(0).context(about)? else { return Ok(None) };
    let listens = socket_acceptconn(&listener).context(about)?;
    ensure!(
        listens,
        "the socket that was handed over (LISTEN_FDS) does not listen: say Accept=no in its socket unit"
    );
    listener.set_nonblocking(true)?;
    Ok(Some(listener))
}

/// Says where the server listens now, when that is not what was configured.
pub(crate) fn warn_if_elsewhere(configured: SocketAddr, handed_over: SocketAddr) {
    if configured != handed_over {
        tracing::warn!(
            "the socket that was handed over listens on {handed_over}, and [server] listen says {configured}, where \
             `rotunda health` asks; let both be the same"
        );
    }
}

/// Who wants to know how this process is.
pub(crate) struct Supervisor {
    notify: Option<(UnixDatagram, net::SocketAddr)>,
    watchdog: Option<Duration>,
}

impl Supervisor {
    /// As the environment names it.
    pub(crate) fn of_environment() -> Self {
        let notify = env::var_os("NOTIFY_SOCKET").and_then(|name| {
            let address = match name.as_bytes().strip_prefix(b"@") {
                Some(name) => net::SocketAddr::from_abstract_name(name),
                None => net::SocketAddr::from_pathname(Path::new(&name)),
            };
            let opened = address.and_then(|address| {
                let socket = UnixDatagram::unbound()?;
                // One that nobody empties must not hold up the server.
                socket.set_nonblocking(true)?;
                Ok((socket, address))
            });
            opened.map_err(|error| tracing::warn!(%error, "NOTIFY_SOCKET cannot be used")).ok()
        });
        Self { notify, watchdog: watchdog(|name| env::var(name).ok()) }
    }

    /// Requests are served.
    ///
    /// Said again for a while where its queue is full: a supervisor that never hears this stops the server in the end.
    pub(crate) async fn ready(&self) {
        const READY: &str = "READY=1\nSTATUS=serving\n";
        for _ in 0..20 {
            match self.send(READY) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => break,
                Ok(()) => return,
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.tell(READY);
    }

    /// No more connections are taken.
    pub(crate) fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=requests under way finish\n");
    }

    /// Says again and again that it lives, if somebody asked for that.
    pub(crate) async fn keep_alive(self: Arc<Self>) {
        let Some(within) = self.watchdog else { return std::future::pending().await };
        let mut ticks = tokio::time::interval(within / 2);
        loop {
            ticks.tick().await;
            self.tell("WATCHDOG=1\n");
        }
    }

    fn tell(&self, state: &str) {
        if let Err(error) = self.send(state) {
            tracing::warn!(%error, "the supervisor could not be told");
        }
    }

    fn send(&self, state: &str) -> io::Result<()> {
        let Some((socket, address)) = &self.notify else { return Ok(()) };
        socket.send_to_addr(state.as_bytes(), address).map(drop)
    }
}

/// How often it wants to hear, if this process is meant.
fn watchdog(variable: impl Fn(&str) -> Option<String>) -> Option<Duration> {
    let is_other = |pid: String| pid.parse() != Ok(process::id());
    if variable("WATCHDOG_PID").is_some_and(is_other) {
        return None;
    }
    let micros = variable("WATCHDOG_USEC")?.parse().ok()?;
    Some(Duration::from_micros(micros)).filter(|within| *within >= Duration::from_millis(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watchdog_that_means_another_process_is_not_ours() {
        let of = |usec: &str, pid: Option<String>| {
            watchdog(|name| if name == "WATCHDOG_PID" { pid.clone() } else { Some(usec.to_owned()) })
        };
        let ours = process::id();
        assert_eq!(of("30000000", Some(ours.to_string())), Some(Duration::from_secs(30)));
        assert_eq!(of("30000000", None), Some(Duration::from_secs(30)));
        assert_eq!(of("30000000", Some((ours + 1).to_string())), None);
        assert_eq!(of("0", None), None);
        assert_eq!(of("-1", None), None);
        assert_eq!(watchdog(|_| None), None);
    }
}
