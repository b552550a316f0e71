//! `[tls]`: the certificate and its key are read at the start, and again when their files change.
//!
//! 1. The files are looked at every [`RESTS`], and when SIGHUP comes. What counts is what is in them, not when it was written: so
//!    links that are turned elsewhere are seen too.
//! 2. What has changed is judged once two looks, [`SETTLES`] apart, see the same: a file may be half written.
//! 3. A pair that cannot be used is told once, and the one in use stays.
//! 4. Without `[tls]` SIGHUP does nothing. Left alone it would end the process; systemd takes that for a good end, and starts no other.
//!    In a terminal it is left alone: there it says that the terminal was closed, and nobody would find the server again.
//! 5. At the start there is none that could stay: the server does not start.

use std::fs::File;
use std::io::{IsTerminal, Read, stdin};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use rotunda_server::serve::{KeyPair, Tls};
use tokio::signal::unix::{Signal, SignalKind, signal};
use zeroize::Zeroizing;

use crate::config::TlsFiles;

/// How often the files are looked at.
const RESTS: Duration = Duration::from_secs(10);
/// How long nothing may change before it counts.
const SETTLES: Duration = Duration::from_secs(1);
/// How often it is waited for that; files that are written for longer are judged as they are.
const LOOKS: usize = 5;
/// The most bytes of one of them.
const MOST_BYTES: u64 = 256 * 1024;

/// What is in the files.
#[derive(PartialEq, Eq)]
struct Pem {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

/// Reads the pair; the second part of the answer keeps it up to date for as long as it runs.
pub(crate) fn certificate(
    files: Option<TlsFiles>,
) -> anyhow::Result<(Option<Tls>, impl Future<Output = ()> + Send)> {
    let is_left_alone = files.is_none() && stdin().is_terminal();
    let hangup = match is_left_alone {
        true => None,
        false => Some(signal(SignalKind::hangup()).context("listening for SIGHUP")?),
    };
    let kept = match files {
        None => None,
        Some(files) => {
            let pem = Pem::read(&files)?;
            let tls = Tls::new(pem.pair(&files)?);
            Some((files, pem, tls))
        }
    };
    let tls = kept.as_ref().map(|(_, _, tls)| tls.clone());
    let keep = async move {
        match (kept, hangup) {
            (Some((files, pem, tls)), Some(hangup)) => keep(files, pem, tls, hangup).await,
            (None, Some(hangup)) => keep_nothing(hangup).await,
            (_, None) => {}
        }
    };
    Ok((tls, keep))
}

async fn keep_nothing(mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        tracing::info!(
            "SIGHUP: nothing to reload; without [tls], what is configured is read at the start only"
        );
    }
}

async fn keep(files: TlsFiles, mut seen: Pem, tls: Tls, mut hangup: Signal) {
    let mut told = None;
    loop {
        let is_asked = tokio::select! {
            asked = hangup.recv() => asked.is_some(),
            () = tokio::time::sleep(RESTS) => false,
        };
        let changed = match settled(&files, &seen).await {
            Err(error) => Err(error),
            Ok(pem) if pem == seen && told.is_none() => {
                if is_asked {
                    tracing::info!("[tls]: the files are as they were; the certificate stays");
                }
                continue;
            }
            Ok(pem) => pem.pair(&files).map(|pair| (pem, pair)),
        };
        match changed {
            Ok((pem, pair)) => {
                tls.replace(pair);
                seen = pem;
                told = None;
                tracing::info!("[tls]: the certificate was read again; new connections see it");
            }
            Err(error) => {
                let why = format!("{error:#}");
                if is_asked || told.as_ref() != Some(&why) {
                    tracing::error!(%why, "[tls]: the files have changed and cannot be used; the certificate of before stays");
                }
                told = Some(why);
            }
        }
    }
}

/// What is in the files once nobody writes them: what two looks in a row have seen.
async fn settled(files: &TlsFiles, seen: &Pem) -> anyhow::Result<Pem> {
    let mut before = look(files).await;
    for _ in 0..LOOKS {
        if before.as_ref().is_ok_and(|pem| pem == seen) {
            break;
        }
        tokio::time::sleep(SETTLES).await;
        let now = look(files).await;
        let is_settled = match (&before, &now) {
            (Ok(before), Ok(now)) => before == now,
            (Err(before), Err(now)) => format!("{before:#}") == format!("{now:#}"),
            _ => false,
        };
        before = now;
        if is_settled {
            break;
        }
    }
    before
}

async fn look(files: &TlsFiles) -> anyhow::Result<Pem> {
    let files = files.clone();
    tokio::task::spawn_blocking(move || Pem::read(&files)).await.map_err(|error| anyhow!(error))?
}

impl Pem {
    fn read(files: &TlsFiles) -> anyhow::Result<Self> {
        let certificate = read(&files.certificate, "[tls] certificate_file", false)?.to_vec();
        Ok(Self { certificate, key: read(&files.key, "[tls] key_file", true)? })
    }

    fn pair(&self, files: &TlsFiles) -> anyhow::Result<KeyPair> {
        KeyPair::from_pem(&self.certificate, &self.key).map_err(|error| {
            let (key, path) = match error.is_of_certificate() {
                true => ("certificate_file", &files.certificate),
                false => ("key_file", &files.key),
            };
            anyhow!("[tls] {key}: {}: {error}", path.display())
        })
    }
}

fn read(path: &Path, key: &str, is_secret: bool) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let about = || format!("{key}: {}", path.display());
    let file = File::open(path).with_context(about)?;
    let metadata = file.metadata().with_context(about)?;
    ensure!(metadata.is_file(), "{}: it is not a file", about());
    let mode = metadata.permissions().mode() & 0o777;
    // A group may read it, as Debian's ssl-cert does.
    let is_open = is_secret && mode & 0o027 != 0;
    ensure!(
        !is_open,
        "{}: it is open to others (mode {mode:04o}); `chmod 640`, or 600, and get another key if somebody may have read this one",
        about()
    );
    // Made once, so that no copy is left behind while it grows.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len().min(MOST_BYTES))? + 1));
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).with_context(about)?;
    ensure!(u64::try_from(bytes.len())? <= MOST_BYTES, "{}: it is too long to be what it should be", about());
    Ok(bytes)
}
