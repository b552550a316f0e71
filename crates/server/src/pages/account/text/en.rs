//! English.

use rotunda_core::model::{Ending, EventKind};

use super::super::notice::Done;
use super::{Devices, Events, Leave, Sensitive, Thefts, Words};
use crate::pages::text::Notice;

pub(super) const WORDS: Words = Words {
    heading: "Your account",
    lead: |user| format!("You are signed in as {user}."),
    unverified: "This address was not confirmed yet.",
    devices: Devices {
        heading: "Your devices",
        lead: "Everywhere you are signed in now. You do not know one of them? Sign it out, and change your password.",
        this: "This device",
        address: "Address",
        first_seen: "First seen",
        signed_in: "Signed in",
        last_used: "Last used",
        ends: "Ends",
        end: "Sign out",
        end_named: |device| format!("Sign out {device}"),
        end_others: "Sign out all other devices",
        end_others_hint: "You stay signed in here.",
        more: "There are more devices than are shown here.",
    },
    thefts: Thefts {
        heading: "Somebody may have had a copy of your sign-in",
        lead: "A token that had been used already came back. That happens when there are two who have it: you, and \
               somebody with a copy. Nobody here can tell which of the two it was, so that session was ended for both.",
        refreshed: "Your session was last renewed.",
        came_back: "A token that had been used already came back from here.",
        ended: "The session was ended at once, for whoever had it.",
        advice: "Do you know each of these addresses and devices? If not, change your password and sign out all other \
                 devices. Then look after the device that your session was on: most likely the copy was made there.",
    },
    password: Sensitive {
        heading: "Change your password",
        lead: "You stay signed in here, and are signed out everywhere else.",
        button: "Change the password",
    },
    email: Sensitive {
        heading: "Change your e-mail address",
        lead: "You get a letter at the new address. With the link in it the new address becomes yours; until then nothing \
               changes.",
        button: "Send the letter",
    },
    events: Events {
        heading: "What happened lately",
        lead: "The newest first.",
        older: |count| format!("Older ({count})"),
        none: "Nothing yet.",
        happened,
        from: "From",
    },
    export: Sensitive {
        heading: "Download your data",
        lead: "Everything that is kept about you here, as a file (JSON).",
        button: "Download",
    },
    delete: Sensitive {
        heading: "Delete your account",
        lead: "Your account, your devices and all that tells who you were are deleted at once, and you are signed out \
               everywhere. Nobody can bring that back.",
        button: "Delete my account for good",
    },
    leave: Leave {
        heading: "Sign out",
        here: "Sign out here",
        everywhere: "Sign out everywhere",
        everywhere_hint: "On all devices, this one too.",
        left_everywhere: Notice {
            heading: "You are signed out everywhere",
            lines: &["All your sessions have ended, on all devices."],
        },
        deleted: Notice {
            heading: "Your account is deleted",
            lines: &["Everything that told who you were is gone.", "A last letter says so, too."],
        },
    },
    current_password: "Current password",
    new_email: "New e-mail address",
    done: |done| match done {
        Done::Ended => "The device is signed out.",
        Done::OthersEnded => "All other devices are signed out.",
        Done::PasswordChanged => "Your password is changed. You are signed out everywhere else.",
        Done::LetterSent => {
            "If this address can be written to, a letter is on its way. Look into the mailbox."
        }
    },
    moment: |day, month, year, hour, minute| {
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let month = super::named(&MONTHS, month);
        format!("{day} {month} {year}, {hour:02}:{minute:02} UTC")
    },
    device: |program, system| system.map_or(program.to_owned(), |system| format!("{program} on {system}")),
    unknown_device: "Unknown device",
    unknown_address: "Unknown address",
};

