//! What the days begin with: an application held in the hand, and the people who use it.

mod answer;
mod app;
mod ask;
mod browser;
mod everywhere;
mod jar;
pub(crate) mod lists;
mod page;
mod phone;

pub(crate) use answer::{Answer, fields, text};
pub(crate) use app::{APP_ORIGIN, App, OWN_ORIGIN, Setup};
pub(crate) use ask::{Ask, delete, get, post};
pub(crate) use browser::Browser;
pub(crate) use everywhere::DOCUMENT;
pub(crate) use phone::{Phone, retry_key};

/// The address that the tests register with.
pub(crate) const ADA: &str = "ada@example.com";
/// Her password.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// The password that she changes it to.
pub(crate) const OTHER_PASSWORD: &str = "staple of four words";

/// What a browser calls itself.
pub(crate) const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
/// What another browser calls itself.
pub(crate) const SAFARI: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 \
                                 (KHTML, like Gecko) Version/18.3 Safari/605.1.15";
