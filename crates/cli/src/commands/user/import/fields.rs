//! From the fields of a row to a user: under our names, or those that Firebase, Django and ASP.NET Identity give them.

use jiff::Timestamp;
use rotunda_core::import::Arrival;
use rotunda_core::model::{PasswordHash, UnixMillis};
use rotunda_outside::{FirebaseParameters, foreign_hash};
use serde_json::Value;

use super::rows::Fields;

const ID: &[&str] = &["id", "localId", "Id"];
const EMAIL: &[&str] = &["email", "Email"];
const EMAIL_VERIFIED: &[&str] = &["email_verified", "emailVerified", "EmailConfirmed"];
const USERNAME: &[&str] = &["username", "UserName"];
const NAME: &[&str] = &["name", "displayName"];
const PASSWORD_HASH: &[&str] = &["password_hash", "passwordHash", "PasswordHash", "password"];
const SALT: &[&str] = &["salt"];
const CREATED_AT: &[&str] = &["created_at", "createdAt", "date_joined"];
const DISABLED: &[&str] = &["disabled"];
const ACTIVE: &[&str] = &["is_active"];
const ALL: [&[&str]; 10] =
    [ID, EMAIL, EMAIL_VERIFIED, USERNAME, NAME, PASSWORD_HASH, SALT, CREATED_AT, DISABLED, ACTIVE];

/// Whether something is made of a field of this name.
pub(super) fn is_known(name: &str) -> bool {
    ALL.iter().any(|names| names.contains(&name))
}

/// The id of a row that cannot be read otherwise; for the report.
pub(super) fn id(fields: &Fields) -> Option<String> {
    text(fields, ID).ok().flatten().filter(|id| id.len() <= 255)
}

/// A user, or what is wrong with the row: the name of a field, and nothing of what is in it.
pub(super) fn arrival(fields: &Fields, firebase: Option<&FirebaseParameters>) -> Result<Arrival, String> {
    let email = text(fields, EMAIL)?.ok_or("there is no `email`")?;
    // ASP.NET Identity gives everybody a user name, as a rule the address.
    let username = text(fields, USERNAME)?.filter(|name| !name.eq_ignore_ascii_case(&email));
    let disabled = match flag(fields, DISABLED)? {
        Some(disabled) => disabled,
        None => flag(fields, ACTIVE)?.is_some_and(|active| !active),
    };
    Ok(Arrival {
        id: text(fields, ID)?,
        email,
        email_verified: flag(fields, EMAIL_VERIFIED)?.unwrap_or(false),
        username,
        name: text(fields, NAME)?,
        password: password(fields, firebase)?,
        created_at: moment(fields, CREATED_AT)?,
        disabled,
    })
}

/// Django marks an account without a password by an exclamation mark.
fn password(fields: &Fields, firebase: Option<&FirebaseParameters>) -> Result<PasswordHash, String> {
    let Some(hash) = text(fields, PASSWORD_HASH)?.filter(|hash| !hash.starts_with('!')) else {
        return Ok(PasswordHash::none());
    };
    let read = match (text(fields, SALT)?, firebase) {
        (None, _) => foreign_hash(&hash),
        (Some(salt), Some(firebase)) => firebase.hash(&salt, &hash),
        (Some(_), None) => {
            return Err("a hash with a `salt` beside it is Firebase's: give --firebase-parameters".to_owned());
        }
    };
    read.map_err(|error| error.to_string())
}

/// The first of these names that has a value.
fn value<'a>(fields: &'a Fields, names: &[&'static str]) -> Option<(&'static str, &'a Value)> {
    let mut found = names.iter().filter_map(|name| Some((*name, fields.get(*name)?)));
    found.find(|(_, value)| !value.is_null() && value.as_str() != Some(""))
}

/// A number is taken for its digits: ids are numbers in many a system.
fn text(fields: &Fields, names: &[&'static str]) -> Result<Option<String>, String> {
    match value(fields, names) {
        None => Ok(None),
        Some((_, Value::String(text))) => Ok(Some(text.clone())),
        // Larger ones are read as floating-point numbers and lose digits: an id must not.
        Some((_, Value::Number(number))) if !number.is_f64() => Ok(Some(number.to_string())),
        Some((name, Value::Number(_))) => {
            Err(format!("`{name}` is too large for a number; write it in quotes"))
        }
        Some((name, _)) => Err(format!("`{name}` is no text")),
    }
}

fn flag(fields: &Fields, names: &[&'static str]) -> Result<Option<bool>, String> {
    let Some((name, value)) = value(fields, names) else { return Ok(None) };
    let word = match value {
        Value::Bool(flag) => return Ok(Some(*flag)),
        Value::String(word) => word.to_ascii_lowercase(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    match word.as_str() {
        "true" | "t" | "1" => Ok(Some(true)),
        "false" | "f" | "0" => Ok(Some(false)),
        _ => Err(format!("`{name}` is neither true nor false")),
    }
}

/// Unix time, told apart by its size (in seconds, a hundred thousand million is the year 5138), or RFC 3339.
fn moment(fields: &Fields, names: &[&'static str]) -> Result<Option<UnixMillis>, String> {
    const SMALLEST_MILLIS: u64 = 100_000_000_000;
    let Some((name, value)) = value(fields, names) else { return Ok(None) };
    let wrong = || format!("`{name}` is neither RFC 3339 nor Unix time in seconds or milliseconds");
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let stamp = match text.parse::<i64>() {
        Ok(number) if number.unsigned_abs() < SMALLEST_MILLIS => Timestamp::from_second(number),
        Ok(number) => Timestamp::from_millisecond(number),
        Err(_) => text.parse(),
    };
    stamp.map(|stamp| Some(UnixMillis(stamp.as_millisecond()))).map_err(|_| wrong())
}
