//! Every word of the account page, in each language. What fields, refusals and endings are called stands in
//! [`pages::text`](crate::pages::text), for all pages.

mod de;
mod en;

use rotunda_core::model::{Ending, EventKind};

use super::notice::Done;
use crate::pages::language::Language;
use crate::pages::text::Notice;

/// All of them, in one language.
pub(crate) struct Words {
    pub heading: &'static str,
    /// As whom somebody is signed in.
    pub lead: fn(&str) -> String,
    /// Beside an address that was not shown to be theirs.
    pub unverified: &'static str,
    pub devices: Devices,
    pub thefts: Thefts,
    pub password: Sensitive,
    pub email: Sensitive,
    pub events: Events,
    pub export: Sensitive,
    pub delete: Sensitive,
    pub leave: Leave,
    /// The password that somebody has.
    pub current_password: &'static str,
    pub new_email: &'static str,
    /// What was done, told once.
    pub done: fn(Done) -> &'static str,
    /// A moment, always in UTC: day, month (1 to 12), year, hour, minute.
    pub moment: fn(i8, i8, i16, i8, i8) -> String,
    /// A device: the program, and its system where that is known.
    pub device: fn(&str, Option<&str>) -> String,
    pub unknown_device: &'static str,
    pub unknown_address: &'static str,
}

/// "Your devices".
pub(crate) struct Devices {
    pub heading: &'static str,
    pub lead: &'static str,
    /// The one that shows the page.
    pub this: &'static str,
    pub address: &'static str,
    pub first_seen: &'static str,
    pub signed_in: &'static str,
    pub last_used: &'static str,
    pub ends: &'static str,
    /// Ends one; then its name, for those who hear the button alone.
    pub end: &'static str,
    pub end_named: fn(&str) -> String,
    pub end_others: &'static str,
    /// What that does.
    pub end_others_hint: &'static str,
    /// When there are more than are shown.
    pub more: &'static str,
}

/// Thefts that were found.
pub(crate) struct Thefts {
    pub heading: &'static str,
    /// What happened, and what it means.
    pub lead: &'static str,
    pub refreshed: &'static str,
    pub came_back: &'static str,
    pub ended: &'static str,
    /// What to do.
    pub advice: &'static str,
}

/// Something that asks for the password: its summary, what it does, its button.
pub(crate) struct Sensitive {
    pub heading: &'static str,
    pub lead: &'static str,
    pub button: &'static str,
}

/// What happened lately.
pub(crate) struct Events {
    pub heading: &'static str,
    pub lead: &'static str,
    /// Before the older ones, and how many they are.
    pub older: fn(usize) -> String,
    pub none: &'static str,
    pub happened: fn(EventKind) -> &'static str,
    /// From where, before a device and an address.
    pub from: &'static str,
}

/// Ways to sign out, and what is said afterwards.
pub(crate) struct Leave {
    pub heading: &'static str,
    pub here: &'static str,
    pub everywhere: &'static str,
    /// What that does.
    pub everywhere_hint: &'static str,
    pub left_everywhere: Notice,
    pub deleted: Notice,
}

/// The words of a language.
pub(super) fn of(language: Language) -> &'static Words {
    match language {
        Language::English => &en::WORDS,
        Language::German => &de::WORDS,
    }
}

/// The name of a month; what is no month has none.
fn named(months: &[&'static str; 12], month: i8) -> &'static str {
    let place = month.checked_sub(1).and_then(|place| usize::try_from(place).ok());
    place.and_then(|place| months.get(place)).copied().unwrap_or_default()
}

/// Whether a person wants to read of it: what only goes along with something that is told anyway is left out.
pub(super) fn is_told(kind: EventKind) -> bool {
    !matches!(kind, EventKind::EpochRaised(_) | EventKind::SessionEnded(Ending::Renewed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every kind that this version knows: the plain ones by their names, the others by each ending.
    fn kinds() -> Vec<EventKind> {
        const NAMES: [&str; 28] = [
            "user.registered",
            "user.signed_in",
            "user.sign_in_failed",
            "session.address_mismatch",
            "session.proof_missing",
            "session.token_ahead_refused",
            "session.token_ahead_accepted",
            "user.password_changed",
            "user.registration_asked",
            "user.verification_asked",
            "user.email_verified",
            "user.recovery_asked",
            "user.password_reset",
            "user.email_change_asked",
            "user.email_changed",
            "user.reported",
            "user.reauthenticated",
            "user.data_exported",
            "user.deleted",
            "user.disabled",
            "user.enabled",
            "token.revoked",
            "key.added",
            "key.revoked",
            "client.added",
            "client.secret_changed",
            "client.removed",
            "client.refused",
        ];
        let plain = NAMES.iter().map(|name| EventKind::parse(name, None).unwrap());
        let ends =
            Ending::ALL.iter().flat_map(|it| [EventKind::SessionEnded(*it), EventKind::EpochRaised(*it)]);
        plain.chain(ends).collect()
    }

    #[test]
    fn whatever_happened_has_words_in_each_language() {
        let said: Vec<_> = Language::ALL
            .iter()
            .flat_map(|language| {
                kinds().into_iter().map(|kind| (*language, kind, (of(*language).events.happened)(kind)))
            })
            .collect();
        for (_, kind, text) in &said {
            assert!(
                text.len() > 8 && text.ends_with('.') && !text.contains(['<', '`', '_']),
                "{kind}: {text}"
            );
        }
        let told = |kind: &EventKind| is_told(*kind) && kind.as_str().starts_with(['u', 's']);
        let mut texts: Vec<_> =
            said.iter().filter(|(_, kind, _)| told(kind)).map(|(_, _, text)| text).collect();
        let count = texts.len();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), count, "two of them say the same");
    }

    #[test]
    fn a_moment_is_told_as_people_write_it() {
        assert_eq!((of(Language::English).moment)(3, 2, 2026, 4, 5), "3 February 2026, 04:05 UTC");
        assert_eq!((of(Language::German).moment)(3, 3, 2026, 14, 5), "3. März 2026, 14:05 UTC");
        for language in Language::ALL {
            for month in [i8::MIN, 0, 1, 12, 13, i8::MAX] {
                let told = (of(language).moment)(1, month, 2026, 0, 0);
                assert!(told.ends_with("2026, 00:00 UTC"), "{told}");
            }
        }
    }
}
