//! German.

use rotunda_core::denied::Denied;
use rotunda_core::model::{Ending, Password};
use rotunda_core::password::acceptable::Predictable;

use super::super::Trouble;
use super::{
    Acting, Demo, Fields, Forgot, Headings, LinkWords, Links, Notice, Register, SignIn, SignOut, SignedIn,
    Texts,
};

pub(crate) const DE: Texts = Texts {
    error: "Fehler",
    fields: Fields {
        handle: "E-Mail-Adresse oder Benutzername",
        email: "E-Mail-Adresse",
        password: "Passwort",
        new_password: "Neues Passwort",
        least: |least| {
            format!("Mindestens {least} Zeichen. Ein paar Wörter hintereinander ergeben ein gutes.")
        },
        remember: "Angemeldet bleiben",
        remember_hint: "Nicht auf einem Gerät, das auch andere benutzen.",
    },
    sign_in: SignIn {
        heading: "Anmelden",
        button: "Anmelden",
        forgot: "Passwort vergessen?",
        no_account: "Noch kein Konto?",
        register: "Registrieren",
    },
    signed_in: SignedIn {
        heading: "Sie sind angemeldet",
        lead: |user| format!("Sie sind als {user} angemeldet."),
        go_on: "Weiter",
        another: "Anderes Konto verwenden",
    },
    register: Register {
        heading: "Registrieren",
        button: "Registrieren",
        have_account: "Schon ein Konto?",
        off: Notice {
            heading: "Registrierung nicht möglich",
            lines: &[
                "Hier kann sich niemand selbst registrieren. Bitten Sie den Betreiber dieses Dienstes um ein Konto.",
            ],
        },
        letter_sent: Notice {
            heading: "Sehen Sie in Ihr Postfach",
            lines: &[
                "Wenn man an diese Adresse schreiben kann, ist eine E-Mail unterwegs. Darin steht ein Link, mit dem Sie registriert sind.",
                "Keine E-Mail? Sehen Sie im Spam-Ordner nach, oder registrieren Sie sich noch einmal.",
            ],
        },
    },
    forgot: Forgot {
        heading: "Passwort vergessen?",
        lead: "Geben Sie die Adresse Ihres Kontos ein. Sie bekommen eine E-Mail mit einem Link für ein neues Passwort.",
        button: "E-Mail senden",
        letter_sent: Notice {
            heading: "Sehen Sie in Ihr Postfach",
            lines: &[
                "Wenn es zu dieser Adresse ein Konto gibt, ist eine E-Mail mit einem Link für ein neues Passwort unterwegs.",
                "Keine E-Mail? Sehen Sie im Spam-Ordner nach, oder fragen Sie in ein paar Minuten noch einmal.",
            ],
        },
    },
    sign_out: SignOut {
        heading: "Abmelden?",
        lead: |user| format!("Sie sind in diesem Browser als {user} angemeldet."),
        button: "Abmelden",
        stay: "Angemeldet bleiben",
        done: Notice {
            heading: "Sie sind abgemeldet",
            lines: &["Ihre Sitzung in diesem Browser ist beendet. Sie können diese Seite schließen."],
        },
        nobody: Notice {
            heading: "Sie sind nicht angemeldet",
            lines: &["In diesem Browser gibt es keine Sitzung, die beendet werden könnte."],
        },
    },
    links: LINKS,
    headings: Headings {
        did_not_work: "Das hat nicht geklappt",
        not_now: "Im Moment nicht",
        broken: "Etwas ist kaputt",
        not_found: "Hier ist nichts",
    },
    acting: Acting {
        lead: |user| {
            format!(
                "Sie handeln für {user}, und das wird dort mitgeteilt. Es endet von selbst 15 Minuten nach dem Beginn."
            )
        },
        stop: "Nicht mehr für andere handeln",
    },
    demo: Demo {
        title: "Zusehen, wie Refresh-Tokens rotieren",
        lead: "Melden Sie sich an, sehen Sie, was jede Erneuerung tut, öffnen Sie einen zweiten Tab, seien Sie der Dieb, der alles kopiert, und sehen Sie, wie der Diebstahl entdeckt wird. Nichts davon ist aufgezeichnet: gezeichnet wird, was dieser Server antwortet.",
        no_script: "Diese Seite ist ein Programm, das zeichnet, was es den Server fragt und was er antwortet. Ihr Browser lässt hier keine Skripte laufen. Dieselbe Geschichte in Bildern steht in docs/guide/rotation.md.",
    },
    to_account: "Ihr Konto",
    to_sign_in: "Anmelden",
    return_refused: Notice {
        heading: "Dieser Link führt nirgendwohin",
        lines: &[
            "Wer Sie hierher geschickt hat, möchte Sie an einer Adresse zurück haben, die nicht eingetragen ist. Deshalb wird \
             niemand dorthin geschickt. Es hat sich nichts geändert.",
            "Falls die Anwendung Ihre ist: Tragen Sie die Adresse als return_urls ihres Clients ein.",
        ],
    },
    denied,
    trouble,
    ended,
};

