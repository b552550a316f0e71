//! `rotunda audit list`

use std::process::ExitCode;
use std::str::FromStr;

use anyhow::Context;
use rotunda_core::Rotunda;
use rotunda_core::desk::Operator;
use rotunda_core::model::{Actor, RecordedEvent, SessionId, UserId};
use rotunda_core::store::EventSearch;
use serde_json::{Value, json};

use super::super::find_user;
use super::some_moment;
use crate::args::{Global, ListAudit};
use crate::output::{self, moment};
use crate::wiring::Wired;

pub(super) async fn run(global: &Global, flags: ListAudit) -> anyhow::Result<ExitCode> {
    let rotunda = Wired::open(global).await?.rotunda;
    let (mut before, limit) = (flags.before, flags.limit as usize);
    let search = search(&rotunda, flags).await?;
    let (desk, mut events) = (rotunda.desk(Operator::command_line()), Vec::new());
    // A page may be empty although there is more.
    while events.len() < limit {
        let rest = u32::try_from(limit - events.len()).unwrap_or(u32::MAX);
        let page = desk.search_events(search.clone(), before, rest).await?;
        events.extend(page.rows);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    if global.json {
        output::json(&events.iter().map(described).collect::<Vec<_>>())?;
    } else {
        output::table(
            ["SEQ", "AT", "KIND", "USER", "ABOUT", "ACTOR", "ADDRESS", "REASON"],
            &events.iter().map(row).collect::<Vec<_>>(),
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn search(rotunda: &Rotunda, flags: ListAudit) -> anyhow::Result<EventSearch> {
    let user = match &flags.user {
        None => None,
        Some(text) => Some(match UserId::from_str(text) {
            Ok(id) => id,
            Err(_) => find_user(rotunda, text).await?.id,
        }),
    };
    let session = flags
        .session
        .as_deref()
        .map(|id| SessionId::from_str(id).with_context(|| format!("{id:?} is no session id")));
    let actor = flags.actor.as_deref().map(|text| Actor::from_str(text).with_context(|| format!("{text:?}")));
    Ok(EventSearch {
        user,
        session: session.transpose()?,
        actor: actor.transpose()?,
        kind: flags.kind,
        address: flags.address.map(|address| address.to_canonical()),
        from: some_moment(flags.from.as_deref())?,
        until: some_moment(flags.until.as_deref())?,
    })
}

fn row(RecordedEvent { seq, event, .. }: &RecordedEvent) -> [String; 8] {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let ending = event.kind.ending().map(|ending| format!(" ({ending})")).unwrap_or_default();
    let caller = &event.caller;
    [
        seq.to_string(),
        moment(event.at),
        format!("{}{ending}", event.kind),
        or_none(event.user_id.map(|id| id.to_string())),
        or_none(event.about.clone()),
        or_none(caller.actor.as_ref().map(ToString::to_string)),
        or_none(caller.address.map(|address| address.to_string())),
        or_none(caller.reason.clone()),
    ]
}

fn described(RecordedEvent { seq, event, link }: &RecordedEvent) -> Value {
    json!({
        "seq": seq,
        "at": moment(event.at),
        "kind": event.kind.as_str(),
        "ending": event.kind.ending().map(|ending| ending.as_str()),
        "user_id": event.user_id.map(|id| id.to_string()),
        "session_id": event.session_id.map(|id| id.to_string()),
        "about": event.about,
        "actor": event.caller.actor.as_ref().map(ToString::to_string),
        "reason": event.caller.reason,
        "address": event.caller.address.map(|address| address.to_string()),
        "user_agent": event.caller.user_agent,
        "chained": link.is_some(),
    })
}
