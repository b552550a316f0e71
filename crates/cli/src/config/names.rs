//! The names that may be configured, taken from the structs in `file.rs`, and the one that a wrong name was meant to be.

use serde::Deserialize;
use serde::de::value::Error;
use serde::de::{Deserializer, Error as _, Visitor};

use super::file::{self, Given};

/// The sections.
pub(super) fn sections() -> &'static [&'static str] {
    fields::<Given>()
}

/// The keys of a section; for `clients`, those of each client.
pub(super) fn keys(section: &str) -> &'static [&'static str] {
    match section {
        "policy" => fields::<file::Policy>(),
        "server" => fields::<file::Server>(),
        "tls" => fields::<file::Tls>(),
        "cookies" => fields::<file::Cookies>(),
        "keys" => fields::<file::Keys>(),
        "store" => fields::<file::Store>(),
        "sessions" => fields::<file::Sessions>(),
        "tokens" => fields::<file::Tokens>(),
        "refresh" => fields::<file::Refresh>(),
        "clients" => fields::<file::Client>(),
        "accounts" => fields::<file::Accounts>(),
        "password" => fields::<file::Password>(),
        "limits" => fields::<file::Limits>(),
        "mail" => fields::<file::Mail>(),
        "pages" => fields::<file::Pages>(),
        "webhooks" => fields::<file::Webhooks>(),
        "backup" => fields::<file::Backup>(),
        "log" => fields::<file::Log>(),
        "telemetry" => fields::<file::Telemetry>(),
        _ => &[],
    }
}

/// How a refusal of a name ends: with the nearest right one, or with all of them.
pub(super) fn suggestion<T: AsRef<str>>(wrong: &str, right: &[T]) -> String {
    let distance =
        |name: &&T| strsim::damerau_levenshtein(&wrong.to_lowercase(), &name.as_ref().to_lowercase());
    match right.iter().min_by_key(distance) {
        // A third of the letters may be wrong; beyond that it is a guess.
        Some(name) if distance(&name) * 3 <= name.as_ref().len().max(3) => {
            format!("did you mean {:?}?", name.as_ref())
        }
        _ => choices(right),
    }
}

/// How a refusal of a value ends: with all that there are.
fn choices<T: AsRef<str>>(right: &[T]) -> String {
    let all: Vec<String> = right.iter().map(|name| format!("{:?}", name.as_ref())).collect();
    format!("{} {}", if all.len() == 1 { "there is only" } else { "there are" }, all.join(", "))
}

/// The names of a struct's fields, as serde knows them.
fn fields<T: Deserialize<'static>>() -> &'static [&'static str] {
    let mut names: &'static [&'static str] = &[];
    // It asks, and is told that there is nothing.
    let _ = T::deserialize(Asked(&mut names));
    names
}

/// Deserializes nothing, but hears which fields a struct asks for.
struct Asked<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        Err(Error::custom("only asked"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("only asked"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
