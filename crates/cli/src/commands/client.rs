//! `rotunda client add|list|rotate-secret|remove`

use std::process::ExitCode;

use anyhow::{Context, bail};
use rotunda_core::Rotunda;
use rotunda_core::clients::{AddedClient, ClientInfo, NewClient, RotatedSecret};
use rotunda_core::desk::Operator;
use rotunda_core::desk::clients::LONGEST_KEEP_OLD;
use rotunda_core::model::{Caller, ClientId, ClientKind};
use serde_json::{Value, json};

use crate::args::{self, Global};
use crate::config::parse_duration;
use crate::output::{self, moment};
use crate::wiring::{IfBroken, Wired, load};

pub(crate) async fn run(global: &Global, verb: args::Client) -> anyhow::Result<ExitCode> {
    match verb {
        args::Client::Add { name, kind, scopes } => {
            // The first client may come before the first start.
            let loaded = load(global, &args::Serve::default())?;
            let rotunda = Wired::open_or_make(loaded, IfBroken::Warn).await?.rotunda;
            let kind = kind.as_deref().and_then(ClientKind::parse);
            let added = rotunda.add_client(&NewClient { id: name, kind, scopes }, &caller()).await?;
            tell_added(global, &added)?;
        }
        args::Client::List => list(global, &Wired::open(global).await?.rotunda).await?,
        args::Client::RotateSecret { name, keep_old } => {
            let keep_old = parse_duration(&keep_old).map_err(anyhow::Error::msg)?;
            if keep_old > LONGEST_KEEP_OLD {
                bail!("--keep-old takes 90 days at most: until then, whoever has the old secret can use it");
            }
            let rotunda = Wired::open(global).await?.rotunda;
            let id = parse(&name)?;
            let rotated = rotunda.rotate_client_secret(&id, keep_old, &caller()).await?;
            tell_rotated(global, &id, &rotated)?;
        }
        args::Client::Remove { name } => {
            let rotunda = Wired::open(global).await?.rotunda;
            let id = parse(&name)?;
            rotunda.remove_client(&id, &caller()).await?;
            if global.json {
                output::json(&json!({"client_id": id.0, "removed": true}))?;
            } else {
                output::print(&format!(
                    "removed {id}; this server refuses its tokens and its users' sessions from now on. Services that check \
                     tokens by themselves accept its access tokens until they run out\n"
                ))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Whoever sits at the machine may do everything; the errors of `clients` say which command helps.
fn caller() -> Caller {
    Operator::command_line().caller()
}

fn parse(name: &str) -> anyhow::Result<ClientId> {
    ClientId::parse(name).with_context(|| format!("{name:?} is no client's name"))
}

fn tell_added(global: &Global, added: &AddedClient) -> anyhow::Result<()> {
    let AddedClient { client, secret } = added;
    let secret = secret.as_ref().map(|secret| secret.expose_text());
    if global.json {
        return output::json(&json!({
            "client_id": client.id.0,
            "client_secret": secret,
            "kind": client.kind.as_str(),
            "scopes": client.scopes,
        }));
    }
    let mut text = format!("client_id      {}\n", client.id);
    if let Some(secret) = secret {
        text.push_str(&told_once(&secret));
    }
    output::print(&text)
}

fn tell_rotated(global: &Global, id: &ClientId, rotated: &RotatedSecret) -> anyhow::Result<()> {
    let secret = rotated.secret.expose_text();
    let until: Vec<_> = rotated.old_until.iter().copied().map(moment).collect();
    if global.json {
        let told = json!({"client_id": id.0, "client_secret": secret, "old_secrets_until": until});
        return output::json(&told);
    }
    let old = match until.as_slice() {
        [] => "No old secret is good any more.\n".to_owned(),
        [one] => format!("1 old secret is still good, until {one}.\n"),
        several => {
            format!("{} old secrets are still good, until {}.\n", several.len(), several.join(" and "))
        }
    };
    output::print(&format!("client_id      {id}\n{}{old}", told_once(&secret)))
}

fn told_once(secret: &str) -> String {
    format!("client_secret  {secret}\n\nNobody can see the secret again: put it where it is used now.\n")
}

async fn list(global: &Global, rotunda: &Rotunda) -> anyhow::Result<()> {
    let clients = rotunda.clients().await?;
    if global.json {
        return output::json(&clients.iter().map(described).collect::<Vec<_>>());
    }
    let row = |client: &ClientInfo| {
        [
            client.id.to_string(),
            client.kind.as_str().to_owned(),
            client.scopes.join(" "),
            if client.kind.authenticates() { client.secrets.len().to_string() } else { "-".to_owned() },
            client.added_at.map_or_else(|| "configured".to_owned(), moment),
            if client.works { "yes" } else { "no" }.to_owned(),
        ]
    };
    let rows: Vec<[String; 6]> = clients.iter().map(row).collect();
    output::table(["NAME", "KIND", "SCOPES", "SECRETS", "ADDED", "WORKS"], &rows)
}

fn described(client: &ClientInfo) -> Value {
    let secrets = client
        .secrets
        .iter()
        .map(|kept| json!({"created_at": moment(kept.created_at), "ends_at": kept.ends_at.map(moment)}));
    json!({
        "client_id": client.id.0,
        "kind": client.kind.as_str(),
        "scopes": client.scopes,
        "secrets": secrets.collect::<Vec<_>>(),
        "added_at": client.added_at.map(moment),
        "works": client.works,
    })
}

/// What the operator should know of clients when a server starts.
pub(crate) async fn warnings(rotunda: &Rotunda) -> anyhow::Result<Vec<String>> {
    let clients = rotunda.clients().await?;
    let idle = clients.iter().filter(|client| !client.works);
    let told = |client: &ClientInfo| {
        let (id, kind) = (&client.id, client.kind.as_str());
        match client.added_at {
            None => format!(
                "[clients.{id}] is of kind \"{kind}\" and has no secret, so that nobody can use it; \
                 `rotunda client add {id}` makes one"
            ),
            Some(_) => format!(
                "the client {id} was added with kind \"{kind}\", and [clients.{id}] says another one, so that it can do \
                 nothing; change the section, or `rotunda client remove {id}`"
            ),
        }
    };
    Ok(idle.map(told).collect())
}
