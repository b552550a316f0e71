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
use crate::wiring::{IfBroken, Wired, load};

pub(crate) async fn run(global: &Global, verb: args::User) -> anyhow::Result<ExitCode> {
    match verb {
        args::User::Import(import) => return import::run(global, &import).await,
        args::User::Add { email, username, name } => add(global, email, username, name).await?,
        args::User::List { after, limit } => {
            let rotunda = Wired::open(global).await?.rotunda;
            let after = match after {
                Some(id) => Some(find_user(&rotunda, &id).await.context("--after takes a user's id")?.id),
                None => None,
            };
            list(global, &rotunda.users(after, limit).await?)?;
        }
        args::User::Disable { user } => disable(global, &user).await?,
        args::User::Delete { user, yes } => delete(global, &user, yes).await?,
        args::User::Export { user } => {
            let rotunda = Wired::open(global).await?.rotunda;
            let user = find_user(&rotunda, &user).await?;
            output::json(&rotunda_server::exported(&rotunda.export_user(user.id).await?))?;
        }
        args::User::Enable { user } => enable(global, &user).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn add(
    global: &Global,
    email: String,
    username: Option<String>,
    name: Option<String>,
) -> anyhow::Result<()> {
    // The first user may come before the first start.
    let loaded = load(global, &args::Serve::default())?;
    let rotunda = Wired::open_or_make(loaded, IfBroken::Stop).await?.rotunda;
    let prompt = format!("Password for {}: ", output::plain(&email));
    let password = password_input::read(&prompt, Prompt::Twice)?;
    let user = rotunda.add_user(&Newcomer { email, password, username, name }).await?;
    if global.json {
        return output::json(&described(&user));
    }
    output::print(&format!("added {} ({})\n", user.sub(), output::plain(user.email.as_str())))
}

async fn disable(global: &Global, user: &str) -> anyhow::Result<()> {
    let rotunda = Wired::open(global).await?.rotunda;
    let user = find_user(&rotunda, user).await?;
    let ended = rotunda.disable_user(user.id).await?;
    if global.json {
        return output::json(&json!({"id": user.sub(), "state": "disabled", "sessions_ended": ended}));
    }
    output::print(&format!("disabled {}; {ended} sessions ended\n", user.sub()))
}

async fn enable(global: &Global, user: &str) -> anyhow::Result<()> {
    let rotunda = Wired::open(global).await?.rotunda;
    let user = find_user(&rotunda, user).await?;
    let changed = rotunda.enable_user(user.id).await?;
    if global.json {
        return output::json(&json!({"id": user.sub(), "state": "active", "changed": changed}));
    }
    let said = if changed { "may sign in again" } else { "was not disabled" };
    output::print(&format!("{} {said}\n", user.sub()))
}

async fn delete(global: &Global, user: &str, yes: bool) -> anyhow::Result<()> {
    let rotunda = Wired::open(global).await?.rotunda;
    let user = find_user(&rotunda, user).await?;
    if !yes && !asked(&user)? {
        bail!("nothing was deleted");
    }
    rotunda.delete_user(user.id).await?;
    if global.json {
        return output::json(&json!({"id": user.sub(), "deleted": true}));
    }
    output::print(&format!("deleted {}\n", user.sub()))
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
