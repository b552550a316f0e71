//! Rotunda behind its router, with everything outside it held in the hand.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use rotunda_core::failure::Failure;
use rotunda_core::keys::{MasterKey, MasterKeys};
use rotunda_core::limits::Limits;
use rotunda_core::model::{LetterKind, RecordedEvent, SessionId, UnixMillis};
use rotunda_core::outside::{Clock, Entropy, PasswordHasher};
use rotunda_core::policy::{Policy, Registration};
use rotunda_core::store::Store;
use rotunda_core::{Outside, Rotunda};
use rotunda_server::{Web, router};
use rotunda_testkit::fixtures::NOW;
use rotunda_testkit::{
    FixedClock, ListedPasswords, Mailbox, MemoryStore, QuickHasher, Receivers, SeededEntropy, Sent,
    SimpleScratch,
};
use tower::ServiceExt;

use super::{Answer, Ask, everywhere};

/// Where the server is, unless a test says otherwise.
pub(crate) const OWN_ORIGIN: &str = "http://localhost:8080";
/// The application that it serves.
pub(crate) const APP_ORIGIN: &str = "https://app.example.com";

/// What can be different about an application.
pub(crate) struct Setup {
    pub(crate) web: Web,
    pub(crate) policy: Policy,
    pub(crate) store: Option<Arc<dyn Store>>,
    pub(crate) hasher: Option<Arc<dyn PasswordHasher>>,
    /// Which randomness it draws.
    pub(crate) seed: u64,
}

impl Setup {
    /// Over http on this machine, where everybody may register.
    pub(crate) fn new() -> Self {
        Self::at(OWN_ORIGIN)
    }

    /// Somewhere else.
    pub(crate) fn at(public_url: &str) -> Self {
        let policy = Policy {
            registration: Registration::Unverified,
            limits: Limits::off(),
            ..Policy::new(public_url)
        };
        Self { web: Web::new(public_url, &[APP_ORIGIN]).unwrap(), policy, store: None, hasher: None, seed: 7 }
    }

    /// Changes what the policy says.
    pub(crate) fn policy(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(&mut self.policy);
        self
    }

    /// Switches limits on.
    pub(crate) fn limits(self, limits: Limits) -> Self {
        self.policy(|policy| policy.limits = limits)
    }

    /// Changes what browsers are held to.
    pub(crate) fn web(self, change: impl FnOnce(Web) -> Web) -> Self {
        Self { web: change(self.web), ..self }
    }

    pub(crate) async fn start(self) -> App {
        let memory = Arc::new(MemoryStore::new());
        let store = self.store.unwrap_or_else(|| memory.clone());
        let clock = FixedClock::at(NOW.0);
        let hasher = Arc::new(QuickHasher::default());
        let mail = Arc::new(Mailbox::default());
        let grenade =
            Arc::new(Grenade { seeded: SeededEntropy::new(self.seed), armed: AtomicBool::new(false) });
        let receivers = Arc::new(Receivers::default());
        let outside = Outside {
            store: store.clone(),
            scratch: Arc::new(SimpleScratch::default()),
            clock: Arc::new(clock.clone()),
            entropy: grenade.clone(),
            hasher: self.hasher.unwrap_or_else(|| hasher.clone()),
            mailer: mail.clone(),
            known_passwords: Arc::new(ListedPasswords::default()),
            courier: receivers.clone(),
        };
        let keys = MasterKeys::new([(1, MasterKey::from_bytes([7; 32]))]).unwrap();
        let rotunda = Arc::new(Rotunda::start(outside, keys, self.policy).await.unwrap());
        let router = router(rotunda.clone(), self.web.clone());
        let (web, read, letters, secrets) = (self.web, AtomicU64::new(0), Mutex::default(), Mutex::default());
        App {
            rotunda,
            memory,
            receivers,
            clock,
            hasher,
            mail,
            router,
            web,
            store,
            grenade,
            read,
            letters,
            secrets,
        }
    }
}

/// The application.
pub(crate) struct App {
    pub(crate) rotunda: Arc<Rotunda>,
    pub(crate) memory: Arc<MemoryStore>,
    /// Other people's servers.
    pub(crate) receivers: Arc<Receivers>,
    pub(crate) clock: FixedClock,
    pub(crate) hasher: Arc<QuickHasher>,
    pub(crate) mail: Arc<Mailbox>,
    pub(crate) router: Router,
    pub(crate) web: Web,
    pub(crate) store: Arc<dyn Store>,
    grenade: Arc<Grenade>,
    /// How far the journal was read.
    read: AtomicU64,
    /// The letters that came since somebody last looked through them.
    letters: Mutex<Vec<Sent>>,
    /// Every secret that any answer or any letter carried.
    secrets: Mutex<Vec<String>>,
}