const LINKS: Links = Links {
    confirm: LinkWords {
        heading: "Adresse bestätigen",
        lead: "Geben Sie das Passwort ein, das bei der Registrierung gewählt wurde. Es zeigt, dass sich niemand anderes \
               registriert hat als die Person, die dieses Postfach liest.",
        consequences: &[],
        button: "Bestätigen und anmelden",
        otherwise: "Sie haben sich nicht registriert? Schließen Sie diese Seite, und es geschieht nichts.",
        done: Notice {
            heading: "Ihre Adresse ist bestätigt",
            lines: &["Sie sind angemeldet. Gehen Sie dorthin zurück, wo Sie hergekommen sind."],
        },
    },
    change: LinkWords {
        heading: "Neue Adresse bestätigen",
        lead: "Geben Sie Ihr Passwort ein. Es zeigt, dass niemand anderes die Änderung wollte als die Person, die dieses \
               Postfach liest. Von da an melden Sie sich mit der Adresse an, an die dieser Link ging.",
        consequences: &[],
        button: "Diese Adresse verwenden",
        otherwise: "Das wollten Sie nicht? Schließen Sie diese Seite, und es ändert sich nichts.",
        done: Notice {
            heading: "Ihre Adresse ist geändert",
            lines: &["Melden Sie sich von jetzt an mit ihr an. Sie können diese Seite schließen."],
        },
    },
    reset: LinkWords {
        heading: "Neues Passwort wählen",
        lead: "Sie werden hier angemeldet und überall sonst abgemeldet.",
        consequences: &[],
        button: "Passwort setzen und anmelden",
        otherwise: "Das wollten Sie nicht? Schließen Sie diese Seite, und es ändert sich nichts.",
        done: Notice {
            heading: "Ihr Passwort ist geändert",
            lines: &[
                "Sie sind hier angemeldet und überall sonst abgemeldet.",
                "Gehen Sie dorthin zurück, wo Sie hergekommen sind.",
            ],
        },
    },
    report: LinkWords {
        heading: "Das waren nicht Sie?",
        lead: "Dann scheint jemand anderes Ihr Passwort zu kennen. Wenn Sie weitermachen:",
        consequences: &[
            "werden Sie überall abgemeldet, und wer auch immer es war, ebenso;",
            "öffnet Ihr Passwort nichts mehr;",
            "wird, falls Ihre Adresse inzwischen geändert wurde, wieder die zu Ihrer, an die die E-Mail ging;",
            "bekommen Sie eine E-Mail mit einem Link für ein neues Passwort.",
        ],
        button: "Das war ich nicht",
        otherwise: "Sie waren es doch? Schließen Sie diese Seite, und es ändert sich nichts.",
        done: Notice {
            heading: "Danke",
            lines: &[
                "Ihr Passwort öffnet nichts mehr.",
                "Eine E-Mail mit einem Link für ein neues ist unterwegs an die Adresse, an die die letzte ging.",
            ],
        },
    },
    bad: Notice {
        heading: "Dieser Link gilt nicht",
        lines: &[
            "Er wurde schon benutzt, ist zu alt oder nicht vollständig. Es hat sich nichts geändert.",
            "Falls er auf zwei Zeilen verteilt war, kopieren Sie ihn ganz aus der E-Mail in die Adresszeile. \
             Sonst fordern Sie dort einen neuen an, wo Sie diesen angefordert haben.",
            "Wenn Sie sagen wollten, dass Sie etwas nicht waren, setzen Sie ein neues Passwort, als hätten Sie Ihres vergessen.",
        ],
    },
    password_wrong: "Das Passwort stimmt nicht.",
    username_taken: "Inzwischen hat jemand anderes den Benutzernamen genommen. Registrieren Sie sich noch einmal mit einem anderen.",
};

const TOO_MANY_SESSIONS: &str = "Sie sind auf so vielen Geräten angemeldet, wie dieser Dienst erlaubt. Melden Sie sich erst auf einem davon ab.";
const CLIENT: &str = "Die Anwendung, die Sie hierher geschickt hat, ist für die Anmeldung auf dieser Seite nicht eingerichtet. \
    Sagen Sie das ihrem Betreiber.";
