//! Who did something, where it was not the user whom it happened to.

use std::fmt;
use std::str::FromStr;

use super::{ClientId, UserId};

/// Who did something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Actor {
    /// A user, by the admin API or the console, or while acting for another one.
    User(UserId),
    /// A service, by the admin API.
    Client(ClientId),
    /// Whoever may run commands on a server's machine.
    CommandLine,
}

/// As it is stored and told: `user:ID`, `client:NAME`, `command_line`.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::Client(id) => write!(f, "client:{}", id.0),
            Self::CommandLine => f.write_str("command_line"),
        }
    }
}

/// The text names nobody.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an actor is `user:ID`, `client:NAME` or `command_line`")]
pub struct NoActor;

impl FromStr for Actor {
    type Err = NoActor;

    fn from_str(text: &str) -> Result<Self, NoActor> {
        match text.split_once(':') {
            Some(("user", id)) => id.parse().map(Self::User).map_err(|_| NoActor),
            Some(("client", name)) => Ok(Self::Client(ClientId(name.to_owned()))),
            None if text == "command_line" => Ok(Self::CommandLine),
            _ => Err(NoActor),
        }
    }
}
