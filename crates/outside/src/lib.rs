//! The world outside the rules, on this machine: the real clock, the real randomness, password hashing, the lists of
//! known passwords, and the file with the master keys. Each implements a port of `rotunda_core::outside`, or feeds one of its types; what may vanish is
//! a port of `rotunda_core::store`.
//!
//! - [`SystemClock`] and [`SystemEntropy`] are the only places that ask the system for the time and for random bytes.
//! - [`ArgonPool`] hashes passwords on a fixed number of threads and says no when too many are waiting.
//!   It verifies the hashes of other systems too; [`foreign_hash`] takes those in.
//! - [`MemoryScratch`] keeps the buckets of the rate limits, a bounded number of them.
//! - [`PasswordLists`] knows common and breached passwords.
//! - [`load`] and [`load_or_create`] read the master-key file; [`make`] makes one for several servers.

mod argon_parameters;
mod clock;
mod entropy;
mod hash_memory;
mod master_key_file;
mod password_hasher;
pub mod password_lists;
mod scratch;
mod stored_hash;

pub use argon_parameters::{ArgonParameters, ArgonParametersError};
pub use clock::SystemClock;
pub use entropy::SystemEntropy;
pub use master_key_file::{
    Coming, LineError, MasterKeyFileError, add_coming, load, load_or_create, make, make_current, retire,
    take_back,
};
pub use password_hasher::{ArgonPool, PoolSize, PoolStats};
pub use password_lists::PasswordLists;
pub use scratch::MemoryScratch;
pub use stored_hash::{FirebaseParameters, FirebaseParametersError, StoredHashError, foreign_hash};
