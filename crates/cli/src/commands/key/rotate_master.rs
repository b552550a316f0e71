//! `rotunda key rotate-master`
//!
//! 1. Begin: the file that there is opens this store. A key that is coming is added to it, unless one is.
//! 2. Every server is given the file, and restarted; that is not done here, and cannot be seen from here.
//! 3. Finish: the key that is coming becomes the current one, in the file first, and then everything that is sealed under another
//!    one is sealed under it. Interrupted in between, it is done again and goes on.

use rotunda_core::desk::Operator;
use rotunda_core::reseal::Resealed;
use rotunda_outside::{Coming, SystemEntropy, add_coming, make_current};
use serde_json::json;

use crate::args::{Global, Serve};
use crate::output::{self, plain};
use crate::wiring::{Wired, settings};

pub(super) async fn begin(global: &Global) -> anyhow::Result<()> {
    let file = Wired::open(global).await?.settings.master_file;
    let Coming { id, is_new } = add_coming(&file, &SystemEntropy)?;
    if global.json {
        return output::json(&json!({
            "file": file.display().to_string(), "master_key": id, "added": is_new, "phase": "coming",
        }));
    }
    let shown = plain(&file.display().to_string());
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
    let file = settings(global, &Serve::default())?.master_file;
    let made = make_current(&file, &SystemEntropy)?;
    let caller = Operator::command_line().caller();
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
         Give {} to every server once more, and restart them: from then on each makes its tokens with it. Nobody is\n\
         signed out. The old key stays in the file until nothing is left that was made with it.\n",
        plain(&file.display().to_string())
    ))
}
