//! A list of known passwords that a test makes up.

use std::collections::BTreeMap;

use rotunda_core::model::Password;
use rotunda_core::outside::{KnownPassword, KnownPasswords};

/// Knows the passwords that it was told of, exactly as they are written; by default none.
#[derive(Clone, Default, Debug)]
pub struct ListedPasswords(BTreeMap<String, KnownPassword>);

impl ListedPasswords {
    /// Knows these.
    #[must_use]
    pub fn new(known: &[(&str, KnownPassword)]) -> Self {
        Self(known.iter().map(|(text, what)| ((*text).to_owned(), *what)).collect())
    }
}

impl KnownPasswords for ListedPasswords {
    fn find(&self, password: &Password) -> Option<KnownPassword> {
        self.0.get(password.expose()).copied()
    }
}
