//! What users do, one file a verb.

pub(crate) mod answer;
pub(crate) mod list;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod password;
pub(crate) mod refresh;
pub(crate) mod register;

use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::model::{Password, SecretText};
use serde::{Deserialize, Deserializer};

use crate::reply::Problem;

/// A password on its way in; goes straight into its type.
pub(crate) fn password<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Password, D::Error> {
    String::deserialize(deserializer).map(Password::new)
}

/// A password on its way in; it may be absent.
pub(crate) fn optional_password<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Password>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Password::new))
}

/// A token on its way in.
pub(crate) fn required_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretText, D::Error> {
    String::deserialize(deserializer).map(SecretText::new)
}

/// A token on its way in; it may be absent.
pub(crate) fn secret_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SecretText>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretText::new))
}

/// What went wrong with a request of somebody who was signed in when it came. Where the session has ended meanwhile, that
/// is the bearer token's failure, not one of what the request says.
pub(crate) fn of_session(error: Error) -> Problem {
    match error {
        Error::Denied(denied @ Denied::SessionEnded(_)) => Problem::Bearer(denied),
        other => Problem::from(other),
    }
}
