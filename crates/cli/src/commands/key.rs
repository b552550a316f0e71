//! `rotunda key list`

use std::process::ExitCode;

use rotunda_core::store::KeyShelf;
use serde_json::json;

use crate::args::{self, Global};
use crate::output::{self, moment};
use crate::wiring::Wired;

pub(crate) async fn run(global: &Global, verb: args::Key) -> anyhow::Result<ExitCode> {
    let args::Key::List = verb;
    let wired = Wired::open(global).await?;
    let keys = wired.store.signing_keys().await?;
    if global.json {
        let described = |(index, key): (usize, &rotunda_core::keys::SealedSigningKey)| {
            let signs = index + 1 == keys.len();
            json!({
                "kid": key.kid, "alg": key.algorithm, "created_at": moment(key.created_at),
                "signs": signs, "master_key": key.master_id,
            })
        };
        output::json(&keys.iter().enumerate().map(described).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |(index, key): (usize, &rotunda_core::keys::SealedSigningKey)| {
        let signs = if index + 1 == keys.len() { "yes" } else { "no" };
        [
            key.kid.clone(),
            key.algorithm.clone(),
            moment(key.created_at),
            signs.to_owned(),
            key.master_id.to_string(),
        ]
    };
    let rows: Vec<[String; 5]> = keys.iter().enumerate().map(row).collect();
    output::table(["KID", "ALG", "CREATED", "SIGNS", "MASTER KEY"], &rows)?;
    Ok(ExitCode::SUCCESS)
}
