//! English.

use rotunda_core::denied::Denied;
use rotunda_core::model::{Ending, Password};
use rotunda_core::password::acceptable::Predictable;

use super::super::Trouble;
use super::{
    Acting, Demo, Fields, Forgot, Headings, LinkWords, Links, Notice, Register, SignIn, SignOut, SignedIn,
    Texts,
};

pub(crate) const EN: Texts = Texts {
    error: "Error",
    fields: Fields {
        handle: "E-mail address or user name",
        email: "E-mail address",
        password: "Password",
        new_password: "New password",
        least: |least| format!("At least {least} characters. A few words in a row make a good one."),
        remember: "Stay signed in",
        remember_hint: "Not on a device that others use.",
    },
    sign_in: SignIn {
        heading: "Sign in",
        button: "Sign in",
        forgot: "Forgotten your password?",
        no_account: "No account yet?",
        register: "Register",
    },
    signed_in: SignedIn {
        heading: "You are signed in",
        lead: |user| format!("You are signed in as {user}."),
        go_on: "Continue",
        another: "Use another account",
    },
    register: Register {
        heading: "Register",
        button: "Register",
        have_account: "Have an account already?",
        off: Notice {
            heading: "Registration is off",
            lines: &[
                "Nobody can register here by themselves. Ask the operator of this service for an account.",
            ],
        },
        letter_sent: Notice {
            heading: "Look into your mail",
            lines: &[
                "If this address can be written to, a letter is on its way. It has a link, and with that you are registered.",
                "No letter? Look among the unwanted ones, or register again.",
            ],
        },
    },
    forgot: Forgot {
        heading: "Forgotten your password?",
        lead: "Enter the address of your account. You get a letter with a link for a new password.",
        button: "Send the letter",
        letter_sent: Notice {
            heading: "Look into your mail",
            lines: &[
                "If there is an account with this address, a letter with a link for a new password is on its way.",
                "No letter? Look among the unwanted ones, or ask again in a few minutes.",
            ],
        },
    },
    sign_out: SignOut {
        heading: "Sign out?",
        lead: |user| format!("You are signed in as {user} in this browser."),
        button: "Sign out",
        stay: "Stay signed in",
        done: Notice {
            heading: "You are signed out",
            lines: &["Your session in this browser has ended. You can close this page."],
        },
        nobody: Notice {
            heading: "You are not signed in",
            lines: &["There is no session in this browser to end."],
        },
    },
    links: LINKS,
    headings: Headings {
        did_not_work: "That did not work",
        not_now: "Not just now",
        broken: "Something broke",
        not_found: "There is nothing here",
    },
    acting: Acting {
        lead: |user| {
            format!("You are acting for {user}. They are told. It ends by itself 15 minutes after it began.")
        },
        stop: "Stop acting",
    },
    demo: Demo {
        title: "Watch refresh tokens rotate",
        lead: "Sign in, see what each refresh does, open a second tab, be the thief who copies everything, and see the theft found. Nothing is played back: what is drawn is what this server answers.",
        no_script: "This page is a program that draws what it asks the server and what it is answered. Your browser does not let scripts run here. The same story in pictures stands in docs/guide/rotation.md.",
    },
    to_account: "Your account",
    to_sign_in: "Sign in",
    return_refused: Notice {
        heading: "This link leads nowhere",
        lines: &[
            "Whoever sent you here wants you back at an address that is not registered, so nobody is sent there. \
             Nothing has changed.",
            "If the application is yours: register the address as return_urls of its client.",
        ],
    },
    denied,
    trouble,
    ended,
};

