//! What is on this machine, and what it reaches: the master key, the stores, the clock, the mail server.
//!
//! The stores are looked at while they are open. Whoever closes a database of SQLite last writes to it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rotunda_core::keys::{KeyError, MasterKeys, SealedSigningKey};
use rotunda_core::model::Webhook;
use rotunda_core::outside::Clock;
use rotunda_core::store::Store;
use rotunda_core::webhooks::message::WebhookSecret;
use rotunda_outside::{SystemClock, SystemEntropy};
use tokio::time::timeout;

use super::report::Report;
use super::{backups, database, disk, feed, files, keys, redis, tls};
use crate::config::{MailWay, MainStore, RedisSettings, Settings};
use crate::output::moment;
use crate::stores::{IfNew, Stores};
use crate::wiring;

/// How long a store or a mail server may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
/// How far the newest signing key may be ahead of this clock, because another server made it.
const AHEAD: Duration = Duration::from_secs(60);
/// How many letters are looked at.
const LETTERS: u32 = 100;

/// The stores, and the signing keys that are in them.
struct Opened {
    store: Arc<dyn Store>,
    keys: Vec<SealedSigningKey>,
}

/// Looks at all of it. Answers the ids of the signing keys that the store has, where it could be read.
pub(super) async fn check(
    settings: &Settings,
    passwords: &[PathBuf],
    report: &mut Report,
) -> Option<BTreeSet<String>> {
    let is_new = matches!(&settings.store.main, MainStore::Sqlite(path) if !path.exists());
    let masters = master_key(settings, is_new, report);
    let opened = if is_new {
        let place = settings.store.main.to_string();
        report.skipped("store", &place, "there is no database yet; `rotunda serve` makes one");
        None
    } else {
        store(settings, report).await
    };
    if let (Some(masters), Some(opened)) = (&masters, &opened) {
        opens(settings, masters, &opened.keys, report);
        webhooks(settings, masters, &*opened.store, report).await;
    }
    clock(opened.as_ref().map(|opened| &*opened.keys).unwrap_or_default(), report);
    if let Some(Opened { store, keys }) = &opened {
        ages(settings, keys, report);
        database::check(settings, report).await;
        redis::check(settings, report).await;
        feed::check(&**store, report).await;
        files::check(settings, passwords, report);
        disk::check(settings, report);
        backups::check(settings, report);
    }
    mail(settings, opened.as_ref().map(|opened| &*opened.store), report).await;
    opened.map(|Opened { keys, .. }| keys.into_iter().map(|key| key.kid).collect())
}

fn master_key(settings: &Settings, is_new: bool, report: &mut Report) -> Option<MasterKeys> {
    let place = settings.master_file.display().to_string();
    let at = ("master_key", place.as_str());
    match rotunda_outside::load(&settings.master_file) {
        Ok(keys) => {
            report.good(at.0, at.1, "is there, and only its owner may read it");
            return Some(keys);
        }
        Err(error) if error.is_not_found() && is_new => {
            report.skipped(at.0, at.1, "there is none yet; `rotunda serve` makes one beside a new database");
        }
        Err(error) if error.is_not_found() => report.bad(
            at,
            "is missing, and there is a database",
            "put back the file that this database was made with; a PostgreSQL database that is new gets one by `rotunda key master`",
        ),
        Err(error) => report.bad(at, error.to_string(), "see what it says; a copy of the file is apart from the backups"),
    }
    None
}

/// Opens the stores and asks whether they take writes.
async fn store(settings: &Settings, report: &mut Report) -> Option<Opened> {
    let place = settings.store.main.to_string();
    let at = ("store", place.as_str());
    let advice =
        "see what it says: `[store] url`, `[sessions] store`, and whether the server that they name is there";
    let opening = Stores::open(&settings.store, IfNew::Refuse, SystemClock.now(), &SystemEntropy);
    let Stores { store, warnings, .. } = match timeout(PATIENCE, opening).await {
        Ok(Ok(stores)) => stores,
        Ok(Err(error)) => {
            report.bad(at, format!("does not open: {error:#}"), advice);
            return None;
        }
        Err(_) => {
            report.bad(at, format!("does not open within {} seconds", PATIENCE.as_secs()), advice);
            return None;
        }
    };
    if let Some(RedisSettings { url, .. }) = &settings.store.sessions {
        warnings.iter().for_each(|warning| report.warning(("redis", &url.to_string()), warning, ""));
    }
    match timeout(PATIENCE, ready(&*store)).await {
        Ok(Ok(keys)) => {
            report.good(at.0, at.1, "opens, and takes writes");
            Some(Opened { store, keys })
        }
        Ok(Err(error)) => {
            report.bad(at, format!("takes no writes: {error:#}"), advice);
            None
        }
        Err(_) => {
            report.bad(at, format!("takes no writes within {} seconds", PATIENCE.as_secs()), advice);
            None
        }
    }
}

async fn ready(store: &dyn Store) -> anyhow::Result<Vec<SealedSigningKey>> {
    store.ready().await?;
    Ok(store.signing_keys().await?)
}

