//! Free ports.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

/// A port that is free, and stays so: below those that the kernel hands out to connections, and given to one server only.
///
/// Two test processes at once begin in different places; a server keeps its port while it is down.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        // Not the pace of the ports that the tests of the binary take for themselves.
        let place = (std::process::id().wrapping_mul(53).wrapping_add(step)) % 18_000;
        let port = 30_000 - u16::try_from(place).unwrap_or(0);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
