//! What users do, one file a verb.

pub(crate) mod answer;
pub(crate) mod list;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod password;
pub(crate) mod refresh;
pub(crate) mod register;

use rotunda_core::model::{ClientId, Password, SecretText};
use serde::{Deserialize, Deserializer};

/// A password on its way in; goes straight into its type.
pub(crate) fn password<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Password, D::Error> {
    String::deserialize(deserializer).map(Password::new)
}

/// A token on its way in; it may be absent.
pub(crate) fn secret_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SecretText>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretText::new))
}

/// A client's name on its way in.
pub(crate) fn client_id(name: Option<String>) -> Option<ClientId> {
    name.map(ClientId)
}
