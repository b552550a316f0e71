//! A server with three people's sessions in it, that is the same before each request.
//!
//! An input may stand a byte for a secret that a fuzzer cannot guess: see [`PLACEHOLDERS`]. Ada's secrets can be asked
//! for in that way. Bob's cannot, so whatever is sent, nothing happens to Bob.

use std::cell::RefCell;
use std::collections::BTreeMap;

use http::header::HOST;
use rotunda_core::clients::NewClient;
use rotunda_core::model::{Caller, ClientKind, Session, SessionId, Standing};
use rotunda_testkit::MemoryState;
use tokio::runtime::{Builder, Runtime};

use crate::support::{ADA, Answer, App, Ask, Browser, FIREFOX, PASSWORD, Phone};

/// Ada's password, which inputs may have in them.
pub const ADA_S_PASSWORD: &str = PASSWORD;

/// What stands for what: bytes that neither a header nor UTF-8 ever has. Each is also how `examples/seeds` writes it.
pub const PLACEHOLDERS: [(u8, &str); 7] = [
    (0xf8, "the refresh token in Ada's browser"),
    (0xf9, "the device secret in Ada's browser"),
    (0xfa, "the page key in Ada's browser"),
    (0xfb, "the refresh token in Ada's phone"),
    (0xfc, "the device secret in Ada's phone"),
    (0xfd, "the access token in Ada's phone"),
    (0xfe, "the secret of the service"),
];

/// A service's name, and the one scope that it has.
pub(crate) const SERVICE: &str = "reports";
/// See [`SERVICE`].
pub(crate) const SCOPE: &str = "revocations.read";

const BOB: &str = "bob@example.com";
const BOB_S_PASSWORD: &str = "nobody ever sends this one";

/// After so many requests there is a new house: the server's tests remember every secret that they saw.
const REQUESTS: u32 = 4096;

/// The server, and what it was like when everybody had just signed in.
pub(crate) struct House {
    runtime: Runtime,
    app: App,
    begun: MemoryState,
    /// Ada's, in the order of [`PLACEHOLDERS`].
    pub(crate) secrets: [String; 6],
    service_s: String,
    ada_s: [String; 2],
    requests: u32,
}

thread_local! {
    static HOUSE: RefCell<Option<House>> = const { RefCell::new(None) };
}

/// Does something in the house, as it was at the beginning.
pub(crate) fn with_house<T>(visit: impl FnOnce(&House) -> T) -> T {
    HOUSE.with_borrow_mut(|slot| {
        if slot.as_ref().is_none_or(|house| house.requests >= REQUESTS) {
            *slot = Some(House::new());
        }
        let house = slot.as_mut().expect("it was built");
        house.requests += 1;
        house.app.memory.restore(house.begun.clone());
        visit(house)
    })
}

impl House {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
        let app = runtime.block_on(App::new());
        let (secrets, ada_s) = {
            let mut browser = Browser::new(&app);
            let web = runtime.block_on(browser.register(ADA, PASSWORD));
            let mut phone = Phone::new(&app, "ada");
            runtime.block_on(phone.login(ADA, PASSWORD)).session_on_phone(200);
            let mut bob = Browser::new(&app);
            runtime.block_on(bob.register(BOB, BOB_S_PASSWORD));
            let [refresh, device, page] = ["refresh", "device", "page"]
                .map(|name| browser.jar.value(name).expect("a browser has all three").to_owned());
            let session = web.json["session"]["id"].as_str().expect("she is signed in").to_owned();
            let phone_s = [phone.refresh_token, phone.device_secret, phone.access_token];
            let [phone_refresh, phone_device, access] = phone_s;
            ([refresh, device, page, phone_refresh, phone_device, access], [session, phone.session])
        };
        let service_s = runtime.block_on(a_service(&app));
        let begun = app.memory.snapshot();
        assert_eq!(begun.sessions.len(), 3, "two of Ada and one of Bob");
        Self { runtime, app, begun, secrets, service_s, ada_s, requests: 0 }
    }

    /// A request as a program sends it that is no browser: not a word about a page.
    pub(crate) fn ask(&self, method: &str, path: &str) -> Ask {
        Ask::new(method.parse().expect("a method"), path)
            .with(HOST, "localhost:8080")
            .user_agent(FIREFOX)
            .peer("203.0.113.7:50001")
    }

    /// The access token in Ada's phone.
    pub(crate) fn access(&self) -> &str {
        &self.secrets[5]
    }

    /// The secret of the service.
    pub(crate) fn service_s(&self) -> &str {
        &self.service_s
    }

    /// The input with the secrets that it asks for in their places.
    pub(crate) fn fill(&self, input: &[u8]) -> Vec<u8> {
        let mut filled = Vec::with_capacity(input.len());
        for byte in input {
            match PLACEHOLDERS.iter().position(|(placeholder, _)| placeholder == byte) {
                Some(which) => {
                    let secret = self.secrets.get(which).unwrap_or(&self.service_s);
                    filled.extend_from_slice(secret.as_bytes());
                }
                None => filled.push(*byte),
            }
        }
        filled
    }

    /// Whether any of Ada's secrets is in it.
    pub(crate) fn opens_something(&self, filled: &[u8]) -> bool {
        self.secrets.iter().any(|secret| contains(filled, secret.as_bytes()))
    }

    /// Sends it, and holds the answer against the contract and against what may have happened.
    pub(crate) fn send(&self, ask: Ask, opens_something: bool) -> Answer {
        let answer = self.runtime.block_on(self.app.send(ask));
        assert!(answer.status < 500, "{}", answer.told());
        if answer.is_error() {
            // A key's name comes back where it stands twice; it is no secret to whoever sent it as a name.
            let told = answer.told();
            let leaks = self.opens_something(&answer.bytes) && !told.contains("stands twice");
            assert!(!leaks, "a refusal repeats a secret: {told}");
        }
        assert!(
            !contains(&answer.bytes, self.service_s.as_bytes()),
            "an answer repeats the service's secret"
        );
        self.nothing_happened_but(opens_something, &answer);
        answer
    }

    /// Whether a session has ended since the beginning.
    pub(crate) fn ended(&self) -> bool {
        let now = self.app.memory.snapshot();
        now.sessions.values().any(|session| session.standing != Standing::Live)
    }

    fn nothing_happened_but(&self, opens_something: bool, answer: &Answer) {
        let now = self.app.memory.snapshot();
        for (id, before) in &self.begun.sessions {
            if opens_something && self.is_ada_s(*id) {
                continue;
            }
            let after = now.sessions.get(id);
            assert_eq!(after, Some(before), "a session changed that nobody named: {}", answer.told());
        }
        // Whoever was not let in by a password or a token has added nothing.
        let added = now.sessions.len() > self.begun.sessions.len();
        assert!(!answer.is_error() || !added, "a refusal began a session: {}", answer.told());
        let gone = |sessions: &BTreeMap<SessionId, Session>| {
            !self.begun.sessions.keys().all(|id| sessions.contains_key(id))
        };
        assert!(!gone(&now.sessions), "a session was forgotten: {}", answer.told());
    }

    fn is_ada_s(&self, id: SessionId) -> bool {
        self.ada_s.contains(&id.to_string())
    }
}

/// Registers the service, and gives its secret.
async fn a_service(app: &App) -> String {
    let new =
        NewClient { id: SERVICE.to_owned(), kind: Some(ClientKind::Service), scopes: vec![SCOPE.to_owned()] };
    let added = app.rotunda.add_client(&new, &Caller::default()).await.expect("nobody has the name");
    added.secret.expect("a service has one").expose_text().to_string()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
