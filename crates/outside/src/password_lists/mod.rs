//! The passwords that attackers try first, as filters: a common list that is built in, and a list of breached passwords
//! that an operator may add. No network, no database: both are in memory, and asked in microseconds.
//!
//! 1. A list becomes 64-bit keys ([`key`]), and these a binary fuse filter ([`filter`]): it knows every entry, and takes
//!    other passwords for one as rarely as its fingerprints are long. No entry can be read from it.
//! 2. A file of ours holds one filter ([`file`]) with a header that says what was hashed, and a checksum.
//! 3. `rotunda password-list build` makes one from a list ([`build()`]).
//! 4. [`PasswordLists`] asks the filters.
//!
//! The common list is asked for the password in lower case, and again for what is left without the digits and signs at
//! its end, one by one, six at most, as long as eight characters remain: so `Password123!` is found by `password`. Nothing
//! in the middle of a password is looked up, so that a phrase may have common words in it. The breached list is asked for
//! the whole password only.
//!
//! `SOURCE.md` says where the built-in list is from; `scripts/common-passwords` makes its filter anew.

mod build;
mod file;
mod filter;
mod key;

use std::path::Path;

use rotunda_core::model::Password;
use rotunda_core::outside::{KnownPassword, KnownPasswords};

pub use build::{Built, ListFormat, build};
pub use file::{PasswordListError, Wrong};
pub use filter::Bits;

use file::List;
use key::Hash;

const COMMON: &[u8] = include_bytes!("common.filter");
/// So many digits and signs at the end do not make a common password a good one.
const MOST_TAIL: usize = 6;
/// What is shorter is no password of its own; the built-in list has none that are.
const LEAST_ROOT_CHARS: usize = 8;

/// The lists of known passwords.
pub struct PasswordLists {
    common: List,
    breached: Option<List>,
}

impl PasswordLists {
    /// The built-in list of common passwords alone.
    ///
    /// # Errors
    /// When this program was built with a damaged list.
    pub fn builtin() -> Result<Self, PasswordListError> {
        Ok(Self { common: file::parse(COMMON)?, breached: None })
    }

    /// The same, and the breached passwords of a file that `rotunda password-list build` has made. Takes as much memory as
    /// the file is large.
    ///
    /// # Errors
    /// [`PasswordListError`] when the file is not there, is no such file, or is not whole. It says what to do.
    pub fn with_breached(path: &Path) -> Result<Self, PasswordListError> {
        Ok(Self { breached: Some(file::load(path)?), ..Self::builtin()? })
    }

    /// How many passwords are on the built-in list.
    #[must_use]
    pub fn common_entries(&self) -> u64 {
        self.common.entries
    }

    /// How many passwords are on the breached list, if there is one.
    #[must_use]
    pub fn breached_entries(&self) -> Option<u64> {
        self.breached.as_ref().map(|list| list.entries)
    }
}

impl KnownPasswords for PasswordLists {
    fn find(&self, password: &Password) -> Option<KnownPassword> {
        let text = password.expose();
        if is_common(&self.common, text) {
            return Some(KnownPassword::Common);
        }
        let breached = self.breached.as_ref().is_some_and(|list| list.holds(text.as_bytes()));
        breached.then_some(KnownPassword::Breached)
    }
}

fn is_common(list: &List, text: &str) -> bool {
    let tail = text.chars().rev().take(MOST_TAIL).take_while(|c| !c.is_alphabetic());
    let ends = tail.scan(text.len(), |end, c| {
        *end -= c.len_utf8();
        Some(*end)
    });
    std::iter::once(text.len())
        .chain(ends)
        .filter_map(|end| text.get(..end))
        .any(|root| root.chars().count() >= LEAST_ROOT_CHARS && list.holds(root.as_bytes()))
}

impl ListFormat {
    /// What the keys of such a list are made of.
    fn hash(self) -> Hash {
        match self {
            Self::Plain => Hash::Sha256OfLowerCase,
            Self::Sha1 => Hash::Sha1,
        }
    }
}
