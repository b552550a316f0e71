//! The forms that a value can have. Each reads what TOML has for it, and the text that an environment variable has.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::time::Duration;

use rotunda_core::model::{AddressBinding, ClientKind, LateRetry};
use rotunda_core::policy::{Policy, Registration};
use rotunda_core::store::WhenFull;
use rotunda_server::Language;
use rotunda_token::Algorithm;
use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use tracing_subscriber::filter::LevelFilter;

use super::duration::{parse_duration, show_duration};
use super::names::suggestion;
use super::settings::LogFormat;
use super::store::LimitsStore;

/// A value with its place. It is the one of `toml`, in a type of our own so that it may have a form in the schema (`forms.rs`).
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Spanned<T>(toml::Spanned<T>);

impl<T> Deref for Spanned<T> {
    type Target = toml::Spanned<T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// Several texts: an array, or one text with commas between them.
#[derive(Clone, Default)]
pub(super) struct List(pub Vec<String>);

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = List;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of texts")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<List, E> {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Ok(List(items.map(str::to_owned).collect()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = items.next_element()? {
                    texts.push(text);
                }
                Ok(List(texts))
            }
        }
        deserializer.deserialize_any(Texts)
    }
}

/// A whole number between two bounds.
#[derive(Clone, Copy)]
pub(super) struct Whole<const LEAST: u32, const MOST: u32>(pub u32);

impl<'de, const LEAST: u32, const MOST: u32> Deserialize<'de> for Whole<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number<const LEAST: u32, const MOST: u32>;
        impl<const LEAST: u32, const MOST: u32> Visitor<'_> for Number<LEAST, MOST> {
            type Value = u32;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number from {LEAST} to {MOST}")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<u32, E> {
                let fits = u32::try_from(number).ok().filter(|n| (LEAST..=MOST).contains(n));
                fits.ok_or_else(|| {
                    E::custom(format!("{number} is not a whole number from {LEAST} to {MOST}"))
                })
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<u32, E> {
                let number = text.trim().parse::<i64>();
                let wrong = |_| E::custom(format!("{text:?} is not a whole number from {LEAST} to {MOST}"));
                self.visit_i64(number.map_err(wrong)?)
            }
        }
        deserializer.deserialize_any(Number::<LEAST, MOST>).map(Self)
    }
}

/// A part of a whole: 0 to 1.
#[derive(Clone, Copy)]
pub(super) struct Ratio(pub f64);

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Part;
        impl Visitor<'_> for Part {
            type Value = Ratio;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number from 0 to 1")
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Ratio, E> {
                match (0.0..=1.0).contains(&number) {
                    true => Ok(Ratio(number)),
                    false => Err(E::custom(format!("{number} is not a number from 0 to 1"))),
                }
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Ratio, E> {
                match number {
                    0 => Ok(Ratio(0.0)),
                    1 => Ok(Ratio(1.0)),
                    _ => Err(E::custom(format!("{number} is not a number from 0 to 1"))),
                }
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Ratio, E> {
                let wrong = |_| E::custom(format!("{text:?} is not a number from 0 to 1"));
                self.visit_f64(text.trim().parse().map_err(wrong)?)
            }
        }
        deserializer.deserialize_any(Part)
    }
}

/// On or off: `true` or `false`.
#[derive(Clone, Copy)]
pub(super) struct Switch(pub bool);

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TrueOrFalse;
        impl Visitor<'_> for TrueOrFalse {
            type Value = Switch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }

            fn visit_bool<E: Error>(self, on: bool) -> Result<Switch, E> {
                Ok(Switch(on))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Switch, E> {
                let on = text.trim().parse();
                on.map(Switch).map_err(|_| E::custom(format!("{text:?} is neither true nor false")))
            }
        }
        deserializer.deserialize_any(TrueOrFalse)
    }
}

/// How long something lasts: a second at least.
#[derive(Clone, Copy)]
pub(super) struct Period(pub Duration);

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let span = deserializer.deserialize_str(Written)?;
        if span < Duration::from_secs(1) {
            return Err(D::Error::custom(format!("\"{}\" is shorter than a second", show_duration(span))));
        }
        Ok(Self(span))
    }
}

