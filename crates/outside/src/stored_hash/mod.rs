//! A stored password hash: our own, and those that users bring from other systems.
//!
//! 1. Recognised by how it begins, read strictly, bounded before anything is allocated or computed: whoever plants a row,
//!    or writes a file to be imported, must not get a gigabyte or a minute for it.
//! 2. Verified as the system that made it would; compared in constant time.
//! 3. Whatever is not Argon2id with today's parameters is outdated: the next login replaces it.
//!
//! | family | forms | at most, when it comes from elsewhere |
//! |---|---|---|
//! | `argon2.rs` | `$argon2id$`, `$argon2i$`, `$argon2d$`, version 16 or 19; Django's `argon2$argon2…` | 256 MiB, 1 GiB over all passes |
//! | `bcrypt.rs` | `$2a$`, `$2b$`, `$2y$`; Django's `bcrypt$$2…`, `bcrypt_sha256$$2…` | cost 15 |
//! | `scrypt.rs` | `$scrypt$ln=…` (PHC, passlib), `scrypt$N$…` (Django), `scrypt:N:…` (Werkzeug) | 256 MiB, 512 MiB over all lanes |
//! | `firebase.rs` | `$firebase-scrypt$…`, made at the import | the same |
//! | `pbkdf2.rs` | `pbkdf2_sha256$…` (Django), `$pbkdf2-sha256$…` (passlib, PHC), `pbkdf2:sha256:…` (Werkzeug), ASP.NET Identity 2 and 3 | 5,000,000 iterations |
//! | `sha256.rs` | `{SSHA256}…` (LDAP), `sha256$salt$…` (Werkzeug and others) | |

mod argon2;
mod bcrypt;
mod firebase;
mod pbkdf2;
mod scrypt;
mod sha256;
mod text;

use rotunda_core::model::{Password, PasswordHash};

use crate::argon_parameters::{ArgonParameters, ArgonParametersError};
use crate::hash_memory::HashMemory;

pub(crate) use self::argon2::{Argon2Hash, OUTPUT_LEN, SALT_LEN};
pub use self::firebase::{FirebaseParameters, FirebaseParametersError};

use self::bcrypt::BcryptHash;
use self::firebase::FirebaseHash;
use self::pbkdf2::Pbkdf2Hash;
use self::scrypt::ScryptHash;
use self::sha256::Sha256Hash;

/// No stored hash is longer; the longest known form has some 200 bytes.
const MOST_BYTES: usize = 1024;

/// The parts of a stored hash.
pub(crate) enum StoredHash {
    Argon2(Argon2Hash),
    Bcrypt(BcryptHash),
    Scrypt(ScryptHash),
    Firebase(FirebaseHash),
    Pbkdf2(Pbkdf2Hash),
    Sha256(Sha256Hash),
}

/// Why a stored hash cannot be verified against. Says nothing of what is in it beyond the costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoredHashError {
    /// It begins like none of them.
    #[error("the password hash has none of the known forms")]
    Unknown,
    /// It begins like a known one and goes on in another way.
    #[error("the password hash is not of the form {0}")]
    Form(&'static str),
    /// A salt that is too short or too long, or not written as it should be.
    #[error("the password hash has a salt that cannot be read, or is out of bounds")]
    Salt,
    /// An output that is too short or too long, or not written as it should be.
    #[error("the password hash has an output that cannot be read, or is out of bounds")]
    Output,
    /// Argon2 with parameters that no hash may have.
    #[error("the password hash is refused: {0}")]
    Argon(#[from] ArgonParametersError),
    /// It would take too much work or memory, or none at all.
    #[error("the password hash is refused: {asked} {cost} is out of bounds: {least} to {most}")]
    Cost {
        /// Which cost, with its unit.
        cost: &'static str,
        /// How much it asks for.
        asked: u64,
        /// The least that makes sense.
        least: u64,
        /// The most that is allowed.
        most: u64,
    },
}

/// Why a hash was not computed, though its costs were within bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum NotComputed {
    #[error("there is not enough memory for this hash")]
    Memory,
    #[error("the library refuses parameters that were checked beforehand")]
    Refused,
}

impl StoredHash {
    /// Reads the stored form.
    pub(crate) fn parse(hash: &PasswordHash) -> Result<Self, StoredHashError> {
        let text = hash.expose();
        if text.len() > MOST_BYTES {
            return Err(StoredHashError::Unknown);
        }
        let begins = |with: &str| text.starts_with(with);
        if begins("$argon2") || begins("argon2$") {
            Argon2Hash::parse(text).map(Self::Argon2)
        } else if begins("$2") || begins("bcrypt") {
            BcryptHash::parse(text).map(Self::Bcrypt)
        } else if begins("$scrypt$") || begins("scrypt") {
            ScryptHash::parse(text).map(Self::Scrypt)
        } else if begins(firebase::PREFIX) {
            FirebaseHash::parse(text).map(Self::Firebase)
        } else if begins("{SSHA256}") || begins("sha256$") {
            Sha256Hash::parse(text).map(Self::Sha256)
        } else {
            Pbkdf2Hash::parse(text).map(Self::Pbkdf2)
        }
    }

    /// Whether it was made from this password; the comparison takes the same time either way.
    pub(crate) fn verify(&self, password: &Password, memory: &mut HashMemory) -> Result<bool, NotComputed> {
        match self {
            Self::Argon2(hash) => hash.verify(password, memory),
            Self::Bcrypt(hash) => hash.verify(password),
            Self::Scrypt(hash) => hash.verify(password),
            Self::Firebase(hash) => hash.verify(password),
            Self::Pbkdf2(hash) => hash.verify(password),
            Self::Sha256(hash) => Ok(hash.verify(password)),
        }
    }

    /// Whether a new hash would be made in another way.
    pub(crate) fn is_outdated(&self, today: ArgonParameters) -> bool {
        match self {
            Self::Argon2(hash) => hash.is_outdated(today),
            _ => true,
        }
    }
}

/// A hash of another system, to be imported: known, and within the bounds of what comes from elsewhere. What was configured
/// here may cost more than what others bring.
///
/// # Errors
/// [`StoredHashError`] with what is wrong with it; nothing of the hash itself but its costs.
pub fn foreign_hash(text: &str) -> Result<PasswordHash, StoredHashError> {
    let hash = PasswordHash::new(text.to_owned());
    if let StoredHash::Argon2(argon2) = StoredHash::parse(&hash)? {
        argon2.check_foreign_costs()?;
    }
    Ok(hash)
}

/// A cost between two bounds.
fn within(cost: &'static str, asked: u64, least: u64, most: u64) -> Result<u64, StoredHashError> {
    if (least..=most).contains(&asked) {
        Ok(asked)
    } else {
        Err(StoredHashError::Cost { cost, asked, least, most })
    }
}
