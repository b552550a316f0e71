//! What a session's story says, in words.

use rotunda_core::model::{Ending, EventKind};
use rotunda_core::operate::Story;

use super::lineage::{Lineage, Moment, What};
use super::moments;

/// Why a session ended.
pub(super) fn ended(ending: Ending) -> &'static str {
    match ending {
        Ending::LoggedOut => "Signed out",
        Ending::LoggedOutEverywhere => "Signed out everywhere",
        Ending::RevokedByUser => "Ended by the user",
        Ending::RevokedByAdmin => "Ended by an operator",
        Ending::Reused => "Theft found",
        Ending::PasswordChanged => "Password changed",
        Ending::PasswordReset => "Password reset",
        Ending::UserDisabled => "User disabled",
        Ending::UserDeleted => "User deleted",
        Ending::IdleExpired => "Not refreshed for too long",
        Ending::AbsoluteExpired => "Reached the end of its life",
        Ending::Evicted => "Made room for a newer one",
        Ending::Reported => "Reported by the user",
        Ending::Renewed => "Renewed with the password",
        Ending::EmailVerified => "Address confirmed",
    }
}

/// Whether it ended because somebody had a copy.
pub(super) fn is_theft(story: &Story) -> bool {
    story.end.is_some_and(|end| end.past && end.ending == Ending::Reused)
}

/// What matters most about a session.
pub(super) fn verdict(story: &Story, lineage: Option<&Lineage>) -> Vec<String> {
    let Some(end) = story.end else { return vec!["Little is known of this session any more.".to_owned()] };
    let at = moments::At::of(end.at).text;
    let why = lower(ended(end.ending));
    if !end.past {
        return vec![format!("This session is live. Unless it is refreshed it ends on {at} UTC: {why}.")];
    }
    if end.ending != Ending::Reused {
        return vec![format!("This session ended on {at} UTC: {why}.")];
    }
    let fork = lineage.and_then(|lineage| lineage.fork);
    let which =
        fork.map_or("A token".to_owned(), |fork| format!("The token of generation {}", fork.generation));
    vec![
        format!("{which} came back on {at} UTC although it had been used, so the session was ended at once."),
        "Two have held it: the user, and somebody with a copy. Nobody can tell from here which of them came back; \
         the user knows the places."
            .to_owned(),
    ]
}

/// What the picture shows, for those who do not see it.
pub(super) fn of_picture(lineage: &Lineage) -> String {
    let count = |number: usize, unit| moments::counted(u64::try_from(number).unwrap_or(u64::MAX), unit);
    let fork = match lineage.fork {
        Some(fork) => format!(" The token of generation {} branches off and comes back.", fork.generation),
        None => String::new(),
    };
    format!(
        "The line of generations over {} at {}.{fork} The list below says the same.",
        count(lineage.moments.len(), "moment"),
        count(lineage.places.len(), "place")
    )
}

/// A moment, as a sentence.
pub(super) fn step(lineage: &Lineage, moment: &Moment) -> String {
    let generation = moment.generation.map_or(String::new(), |it| format!(" (generation {it})"));
    match moment.what {
        What::Began => format!("The session began{generation}."),
        What::Moved => format!("A refresh came from another network{generation}."),
        What::Refreshed => format!("The last refresh{generation}."),
        What::LateRetry => format!("A refresh was asked for again, late, and excused{generation}."),
        What::CameBack => came_back(lineage, moment),
        What::Ended(Ending::Reused) => "The session was ended for both.".to_owned(),
        What::Ended(ending) => format!("The session ended: {}.", lower(ended(ending))),
        What::Noted(kind) => format!("{}{generation}.", noted(kind)),
    }
}

fn came_back(lineage: &Lineage, moment: &Moment) -> String {
    let Some(generation) = moment.generation else {
        return "A token that had been used came back, or one that somebody else holds.".to_owned();
    };
    let used = match lineage.fork.filter(|fork| fork.generation == generation) {
        Some(fork) if fork.is_exact => format!(", used at {} UTC,", moments::At::of(fork.at).text),
        Some(fork) => format!(", used at about {} UTC,", moments::short(fork.at)),
        None => String::new(),
    };
    format!("The token of generation {generation}{used} came back.")
}

/// What else is written down about a session.
fn noted(kind: EventKind) -> String {
    let text = match kind {
        EventKind::AddressMismatch => {
            "A refresh from an address that the session is not bound to was refused"
        }
        EventKind::ProofMissing => "A refresh without the device's secret was refused",
        EventKind::TokenAheadRefused => "A token newer than the store was refused",
        EventKind::TokenAheadAccepted => "A token newer than the store was believed",
        EventKind::Reauthenticated => "The password was entered again",
        EventKind::ActedFor => "An operator began to act for the user",
        EventKind::TokenRevoked => "An access token was revoked",
        EventKind::PasswordChanged => "The password was changed",
        EventKind::EmailChangeAsked => "Another address was asked for",
        EventKind::DataExported => "The user took their data along",
        other => return format!("Noted: {other}"),
    };
    text.to_owned()
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}
