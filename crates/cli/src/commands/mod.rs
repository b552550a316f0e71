//! The operator's commands, one file a noun. They work beside a running server.

pub(crate) mod config;
pub(crate) mod key;
pub(crate) mod mail;
pub(crate) mod openapi;
pub(crate) mod password_list;
pub(crate) mod session;
pub(crate) mod store;
pub(crate) mod user;
pub(crate) mod verify;

use std::str::FromStr;

use rotunda_core::model::{Email, Handle, UserId, Username};
use rotunda_core::operate::Who;

/// A user as an operator names them: by id, address or user name.
fn who(text: &str) -> anyhow::Result<Who> {
    if let Ok(id) = UserId::from_str(text) {
        return Ok(Who::Id(id));
    }
    let handle =
        Email::parse(text).map(Handle::Email).or_else(|| Username::parse(text).map(Handle::Username));
    handle.map(Who::Handle).ok_or_else(|| anyhow::anyhow!("{text:?} is no user id, address or user name"))
}
