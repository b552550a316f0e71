//! `rotunda user add|import|list|disable|enable`

mod import;

use std::io::{self, IsTerminal, Read};
use std::process::ExitCode;

use anyhow::{Context, bail};
use rotunda_core::model::{Password, User, UserState};
use rotunda_core::register::Newcomer;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::find_user;
use crate::args::{self, Global};
use crate::output::{self, moment};
use crate::wiring::{Wired, load};

pub(crate) async fn run(global: &Global, verb: args::User) -> anyhow::Result<ExitCode> {
    if let args::User::Import(import) = verb {
        return import::run(global, &import).await;
    }
    let rotunda = match &verb {
        // The first user may come before the first start.
        args::User::Add { .. } => Wired::open_or_make(load(global, &args::Serve::default())?).await?.rotunda,
        _ => Wired::open(global).await?.rotunda,
    };
    match verb {
        args::User::Add { email, username, name } => {
            let password = read_password(&email)?;
            let user = rotunda.add_user(&Newcomer { email, password, username, name }).await?;
            if global.json {
                output::json(&described(&user))?;
            } else {
                output::print(&format!("added {} ({})\n", user.sub(), output::plain(user.email.as_str())))?;
            }
        }
        args::User::Import(_) => {}
        args::User::List { after, limit } => {
            let after = match after {
                Some(id) => Some(find_user(&rotunda, &id).await.context("--after takes a user's id")?.id),
                None => None,
            };
            list(global, &rotunda.users(after, limit).await?)?;
        }
        args::User::Disable { user } => {
            let user = find_user(&rotunda, &user).await?;
            let ended = rotunda.disable_user(user.id).await?;
            if global.json {
                output::json(&json!({"id": user.sub(), "state": "disabled", "sessions_ended": ended}))?;
            } else {
                output::print(&format!("disabled {}; {ended} sessions ended\n", user.sub()))?;
            }
        }
        args::User::Enable { user } => {
            let user = find_user(&rotunda, &user).await?;
            let changed = rotunda.enable_user(user.id).await?;
            if global.json {
                output::json(&json!({"id": user.sub(), "state": "active", "changed": changed}))?;
            } else {
                let said = if changed { "may sign in again" } else { "was not disabled" };
                output::print(&format!("{} {said}\n", user.sub()))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(global: &Global, users: &[User]) -> anyhow::Result<()> {
    if global.json {
        return output::json(&users.iter().map(described).collect::<Vec<_>>());
    }
    let rows: Vec<[String; 5]> = users
        .iter()
        .map(|user| {
            let username = user.username.as_ref().map_or("-", |name| name.as_str());
            let columns = [user.email.as_str(), username, state(user)];
            let [email, username, state] = columns.map(str::to_owned);
            [user.sub(), email, username, state, moment(user.created_at)]
        })
        .collect();
    output::table(["ID", "EMAIL", "USERNAME", "STATE", "CREATED"], &rows)
}

fn described(user: &User) -> Value {
    json!({
        "id": user.sub(),
        "email": user.email.as_str(),
        "email_verified": user.email_verified,
        "username": user.username.as_ref().map(|name| name.as_str()),
        "name": user.name,
        "state": state(user),
        "created_at": moment(user.created_at),
    })
}

fn state(user: &User) -> &'static str {
    match user.state {
        UserState::Active => "active",
        UserState::Disabled => "disabled",
    }
}

/// Asks twice on a terminal; elsewhere takes the first line of standard input.
fn read_password(email: &str) -> anyhow::Result<Password> {
    if io::stdin().is_terminal() {
        let first =
            Zeroizing::new(rpassword::prompt_password(format!("Password for {}: ", output::plain(email)))?);
        let again = Zeroizing::new(rpassword::prompt_password("Once more: ")?);
        if *first != *again {
            bail!("the two passwords differ");
        }
        return Ok(Password::new(first.to_string()));
    }
    let most = u64::try_from(Password::MOST_BYTES).unwrap_or(u64::MAX).saturating_add(3);
    let mut bytes = Zeroizing::new(Vec::new());
    io::stdin().take(most).read_to_end(&mut bytes).context("reading the password from standard input")?;
    let text = std::str::from_utf8(&bytes).context("the password on standard input is not UTF-8")?;
    // Only the end of the line goes: a space belongs to the password.
    let line = text.split('\n').next().unwrap_or_default();
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        bail!("no password on standard input: pipe it in, or run this on a terminal");
    }
    Ok(Password::new(line.to_owned()))
}
