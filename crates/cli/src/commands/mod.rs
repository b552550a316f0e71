//! The operator's commands, one file a noun. They work beside a running server.

pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod client;
pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod health;
mod health_tls;
pub(crate) mod key;
pub(crate) mod mail;
pub(crate) mod openapi;
pub(crate) mod password_list;
pub(crate) mod restore;
pub(crate) mod role;
pub(crate) mod session;
pub(crate) mod store;
pub(crate) mod user;
pub(crate) mod verify;
pub(crate) mod webhook;

use std::str::FromStr;

use anyhow::bail;
use rotunda_core::Rotunda;
use rotunda_core::denied::Denied;
use rotunda_core::desk::Operator;
use rotunda_core::failure::Error;
use rotunda_core::model::{Email, Handle, Subject, User, UserId, Username};
use rotunda_core::operate::Who;

/// The user whom an operator names: by id, address, user name, or the id that they came with. Whatever fits two of them is
/// refused: a user name that looks like somebody's id must not lead to the wrong one.
async fn find_user(rotunda: &Rotunda, text: &str) -> anyhow::Result<User> {
    let ids = UserId::from_str(text).ok().map(Who::Id);
    let handles = [
        Email::parse(text).map(Handle::Email),
        Username::parse(text).map(Handle::Username),
        Subject::parse(text).map(Handle::Subject),
    ];
    let names: Vec<Who> = ids.into_iter().chain(handles.into_iter().flatten().map(Who::Handle)).collect();
    if names.is_empty() {
        bail!("{text:?} is no user id, address or user name");
    }
    let desk = rotunda.desk(Operator::command_line());
    let mut found: Option<User> = None;
    for who in &names {
        match (desk.find_user(who).await, &found) {
            (Ok(user), Some(other)) if user.id != other.id => bail!(
                "{text:?} fits two users, {} and {}: name yours by the address",
                user.email,
                other.email
            ),
            (Ok(user), _) => found = Some(user),
            (Err(Error::Denied(Denied::NotFound)), _) => {}
            (Err(error), _) => return Err(error.into()),
        }
    }
    found.ok_or_else(|| Denied::NotFound.into())
}
