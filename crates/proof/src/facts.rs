//! The small row as the facts that production decides on, and back.
//!
//! Time stands still at [`NOW`]; what moves is how long ago things happened. A tick is a second, and nobody cares.

use std::time::Duration;

use rotunda_core::model::{
    AddressBinding, Caller, Client, ClientId, ClientKind, DeviceHash, DeviceId, Email, Ending, Facts,
    Lineage, Session, SessionId, Standing, UnixMillis, User, UserId, UserState,
};
use rotunda_core::refresh::{DeviceShown, Presented, Step, Successor};
use rotunda_core::store::WhenFull;

use crate::secrets::{Key, Salt, Token};
use crate::setting::{Keeps, Setting};
use crate::state::{Device, Life, Over, Request, Row};

/// The server's clock.
pub const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
pub(crate) const TICK: Duration = Duration::from_secs(1);
const A_YEAR: Duration = Duration::from_secs(365 * 86_400);
const EPOCH: u64 = 3;

/// What never changes from one decision to the next.
#[derive(Clone)]
pub struct Office {
    client: Client,
    user: User,
    caller: Caller,
    may_lose_writes: bool,
}

impl Office {
    /// For a setting.
    ///
    /// # Panics
    /// Never: the address is one.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a constant address")]
    pub fn new(setting: &Setting) -> Self {
        let cookies = matches!(setting.keeps, Keeps::Cookies | Keeps::CookiesWithGeneration);
        let client = Client {
            id: ClientId(String::new()),
            kind: if cookies { ClientKind::Web } else { ClientKind::Native },
            scopes: Vec::new(),
            access_ttl: TICK,
            window: TICK * u32::from(setting.window),
            late_retry: setting.late_retry,
            idle: A_YEAR,
            absolute: A_YEAR,
            bind_address: AddressBinding::Off,
            max_per_user: None,
            when_full: WhenFull::EvictOldest,
        };
        let user = User {
            ce: 0,
            roles: std::collections::BTreeSet::new(),
            id: UserId::from_bytes([1; 16]),
            subject: None,
            email: Email::parse("a@b").expect("an address"),
            username: None,
            name: None,
            email_verified: true,
            state: UserState::Active,
            ep: EPOCH,
            created_at: NOW.minus(A_YEAR),
        };
        Self { client, user, caller: Caller::default(), may_lose_writes: setting.may_lose_writes }
    }

    /// The client as it is configured.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The facts that a store would load.
    #[must_use]
    pub fn facts(&self, row: &Row, accept_ahead: bool) -> Facts {
        let mut user = self.user.clone();
        let far = NOW.plus(A_YEAR);
        let mut idle_expires_at = far;
        let over = |ending| Standing::Ended { ending, at: NOW };
        let standing = match row.life {
            Life::Live => Standing::Live,
            Life::Expired => {
                idle_expires_at = NOW;
                Standing::Live
            }
            Life::Reused => over(Ending::Reused),
            Life::Over(Over::LoggedOut) => over(Ending::LoggedOut),
            Life::Over(Over::Expired) => over(Ending::IdleExpired),
            Life::Over(Over::PasswordChanged) => {
                user.ep += 1;
                over(Ending::PasswordChanged)
            }
            Life::Over(Over::Disabled) => {
                user.ep += 1;
                user.state = UserState::Disabled;
                over(Ending::UserDisabled)
            }
        };
        let session = Session {
            revision: 0,
            acting: None,
            id: SessionId::from_bytes([2; 16]),
            user_id: user.id,
            client_id: self.client.id.clone(),
            device_id: DeviceId::from_bytes([3; 16]),
            device_hash: DeviceHash([4; 32]),
            device_shown: row.device_shown,
            page_hash: None,
            remember: true,
            lineage: lineage(row),
            created_at: user.created_at,
            auth_time: user.created_at,
            amr: Vec::new(),
            idle: A_YEAR,
            idle_expires_at,
            absolute_expires_at: far,
            ep: EPOCH,
            standing,
            last_address: None,
            last_user_agent: None,
        };
        let accept_ahead_until = accept_ahead.then(|| NOW.plus(TICK));
        Facts { everyone: None, session, user, accept_ahead_until, may_lose_writes: self.may_lose_writes }
    }

    /// A request as the server sees it.
    pub fn presented<T>(&self, request: &Request, then: impl FnOnce(&Presented<'_>) -> T) -> T {
        let mut retry = Vec::with_capacity(4);
        retry.extend(request.keys.iter().map(Key::hash));
        then(&Presented {
            generation: u32::from(request.token.generation),
            hash: request.token.hash(),
            client_id: None,
            carrier: self.client.kind.carrier(),
            device: match request.device {
                Device::Same => DeviceShown::Same,
                Device::Absent => DeviceShown::Absent,
                Device::Different => DeviceShown::Different,
            },
            retry: &retry,
            believes: request.believes.map(u32::from),
            caller: &self.caller,
            arrived: NOW,
            raced: false,
        })
    }
}

/// The row after production's own [`Step::rotate`].
#[must_use]
pub fn rotated(row: &Row, request: &Request, to: Token) -> Row {
    let mut newest_first = request.keys.iter().rev();
    let step = Step {
        generation: u32::from(request.token.generation),
        hash: request.token.hash(),
        key_id: 1,
        retry: [(); 4].map(|()| newest_first.next().map(Key::hash)),
    };
    let salt = Salt { from: request.token, to };
    let successor = Successor { hash: to.hash(), salt: salt.bytes(), key_id: 1 };
    let new = step.rotate(&lineage(row), successor, NOW);
    Row {
        current: Token::of(new.current_hash),
        previous: new.previous_hash.map(Token::of),
        before: new.before_hash.map(Token::of),
        salt: new.salt.map(Salt::of),
        previous_salt: new.previous_salt.map(Salt::of),
        age: Some(0),
        retry: new.retry_hashes.map(|key| key.map(Key::of)),
        device_shown: row.device_shown || request.device != Device::Absent,
        life: row.life,
    }
}

fn lineage(row: &Row) -> Lineage {
    Lineage {
        generation: u32::from(row.current.generation),
        current_hash: row.current.hash(),
        previous_hash: row.previous.map(Token::hash),
        before_hash: row.before.map(Token::hash),
        salt: row.salt.map(Salt::bytes),
        previous_salt: row.previous_salt.map(Salt::bytes),
        key_id: 1,
        previous_key_id: 1,
        rotated_at: row.age.map(|ticks| NOW.minus(TICK * u32::from(ticks))),
        retry_hashes: row.retry.map(|key| key.map(Key::hash)),
    }
}