/// How often something is done: a period of a day at least, or `never`.
#[derive(Clone, Copy)]
pub(super) struct Schedule(pub Option<Duration>);

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const LEAST: Duration = Duration::from_secs(24 * 3600);
        let text = String::deserialize(deserializer)?;
        if text == "never" {
            return Ok(Self(None));
        }
        let span = parse_duration(&text).map_err(|why| {
            D::Error::custom(format!("{text:?} is neither \"never\" nor a duration: {why}"))
        })?;
        if span < LEAST {
            return Err(D::Error::custom(format!("\"{}\" is shorter than a day", show_duration(span))));
        }
        Ok(Self(Some(span)))
    }
}

/// For how long a repeated refresh gets the same answer: 0 to 60 seconds.
#[derive(Clone, Copy)]
pub(super) struct Window(pub Duration);

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let span = deserializer.deserialize_str(Written)?;
        if span > Policy::LONGEST_WINDOW {
            let (is, most) = (show_duration(span), show_duration(Policy::LONGEST_WINDOW));
            return Err(D::Error::custom(format!(
                "\"{is}\" is longer than a window may be, which is \"{most}\""
            )));
        }
        Ok(Self(span))
    }
}

/// Reads a duration.
struct Written;

impl Visitor<'_> for Written {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration in quotes, such as \"10s\" or \"7d\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        parse_duration(text).map_err(E::custom)
    }
}

/// A closed list of words with a meaning.
pub(super) trait Choice: Copy + 'static {
    /// The words that there are.
    const WORDS: &'static [(&'static str, Self)];
}

/// What one of those words means.
#[derive(Clone, Copy)]
pub(super) struct Chosen<T>(pub T);

impl<'de, T: Choice> Deserialize<'de> for Chosen<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Word<T>(PhantomData<T>);
        impl<T: Choice> Visitor<'_> for Word<T> {
            type Value = Chosen<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let words: Vec<String> = T::WORDS.iter().map(|(word, _)| format!("{word:?}")).collect();
                f.write_str(&words.join(" or "))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Chosen<T>, E> {
                if let Some((_, meaning)) = T::WORDS.iter().find(|(word, _)| *word == text) {
                    return Ok(Chosen(*meaning));
                }
                let words: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
                Err(E::custom(format!("{text:?} is not a choice here; {}", suggestion(text, &words))))
            }
        }
        deserializer.deserialize_str(Word(PhantomData))
    }
}

impl Choice for Algorithm {
    const WORDS: &'static [(&'static str, Self)] =
        &[("ES256", Self::Es256), ("EdDSA", Self::EdDsa), ("RS256", Self::Rs256), ("HS256", Self::Hs256)];
}

impl Choice for ClientKind {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("web", Self::Web),
        ("native", Self::Native),
        ("confidential", Self::Confidential),
        ("service", Self::Service),
    ];
}

impl Choice for LateRetry {
    const WORDS: &'static [(&'static str, Self)] =
        &[("key", Self::Key), ("device", Self::Device), ("never", Self::Never)];
}

impl Choice for AddressBinding {
    const WORDS: &'static [(&'static str, Self)] =
        &[("off", Self::Off), ("address", Self::Address), ("network", Self::Network)];
}

impl Choice for Registration {
    const WORDS: &'static [(&'static str, Self)] =
        &[("off", Self::Off), ("unverified", Self::Unverified), ("verified", Self::Verified)];
}

impl Choice for WhenFull {
    const WORDS: &'static [(&'static str, Self)] =
        &[("evict_oldest", Self::EvictOldest), ("refuse", Self::Refuse)];
}

impl Choice for LimitsStore {
    const WORDS: &'static [(&'static str, Self)] =
        &[("memory", Self::Memory), ("database", Self::Database), ("sessions", Self::Sessions)];
}

impl Choice for Language {
    const WORDS: &'static [(&'static str, Self)] = &[("en", Self::English), ("de", Self::German)];
}

impl Choice for LevelFilter {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("error", Self::ERROR),
        ("warn", Self::WARN),
        ("info", Self::INFO),
        ("debug", Self::DEBUG),
        ("trace", Self::TRACE),
    ];
}

impl Choice for LogFormat {
    const WORDS: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}