fn happened(kind: EventKind) -> &'static str {
    match kind {
        EventKind::UserRegistered => "Your account was created.",
        EventKind::SignedIn => "You signed in.",
        EventKind::SignInFailed => "A wrong password was entered.",
        EventKind::SessionEnded(ending) => ended(ending),
        EventKind::EpochRaised(_) => "All sessions were ended.",
        EventKind::AddressMismatch => "A session was refused from another address.",
        EventKind::ProofMissing => "A session was refused to somebody who could not show its device.",
        EventKind::TokenAheadRefused => "A session was refused that was newer than what is kept here.",
        EventKind::TokenAheadAccepted => "A session was continued that was newer than what is kept here.",
        EventKind::PasswordChanged => "Your password was changed.",
        EventKind::RegistrationAsked => "Somebody asked to register with your address.",
        EventKind::VerificationAsked => "A letter to confirm your address was asked for.",
        EventKind::EmailVerified => "Your address was confirmed.",
        EventKind::RecoveryAsked => "A letter for a new password was asked for.",
        EventKind::PasswordReset => "A new password was set with the link from a letter.",
        EventKind::EmailChangeAsked => "A change of your address was asked for.",
        EventKind::EmailChanged => "Your address was changed.",
        EventKind::Reported => "You said that something was not you.",
        EventKind::Reauthenticated => "You entered your password again.",
        EventKind::DataExported => "Your data was downloaded.",
        EventKind::UserDeleted => "The account was deleted.",
        EventKind::UserDisabled => "The operator disabled your account.",
        EventKind::UserEnabled => "The operator enabled your account again.",
        EventKind::TokenRevoked => "An access token was revoked.",
        EventKind::KeyAdded | EventKind::KeyRevoked => "A key of this service was changed.",
        EventKind::UserEdited => "The operator changed your account's details.",
        EventKind::UserInvited => "The operator invited you.",
        EventKind::RolesChanged | EventKind::FirstAdmin => "What you may do here was changed.",
        EventKind::ActedFor => "An operator began to act for you.",
        EventKind::AddressChanged => "A device moved to another network.",
        EventKind::LateRetry => "A device asked once more for an answer that it had missed.",
        EventKind::EveryoneSignedOut => "The operator ended all sessions of everybody.",
        EventKind::LimitLifted => "The operator let somebody try again who had tried too often.",
        EventKind::AdminRefused => "Something was refused that you may not do.",
        EventKind::AuditExported => "The audit log was downloaded.",
        EventKind::RoleAdded | EventKind::RoleChanged | EventKind::RoleRemoved => {
            "A role of this service was changed."
        }
        EventKind::WebhookAdded
        | EventKind::WebhookChanged
        | EventKind::WebhookRemoved
        | EventKind::WebhookReplayed => "A webhook of this service was changed.",
        EventKind::ClientAdded
        | EventKind::ClientSecretChanged
        | EventKind::ClientRemoved
        | EventKind::ClientRefused => "A client of this service was changed.",
    }
}

fn ended(ending: Ending) -> &'static str {
    match ending {
        Ending::LoggedOut => "You signed out.",
        Ending::LoggedOutEverywhere => "Signed out, with all other devices.",
        Ending::RevokedByUser => "A device was signed out from the list of devices.",
        Ending::RevokedByAdmin => "The operator ended a session.",
        Ending::Reused => "A token that had been used already came back, so its session was ended.",
        Ending::PasswordChanged => "Signed out, because the password was changed.",
        Ending::PasswordReset => "Signed out, because a new password was set.",
        Ending::UserDisabled => "Signed out, because the account was disabled.",
        Ending::UserDeleted => "Signed out, because the account was deleted.",
        Ending::IdleExpired => "A session ended that was not used for long.",
        Ending::AbsoluteExpired => "A session reached the end of its life.",
        Ending::Evicted => "A session ended to make room for a newer one.",
        Ending::Reported => "Signed out, because you said that something was not you.",
        Ending::Renewed => "A session was renewed with your password.",
        Ending::EmailVerified => "Signed out, because the address was confirmed.",
    }
}
