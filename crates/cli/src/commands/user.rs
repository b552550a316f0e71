//! `rotunda user add|import|list|disable|enable|delete|export`

mod import;

use std::io::{self, BufRead, IsTerminal, Read};
use std::process::ExitCode;

use anyhow::{Context, bail};
use rotunda_core::model::{User, UserState};
use rotunda_core::register::Newcomer;
use serde_json::{Value, json};

use super::find_user;
use crate::args::{self, Global};
use crate::output::{self, moment};
use crate::password_input::{self, Prompt};
use crate::wiring::{Passwords, Wired, load};

pub(crate) async fn run(global: &Global, verb: args::User) -> anyhow::Result<ExitCode> {
    if let args::User::Import(import) = verb {
        return import::run(global, &import).await;
    }
    let rotunda = match &verb {
        // The first user may come before the first start.
        args::User::Add { .. } => {
            Wired::open_or_make(load(global, &args::Serve::default())?, Passwords::Set).await?.rotunda
        }
        _ => Wired::open(global).await?.rotunda,
    };
    match verb {
        args::User::Add { email, username, name } => {
            let prompt = format!("Password for {}: ", output::plain(&email));
            let password = password_input::read(&prompt, Prompt::Twice)?;
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
        args::User::Delete { user, yes } => {
            let user = find_user(&rotunda, &user).await?;
            if !yes && !asked(&user)? {
                bail!("nothing was deleted");
            }
            rotunda.delete_user(user.id).await?;
            if global.json {
                output::json(&json!({"id": user.sub(), "deleted": true}))?;
            } else {
                output::print(&format!("deleted {}\n", user.sub()))?;
            }
        }
        args::User::Export { user } => {
            let user = find_user(&rotunda, &user).await?;
            output::json(&rotunda_server::exported(&rotunda.export_user(user.id).await?))?;
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

/// Whether whoever sits at the terminal means it: they type the address.
fn asked(user: &User) -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() {
        bail!("deleting a user cannot be undone: say `--yes`");
    }
    let address = output::plain(user.email.as_str());
    output::print(&format!("This deletes {address} and all that belongs to them. Type the address: "))?;
    let mut typed = String::new();
    io::stdin().lock().take(512).read_line(&mut typed).context("reading the answer")?;
    Ok(typed.trim() == user.email.as_str())
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
