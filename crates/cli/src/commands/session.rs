//! `rotunda session list|show|why|revoke`

use std::process::ExitCode;
use std::str::FromStr;

use anyhow::Context;
use rotunda_core::Rotunda;
use rotunda_core::model::{Facts, RecordedEvent, Session, SessionId, Standing, User, device_label};
use rotunda_core::operate::{End, Story};
use serde_json::{Value, json};

use super::find_user;
use crate::args::{self, Global};
use crate::output::{self, moment};
use crate::wiring::Wired;

pub(crate) async fn run(global: &Global, verb: args::Session) -> anyhow::Result<ExitCode> {
    let rotunda = Wired::open(global).await?.rotunda;
    match verb {
        args::Session::List { user } => {
            let user = find_user(&rotunda, &user).await?;
            list(global, &user, &rotunda.sessions_of(user.id).await?)?;
        }
        args::Session::Show { id } => show(global, &rotunda.session(parse(&id)?).await?)?,
        args::Session::Why { id } => why(global, &rotunda, parse(&id)?).await?,
        args::Session::Revoke { id } => {
            let id = parse(&id)?;
            let ended = rotunda.revoke_session(id).await?;
            if global.json {
                output::json(&json!({"id": id.to_string(), "ended": ended}))?;
            } else {
                let said = if ended { "is over" } else { "was over already" };
                output::print(&format!("{id} {said}\n"))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn parse(id: &str) -> anyhow::Result<SessionId> {
    SessionId::from_str(id).with_context(|| format!("{id:?} is no session id"))
}

fn list(global: &Global, user: &User, sessions: &[Session]) -> anyhow::Result<()> {
    if global.json {
        return output::json(&sessions.iter().map(|session| described(session, user)).collect::<Vec<_>>());
    }
    let rows: Vec<[String; 6]> = sessions
        .iter()
        .map(|session| {
            [
                session.id.to_string(),
                session.client_id.to_string(),
                device_label(session.last_user_agent.as_deref()),
                session.last_address.map_or_else(|| "-".to_owned(), |address| address.to_string()),
                moment(session.last_used_at()),
                moment(session.expires_at()),
            ]
        })
        .collect();
    output::table(["ID", "CLIENT", "DEVICE", "ADDRESS", "LAST USED", "EXPIRES"], &rows)
}

fn described(session: &Session, user: &User) -> Value {
    let (ended, ended_at) = match session.standing {
        Standing::Live => (None, None),
        Standing::Ended { ending, at } => (Some(ending.as_str()), Some(moment(at))),
    };
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
        "ended": ended,
        "ended_at": ended_at,
    })
}

fn show(global: &Global, facts: &Facts) -> anyhow::Result<()> {
    let described = described(&facts.session, &facts.user);
    if global.json {
        return output::json(&described);
    }
    let fields = described.as_object().into_iter().flatten();
    let rows: Vec<[String; 2]> = fields
        .map(|(name, value)| [name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)])
        .collect();
    output::table(["FIELD", "VALUE"], &rows)
}

async fn why(global: &Global, rotunda: &Rotunda, id: SessionId) -> anyhow::Result<()> {
    let story = rotunda.why(id).await?;
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
        text.push_str(&format!("  {}  {}{ending}  from {address}  {agent}\n", moment(event.at), event.kind));
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
    })
}

fn meaning(ending: rotunda_core::model::Ending) -> &'static str {
    use rotunda_core::model::Ending as E;
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
