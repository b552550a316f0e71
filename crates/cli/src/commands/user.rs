//! `rotunda user add|import|list|disable|enable|delete|export`

mod import;

use std::collections::BTreeSet;
use std::io::{self, BufRead, IsTerminal, Read};
use std::process::ExitCode;

use anyhow::{Context, bail};
use rotunda_core::Rotunda;
use rotunda_core::desk::{CreateUser, Desk, Operator};
use rotunda_core::model::{RoleName, User, UserState};
use rotunda_core::register::Newcomer;
use rotunda_core::store::{Named, UserPlace, UserSearch};
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
        args::User::List(wanted) => {
            let rotunda = Wired::open(global).await?.rotunda;
            list(global, &search(&rotunda, wanted).await?)?;
        }
        args::User::Disable { user } => disable(global, &user).await?,
        args::User::Delete { user, yes } => delete(global, &user, yes).await?,
        args::User::Export { user } => {
            let rotunda = Wired::open(global).await?.rotunda;
            let user = find_user(&rotunda, &user).await?;
            output::json(&rotunda_server::exported(&desk(&rotunda).export_user(user.id).await?))?;
        }
        args::User::Enable { user } => enable(global, &user).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Who sits at the machine may do everything.
fn desk(rotunda: &Rotunda) -> Desk<'_> {
    rotunda.desk(Operator::command_line())
}

/// As many users as were asked for, page by page.
async fn search(rotunda: &Rotunda, wanted: args::UserList) -> anyhow::Result<Vec<User>> {
    let args::UserList { email, username, state, role, after, limit } = wanted;
    let mut after = match (after, email.is_some() || username.is_some()) {
        (None, _) => None,
        (Some(key), true) => Some(UserPlace::Key(key.to_lowercase())),
        (Some(id), false) => {
            let user = find_user(rotunda, &id).await.context("--after takes a user's id")?;
            Some(UserPlace::Id(user.id))
        }
    };
    let email = email.map(|begins| Named::EmailBegins(begins.to_lowercase()));
    let username = username.map(|begins| Named::UsernameBegins(begins.to_lowercase()));
    let role = role.map(|name| RoleName::parse(&name).with_context(|| format!("{name:?} is no role's name")));
    let state = state.map(|state| match state {
        args::UserState::Active => UserState::Active,
        args::UserState::Disabled => UserState::Disabled,
    });
    let by = UserSearch { named: email.or(username), state, role: role.transpose()? };
    let mut found = Vec::new();
    let limit = usize::try_from(limit)?;
    while found.len() < limit {
        let more = u32::try_from(limit - found.len())?;
        let page = desk(rotunda).search_users(by.clone(), after, more).await?;
        found.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(found)
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
    let newcomer = Newcomer { email, password, username, name };
    let create = CreateUser { newcomer, verified: false, roles: BTreeSet::new() };
    let user = desk(&rotunda).create_user(create).await?;
    if global.json {
        return output::json(&described(&user));
    }
    output::print(&format!("added {} ({})\n", user.sub(), output::plain(user.email.as_str())))
}

async fn disable(global: &Global, user: &str) -> anyhow::Result<()> {
    let rotunda = Wired::open(global).await?.rotunda;
    let user = find_user(&rotunda, user).await?;
    let ended = desk(&rotunda).disable_user(user.id).await?;
    if global.json {
        return output::json(&json!({"id": user.sub(), "state": "disabled", "sessions_ended": ended}));
    }
    output::print(&format!("disabled {}; {ended} sessions ended\n", user.sub()))
}

async fn enable(global: &Global, user: &str) -> anyhow::Result<()> {
    let rotunda = Wired::open(global).await?.rotunda;
    let user = find_user(&rotunda, user).await?;
    let changed = desk(&rotunda).enable_user(user.id).await?;
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
    desk(&rotunda).delete_user(user.id).await?;
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
        "roles": user.roles.iter().map(RoleName::as_str).collect::<Vec<_>>(),
        "created_at": moment(user.created_at),
    })
}

fn state(user: &User) -> &'static str {
    match user.state {
        UserState::Active => "active",
        UserState::Disabled => "disabled",
    }
}