const LINKS: Links = Links {
    confirm: LinkWords {
        heading: "Confirm your address",
        lead: "Enter the password that was chosen at the registration. It shows that whoever registered and whoever reads \
               this mailbox are the same person.",
        consequences: &[],
        button: "Confirm and sign in",
        otherwise: "You did not register? Close this page, and nothing happens.",
        done: Notice {
            heading: "Your address is confirmed",
            lines: &["You are signed in. Go back to where you came from."],
        },
    },
    change: LinkWords {
        heading: "Confirm your new address",
        lead: "Enter your password. It shows that whoever asked for the change and whoever reads this mailbox are the same \
               person. From then on you sign in with the address that this link was sent to.",
        consequences: &[],
        button: "Use this address",
        otherwise: "You did not ask for this? Close this page, and nothing changes.",
        done: Notice {
            heading: "Your address is changed",
            lines: &["Sign in with it from now on. You can close this page."],
        },
    },
    reset: LinkWords {
        heading: "Choose a new password",
        lead: "You will be signed in here, and signed out everywhere else.",
        consequences: &[],
        button: "Set the password and sign in",
        otherwise: "You did not ask for this? Close this page, and nothing changes.",
        done: Notice {
            heading: "Your password is changed",
            lines: &[
                "You are signed in here, and signed out everywhere else.",
                "Go back to where you came from.",
            ],
        },
    },
    report: LinkWords {
        heading: "This was not you?",
        lead: "Then somebody else seems to know your password. If you go on:",
        consequences: &[
            "you are signed out everywhere, and so is whoever else it was;",
            "your password opens nothing any more;",
            "if your address was changed meanwhile, the one that the letter went to becomes yours again;",
            "you get a letter with a link for a new password.",
        ],
        button: "It was not me",
        otherwise: "It was you after all? Close this page, and nothing changes.",
        done: Notice {
            heading: "Thank you",
            lines: &[
                "Your password opens nothing any more.",
                "A letter with a link for a new one is on its way to the address that the last letter went to.",
            ],
        },
    },
    bad: Notice {
        heading: "This link is not good",
        lines: &[
            "It was used before, is too old, or is not complete. Nothing has changed.",
            "If it was broken into two lines, copy all of it from the letter into the address bar. \
             Otherwise ask for a new one where you asked for this one.",
            "If you wanted to say that something was not you, set a new password, as if you had forgotten yours.",
        ],
    },
    password_wrong: "The password is not right.",
    username_taken: "Somebody else took the user name meanwhile. Register again with another one.",
};

#[expect(
    clippy::too_many_lines,
    reason = "one table: an arm for each refusal, and the compiler asks for all"
)]
fn denied(denied: &Denied) -> String {
    let text = match denied {
        Denied::RateLimited(_) => {
            let seconds = denied.retry_after_seconds().unwrap_or(1);
            let unit = if seconds == 1 { "second" } else { "seconds" };
            return format!("Too many attempts. Try again in {seconds} {unit}.");
        }
        Denied::PasswordTooShort { least } => {
            return format!(
                "The password needs at least {least} characters. A few words in a row make a good one."
            );
        }
        Denied::PasswordTooLong => {
            return format!("The password has more than {} bytes.", Password::MOST_BYTES);
        }
        Denied::PasswordPredictable(what) => return predictable(*what),
        Denied::CredentialsInvalid => "The address or user name, or the password, is not right.",
        Denied::UserDisabled => "This account is disabled. Ask the operator of this service.",
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
        | Denied::SessionEnded(_) => "You are not signed in any more. Sign in again.",
        Denied::ReauthenticationNeeded(_) => "This needs your password again. Enter it, and go on.",
        Denied::TooManySessions => {
            "You are signed in on as many devices as this service allows. Sign out on one of them first."
        }
        Denied::LinkInvalid => "This link is not good. Nothing has changed. Ask for a new one.",
        Denied::ClientUnknown
        | Denied::ClientRefused
        | Denied::ClientMayNot
        | Denied::ScopeInvalid
        | Denied::ScopeMissing(_) => {
            "The application that sent you here is not set up for signing in on this page. Tell its operator."
        }
        Denied::PermissionMissing(_) => "You may not do that here. An operator can give you a role that may.",
        Denied::ActingForAnother => "You are acting for somebody else, and this is theirs alone to do.",
        Denied::AboveCaller(_) => {
            "This is about permissions that you do not have yourself. Somebody who has them can do it."
        }
        Denied::NotToYourself => "You cannot do this to yourself. Somebody else who may can do it.",
        Denied::ChangedMeanwhile => {
            "This was changed meanwhile. Nothing has happened: look at it again, then decide again."
        }
        Denied::Unfit(text) | Denied::InTheWay(text) => text,
        Denied::NotFound => "What you asked for is not here, or not yours.",
        Denied::RegistrationOff => {
            "Registration is off here. Ask the operator of this service for an account."
        }
        Denied::EmailTaken => "There is an account with this address already. Sign in, or take another one.",
        Denied::UsernameTaken => "This user name is taken. Choose another one.",
        Denied::EmailInvalid => "This does not look like an e-mail address. One looks like ada@example.com.",
        Denied::UsernameInvalid => "A user name has 2 to 64 letters, digits, dots, hyphens or underscores.",
        Denied::NameInvalid => "A name has 1 to 128 characters and no control characters.",
        Denied::PasswordCommon => {
            "This password is one of the most common ones, or such a one with a few digits or signs behind it: \
             it is among the first that attackers try. A few unrelated words in a row make a good one."
        }
        Denied::PasswordBreached => {
            "This password has turned up in a data breach, so attackers try it. Do not use it anywhere any more. \
             A few unrelated words in a row make a good one."
        }
    };
    text.to_owned()
}

