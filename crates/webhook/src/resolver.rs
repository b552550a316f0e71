//! Resolves a name, and lets through only what may be connected to. The client connects to what comes from here and to
//! nothing else.
//!
//! A look-up takes a thread, and cannot be called off: it goes on when nobody waits for it any more. So each has a place, which
//! it keeps until it ends ([`LookUps`]): names that nobody answers for take no more threads than there are places.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use crate::reach::{Reach, refused};

/// How many look-ups are under way at once.
const AT_ONCE: usize = 32;

/// The places for look-ups.
#[derive(Clone)]
pub(crate) struct LookUps(Arc<Semaphore>);

impl LookUps {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }

    /// Waits for a place, and then for what is found. Whoever stops waiting leaves the place to the look-up.
    async fn find(&self, find: impl FnOnce() -> Found + Send + 'static) -> Found {
        let place = Arc::clone(&self.0).acquire_owned().await.map_err(io::Error::other)?;
        let look_up = move || {
            let _place = place;
            find()
        };
        tokio::task::spawn_blocking(look_up).await.map_err(io::Error::other)?
    }
}

type Found = io::Result<Vec<SocketAddr>>;

/// A name, and what it may be connected to under.
pub(crate) struct Guarded {
    pub reach: Reach,
    /// Whether this is for `http`.
    pub is_plain: bool,
    pub look_ups: LookUps,
}

/// A name that resolves to nobody who may be connected to.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, is_plain, look_ups) = (self.reach.clone(), self.is_plain, self.look_ups.clone());
        Box::pin(async move {
            let asked = name.as_str().to_owned();
            let found = look_ups.find(move || Ok((asked.as_str(), 0).to_socket_addrs()?.collect())).await?;
            let may: Vec<SocketAddr> =
                found.into_iter().filter(|it| reach.reaches(it.ip(), is_plain)).collect();
            if may.is_empty() {
                return Err(Refused(refused(name.as_str(), is_plain)).into());
            }
            Ok(Box::new(may.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Begins a look-up that finds nothing until it is told to, and stops waiting for it.
    async fn begin_and_give_up(look_ups: &LookUps) -> mpsc::Sender<()> {
        let (tell, told) = mpsc::channel();
        let hangs = look_ups.find(move || {
            let _ = told.recv();
            Ok(Vec::new())
        });
        tokio::select! {
            biased;
            _ = hangs => unreachable!("nobody has told it to end"),
            () = std::future::ready(()) => {}
        }
        tell
    }

    #[tokio::test]
    async fn a_look_up_keeps_its_place_until_it_ends_whoever_waits() {
        let look_ups = LookUps::new();
        let mut hanging = Vec::new();
        for _ in 0..AT_ONCE {
            hanging.push(begin_and_give_up(&look_ups).await);
        }
        assert_eq!(look_ups.0.available_permits(), 0, "nobody waits, and each still has its thread");
        // One ends, and its place is somebody else's.
        drop(hanging.pop());
        assert!(look_ups.find(|| Ok(Vec::new())).await.unwrap().is_empty());
    }
}
