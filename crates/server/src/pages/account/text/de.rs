//! German.

use rotunda_core::model::{Ending, EventKind};

use super::super::notice::Done;
use super::{Devices, Events, Leave, Sensitive, Thefts, Words};
use crate::pages::text::Notice;

pub(super) const WORDS: Words = Words {
    heading: "Ihr Konto",
    lead: |user| format!("Sie sind angemeldet als {user}."),
    unverified: "Diese Adresse ist noch nicht bestätigt.",
    devices: Devices {
        heading: "Ihre Geräte",
        lead: "Überall, wo Sie gerade angemeldet sind. Sie kennen eines davon nicht? Melden Sie es ab, und ändern Sie Ihr \
               Passwort.",
        this: "Dieses Gerät",
        address: "Adresse",
        first_seen: "Zuerst gesehen",
        signed_in: "Angemeldet",
        last_used: "Zuletzt benutzt",
        ends: "Endet",
        end: "Abmelden",
        end_named: |device| format!("{device} abmelden"),
        end_others: "Alle anderen Geräte abmelden",
        end_others_hint: "Hier bleiben Sie angemeldet.",
        more: "Es gibt mehr Geräte, als hier gezeigt werden.",
    },
    thefts: Thefts {
        heading: "Jemand hatte vielleicht eine Kopie Ihrer Anmeldung",
        lead: "Ein Schlüssel, der schon benutzt war, kam noch einmal. Das geschieht, wenn zwei ihn haben: Sie, und jemand \
               mit einer Kopie. Welcher von beiden es war, kann hier niemand wissen. Darum wurde diese Sitzung für beide \
               beendet.",
        refreshed: "Ihre Sitzung wurde zuletzt verlängert.",
        came_back: "Von hier kam ein Schlüssel, der schon benutzt war.",
        ended: "Die Sitzung wurde sofort beendet, für alle, die sie hatten.",
        advice: "Kennen Sie jede dieser Adressen und jedes dieser Geräte? Wenn nicht, ändern Sie Ihr Passwort, und melden \
                 Sie alle anderen Geräte ab. Sehen Sie dann nach dem Gerät, auf dem die Sitzung war: Am ehesten \
                 wurde die Kopie dort gemacht.",
    },
    password: Sensitive {
        heading: "Passwort ändern",
        lead: "Hier bleiben Sie angemeldet, überall sonst werden Sie abgemeldet.",
        button: "Passwort ändern",
    },
    email: Sensitive {
        heading: "E-Mail-Adresse ändern",
        lead: "An die neue Adresse geht eine E-Mail. Mit dem Link darin wird sie die Ihre; bis dahin ändert sich nichts.",
        button: "E-Mail schicken",
    },
    events: Events {
        heading: "Was zuletzt geschah",
        lead: "Das Neueste zuerst.",
        older: |count| format!("Älteres ({count})"),
        none: "Noch nichts.",
        happened,
        from: "Von",
    },
    export: Sensitive {
        heading: "Ihre Daten herunterladen",
        lead: "Alles, was hier über Sie gespeichert ist, als Datei (JSON).",
        button: "Herunterladen",
    },
    delete: Sensitive {
        heading: "Konto löschen",
        lead: "Ihr Konto, Ihre Geräte und alles, was sagt, wer Sie waren, wird sofort gelöscht, und Sie werden überall \
               abgemeldet. Niemand kann das rückgängig machen.",
        button: "Mein Konto endgültig löschen",
    },
    leave: Leave {
        heading: "Abmelden",
        here: "Hier abmelden",
        everywhere: "Überall abmelden",
        everywhere_hint: "Auf allen Geräten, auch auf diesem.",
        left_everywhere: Notice {
            heading: "Sie sind überall abgemeldet",
            lines: &["Alle Ihre Sitzungen sind beendet, auf allen Geräten."],
        },
        deleted: Notice {
            heading: "Ihr Konto ist gelöscht",
            lines: &["Alles, was sagte, wer Sie waren, ist fort.", "Eine letzte E-Mail sagt es Ihnen auch."],
        },
    },
    current_password: "Jetziges Passwort",
    new_email: "Neue E-Mail-Adresse",
    done: |done| match done {
        Done::Ended => "Das Gerät ist abgemeldet.",
        Done::OthersEnded => "Alle anderen Geräte sind abgemeldet.",
        Done::PasswordChanged => "Ihr Passwort ist geändert. Überall sonst sind Sie abgemeldet.",
        Done::LetterSent => {
            "Wenn es diese Adresse gibt, ist eine E-Mail unterwegs. Sehen Sie in das Postfach."
        }
    },
    moment: |day, month, year, hour, minute| {
        const MONTHS: [&str; 12] = [
            "Januar",
            "Februar",
            "März",
            "April",
            "Mai",
            "Juni",
            "Juli",
            "August",
            "September",
            "Oktober",
            "November",
            "Dezember",
        ];
        let month = super::named(&MONTHS, month);
        format!("{day}. {month} {year}, {hour:02}:{minute:02} UTC")
    },
    device: |program, system| system.map_or(program.to_owned(), |system| format!("{program} unter {system}")),
    unknown_device: "Unbekanntes Gerät",
    unknown_address: "Unbekannte Adresse",
};

