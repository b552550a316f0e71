//! `rotunda role add|list|show|set|remove|grant|revoke`

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::Context;
use rotunda_core::Rotunda;
use rotunda_core::desk::{Desk, Operator, PutRole, RoleInfo};
use rotunda_core::model::{Permission, Role, RoleName, User};
use serde_json::{Value, json};

use super::find_user;
use crate::args::{self, Global, Holding, Why};
use crate::output::{self, moment};
use crate::wiring::{IfBroken, Wired, load};

pub(crate) async fn run(global: &Global, verb: args::Role) -> anyhow::Result<ExitCode> {
    use args::Role as R;
    match verb {
        R::Add { name, permissions, description, why } => {
            // The first roles may come before the first start.
            let loaded = load(global, &args::Serve::default())?;
            let rotunda = Wired::open_or_make(loaded, IfBroken::Warn).await?.rotunda;
            let put = PutRole { name, permissions, description };
            let role = desk(&rotunda, &why)?.put_role(put, None).await?;
            tell_role(global, &role, "added")?;
        }
        R::List => list(global, &desk(&Wired::open(global).await?.rotunda, &Why::default())?.roles().await?)?,
        R::Show { name } => {
            let rotunda = Wired::open(global).await?.rotunda;
            show(global, &desk(&rotunda, &Why::default())?.role(&parse(&name)?).await?)?;
        }
        R::Set(set) => tell_role(global, &change(global, set).await?, "changed")?,
        R::Remove { name, why } => {
            let rotunda = Wired::open(global).await?.rotunda;
            let name = parse(&name)?;
            desk(&rotunda, &why)?.remove_role(&name, None).await?;
            if global.json {
                output::json(&json!({"role": name.as_str(), "removed": true}))?;
            } else {
                output::print(&format!("removed {name}\n"))?;
            }
        }
        R::Grant(holding) => hold(global, holding, true).await?,
        R::Revoke(holding) => hold(global, holding, false).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn desk<'a>(rotunda: &'a Rotunda, why: &Why) -> anyhow::Result<Desk<'a>> {
    let operator = Operator::command_line();
    let operator = match &why.reason {
        Some(reason) => operator.with_reason(reason)?,
        None => operator,
    };
    Ok(rotunda.desk(operator))
}

fn parse(name: &str) -> anyhow::Result<RoleName> {
    RoleName::parse(name).with_context(|| format!("{name:?} is no role's name"))
}

/// What is not said stays as it is.
async fn change(global: &Global, set: args::SetRole) -> anyhow::Result<Role> {
    let rotunda = Wired::open(global).await?.rotunda;
    let desk = desk(&rotunda, &set.why)?;
    let RoleInfo { role, .. } = desk.role(&parse(&set.name)?).await?;
    let permissions = match (set.none, set.permissions.is_empty()) {
        (false, true) => role.permissions.iter().map(ToString::to_string).collect(),
        _ => set.permissions,
    };
    let put = PutRole { name: set.name, permissions, description: set.description.or(role.description) };
    Ok(desk.put_role(put, Some(role.version)).await?)
}

async fn hold(global: &Global, holding: Holding, gives: bool) -> anyhow::Result<()> {
    let rotunda = Wired::open(global).await?.rotunda;
    let desk = desk(&rotunda, &holding.why)?;
    let roles: BTreeSet<RoleName> =
        holding.roles.iter().map(|name| parse(name)).collect::<anyhow::Result<_>>()?;
    let user = find_user(&rotunda, &holding.user).await?;
    let user = match gives {
        true => desk.grant_roles(user.id, &roles).await?,
        false => desk.revoke_roles(user.id, &roles).await?,
    };
    tell_holder(global, &user)
}

fn tell_role(global: &Global, role: &Role, what: &str) -> anyhow::Result<()> {
    if global.json {
        return output::json(&described(role, false));
    }
    output::print(&format!("{what} {}; it permits: {}\n", role.name, permits(role)))
}

fn tell_holder(global: &Global, user: &User) -> anyhow::Result<()> {
    if global.json {
        let roles: Vec<&str> = user.roles.iter().map(RoleName::as_str).collect();
        return output::json(&json!({"id": user.sub(), "roles": roles}));
    }
    let roles: Vec<&str> = user.roles.iter().map(RoleName::as_str).collect();
    let held = if roles.is_empty() { "no role".to_owned() } else { roles.join(", ") };
    let email = output::plain(user.email.as_str());
    output::print(&format!("{email} holds {held}; running sessions have it at their next refresh\n"))
}

fn list(global: &Global, roles: &[RoleInfo]) -> anyhow::Result<()> {
    if global.json {
        return output::json(&roles.iter().map(|it| described(&it.role, it.built_in)).collect::<Vec<_>>());
    }
    let row = |it: &RoleInfo| {
        [
            it.role.name.to_string(),
            permits(&it.role),
            if it.built_in { "built in".to_owned() } else { moment(it.role.changed_at) },
            it.role.description.clone().unwrap_or_default(),
        ]
    };
    let rows: Vec<[String; 4]> = roles.iter().map(row).collect();
    output::table(["NAME", "PERMITS", "CHANGED", "FOR"], &rows)
}

fn show(global: &Global, info: &RoleInfo) -> anyhow::Result<()> {
    let RoleInfo { role, built_in } = info;
    if global.json {
        return output::json(&described(role, *built_in));
    }
    let mut text = format!("{}\n", role.name);
    if let Some(description) = &role.description {
        text.push_str(&format!("  for      {}\n", output::plain(description)));
    }
    if !built_in {
        text.push_str(&format!("  made     {}\n", moment(role.created_at)));
        text.push_str(&format!("  changed  {}, version {}\n", moment(role.changed_at), role.version));
    }
    for permission in &role.permissions {
        text.push_str(&format!("  permits  {permission}\n"));
    }
    output::print(&text)
}

fn permits(role: &Role) -> String {
    let permissions: Vec<&str> = role.permissions.iter().map(Permission::as_str).collect();
    if permissions.is_empty() { "nothing".to_owned() } else { permissions.join(" ") }
}

fn described(role: &Role, built_in: bool) -> Value {
    json!({
        "role": role.name.as_str(),
        "permissions": role.permissions.iter().map(Permission::as_str).collect::<Vec<_>>(),
        "description": role.description,
        "built_in": built_in,
        "version": role.version,
        "created_at": (!built_in).then(|| moment(role.created_at)),
        "changed_at": (!built_in).then(|| moment(role.changed_at)),
    })
}

/// How somebody becomes the first admin, for whoever starts a server; nothing once there has been one.
pub(crate) async fn first_admin(rotunda: &Rotunda, public_url: &str) -> anyhow::Result<String> {
    let Some(token) = rotunda.first_admin_token().await? else { return Ok(String::new()) };
    Ok(format!(
        "\nThere has been no admin yet. Become the first one, once, in a browser:\n\
         \x20 {public_url}/admin/first#{}\n\
         or make somebody one who is here already:\n\
         \x20 rotunda role grant ADDRESS admin\n",
        token.expose()
    ))
}
