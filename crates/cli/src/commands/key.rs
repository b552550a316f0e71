//! `rotunda key list`

use std::process::ExitCode;

use rotunda_core::keys::SealedSigningKey;
use rotunda_core::keys::ring::KeyPhase;
use rotunda_core::store::KeyShelf;
use serde_json::json;

use crate::args::{self, Global};
use crate::output::{self, moment};
use crate::wiring::Wired;

pub(crate) async fn run(global: &Global, verb: args::Key) -> anyhow::Result<ExitCode> {
    let args::Key::List = verb;
    let wired = Wired::open(global).await?;
    let keys = wired.store.signing_keys().await?;
    let phases = wired.rotunda.signing_keys().await?;
    let signs = |kid: &str| phases.iter().any(|key| key.kid == kid && key.phase == KeyPhase::Signing);
    if global.json {
        let described = |key: &SealedSigningKey| {
            json!({
                "kid": key.kid, "alg": key.algorithm, "created_at": moment(key.created_at),
                "signs": signs(&key.kid), "master_key": key.master_id,
            })
        };
        output::json(&keys.iter().map(described).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |key: &SealedSigningKey| {
        let signs = if signs(&key.kid) { "yes" } else { "no" };
        [
            key.kid.clone(),
            key.algorithm.clone(),
            moment(key.created_at),
            signs.to_owned(),
            key.master_id.to_string(),
        ]
    };
    let rows: Vec<[String; 5]> = keys.iter().map(row).collect();
    output::table(["KID", "ALG", "CREATED", "SIGNS", "MASTER KEY"], &rows)?;
    Ok(ExitCode::SUCCESS)
}