fn happened(kind: EventKind) -> &'static str {
    match kind {
        EventKind::UserRegistered => "Ihr Konto wurde angelegt.",
        EventKind::SignedIn => "Sie haben sich angemeldet.",
        EventKind::SignInFailed => "Ein falsches Passwort wurde eingegeben.",
        EventKind::SessionEnded(ending) => ended(ending),
        EventKind::EpochRaised(_) => "Alle Sitzungen wurden beendet.",
        EventKind::AddressMismatch => "Eine Sitzung wurde von einer anderen Adresse aus abgewiesen.",
        EventKind::ProofMissing => {
            "Jemand wurde abgewiesen, der das Gerät einer Sitzung nicht zeigen konnte."
        }
        EventKind::TokenAheadRefused => {
            "Eine Sitzung wurde abgewiesen, die neuer war als das hier Gespeicherte."
        }
        EventKind::TokenAheadAccepted => "Eine Sitzung ging weiter, die neuer war als das hier Gespeicherte.",
        EventKind::PasswordChanged => "Ihr Passwort wurde geändert.",
        EventKind::RegistrationAsked => "Jemand wollte sich mit Ihrer Adresse registrieren.",
        EventKind::VerificationAsked => "Eine E-Mail zum Bestätigen Ihrer Adresse wurde verlangt.",
        EventKind::EmailVerified => "Ihre Adresse wurde bestätigt.",
        EventKind::RecoveryAsked => "Eine E-Mail für ein neues Passwort wurde verlangt.",
        EventKind::PasswordReset => "Mit dem Link aus einer E-Mail wurde ein neues Passwort gesetzt.",
        EventKind::EmailChangeAsked => "Eine Änderung Ihrer Adresse wurde verlangt.",
        EventKind::EmailChanged => "Ihre Adresse wurde geändert.",
        EventKind::Reported => "Sie haben gemeldet, dass Sie etwas nicht selbst waren.",
        EventKind::Reauthenticated => "Sie haben Ihr Passwort noch einmal eingegeben.",
        EventKind::DataExported => "Ihre Daten wurden heruntergeladen.",
        EventKind::UserDeleted => "Das Konto wurde gelöscht.",
        EventKind::UserDisabled => "Der Betreiber hat Ihr Konto gesperrt.",
        EventKind::UserEnabled => "Der Betreiber hat Ihr Konto wieder freigegeben.",
        EventKind::TokenRevoked => "Ein Zugriffsschlüssel wurde widerrufen.",
        EventKind::KeyAdded | EventKind::KeyRevoked => "Ein Schlüssel dieses Dienstes wurde geändert.",
        EventKind::UserEdited => "Der Betreiber hat die Angaben zu Ihrem Konto geändert.",
        EventKind::UserInvited => "Der Betreiber hat Sie eingeladen.",
        EventKind::RolesChanged | EventKind::FirstAdmin => "Was Sie hier dürfen, wurde geändert.",
        EventKind::ActedFor => "Der Betreiber hat begonnen, für Sie zu handeln.",
        EventKind::AddressChanged => "Ein Gerät ist in ein anderes Netz gewechselt.",
        EventKind::LateRetry => "Ein Gerät hat eine Antwort, die es verpasst hatte, noch einmal verlangt.",
        EventKind::EveryoneSignedOut => "Der Betreiber hat alle Sitzungen von allen beendet.",
        EventKind::LimitLifted => {
            "Der Betreiber hat jemanden wieder zugelassen, der es zu oft versucht hatte."
        }
        EventKind::AdminRefused => "Etwas wurde abgewiesen, das Sie nicht dürfen.",
        EventKind::AuditExported => "Das Prüfprotokoll wurde heruntergeladen.",
        EventKind::RoleAdded | EventKind::RoleChanged | EventKind::RoleRemoved => {
            "Eine Rolle dieses Dienstes wurde geändert."
        }
        EventKind::WebhookAdded
        | EventKind::WebhookChanged
        | EventKind::WebhookRemoved
        | EventKind::WebhookReplayed => "Ein Webhook dieses Dienstes wurde geändert.",
        EventKind::ClientAdded
        | EventKind::ClientSecretChanged
        | EventKind::ClientRemoved
        | EventKind::ClientRefused => "Eine Anwendung dieses Dienstes wurde geändert.",
    }
}

fn ended(ending: Ending) -> &'static str {
    match ending {
        Ending::LoggedOut => "Sie haben sich abgemeldet.",
        Ending::LoggedOutEverywhere => "Abgemeldet, mit allen anderen Geräten.",
        Ending::RevokedByUser => "Ein Gerät wurde aus der Liste der Geräte abgemeldet.",
        Ending::RevokedByAdmin => "Der Betreiber hat eine Sitzung beendet.",
        Ending::Reused => {
            "Ein Schlüssel, der schon benutzt war, kam noch einmal; seine Sitzung wurde beendet."
        }
        Ending::PasswordChanged => "Abgemeldet, weil das Passwort geändert wurde.",
        Ending::PasswordReset => "Abgemeldet, weil ein neues Passwort gesetzt wurde.",
        Ending::UserDisabled => "Abgemeldet, weil das Konto gesperrt wurde.",
        Ending::UserDeleted => "Abgemeldet, weil das Konto gelöscht wurde.",
        Ending::IdleExpired => "Eine Sitzung endete, die lange nicht benutzt wurde.",
        Ending::AbsoluteExpired => "Eine Sitzung hat das Ende ihrer Zeit erreicht.",
        Ending::Evicted => "Eine Sitzung endete, um einer neueren Platz zu machen.",
        Ending::Reported => "Abgemeldet, weil Sie gemeldet haben, dass Sie etwas nicht selbst waren.",
        Ending::Renewed => "Eine Sitzung wurde mit Ihrem Passwort erneuert.",
        Ending::EmailVerified => "Abgemeldet, weil die Adresse bestätigt wurde.",
    }
}
