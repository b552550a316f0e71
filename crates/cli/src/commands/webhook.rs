//! `rotunda webhook add|list|edit|rotate-secret|test|deliveries|replay|remove`

use std::process::ExitCode;
use std::str::FromStr;

use anyhow::Context;
use rotunda_core::desk::{Desk, EditWebhook, NewWebhook, Operator};
use rotunda_core::model::{Delivery, SecretText, Webhook, WebhookId};
use serde_json::{Value, json};

use crate::args::{self, Global};
use crate::output::{self, moment};
use crate::wiring::{IfBroken, Wired, load};

pub(crate) async fn run(global: &Global, verb: args::Webhook) -> anyhow::Result<ExitCode> {
    let rotunda = match &verb {
        // The first webhook may come before the first start.
        args::Webhook::Add { .. } => {
            Wired::open_or_make(load(global, &args::Serve::default())?, IfBroken::Warn).await?.rotunda
        }
        _ => Wired::open(global).await?.rotunda,
    };
    let desk = rotunda.desk(Operator::command_line());
    match verb {
        args::Webhook::Add { url, events, description } => {
            let new = NewWebhook { url, description, filters: events };
            let (webhook, secret) = desk.add_webhook(&new).await?;
            tell_secret(global, &webhook, &secret)?;
        }
        args::Webhook::List => list(global, &desk).await?,
        args::Webhook::Edit { id, url, events, description, on, off } => {
            let edit = EditWebhook {
                url,
                description: description.map(Some),
                filters: (!events.is_empty()).then_some(events),
                enabled: (on || off).then_some(on),
            };
            let webhook = desk.edit_webhook(parse(&id)?, &edit, None).await?;
            match global.json {
                true => output::json(&described(&webhook))?,
                false => output::print(&format!("changed {}\n", webhook.id))?,
            }
        }
        args::Webhook::RotateSecret { id } => {
            let id = parse(&id)?;
            let secret = desk.rotate_webhook_secret(id).await?;
            tell_secret(global, &desk.webhook(id).await?, &secret)?;
        }
        args::Webhook::Test { id } => return test(global, &desk, parse(&id)?).await,
        args::Webhook::Deliveries { id, dead, after, limit } => {
            deliveries(global, &desk.deliveries(parse(&id)?, dead, after, limit).await?)?;
        }
        args::Webhook::Replay { id, event } => {
            let again = desk.replay(parse(&id)?, event).await?;
            match global.json {
                true => output::json(&json!({"replayed": again}))?,
                false => output::print(&format!("{again} made again; a running server sends them\n"))?,
            }
        }
        args::Webhook::Remove { id } => {
            let id = parse(&id)?;
            desk.remove_webhook(id).await?;
            match global.json {
                true => output::json(&json!({"id": id.to_string(), "removed": true}))?,
                false => output::print(&format!("removed {id}, and what was on its way to it\n"))?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn parse(id: &str) -> anyhow::Result<WebhookId> {
    WebhookId::from_str(id)
        .with_context(|| format!("{id:?} is no webhook's id; `rotunda webhook list` shows them"))
}

fn tell_secret(global: &Global, webhook: &Webhook, secret: &SecretText) -> anyhow::Result<()> {
    if global.json {
        let mut told = described(webhook);
        told["secret"] = Value::from(secret.expose());
        return output::json(&told);
    }
    output::print(&format!(
        "id      {}\nurl     {}\nsecret  {}\n\nNobody can see the secret again: put it where the messages are checked now.\n",
        webhook.id,
        webhook.url,
        secret.expose()
    ))
}

async fn list(global: &Global, desk: &Desk<'_>) -> anyhow::Result<()> {
    /// What is shown as more.
    const MANY: u32 = 1_000;
    let webhooks = desk.webhooks().await?;
    if global.json {
        return output::json(&webhooks.iter().map(described).collect::<Vec<_>>());
    }
    let mut rows = Vec::with_capacity(webhooks.len());
    for webhook in &webhooks {
        let waits = |found: Vec<Delivery>| match found.len() {
            many if many == MANY as usize => format!("{many} or more"),
            few => few.to_string(),
        };
        rows.push([
            webhook.id.to_string(),
            webhook.url.clone(),
            if webhook.filters.is_empty() { "all".to_owned() } else { webhook.filters.join(" ") },
            if webhook.enabled { "yes" } else { "no" }.to_owned(),
            waits(desk.deliveries(webhook.id, false, None, MANY).await?),
            waits(desk.deliveries(webhook.id, true, None, MANY).await?),
        ]);
    }
    output::table(["ID", "URL", "EVENTS", "ON", "WAITING", "GIVEN UP"], &rows)
}

async fn test(global: &Global, desk: &Desk<'_>, id: WebhookId) -> anyhow::Result<ExitCode> {
    let outcome = desk.send_test(id).await?;
    let why = outcome.err().map(|failure| failure.why);
    match (global.json, &why) {
        (true, _) => output::json(&json!({"arrived": why.is_none(), "why": why}))?,
        (false, None) => output::print("it arrived\n")?,
        (false, Some(why)) => output::print(&format!("it did not arrive: {why}\n"))?,
    }
    Ok(if why.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn deliveries(global: &Global, found: &[Delivery]) -> anyhow::Result<()> {
    if global.json {
        let told = found.iter().map(|it| {
            json!({
                "event": it.seq,
                "written_at": moment(it.created_at),
                "attempts": it.attempts,
                "next_attempt_at": it.next_attempt_at.map(moment),
                "last_error": it.last_error,
            })
        });
        return output::json(&told.collect::<Vec<_>>());
    }
    let row = |it: &Delivery| {
        [
            it.seq.to_string(),
            moment(it.created_at),
            it.attempts.to_string(),
            it.next_attempt_at.map_or_else(|| "given up".to_owned(), moment),
            it.last_error.clone().unwrap_or_default(),
        ]
    };
    let rows: Vec<[String; 5]> = found.iter().map(row).collect();
    output::table(["EVENT", "WRITTEN", "ATTEMPTS", "NEXT", "WHAT WENT WRONG"], &rows)
}

fn described(webhook: &Webhook) -> Value {
    json!({
        "id": webhook.id.to_string(),
        "url": webhook.url,
        "description": webhook.description,
        "events": webhook.filters,
        "enabled": webhook.enabled,
        "version": webhook.version,
        "created_at": moment(webhook.created_at),
    })
}