/// Whether the master key is the one of this database. Nothing is written: a check value would be, on first sight of a key.
fn opens(settings: &Settings, masters: &MasterKeys, keys: &[SealedSigningKey], report: &mut Report) {
    let place = settings.master_file.display().to_string();
    let at = ("signing_keys", place.as_str());
    // One of a form that a newer release has made is not a mistake.
    let wrong =
        |key: &SealedSigningKey| key.open(masters).err().filter(|error| *error != KeyError::SigningKey);
    let wrong: BTreeSet<String> = keys.iter().filter_map(wrong).map(|error| error.to_string()).collect();
    match wrong.is_empty() {
        true if keys.is_empty() => {
            report.skipped(at.0, at.1, "there are none yet; `rotunda serve` makes one")
        }
        true => report.good(at.0, at.1, format!("the master key opens all signing keys ({})", keys.len())),
        false => report.bad(
            at,
            Vec::from_iter(wrong).join("; "),
            "put back the master key file that this database was made with, or that its other servers have",
        ),
    }
}

/// Whether the secrets of webhooks open. Where one does not, its receiver hears nothing, and nothing else is wrong.
async fn webhooks(settings: &Settings, masters: &MasterKeys, store: &dyn Store, report: &mut Report) {
    let place = settings.master_file.display().to_string();
    let at = ("webhooks", place.as_str());
    let webhooks = match timeout(PATIENCE, store.webhooks()).await {
        Ok(Ok(webhooks)) => webhooks,
        Ok(Err(failure)) => {
            return report.bad(at, format!("webhooks cannot be read: {failure}"), "see `store`");
        }
        Err(_) => return report.bad(at, "webhooks cannot be read in time", "see `store`"),
    };
    let lost = webhooks.iter().filter(|webhook| WebhookSecret::open(masters, webhook).is_none());
    let mut is_well = true;
    for Webhook { id, secret, .. } in lost {
        is_well = false;
        report.bad(
            at,
            format!(
                "the secret of webhook {id} does not open under master key {}: nothing is sent to it",
                secret.key_id
            ),
            "put an older copy's line back into the file, or `rotunda webhook remove` it",
        );
    }
    if is_well && !webhooks.is_empty() {
        report.good(
            at.0,
            at.1,
            format!("the master key opens the secrets of all webhooks ({})", webhooks.len()),
        );
    }
}

/// Whether they change as often as they should.
fn ages(settings: &Settings, signing: &[SealedSigningKey], report: &mut Report) {
    if !signing.is_empty() {
        let faults = keys::of(signing, &settings.policy, SystemClock.now());
        report.faults(
            ("signing_keys", "[keys] rotate_every"),
            faults,
            "the key that signs is no older than it should be",
        );
    }
}

/// Whether this clock has gone back behind what the store remembers. A server's is compared in [`super::through`].
fn clock(keys: &[SealedSigningKey], report: &mut Report) {
    let now = SystemClock.now();
    let place = moment(now);
    match keys.iter().map(|key| key.created_at).max().filter(|made| *made > now.plus(AHEAD)) {
        Some(made) => report.bad(
            ("clock", &place),
            format!("the newest signing key is from {}, which is still to come", moment(made)),
            "set this machine's clock, and keep it right (NTP)",
        ),
        None => report.good("clock", &place, "is not behind what the store remembers"),
    }
}

async fn mail(settings: &Settings, store: Option<&dyn Store>, report: &mut Report) {
    let place = match &settings.mail.way {
        MailWay::Smtp(smtp) => smtp.server.to_string(),
        MailWay::Folder(folder) if !folder.exists() => {
            let place = folder.display().to_string();
            return report.skipped("mail", &place, "no mail server is configured; this folder will be made");
        }
        MailWay::Folder(folder) => folder.display().to_string(),
    };
    let at = ("mail", place.as_str());
    if let Some(store) = store {
        letters(at, store, report).await;
    }
    let mail = match wiring::mail(settings, Arc::new(SystemClock)) {
        Ok(mail) => mail,
        Err(error) => return report.bad(at, format!("{error:#}"), "see [mail] in the configuration"),
    };
    match (timeout(PATIENCE, mail.reach()).await, &settings.mail.way) {
        (Ok(Ok(certificate)), MailWay::Smtp(_)) => {
            report.good(at.0, at.1, "the mail server takes us in; `rotunda mail test` sends a letter");
            if let Some(certificate) = certificate {
                tls::of(("tls", &place), &certificate, report);
            }
        }
        (Ok(Ok(_)), MailWay::Folder(_)) => {
            report.good(at.0, at.1, "no mail server is configured: letters go into this folder")
        }
        (Ok(Err(failure)), _) => {
            report.bad(at, failure.to_string(), "see [mail] url, and whether this machine may reach it")
        }
        (Err(_), _) => report.bad(
            at,
            format!("does not answer within {} seconds", PATIENCE.as_secs()),
            "see [mail] url, and whether a firewall is in between",
        ),
    }
}

/// Whether letters wait that were tried already. Nothing of them is told: they have addresses.
async fn letters(at: (&'static str, &str), store: &dyn Store, report: &mut Report) {
    // A store that does not answer was told above.
    let Ok(Ok(letters)) = timeout(PATIENCE, store.letters(LETTERS)).await else { return };
    let tried = letters.iter().filter(|queued| queued.last_error.is_some()).count();
    if tried > 0 {
        let what = format!("letters that could not be sent, and are tried again: {tried}");
        report.warning(at, what, "`rotunda mail list` says why, in the words of the mail server");
    }
}
