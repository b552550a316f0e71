//! Whether a new password will do (ASVS 5.0, 6.2.1, 6.2.4, 6.2.11 and 6.2.12; NIST SP 800-63B-4, section 3.1.1.2).
//!
//! 1. It is long enough, and no longer than anybody types. Nothing is asked of its composition (6.2.5), and it is judged
//!    and kept exactly as it was received.
//! 2. It is more than one character repeated, or characters that follow one another.
//! 3. It is more than words of the service or of its user. Every such word of four characters or more is taken out,
//!    whatever its case and however its letters are dressed up (`l0ve1ace`). What remains must have eight characters, and be
//!    neither predictable nor known itself. So a long phrase may well have its author's name in it.
//! 4. It is neither common nor breached, as far as [`KnownPasswords`] knows.
//!
//! A refusal says why and how to do better, and repeats no part of the password. There is no forced change after a time
//! (6.2.10): a password is good until somebody changes it.

use std::fmt;

use zeroize::Zeroizing;

use crate::Rotunda;
use crate::denied::Denied;
use crate::model::{Email, Password, User, Username};
use crate::outside::{KnownPassword, KnownPasswords};
use crate::policy::Policy;

/// Shorter words are in too many others to mean anything.
const LEAST_WORD_CHARS: usize = 4;
/// What a password has beside such words, at least: what the shortest password has.
const LEAST_OTHER_CHARS: usize = Policy::FLOOR_PASSWORD_CHARS;

/// In lower case, a character is three at most (Unicode, SpecialCasing).
const MOST_LOWER_CHARS: usize = 3;

/// What a predictable password consists of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Predictable {
    /// Words of the service, or that its operator has named.
    Service,
    /// Words of the user.
    User,
    /// The same character, again and again.
    Repetition,
    /// Characters that follow one another, upwards or downwards.
    Run,
}

impl fmt::Display for Predictable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Service => "the name of this service or another word that its operator has ruled out",
            Self::User => "your own name or address",
            Self::Repetition => "one character repeated",
            Self::Run => "characters that follow one another",
        })
    }
}

/// The words that belong to a user: what everybody who attacks them tries first.
#[derive(Clone, Default)]
pub struct UserWords(Vec<String>);

impl UserWords {
    /// The address, its parts, the user name and the words of the display name. Of the address's host, its last label
    /// says nothing.
    #[must_use]
    pub fn of(email: &Email, username: Option<&Username>, name: Option<&str>) -> Self {
        let address = email.as_str();
        let (local, host) = address.rsplit_once('@').unwrap_or((address, ""));
        let (labels, _) = host.rsplit_once('.').unwrap_or((host, ""));
        let mut words = vec![address.to_owned(), local.to_owned(), host.to_owned()];
        words.extend(username.map(|username| username.as_str().to_owned()));
        // "Ada Lovelace" is "adalovelace" to most.
        words.extend(name.map(|name| parts(name).collect()));
        let texts = [Some(local), Some(labels), username.map(Username::as_str), name];
        words.extend(texts.into_iter().flatten().flat_map(parts).map(str::to_owned));
        Self(words)
    }

    /// The same, of somebody who has an account.
    #[must_use]
    pub fn of_user(user: &User) -> Self {
        Self::of(&user.email, user.username.as_ref(), user.name.as_deref())
    }
}

impl Rotunda {
    /// Judges a password that this user wants: see [`acceptable()`].
    pub(crate) fn check_new_password(&self, password: &Password, user: &UserWords) -> Result<(), Denied> {
        acceptable(password, &self.policy, user, &*self.known)
    }
}

