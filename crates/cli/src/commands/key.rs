//! `rotunda key list|rotate|revoke|master|rotate-master|secret`

mod retire_master;
mod rotate_master;

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use rotunda_core::denied::Denied;
use rotunda_core::desk::Operator;
use rotunda_core::failure::Error;
use rotunda_core::keys::ring::KeyPhase;
use rotunda_core::signing::Rotated;
use rotunda_core::{KeyInfo, Rotunda};
use rotunda_outside::SystemEntropy;
use serde_json::{Value, json};

use crate::args::{self, Global};
use crate::output::{self, moment};
use crate::wiring::Wired;

pub(crate) async fn run(global: &Global, verb: args::Key) -> anyhow::Result<ExitCode> {
    match verb {
        args::Key::List => list(global, &open(global).await?).await?,
        args::Key::Rotate => rotate(global, &open(global).await?).await?,
        args::Key::Revoke { kid } => revoke(global, &open(global).await?, &kid).await?,
        args::Key::Secret { kid } => secret(global, &open(global).await?, &kid).await?,
        // It comes before the database that it is for.
        args::Key::Master { file } => master(global, &file)?,
        args::Key::RotateMaster { retire: Some(id), .. } => return retire_master::run(global, id).await,
        args::Key::RotateMaster { finish: false, anew, .. } => rotate_master::begin(global, anew).await?,
        args::Key::RotateMaster { finish: true, .. } => rotate_master::finish(global).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn open(global: &Global) -> anyhow::Result<Rotunda> {
    Ok(Wired::open(global).await?.rotunda)
}

async fn list(global: &Global, rotunda: &Rotunda) -> anyhow::Result<()> {
    let keys = rotunda.desk(Operator::command_line()).keys().await?;
    if global.json {
        return output::json(&keys.iter().map(described).collect::<Vec<_>>());
    }
    let row = |key: &KeyInfo| {
        let (phase, at) = phase(key.phase);
        [
            key.kid.clone(),
            key.algorithm.clone(),
            moment(key.created_at),
            phase.to_owned(),
            at.map(moment).unwrap_or_default(),
            key.master_id.to_string(),
        ]
    };
    let rows: Vec<[String; 6]> = keys.iter().map(row).collect();
    output::table(["KID", "ALG", "CREATED", "PHASE", "FROM/UNTIL", "MASTER KEY"], &rows)
}

async fn rotate(global: &Global, rotunda: &Rotunda) -> anyhow::Result<()> {
    let (key, is_new) = match rotunda.desk(Operator::command_line()).rotate_keys().await? {
        Rotated::Added(key) => (key, true),
        Rotated::Coming(key) => (key, false),
    };
    if global.json {
        return output::json(&json!({ "added": is_new, "key": described(&key) }));
    }
    let (kid, alg, from) = (&key.kid, &key.algorithm, moment(key.signs_from));
    let what = if is_new { "New signing key" } else { "There is a key on its way already:" };
    output::print(&format!(
        "{what} {kid} ({alg}). It is published now and signs from {from} on,\n\
         when everybody who caches the key set has seen it. Nobody is signed out.\n"
    ))
}

async fn revoke(global: &Global, rotunda: &Rotunda, kid: &str) -> anyhow::Result<()> {
    match rotunda.desk(Operator::command_line()).revoke_key(kid).await {
        Ok(()) => {}
        Err(Error::Denied(Denied::NotFound)) => {
            bail!("there is no signing key {kid:?} that is not revoked yet; `rotunda key list` shows them")
        }
        Err(error) => return Err(error.into()),
    }
    if global.json {
        return output::json(&json!({ "revoked": kid }));
    }
    output::print(&format!(
        "Revoked {kid}. Every access token that it has signed is refused within a second, by all servers and by\n\
         services that follow the revocation feed. Sessions go on: clients get new tokens by a refresh.\n"
    ))
}

fn master(global: &Global, file: &Path) -> anyhow::Result<()> {
    rotunda_outside::make(file, &SystemEntropy)?;
    if global.json {
        return output::json(&json!({ "file": file.display().to_string() }));
    }
    output::print(&format!(
        "Made {}. Give a copy to each server of the database, keep one apart from it and its backups, and let nobody\n\
         else read it: everything that keeps people signed in rests on it.\n",
        output::plain(&file.display().to_string())
    ))
}

async fn secret(global: &Global, rotunda: &Rotunda, kid: &str) -> anyhow::Result<()> {
    let secret = match rotunda.shared_secret(kid).await {
        Ok(Some(secret)) => secret,
        Ok(None) => bail!(
            "{kid} is no HS256 key. Its private half is nobody else's business: services verify with the public half from \
             /.well-known/jwks.json"
        ),
        Err(Error::Denied(Denied::NotFound)) => {
            bail!("there is no signing key {kid:?}; `rotunda key list` shows them")
        }
        Err(error) => return Err(error.into()),
    };
    if global.json {
        return output::json(&json!({ "kid": kid, "alg": "HS256", "k": secret.expose() }));
    }
    output::print(&format!("{}\n", secret.expose()))
}

fn described(key: &KeyInfo) -> Value {
    let (phase, at) = phase(key.phase);
    json!({
        "kid": key.kid, "alg": key.algorithm, "created_at": moment(key.created_at),
        "signs_from": moment(key.signs_from), "phase": phase, "phase_at": at.map(moment),
        "signs": key.phase == KeyPhase::Signing, "master_key": key.master_id,
    })
}

/// The phase's name, and the moment that goes with it.
fn phase(phase: KeyPhase) -> (&'static str, Option<rotunda_core::model::UnixMillis>) {
    match phase {
        KeyPhase::Coming(from) => ("coming", Some(from)),
        KeyPhase::Signing => ("signing", None),
        KeyPhase::Passing(until) => ("passing", Some(until)),
        KeyPhase::Over => ("over", None),
        KeyPhase::Revoked(at) => ("revoked", Some(at)),
    }
}