const COMMON: &str = "Dieses Passwort ist eines der häufigsten, oder ein solches mit ein paar Ziffern oder Zeichen dahinter: Es ist \
    unter den ersten, die Angreifer probieren. Ein paar Wörter, die nichts miteinander zu tun haben, ergeben ein gutes.";
const BREACHED: &str = "Dieses Passwort stand in einem Datenleck, also probieren Angreifer es aus. Verwenden Sie es nirgends mehr. \
    Ein paar Wörter, die nichts miteinander zu tun haben, ergeben ein gutes.";

#[expect(
    clippy::too_many_lines,
    reason = "one table: an arm for each refusal, and the compiler asks for all"
)]
fn denied(denied: &Denied) -> String {
    let text = match denied {
        Denied::RateLimited(_) => return wait(denied.retry_after_seconds().unwrap_or(1)),
        Denied::PasswordTooShort { least } => {
            return format!(
                "Das Passwort braucht mindestens {least} Zeichen. Ein paar Wörter hintereinander ergeben ein gutes."
            );
        }
        Denied::PasswordTooLong => {
            return format!("Das Passwort hat mehr als {} Bytes.", Password::MOST_BYTES);
        }
        Denied::PasswordPredictable(what) => return predictable(*what),
        Denied::CredentialsInvalid => "Die Adresse, der Benutzername oder das Passwort stimmt nicht.",
        Denied::UserDisabled => {
            "Dieses Konto ist gesperrt. Wenden Sie sich an den Betreiber dieses Dienstes."
        }
        Denied::TokenMissing
        | Denied::TokenUnknown
        | Denied::TokenAhead
        | Denied::TokenExpired
        | Denied::TokenStale
        | Denied::TokenReused
        | Denied::ProofMissing
        | Denied::GenerationMismatch(_)
        | Denied::ClientMismatch
        | Denied::AddressMismatch
        | Denied::SessionEnded(_) => "Sie sind nicht mehr angemeldet. Melden Sie sich noch einmal an.",
        Denied::ReauthenticationNeeded(_) => {
            "Dafür wird Ihr Passwort noch einmal gebraucht. Geben Sie es ein, dann geht es weiter."
        }
        Denied::TooManySessions => TOO_MANY_SESSIONS,
        Denied::LinkInvalid => {
            "Dieser Link gilt nicht. Es hat sich nichts geändert. Fordern Sie einen neuen an."
        }
        Denied::ClientUnknown
        | Denied::ClientRefused
        | Denied::ClientMayNot
        | Denied::ScopeInvalid
        | Denied::ScopeMissing(_) => CLIENT,
        Denied::PermissionMissing(_) => {
            "Das dürfen Sie hier nicht. Der Betreiber kann Ihnen eine Rolle geben, die es darf."
        }
        Denied::ActingForAnother => "Sie handeln für jemand anderen, und dies darf nur die Person selbst.",
        Denied::AboveCaller(_) => {
            "Hier geht es um Rechte, die Sie selbst nicht haben. Jemand, der sie hat, kann es tun."
        }
        Denied::NotToYourself => {
            "Das können Sie nicht mit sich selbst tun. Jemand anderes, der es darf, kann es."
        }
        Denied::ChangedMeanwhile => {
            "Dies wurde inzwischen geändert. Nichts ist geschehen: Sehen Sie es noch einmal an, und entscheiden Sie neu."
        }
        Denied::Unfit(text) | Denied::InTheWay(text) => text,
        Denied::NotFound => "Was Sie wollten, gibt es hier nicht, oder es gehört Ihnen nicht.",
        Denied::RegistrationOff => {
            "Die Registrierung ist hier abgeschaltet. Bitten Sie den Betreiber dieses Dienstes um ein Konto."
        }
        Denied::EmailTaken => {
            "Zu dieser Adresse gibt es schon ein Konto. Melden Sie sich an, oder nehmen Sie eine andere."
        }
        Denied::UsernameTaken => "Dieser Benutzername ist vergeben. Wählen Sie einen anderen.",
        Denied::EmailInvalid => {
            "Das sieht nicht wie eine E-Mail-Adresse aus. So sieht eine aus: ada@example.com."
        }
        Denied::UsernameInvalid => {
            "Ein Benutzername hat 2 bis 64 Buchstaben ohne Umlaute, Ziffern, Punkte, Binde- oder Unterstriche."
        }
        Denied::NameInvalid => "Ein Name hat 1 bis 128 Zeichen und keine Steuerzeichen.",
        Denied::PasswordCommon => COMMON,
        Denied::PasswordBreached => BREACHED,
    };
    text.to_owned()
}

