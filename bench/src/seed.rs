//! Sessions that are known by their number: the same tokens for whoever fills a store and for whoever then refreshes.
//!
//! 1. Session `n` has the id `0193b2f4-7c1e-7000-8000-100000000000` plus `n` in decimal digits: a UUID whose text a line of
//!    SQL can make as well, so that pgbench finds the same rows.
//! 2. Its first refresh token and its device secret follow from `n`; the token's tag and hash come from the server's real
//!    master key, through core's own code.
//! 3. Two sessions a user, except that the first hundred are all of user 0: a list worth listing.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use rotunda_core::keys::MasterKeys;
use rotunda_core::model::{
    Account, Caller, ClientId, DeviceSecret, Email, Lineage, PasswordHash, Session, SessionId, Standing,
    TokenSecret, UnixMillis, User, UserId, UserState,
};
use rotunda_core::refresh::RefreshToken;

/// What the ids of sessions begin with; twelve decimal digits follow.
pub const SESSION_PREFIX: &str = "0193b2f4-7c1e-7000-8000-";
const USER_PREFIX: &str = "0193b2f4-7c1e-7000-9000-";
const DEVICE_PREFIX: &str = "0193b2f4-7c1e-7000-a000-";
/// The digits of session 0.
pub const FIRST: u64 = 100_000_000_000;
/// How many sessions user 0 has.
pub const OF_FIRST_USER: u64 = 100;
/// The user agent of every call.
pub const USER_AGENT: &str = "rotunda-bench/1";

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The master keys of the server that is measured.
pub struct Seed {
    keys: MasterKeys,
}

impl Seed {
    /// With these keys.
    #[must_use]
    pub fn of(keys: MasterKeys) -> Self {
        Self { keys }
    }

    /// With the keys in a master-key file.
    ///
    /// # Errors
    /// Says what is wrong with the file.
    pub fn load(master_key_file: &Path) -> anyhow::Result<Self> {
        Ok(Self { keys: rotunda_outside::load(master_key_file)? })
    }

    /// The first refresh token of session `n`, as its client has it.
    ///
    /// # Errors
    /// When there is no master key to make it with.
    pub fn refresh_token(&self, n: u64) -> anyhow::Result<String> {
        self.first_token(n)?.expose_text(&self.keys).context("there is no current master key")
    }

    /// The device secret of session `n`, as its client has it.
    #[must_use]
    pub fn device_secret(n: u64) -> String {
        device(n).expose_text()
    }

    /// The row of session `n`, just signed in.
    ///
    /// # Errors
    /// When there is no master key to make its token with.
    pub fn session(&self, n: u64, now: UnixMillis) -> anyhow::Result<Session> {
        let hash = self.first_token(n)?.hash(&self.keys).context("there is no current master key")?;
        let idle = DAY * 30;
        Ok(Session {
            revision: 0,
            acting: None,
            id: session_id(n)?,
            user_id: user_id(user_of(n))?,
            client_id: ClientId("native".to_owned()),
            device_id: id(DEVICE_PREFIX, n)?,
            device_hash: device(n).hash(),
            device_shown: false,
            page_hash: None,
            remember: true,
            lineage: Lineage::first(hash, self.keys.current_id()),
            created_at: now,
            auth_time: now,
            amr: vec!["pwd".to_owned()],
            idle,
            idle_expires_at: now.plus(idle),
            absolute_expires_at: now.plus(DAY * 90),
            ep: 0,
            standing: Standing::Live,
            last_address: Some(std::net::Ipv4Addr::LOCALHOST.into()),
            last_user_agent: Some(USER_AGENT.to_owned()),
        })
    }

    fn first_token(&self, n: u64) -> anyhow::Result<RefreshToken> {
        let secret = TokenSecret::from_bytes(bytes(1, n));
        RefreshToken::first(&self.keys, session_id(n)?, secret).context("there is no current master key")
    }
}

/// Whose session `n` is.
#[must_use]
pub fn user_of(n: u64) -> u64 {
    if n < OF_FIRST_USER { 0 } else { n / 2 }
}

/// The sessions of a user, of `sessions` in all; empty for a number that no user has.
#[must_use]
pub fn sessions_of(user: u64, sessions: u64) -> std::ops::Range<u64> {
    match user {
        0 => 0..OF_FIRST_USER.min(sessions),
        1..50 => 0..0,
        _ => (user * 2).min(sessions)..(user * 2 + 2).min(sessions),
    }
}

/// The account of a user. Nobody signs in with its password.
///
/// # Errors
/// For a number that makes no id.
pub fn account(user: u64, now: UnixMillis) -> anyhow::Result<Account> {
    let email = Email::parse(&format!("user{user}@example.com")).context("no such address")?;
    let user = User {
        ce: 0,
        roles: std::collections::BTreeSet::new(),
        id: user_id(user)?,
        subject: None,
        email,
        username: None,
        name: None,
        email_verified: true,
        state: UserState::Active,
        ep: 0,
        created_at: now,
    };
    Ok(Account { user, password: PasswordHash::none() })
}

/// Who calls, in everything that is filled in.
#[must_use]
pub fn caller() -> Caller {
    Caller::new(Some(std::net::Ipv4Addr::LOCALHOST.into()), Some(USER_AGENT))
}

fn session_id(n: u64) -> anyhow::Result<SessionId> {
    id(SESSION_PREFIX, n)
}

fn user_id(user: u64) -> anyhow::Result<UserId> {
    id(USER_PREFIX, user)
}

fn id<T: std::str::FromStr>(prefix: &str, n: u64) -> anyhow::Result<T> {
    format!("{prefix}{}", FIRST + n).parse().ok().with_context(|| format!("{n} has more than twelve digits"))
}

fn device(n: u64) -> DeviceSecret {
    DeviceSecret::from_bytes(bytes(2, n))
}

/// 32 bytes that differ for each kind and number. Nothing secret rests on them.
fn bytes(kind: u64, n: u64) -> [u8; 32] {
    let mut out = [0; 32];
    for (place, word) in out.chunks_exact_mut(8).enumerate() {
        word.copy_from_slice(&mixed(kind << 56 ^ n << 2 ^ place as u64).to_le_bytes());
    }
    out
}

/// SplitMix64's finishing step: neighbours come out unlike each other.
pub(crate) fn mixed(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ n >> 31
}
