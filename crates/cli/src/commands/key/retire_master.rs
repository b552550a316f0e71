//! `rotunda key rotate-master --retire ID`
//!
//! 1. The file that there is opens this store, and the key in it is an old one: not the current one, and none that is coming.
//! 2. What still needs it is counted. As long as anything does, it stays: a session under a key that is gone is signed out.
//! 3. It goes into a file of its own: backups from before need it, and so does whoever was wrong.
//!
//! Done again, it says that it is done. Where a store does not answer, nothing is counted, and the key stays.
//!
//! Servers read the file when they start. One that was not restarted since `--finish` goes on to make tokens with the old key; its
//! sessions are counted, and keep the key in.

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use rotunda_core::model::UnixMillis;
use rotunda_core::reseal::{Needing, Needs, OUTLIVES_LINKS};
use rotunda_outside::{SystemEntropy, load, retire};
use serde_json::{Value, json};

use super::rotate_master::{has_the_last, shown};
use crate::args::Global;
use crate::output::{self, moment};
use crate::wiring::Wired;

pub(super) async fn run(global: &Global, id: u8) -> anyhow::Result<ExitCode> {
    let Wired { settings, rotunda, .. } = Wired::open(global).await?;
    let file = settings.master_file;
    has_the_last(&file, rotunda.last_master_on_record().await?)?;
    let masters = load(&file)?;
    let current = masters.current_id();
    if masters.get(id).is_none() {
        // Refused, unless it went the same way before.
        let beside = retire(&file, id, &SystemEntropy)?;
        told(global, &file, id, Some(&beside), None)?;
        return Ok(ExitCode::SUCCESS);
    }
    if id >= current {
        let what = if id == current { "the current one" } else { "still to come" };
        bail!("master key {id} is {what}: only an old one can be retired");
    }
    let needs = rotunda.needs_master(id).await?;
    let kept_in = match needs.is_empty() {
        true => Some(retire(&file, id, &SystemEntropy)?),
        false => None,
    };
    told(global, &file, id, kept_in.as_deref(), Some(&needs))?;
    Ok(if kept_in.is_some() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Nothing is counted for a key that is not in the file.
fn told(
    global: &Global,
    file: &Path,
    id: u8,
    kept_in: Option<&Path>,
    needs: Option<&Needs>,
) -> anyhow::Result<()> {
    if global.json {
        return output::json(&json!({
            "file": file.display().to_string(), "master_key": id, "retired": kept_in.is_some(),
            "kept_in": kept_in.map(|path| path.display().to_string()), "needed_by": needs.map(described),
        }));
    }
    output::print(&match (kept_in, needs) {
        (Some(beside), needs) => gone(&shown(file), &shown(beside), id, needs.is_some()),
        (None, needs) => needed(&shown(file), id, &needs.copied().unwrap_or_default()),
    })
}

fn gone(file: &str, beside: &str, id: u8, is_new: bool) -> String {
    let what = match is_new {
        true => format!("Nothing needs master key {id} any more. It is out of {file}, and in {beside}."),
        false => format!("Master key {id} is out of {file} already, and in {beside}."),
    };
    format!(
        "{what} Now:\n\
         1. give {file} to every server, and restart them\n\
         2. keep {beside} apart for as long as you keep backups from before; then remove it\n"
    )
}

fn needed(file: &str, id: u8, needs: &Needs) -> String {
    let Needs { signing_keys, webhooks, sessions, places, maybe_links } = needs;
    let mut text = format!("Master key {id} is still needed, and stays in {file}:\n");
    let until = |needing: &Needing| needing.until.map(moment).unwrap_or_default();
    if signing_keys + webhooks > 0 {
        text += &format!(
            "- {signing_keys} signing keys and {webhooks} secrets of webhooks are sealed under it: `rotunda key rotate-master \
             --finish` seals them anew\n"
        );
    }
    if sessions.count > 0 {
        text += &format!(
            "- {} live sessions have tokens that were made with it. They move with their second refresh; who does not come by is \
             signed out by {}\n",
            sessions.count,
            until(sessions)
        );
    }
    if places.count > 0 {
        text += &format!(
            "- {} places of the audit log were signed with it, which nobody can check without it. The last is forgotten after {}\n",
            places.count,
            until(places)
        );
    }
    if *maybe_links {
        text += &format!(
            "- links in letters may have been made with it: no newer key has signed a place of the audit log {} days ago\n",
            OUTLIVES_LINKS.as_secs() / 86_400
        );
    }
    text
}

fn described(needs: &Needs) -> Value {
    let until = |at: Option<UnixMillis>| at.map(moment);
    let Needs { signing_keys, webhooks, sessions, places, maybe_links } = needs;
    json!({
        "signing_keys": signing_keys, "webhooks": webhooks,
        "sessions": sessions.count, "sessions_until": until(sessions.until),
        "audit_places": places.count, "audit_places_until": until(places.until),
        "maybe_links": maybe_links,
    })
}