fn wait(seconds: u64) -> String {
    let unit = if seconds == 1 { "Sekunde" } else { "Sekunden" };
    format!("Zu viele Versuche. Versuchen Sie es in {seconds} {unit} noch einmal.")
}

fn predictable(what: Predictable) -> String {
    let what = match what {
        Predictable::Service => {
            "dem Namen dieses Dienstes oder einem anderen Wort, das sein Betreiber ausgeschlossen hat"
        }
        Predictable::User => "Ihrem eigenen Namen oder Ihrer Adresse",
        Predictable::Repetition => "einem wiederholten Zeichen",
        Predictable::Run => "Zeichen, die aufeinander folgen",
    };
    format!(
        "Das Passwort besteht aus kaum mehr als {what} und ist leicht zu erraten. \
         Ein paar Wörter, die nichts miteinander zu tun haben, ergeben ein gutes."
    )
}

fn trouble(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Away => {
            "Das geht im Moment nicht. Nichts ist verloren: Versuchen Sie es gleich noch einmal."
        }
        Trouble::Broken => "Hier ist etwas kaputtgegangen. Es liegt nicht an Ihnen.",
        Trouble::Origin => {
            "Dieses Formular kam von einer fremden Seite, deshalb ist nichts geschehen. Öffnen Sie die Seite hier, und füllen \
             Sie es noch einmal aus."
        }
        Trouble::Unreadable => {
            "Was Ihr Browser geschickt hat, lässt sich nicht lesen. Gehen Sie zurück, und versuchen Sie es noch einmal."
        }
        Trouble::TooLarge => {
            "Was Ihr Browser geschickt hat, ist größer, als es sein darf. Gehen Sie zurück, und geben Sie weniger ein."
        }
        Trouble::TooSlow => {
            "Was Ihr Browser geschickt hat, war zu lange unterwegs. Gehen Sie zurück, und versuchen Sie es noch einmal."
        }
        Trouble::NoRoute => {
            "Unter dieser Adresse gibt es keine Seite. Sehen Sie nach, ob sie vollständig ist."
        }
        Trouble::NoMethod => "So lässt sich diese Seite nicht benutzen. Öffnen Sie sie noch einmal.",
        Trouble::Misdirected => "Dieser Server wurde nach einer Seite eines anderen gefragt.",
    }
}

fn ended(ending: Ending) -> &'static str {
    match ending {
        Ending::LoggedOut => "Sie haben sich in diesem Browser abgemeldet.",
        Ending::LoggedOutEverywhere => "Sie haben sich überall abgemeldet, also auch hier.",
        Ending::RevokedByUser => "Sie wurden hier von einem anderen Ihrer Geräte aus abgemeldet.",
        Ending::RevokedByAdmin => "Der Betreiber dieses Dienstes hat Sie abgemeldet.",
        Ending::Reused => {
            "Sie wurden abgemeldet, weil vielleicht jemand kopiert hat, was Sie angemeldet hält. \
             Falls Sie seither auf einem Gerät angemeldet sind, das Sie nicht kennen, ändern Sie Ihr Passwort."
        }
        Ending::PasswordChanged => "Sie wurden hier abgemeldet, weil Ihr Passwort geändert wurde.",
        Ending::PasswordReset => "Sie wurden hier abgemeldet, weil ein neues Passwort gesetzt wurde.",
        Ending::UserDisabled => "Ihr Konto wurde gesperrt. Wenden Sie sich an den Betreiber dieses Dienstes.",
        Ending::UserDeleted => "Das Konto, bei dem Sie angemeldet waren, wurde gelöscht.",
        Ending::IdleExpired => "Sie wurden abgemeldet, weil Sie eine Weile nicht hier waren.",
        Ending::AbsoluteExpired => {
            "Sie wurden abgemeldet, weil es Zeit ist, das Passwort wieder einmal einzugeben."
        }
        Ending::Evicted => {
            "Sie wurden hier abgemeldet, weil Sie sich auf mehr Geräten angemeldet haben, als dieser Dienst erlaubt."
        }
        Ending::Reported => "Sie wurden abgemeldet, weil gemeldet wurde, dass Sie etwas nicht waren.",
        Ending::Renewed => "Ihre Sitzung wurde erneuert, und diese ist beendet.",
        Ending::EmailVerified => "Sie wurden hier abgemeldet, weil Ihre Adresse bestätigt wurde.",
    }
}