impl App {
    pub(crate) async fn new() -> Self {
        Setup::new().start().await
    }

    /// The answer, after everything was checked about it that is true of every answer.
    pub(crate) async fn send(&self, ask: Ask) -> Answer {
        let answer = self.send_raw(&ask, ask.to_request()).await;
        everywhere::check(self, &ask, &answer);
        answer
    }

    /// The answer to a request that was put together otherwise.
    pub(crate) async fn send_raw(&self, ask: &Ask, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let answer = Answer::read(ask, response).await;
        self.secrets.lock().unwrap().extend(answer.secrets());
        answer
    }

    pub(crate) fn origin(&self) -> String {
        self.web.origin().to_owned()
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    pub(crate) fn wait(&self, span: Duration) {
        self.clock.advance(span);
    }

    /// From now on whoever draws a random byte panics.
    pub(crate) fn arm(&self) {
        self.grenade.armed.store(true, Ordering::SeqCst);
    }

    pub(crate) fn secrets(&self) -> Vec<String> {
        self.secrets.lock().unwrap().clone()
    }

    /// What was written into the journal since this was asked last, such as `session.ended logged_out`.
    pub(crate) async fn news(&self) -> Vec<String> {
        let after = self.read.load(Ordering::SeqCst);
        let events = self.store.events(after, 1_000).await.unwrap();
        self.read.store(events.last().map_or(after, |last| last.seq), Ordering::SeqCst);
        events.iter().map(told).collect()
    }

    /// The post comes.
    pub(crate) async fn deliver(&self) {
        while self.rotunda.deliver().await.unwrap().is_full {}
        let came = self.mail.take();
        let tokens = came.iter().filter(|sent| sent.url.is_some());
        self.secrets.lock().unwrap().extend(tokens.map(|sent| sent.token().expose().to_owned()));
        self.letters.lock().unwrap().extend(came);
    }

    /// What came since this was asked last, such as `reset_password ada@example.com`, sorted.
    pub(crate) async fn letters(&self) -> Vec<String> {
        self.deliver().await;
        let came = std::mem::take(&mut *self.letters.lock().unwrap());
        let told =
            |sent: &Sent| format!("{} {}", sent.letter.kind.as_str(), sent.letter.to.as_ref().unwrap());
        let mut told: Vec<_> = came.iter().map(told).collect();
        told.sort();
        told
    }

    /// The newest letter of a kind among those that nobody has looked through yet; it stays there.
    pub(crate) async fn letter(&self, kind: LetterKind) -> Sent {
        self.deliver().await;
        let letters = self.letters.lock().unwrap();
        let newest = letters.iter().rfind(|sent| sent.letter.kind == kind);
        newest.unwrap_or_else(|| panic!("no letter {kind:?}")).clone()
    }

    /// The token of its link.
    pub(crate) async fn link(&self, kind: LetterKind) -> String {
        self.letter(kind).await.token().expose().to_owned()
    }

    /// What happened to one session, from its beginning.
    pub(crate) async fn story(&self, session: &str) -> Vec<String> {
        let id: SessionId = session.parse().unwrap();
        self.store.events_of(id, 1_000).await.unwrap().iter().map(told).collect()
    }

    /// The device that a session was begun on.
    pub(crate) async fn device_of(&self, session: &str) -> String {
        let facts = self.store.facts(session.parse().unwrap()).await.unwrap().unwrap();
        facts.session.device_id.to_string()
    }
}

fn told(recorded: &RecordedEvent) -> String {
    let kind = recorded.event.kind;
    match kind.ending() {
        Some(ending) => format!("{kind} {ending}"),
        None => kind.to_string(),
    }
}

/// Randomness that repeats itself, until it blows up.
struct Grenade {
    seeded: SeededEntropy,
    armed: AtomicBool,
}

impl Entropy for Grenade {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), Failure> {
        assert!(!self.armed.load(Ordering::SeqCst), "on purpose: a test provokes a panic in a handler");
        self.seeded.fill(buffer)
    }
}
