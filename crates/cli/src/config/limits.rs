//! `[limits]`: what each rate means, and a warning when there are to be none.

use std::fmt;
use std::time::Duration;

use rotunda_core::limits::{Limits, Quota};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use url::Url;

use super::check::Check;
use super::file::{self, Key};
use super::site;

/// A limit as people write it: `"10, 1/m"` is ten at once, then one a minute.
#[derive(Clone, Copy)]
pub(super) struct Rate(pub Quota);

impl Rate {
    /// The most at once.
    const MOST_BURST: u32 = 10_000;
    /// The most in a unit of time.
    const MOST_REGAINED: u32 = 1_000;
    /// The units, with their length in seconds.
    const UNITS: [(&str, u64); 3] = [("s", 1), ("m", 60), ("h", 3_600)];

    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("{text:?} is not a limit, such as \"10, 1/m\": 10 at once, then 1 a minute (s, m or h)")
        };
        let (burst, rate) = text.split_once(',').ok_or_else(wrong)?;
        let (regained, unit) = rate.split_once('/').ok_or_else(wrong)?;
        let (_, seconds) =
            Self::UNITS.into_iter().find(|(name, _)| *name == unit.trim()).ok_or_else(wrong)?;
        let number = |text: &str, most: u32| -> Result<u32, String> {
            let text = text.trim();
            if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(wrong());
            }
            let fits = text.parse().ok().filter(|n| (1..=most).contains(n));
            fits.ok_or_else(|| format!("{text} is not a whole number from 1 to {most}, as in \"10, 1/m\""))
        };
        let burst = number(burst, Self::MOST_BURST)?;
        let regained = number(regained, Self::MOST_REGAINED)?;
        // Rounded up to microseconds by `Quota`: the rate is never above the one written.
        let per = Duration::from_secs(seconds) / regained;
        Ok(Self(Quota::new(burst, per)))
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl Visitor<'_> for Written {
            type Value = Rate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a limit in quotes, such as \"10, 1/m\"")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Rate, E> {
                Rate::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Written)
    }
}

/// The limits. A public server without any is worth a warning.
pub(super) fn limits(given: &file::Limits, ours: &Url, check: &mut Check<'_>) -> Limits {
    let default = Limits::default();
    let quota = |key: &Key<Rate>, default| key.as_ref().map_or(default, |rate| rate.get_ref().0);
    if let Some(off) = given.enabled.as_ref().filter(|enabled| !enabled.get_ref().0)
        && !site::is_loopback(ours)
    {
        let what = "is false and public_url is public: whoever guesses passwords is not slowed down; leave this away, or \
                    limit in front of this server";
        check.warn(check.source(off), "[limits] enabled", what);
    }
    Limits {
        enabled: given.enabled.as_ref().map_or(default.enabled, |enabled| enabled.get_ref().0),
        login_per_address: quota(&given.login_per_address, default.login_per_address),
        login_per_account: quota(&given.login_per_account, default.login_per_account),
        login_per_device: quota(&given.login_per_device, default.login_per_device),
        reauthenticate: quota(&given.reauthenticate, default.reauthenticate),
        register_per_address: quota(&given.register_per_address, default.register_per_address),
        forgot_per_address: quota(&given.forgot_per_address, default.forgot_per_address),
        forgot_per_account: quota(&given.forgot_per_account, default.forgot_per_account),
        codes_per_address: quota(&given.codes_per_address, default.codes_per_address),
        refresh_per_session: quota(&given.refresh_per_session, default.refresh_per_session),
        client_per_address: quota(&given.client_per_address, default.client_per_address),
    }
}