fn predictable(what: Predictable) -> String {
    let what = match what {
        Predictable::Service => "the name of this service or another word that its operator has ruled out",
        Predictable::User => "your own name or address",
        Predictable::Repetition => "one character repeated",
        Predictable::Run => "characters that follow one another",
    };
    format!(
        "The password is little more than {what}, which is easy to guess. \
         A few unrelated words in a row make a good one."
    )
}

fn trouble(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Away => "This is not available just now. Nothing is lost: try again in a moment.",
        Trouble::Broken => "Something broke here. It is not your fault.",
        Trouble::Origin => {
            "This form was sent by a page of somebody else, so nothing was done. Open the page here, and fill it in again."
        }
        Trouble::Unreadable => "What your browser sent cannot be read. Go back, and try again.",
        Trouble::TooLarge => "What your browser sent is larger than it may be. Go back, and enter less.",
        Trouble::TooSlow => "What your browser sent took too long to arrive. Go back, and try again.",
        Trouble::NoRoute => "There is no page with this address. Look whether it is complete.",
        Trouble::NoMethod => "This page cannot be used like that. Open it again.",
        Trouble::Misdirected => "This server was asked for a page of another one.",
    }
}

fn ended(ending: Ending) -> &'static str {
    match ending {
        Ending::LoggedOut => "You signed out in this browser.",
        Ending::LoggedOutEverywhere => "You signed out everywhere, so you are signed out here too.",
        Ending::RevokedByUser => "You were signed out here from another of your devices.",
        Ending::RevokedByAdmin => "The operator of this service signed you out.",
        Ending::Reused => {
            "You were signed out because somebody may have copied what keeps you signed in. \
             If you have signed in since on a device that you do not know, change your password."
        }
        Ending::PasswordChanged => "You were signed out here because your password was changed.",
        Ending::PasswordReset => "You were signed out here because a new password was set.",
        Ending::UserDisabled => "Your account was disabled. Ask the operator of this service.",
        Ending::UserDeleted => "The account that you were signed in to was deleted.",
        Ending::IdleExpired => "You were signed out because you had not been here for a while.",
        Ending::AbsoluteExpired => "You were signed out because it is time to enter your password again.",
        Ending::Evicted => {
            "You were signed out here because you signed in on more devices than this service allows."
        }
        Ending::Reported => "You were signed out because it was reported that something was not you.",
        Ending::Renewed => "Your session was renewed, and this one ended.",
        Ending::EmailVerified => "You were signed out here because your address was confirmed.",
    }
}
