//! `rotunda key rotate-master`
//!
//! 1. Begin: the file that there is opens this store. A key that is coming is added to it, unless one is. The store writes down
//!    which key has that id, so that nobody begins another one elsewhere.
//! 2. Every server is given the file, and restarted; that is not done here, and cannot be seen from here.
//! 3. Finish: the file opens this store. The key that is coming becomes the current one, in the file first, and then everything
//!    that is sealed under another one is sealed under it. Interrupted in between, it is done again and goes on.
//! 4. Servers that were not restarted yet go on to seal under the old key, and a backup from before brings back what was: finish
//!    is run again after the last restart, and after a restore.

use std::path::Path;

use anyhow::bail;
use rotunda_core::desk::Operator;
use rotunda_core::reseal::Resealed;
use rotunda_outside::{Coming, SystemEntropy, add_coming, load, make_current, take_back};
use serde_json::json;

use crate::args::Global;
use crate::output::{self, plain};
use crate::wiring::Wired;

pub(super) async fn begin(global: &Global, anew: bool) -> anyhow::Result<()> {
    let Wired { settings, rotunda, .. } = Wired::open(global).await?;
    let file = settings.master_file;
    let last = rotunda.last_master_on_record().await?;
    if !anew {
        has_the_last(&file, last)?;
    }
    let Coming { id, is_new } = add_coming(&file, last, &SystemEntropy)?;
    if let Some(taken) = rotunda.record_masters(&load(&file)?).await? {
        if is_new {
            take_back(&file, id, &SystemEntropy)?;
        }
        bail!(
            "another master key {taken} was made elsewhere a moment ago: put the file of that server here. {} is as it was",
            shown(&file)
        );
    }
    if global.json {
        return output::json(&json!({
            "file": file.display().to_string(), "master_key": id, "added": is_new, "phase": "coming",
        }));
    }
    let shown = shown(&file);
    let what = match is_new {
        true => format!("Added master key {id} to {shown}."),
        false => format!("Master key {id} is in {shown} already."),
    };
    output::print(&format!(
        "{what} Nothing is made with it yet. Now:\n\
         1. keep a copy of the file where the old one is kept, and give it to every server\n\
         2. restart all of them, one after the other\n\
         3. rotunda key rotate-master --finish\n"
    ))
}

pub(super) async fn finish(global: &Global) -> anyhow::Result<()> {
    let caller = Operator::command_line().caller();
    let (file, made) = {
        let Wired { settings, rotunda, .. } = Wired::open(global).await?;
        has_the_last(&settings.master_file, rotunda.last_master_on_record().await?)?;
        let made = make_current(&settings.master_file, &SystemEntropy)?;
        (settings.master_file, made)
    };
    let resealed = Wired::open(global).await?.rotunda.reseal(&caller).await?;
    let Resealed { master_id, signing_keys, webhooks } = resealed;
    if global.json {
        return output::json(&json!({
            "file": file.display().to_string(), "master_key": master_id, "changed": made.is_some(), "phase": "current",
            "signing_keys": signing_keys, "webhooks": webhooks,
        }));
    }
    if made.is_none() && signing_keys == 0 && webhooks == 0 {
        return output::print(&format!(
            "No master key is coming, and everything is sealed under master key {master_id} already.\n"
        ));
    }
    output::print(&format!(
        "Master key {master_id} is the current one. Sealed under it: {signing_keys} signing keys, {webhooks} secrets of webhooks.\n\
         Now:\n\
         1. give {} to every server once more, and restart them: from then on each makes its tokens with it\n\
         2. rotunda key rotate-master --finish, again: until its restart a server goes on to seal with the old key\n\
         Nobody is signed out. The old key stays in the file until nothing is left that was made with it; a copy of it stays\n\
         for as long as backups from before do.\n",
        shown(&file)
    ))
}

/// A key above all of this file is on its way elsewhere, or was given up. One below was used up, and removed.
pub(super) fn has_the_last(file: &Path, last: u8) -> anyhow::Result<()> {
    if load(file)?.checks().any(|(id, _)| id >= last) {
        return Ok(());
    }
    bail!(
        "the database knows a master key {last}, and {} has none with that id or a higher one: `rotunda key rotate-master` was \
         run with another file. Put that file here. Where it is gone, and no server ever had it without the word `coming`, \
         `rotunda key rotate-master --anew` makes another key, with a higher id",
        shown(file)
    )
}

pub(super) fn shown(file: &Path) -> String {
    plain(&file.display().to_string())
}