/// Judges a new password.
///
/// # Errors
/// The first rule that it breaks: [`Denied::PasswordTooLong`], [`Denied::PasswordTooShort`],
/// [`Denied::PasswordPredictable`], [`Denied::PasswordCommon`], [`Denied::PasswordBreached`].
pub fn acceptable(
    password: &Password,
    policy: &Policy,
    user: &UserWords,
    known: &dyn KnownPasswords,
) -> Result<(), Denied> {
    let text = password.expose();
    let least = policy.least_password_chars.max(Policy::FLOOR_PASSWORD_CHARS);
    if text.len() > Password::MOST_BYTES {
        return Err(Denied::PasswordTooLong);
    }
    if text.chars().count() < least {
        return Err(Denied::PasswordTooShort { least });
    }
    let lower = wiped(text.len() * MOST_LOWER_CHARS, text.chars().flat_map(char::to_lowercase));
    let predictable = sequence(&lower).or_else(|| context(&lower, &policy.service_words, user, known));
    if let Some(what) = predictable {
        return Err(Denied::PasswordPredictable(what));
    }
    match known.find(password) {
        Some(KnownPassword::Common) => Err(Denied::PasswordCommon),
        Some(KnownPassword::Breached) => Err(Denied::PasswordBreached),
        None => Ok(()),
    }
}

/// Whether all of it is one character, or a run such as `abcdefgh` or `87654321`; after 9 may come 0.
fn sequence(lower: &[char]) -> Option<Predictable> {
    let steps = || lower.windows(2).map(|pair| (pair[0], pair[1]));
    let follows = |a: char, b: char| u32::from(a) + 1 == u32::from(b) || (a, b) == ('9', '0');
    if steps().all(|(a, b)| a == b) {
        Some(Predictable::Repetition)
    } else if steps().all(|(a, b)| follows(a, b)) || steps().all(|(a, b)| follows(b, a)) {
        Some(Predictable::Run)
    } else {
        None
    }
}

/// Whose words it consists of, if hardly anything else is in it.
fn context(
    lower: &[char],
    service: &[String],
    user: &UserWords,
    known: &dyn KnownPasswords,
) -> Option<Predictable> {
    let plain = wiped(lower.len(), lower.iter().copied().map(undressed));
    let mut taken = vec![false; lower.len()];
    let is_user = take_out(&user.0, &plain, &mut taken);
    let is_service = take_out(service, &plain, &mut taken);
    if !is_user && !is_service {
        return None;
    }
    let others = lower.iter().zip(&taken).filter(|(_, taken)| !**taken).map(|(c, _)| *c);
    let rest = wiped(lower.len(), others);
    let others = rest.iter().filter(|c| !c.is_whitespace()).count();
    let mut bare = Zeroizing::new(String::with_capacity(rest.len() * char::MAX_LEN_UTF8));
    bare.extend(rest.iter());
    // What joins the words says nothing: `ada-password` is `password`.
    let bare = bare.trim_matches(|c: char| !c.is_alphanumeric());
    let is_little = others < LEAST_OTHER_CHARS
        || sequence(&rest).is_some()
        || known.find(&Password::new(bare.to_owned())).is_some();
    is_little.then_some(if is_user { Predictable::User } else { Predictable::Service })
}

/// Marks where these words are; `false` when they are nowhere.
fn take_out(words: &[String], plain: &[char], taken: &mut [bool]) -> bool {
    let mut found = false;
    for word in words {
        let word: Vec<char> = word.chars().flat_map(char::to_lowercase).map(undressed).collect();
        if word.len() < LEAST_WORD_CHARS {
            continue;
        }
        for (start, _) in plain.windows(word.len()).enumerate().filter(|(_, window)| *window == word) {
            taken.iter_mut().skip(start).take(word.len()).for_each(|taken| *taken = true);
            found = true;
        }
    }
    found
}

/// The letter that a digit or sign commonly stands for. One stands for `i` and for `l`, so those two count as one.
fn undressed(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | 'l' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// Characters in a buffer that is wiped, of full length from the start: one that grows leaves copies behind.
fn wiped(most: usize, chars: impl Iterator<Item = char>) -> Zeroizing<Vec<char>> {
    let mut all = Zeroizing::new(Vec::with_capacity(most));
    all.extend(chars);
    all
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty())
}
