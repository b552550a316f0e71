//! A whole server on a store, and a client that behaves as clients should.

use std::sync::Arc;
use std::time::Duration;

use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::keys::{MasterKey, MasterKeys};
use rotunda_core::limits::Limits;
use rotunda_core::login::Login;
use rotunda_core::model::{
    Caller, ClientId, ClientKind, DeviceSecret, Handle, Password, RetryKeys, SecretText, SessionId,
};
use rotunda_core::policy::Policy;
use rotunda_core::refresh::Attempt;
use rotunda_core::register::Newcomer;
use rotunda_core::{Grant, Outside, Rotunda};
use rotunda_testkit::CommandLine as _;
use rotunda_testkit::fixtures::{NOW, email};
use rotunda_testkit::{
    FixedClock, ListedPasswords, Mailbox, QuickHasher, Receivers, SeededEntropy, SimpleScratch,
};

use crate::ground::Ground;

const ADDRESS: &str = "ada@example.com";

/// More than the window of a client.
pub(crate) const LATER: Duration = Duration::from_mins(15);

/// A server, and the ground that it stands on.
pub(crate) struct Home {
    pub(crate) ground: Ground,
    pub(crate) rotunda: Rotunda,
    pub(crate) clock: FixedClock,
}

/// What a native client stores.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) id: SessionId,
    pub(crate) token: SecretText,
    pub(crate) device: Option<DeviceSecret>,
    pub(crate) generation: u32,
}

impl Home {
    pub(crate) async fn on(ground: Ground) -> Self {
        let clock = FixedClock::at(NOW.0);
        let outside = Outside {
            store: ground.store.clone(),
            scratch: Arc::new(SimpleScratch::default()),
            clock: Arc::new(clock.clone()),
            entropy: Arc::new(SeededEntropy::new(1)),
            hasher: Arc::new(QuickHasher::default()),
            mailer: Arc::<Mailbox>::default(),
            known_passwords: Arc::new(ListedPasswords::default()),
            courier: Arc::new(Receivers::default()),
        };
        let mut policy = Policy::new("https://auth.example");
        policy.limits = Limits::off();
        let native = Policy::builtin("native", ClientKind::Native);
        policy.clients.insert(native.id.clone(), native);
        let masters = MasterKeys::new([(1, MasterKey::from_bytes([1; 32]))]).unwrap();
        let rotunda = Rotunda::start(outside, masters, policy).await.unwrap();
        let newcomer =
            Newcomer { email: ADDRESS.to_owned(), password: password(), username: None, name: None };
        rotunda.add_user(&newcomer).await.unwrap();
        Self { ground, rotunda, clock }
    }

    pub(crate) async fn new() -> Self {
        Self::on(Ground::new().await).await
    }

    pub(crate) async fn sign_in(&self) -> Client {
        let login = Login {
            handle: Some(Handle::Email(email(ADDRESS))),
            password: password(),
            client_id: Some(ClientId("native".to_owned())),
            proof: None,
            remember: true,
            device: None,
            page: None,
            caller: Caller::default(),
        };
        let grant = self.rotunda.login(&login).await.unwrap();
        Client {
            id: grant.session.id,
            token: grant.refresh_token,
            device: grant.device_secret,
            generation: grant.session.lineage.generation,
        }
    }

    pub(crate) fn pass(&self, span: Duration) {
        self.clock.advance(span);
    }

    /// Refreshes without keeping the answer.
    pub(crate) async fn asks(&self, client: &Client) -> Result<Grant, Error> {
        let attempt = Attempt {
            pages: None,
            token: client.token.clone(),
            carrier: ClientKind::Native.carrier(),
            client_id: None,
            proof: None,
            device: client.device.clone(),
            retry_keys: RetryKeys::default(),
            generation: None,
            caller: Caller::default(),
        };
        self.rotunda.refresh(&attempt).await
    }

    /// Refreshes, and keeps what is newer.
    pub(crate) async fn refreshes(&self, client: &mut Client) {
        let grant = self.asks(client).await.unwrap();
        let generation = grant.session.lineage.generation;
        if generation > client.generation {
            (client.token, client.generation) = (grant.refresh_token, generation);
        }
    }

    /// Why a refresh is refused.
    pub(crate) async fn refused(&self, client: &Client) -> Denied {
        match self.asks(client).await.map(|grant| grant.session.lineage.generation) {
            Err(Error::Denied(denied)) => denied,
            other => panic!("no refusal: {other:?}"),
        }
    }
}

impl Client {
    /// What a thief has who has the token alone.
    pub(crate) fn token_alone(&self) -> Self {
        Self { device: None, ..self.clone() }
    }

    /// What a thief has who sends a device secret of their own.
    pub(crate) fn on_another_device(&self) -> Self {
        Self { device: Some(DeviceSecret::from_bytes([9; 32])), ..self.clone() }
    }
}

fn password() -> Password {
    Password::new("four words in a row".to_owned())
}
