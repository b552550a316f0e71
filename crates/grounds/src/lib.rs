//! For tests only: real servers on this machine, as processes on free loopback ports, with their data in temporary folders.
//!
//! - [`Postgres`]: starts in about a second; can be restarted, killed, paused, replicated and promoted. [`one_postgres`] is
//!   one for a whole test process, with as many databases as there are tests.
//! - [`Redis`]: the same; [`RedisCluster`]: three primaries and three replicas.
//! - [`Haproxy`], [`Nginx`]: before several servers.
//!
//! How a server ends with the process that started it, whatever happens to that process:
//!
//! 1. Each server is the child of a small shell script (`supervisor.sh`), whose standard input is a pipe from the test
//!    process.
//! 2. When the test process ends, in whatever way, the kernel closes that pipe.
//! 3. The script reads the end of its input, ends the server by its process id, and removes its folder.
//!
//! Signals go to process ids that are known to be the server's own: its process is not reaped before it was seen to end.
//! Everything here blocks and is bounded; whatever goes wrong panics, with the server's log.

#![expect(clippy::panic, reason = "for tests only: to panic is to report")]

mod patience;
mod port;
pub mod postgres;
mod process;
pub mod proxy;
pub mod redis;
pub mod redis_cluster;

pub use postgres::{Postgres, one_postgres};
pub use proxy::{Haproxy, Nginx};
pub use redis::Redis;
pub use redis_cluster::RedisCluster;
