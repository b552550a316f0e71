//! `rotunda session list|show|why|revoke`

use std::process::ExitCode;
use std::str::FromStr;

use anyhow::Context;
use rotunda_core::Rotunda;
use rotunda_core::desk::{Desk, Operator};
use rotunda_core::model::{
    ClientId, DeviceId, Ending, Facts, RecordedEvent, SessionId, UnixMillis, device_label,
};
use rotunda_core::operate::{End, Story};
use rotunda_core::store::SessionSearch;
use serde_json::{Value, json};

use super::find_user;
use crate::args::{self, Global};
use crate::output::{self, moment};
use crate::wiring::Wired;

pub(crate) async fn run(global: &Global, verb: args::Session) -> anyhow::Result<ExitCode> {
    let rotunda = Wired::open(global).await?.rotunda;
    let desk = rotunda.desk(Operator::command_line());
    match verb {
        args::Session::List(wanted) => list(global, &search(&rotunda, wanted).await?)?,
        args::Session::Show { id } => show(global, &desk.session(parse(&id)?).await?)?,
        args::Session::Why { id } => why(global, &desk, parse(&id)?).await?,
        args::Session::Revoke { id, dry_run, reason, all: _ } => {
            let operator = match reason {
                Some(reason) => Operator::command_line().with_reason(&reason)?,
                None => Operator::command_line(),
            };
            revoke(global, &rotunda.desk(operator), id.as_deref(), dry_run).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One session, or everyone's where none is named.
async fn revoke(global: &Global, desk: &Desk<'_>, id: Option<&str>, dry_run: bool) -> anyhow::Result<()> {
    let Some(id) = id else {
        let ended = desk.end_everyone(dry_run).await?;
        if global.json {
            return output::json(&json!({"sessions": ended, "dry_run": dry_run}));
        }
        let all = ended.map_or("all sessions".to_owned(), |ended| format!("{ended} sessions"));
        let said = if dry_run { "would end: everyone would be" } else { "have ended: everyone is" };
        return output::print(&format!("{all} {said} signed out\n"));
    };
    let id = parse(id)?;
    let ended = desk.end_session(id).await?;
    if global.json {
        return output::json(&json!({"id": id.to_string(), "ended": ended}));
    }
    let said = if ended { "is over" } else { "was over already" };
    output::print(&format!("{id} {said}\n"))
}

/// As many sessions as were asked for, page by page.
async fn search(rotunda: &Rotunda, wanted: args::SessionList) -> anyhow::Result<Vec<Facts>> {
    let args::SessionList { user, device, client, address, all, after, limit } = wanted;
    let user = match user {
        Some(user) => Some(find_user(rotunda, &user).await?.id),
        None => None,
    };
    let device = device.map(|id| DeviceId::from_str(&id).with_context(|| format!("{id:?} is no device id")));
    let client =
        client.map(|name| ClientId::parse(&name).with_context(|| format!("{name:?} is no client's name")));
    let by = SessionSearch {
        user,
        device: device.transpose()?,
        client: client.transpose()?,
        address: address.map(|address| address.to_canonical()),
        live: (!all).then_some(true),
        ..SessionSearch::default()
    };
    let mut after = after.map(|id| parse(&id)).transpose()?;
    let (mut found, limit) = (Vec::new(), usize::try_from(limit)?);
    let desk = rotunda.desk(Operator::command_line());
    while found.len() < limit {
        let more = u32::try_from(limit - found.len())?;
        let page = desk.search_sessions(by.clone(), after, more).await?;
        found.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(found)
}

fn parse(id: &str) -> anyhow::Result<SessionId> {
    SessionId::from_str(id).with_context(|| format!("{id:?} is no session id"))
}

fn list(global: &Global, sessions: &[Facts]) -> anyhow::Result<()> {
    if global.json {
        return output::json(&sessions.iter().map(described).collect::<Vec<_>>());
    }
    let row = |facts: &Facts| {
        let session = &facts.session;
        [
            session.id.to_string(),
            facts.user.email.as_str().to_owned(),
            session.client_id.to_string(),
            device_label(session.last_user_agent.as_deref()),
            session.last_address.map_or_else(|| "-".to_owned(), |address| address.to_string()),
            moment(session.last_used_at()),
            ends(facts),
        ]
    };
    let rows: Vec<[String; 7]> = sessions.iter().map(row).collect();
    output::table(["ID", "USER", "CLIENT", "DEVICE", "ADDRESS", "LAST USED", "ENDS"], &rows)
}

/// When it will end, or why it has.
fn ends(facts: &Facts) -> String {
    match ended(facts) {
        Some((ending, _)) => ending.to_string(),
        None => moment(facts.session.expires_at()),
    }
}

/// The ending on record, or that everyone was signed out.
fn ended(facts: &Facts) -> Option<(Ending, UnixMillis)> {
    facts.ending_at(facts.session.created_at)
}

fn described(facts: &Facts) -> Value {
    let Facts { session, user, .. } = facts;
    let (ended, ended_at) = ended(facts).map(|(ending, at)| (ending.as_str(), moment(at))).unzip();
    json!({
        "id": session.id.to_string(),
        "user_id": user.sub(),
        "client_id": session.client_id.to_string(),
        "device_id": session.device_id.to_string(),
        "label": device_label(session.last_user_agent.as_deref()),
        "address": session.last_address.map(|address| address.to_string()),
        "user_agent": session.last_user_agent,
        "generation": session.lineage.generation,
        "created_at": moment(session.created_at),
        "auth_time": moment(session.auth_time),
        "amr": session.amr,
        "rotated_at": session.lineage.rotated_at.map(moment),
        "idle_expires_at": moment(session.idle_expires_at),
        "absolute_expires_at": moment(session.absolute_expires_at),
        "device_shown": session.device_shown,
        "acting": session.acting.map(|user| user.to_string()),
        "ended": ended,
        "ended_at": ended_at,
    })
}

fn show(global: &Global, facts: &Facts) -> anyhow::Result<()> {
    let described = described(facts);
    if global.json {
        return output::json(&described);
    }
    let fields = described.as_object().into_iter().flatten();
    let rows: Vec<[String; 2]> = fields
        .map(|(name, value)| [name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)])
        .collect();
    output::table(["FIELD", "VALUE"], &rows)
}

async fn why(global: &Global, desk: &Desk<'_>, id: SessionId) -> anyhow::Result<()> {
    let story = desk.story(id).await?;
    if global.json {
        return output::json(&json!({
            "id": id.to_string(),
            "ended": story.end.filter(|end| end.past).map(|end| end.ending.as_str()),
            "ended_at": story.end.filter(|end| end.past).map(|end| moment(end.at)),
            "will_end": story.end.filter(|end| !end.past).map(|end| end.ending.as_str()),
            "will_end_at": story.end.filter(|end| !end.past).map(|end| moment(end.at)),
            "events": story.events.iter().map(event).collect::<Vec<_>>(),
        }));
    }
    output::print(&told(id, &story))
}

/// The story as an operator reads it at 3 a.m.: the answer first, then how it came to that.
fn told(id: SessionId, story: &Story) -> String {
    let mut text = match story.end {
        Some(End { ending, at, past: true }) => {
            format!("{id} ended at {}: {ending}.\n{}\n", moment(at), meaning(ending))
        }
        Some(End { ending, at, past: false }) => {
            format!("{id} is live. Unless it is refreshed, it ends at {}: {ending}.\n", moment(at))
        }
        None => format!("{id} is not in the store any more, and no ending of it is on record.\n"),
    };
    if let Some(facts) = &story.facts {
        let session = &facts.session;
        let agent = device_label(session.last_user_agent.as_deref());
        text.push_str(&format!(
            "user {} · client {} · {} · generation {} · ends for good at {}\n",
            output::plain(facts.user.email.as_str()),
            session.client_id,
            output::plain(&agent),
            session.lineage.generation,
            moment(session.absolute_expires_at),
        ));
    }
    for recorded in &story.events {
        let event = &recorded.event;
        let ending = event.kind.ending().map(|ending| format!(" ({ending})")).unwrap_or_default();
        let address = event.caller.address.map_or_else(|| "-".to_owned(), |address| address.to_string());
        let agent = output::plain(event.caller.user_agent.as_deref().unwrap_or("-"));
        let about =
            event.about.as_deref().map(|about| format!(" {}", output::plain(about))).unwrap_or_default();
        let actor = event.caller.actor.as_ref().map(|actor| format!("  by {actor}")).unwrap_or_default();
        let (at, kind) = (moment(event.at), event.kind);
        text.push_str(&format!("  {at}  {kind}{ending}{about}  from {address}  {agent}{actor}\n"));
    }
    text
}

fn event(recorded: &RecordedEvent) -> Value {
    let event = &recorded.event;
    json!({
        "seq": recorded.seq,
        "at": moment(event.at),
        "kind": event.kind.as_str(),
        "ending": event.kind.ending().map(|ending| ending.as_str()),
        "address": event.caller.address.map(|address| address.to_string()),
        "user_agent": event.caller.user_agent,
        "about": event.about,
        "actor": event.caller.actor.as_ref().map(ToString::to_string),
        "reason": event.caller.reason,
    })
}

fn meaning(ending: Ending) -> &'static str {
    use Ending as E;
    match ending {
        E::LoggedOut => "The user signed out on this device, or signed in anew in the same browser.",
        E::LoggedOutEverywhere => "The user signed out everywhere.",
        E::RevokedByUser => "The user ended it from the list of devices.",
        E::RevokedByAdmin => "An operator ended it.",
        E::Reused => {
            "A refresh token that was used before came back, or came from another device: somebody has a copy of it. \
             Only this session was ended; the user has to sign in again."
        }
        E::PasswordChanged => "The password was changed; all sessions of before ended with it.",
        E::PasswordReset => "The password was reset; all sessions of before ended with it.",
        E::UserDisabled => "An operator disabled the user.",
        E::UserDeleted => "The user was deleted.",
        E::IdleExpired => "It was not refreshed for too long.",
        E::AbsoluteExpired => "It reached the end of its life; a refresh never extends that.",
        E::Evicted => "A newer session of the user needed its place.",
        E::Reported => "The user said \"this was not me\".",
        E::Renewed => "The user proved again who they are, and a new session took its place.",
        E::EmailVerified => "The address was shown to be the user's; whatever was there before that ended.",
    }
}
