//! A store with all that there can be.

use std::time::Duration;

use rotunda_core::keys::KeyCheck;
use rotunda_core::model::{
    Account, Caller, ChainLink, ClientId, ClientKind, Device, Ending, Event, Letter, LetterKind, LetterLink,
    Link, LinkPurpose, PendingUser, QueuedLetter, RecordedEvent, RegisteredClient, Revocation, Revoked,
    Session, Standing, Subject, UnixMillis, User, UserState,
};

use super::operators::add_operators;
use crate::fixtures::{
    IDLE, NOW, a_chain_link, a_client, a_client_secret, a_letter, a_link, a_password_hash, a_rotation,
    a_sealed_key, a_session, an_account, an_event, an_operator, bytes, email, every_kind, role_name, rotated,
    username,
};
use crate::memory::{MemoryState, MemoryStore};

/// The longest time for which a server wants entries of the feed.
pub(super) const LONGEST_KEEP: Duration = Duration::from_hours(3);

/// Letters from everywhere, and what breaks careless quoting.
pub(super) const UNICODE: &str = "Zoë \"O'Neil\" 🦊 – 한국어 עברית \\ \\N %s $1 ?1 {},\t--";

const USERS: u64 = 20;

/// A store with some of every part, and every field in use. The same each time.
#[must_use]
pub fn a_full_store() -> MemoryStore {
    let mut state = MemoryState::default();
    for seed in 0..USERS {
        let account = user(seed);
        add_sessions(&mut state, &account.user, seed);
        add_post(&mut state, &account.user, seed);
        state.accounts.insert(account.user.id, account);
    }
    state.devices.sort_by_key(|device| (device.last_seen_at, device.id));
    state.devices.reverse();
    add_events(&mut state);
    add_feed(&mut state);
    add_shelf(&mut state);
    add_operators(&mut state);
    state.accept_ahead_until = Some(NOW.plus(IDLE));
    let store = MemoryStore::new();
    store.restore(state);
    store
}

fn user(seed: u64) -> Account {
    let account = an_account(seed);
    let user = match seed % 3 {
        0 => User { username: None, name: None, state: UserState::Disabled, ..account.user },
        1 => User {
            email: email(&format!("Zoë.O'Neil+{seed}@Buecher.Example")),
            username: Some(username(&format!("Zo.E_-{seed}"))),
            name: Some(UNICODE.to_owned()),
            email_verified: true,
            subject: Subject::parse(&format!("https://old.example/users/~a%20b'--{seed}")),
            ep: (1 << 53) + seed,
            created_at: UnixMillis(253_402_300_799_999),
            ..account.user
        },
        _ => account.user,
    };
    Account { user, ..account }
}

fn add_sessions(state: &mut MemoryState, user: &User, seed: u64) {
    let plain = a_session(user, 10 * seed);
    let far = Session {
        client_id: ClientId("app-ünïcode".to_owned()),
        device_shown: true,
        remember: false,
        amr: ["pwd", "", "a,b", UNICODE].map(str::to_owned).to_vec(),
        idle: Duration::from_secs(3_153_600_000),
        idle_expires_at: UnixMillis(253_402_300_799_999),
        absolute_expires_at: UnixMillis(i64::MAX),
        auth_time: UnixMillis(-1),
        last_address: "2001:db8::ff00:42:8329".parse().ok(),
        last_user_agent: Some(UNICODE.to_owned()),
        ..a_session(user, 10 * seed + 1)
    };
    let mut moved = a_session(user, 10 * seed + 2);
    for turn in 0..=seed {
        moved = rotated(&moved, &a_rotation(&moved, NOW.plus(Duration::from_secs(60 * turn))));
    }
    moved.lineage.previous_key_id = 255;
    let ending = *Ending::ALL.get(usize::try_from(seed).unwrap() % Ending::ALL.len()).unwrap();
    let over = Session {
        page_hash: None,
        amr: Vec::new(),
        last_address: None,
        last_user_agent: None,
        standing: Standing::Ended { ending, at: NOW.plus(IDLE) },
        ..a_session(user, 10 * seed + 3)
    };
    for session in [plain, far, moved, over] {
        let seen = Caller {
            actor: None,
            reason: None,
            address: session.last_address,
            user_agent: session.last_user_agent.clone(),
        };
        state.devices.push(Device {
            id: session.device_id,
            user_id: user.id,
            hash: session.device_hash,
            first_seen_at: UnixMillis(session.created_at.0 - 1),
            last_seen_at: session.created_at,
            caller: seen,
        });
        state.sessions.insert(session.id, session);
    }
}

fn add_post(state: &mut MemoryState, user: &User, seed: u64) {
    let at = |list: usize| usize::try_from(seed).unwrap() % list;
    let purpose = LinkPurpose::ALL[at(LinkPurpose::ALL.len())];
    let newcomer = PendingUser {
        username: Some(username("new-comer")),
        name: Some(UNICODE.to_owned()),
        password: a_password_hash(seed),
    };
    let bare = PendingUser { username: None, name: None, ..newcomer.clone() };
    let links = [
        Link { session_id: state.sessions.keys().next().copied(), ..a_link(user, purpose, 3 * seed) },
        Link { user_id: None, email: None, newcomer: Some(newcomer), ..a_link(user, purpose, 3 * seed + 1) },
        Link { newcomer: Some(bare), expires_at: UnixMillis(-1), ..a_link(user, purpose, 3 * seed + 2) },
    ];
    let carried = LetterLink { id: links[0].id, purpose, key_id: 200 };
    let kind = LetterKind::ALL[at(LetterKind::ALL.len())];
    let letter = Letter {
        link: Some(carried),
        other: Some(email("other@example.com")),
        name: Some(UNICODE.to_owned()),
        ..a_letter(user, kind, 2 * seed)
    };
    let nobodys =
        Letter { to: None, user_id: None, caller: Caller::default(), ..a_letter(user, kind, 2 * seed + 1) };
    let tried = QueuedLetter {
        letter,
        attempts: u32::MAX,
        next_attempt_at: NOW.plus(IDLE),
        last_error: Some(UNICODE.to_owned()),
    };
    let fresh = QueuedLetter { letter: nobodys, attempts: 0, next_attempt_at: NOW, last_error: None };
    state.links.extend(links.map(|link| (link.id, link)));
    state.letters.extend([tried, fresh].map(|waiting| (waiting.letter.id, waiting)));
}

/// With gaps: the oldest were forgotten, and so was the newest.
fn add_events(state: &mut MemoryState) {
    let (user, session) =
        (state.accounts.values().next().unwrap().user.clone(), *state.sessions.keys().next().unwrap());
    for (seq, kind) in (100..).step_by(3).zip(every_kind()) {
        let event = match seq % 4 {
            0 => Event { session_id: Some(session), caller: an_operator(seq), ..an_event(kind, &user) },
            2 => Event { about: Some(UNICODE.to_owned()), ..an_event(kind, &user) },
            _ => Event { user_id: None, caller: Caller::default(), ..an_event(kind, &user) },
        };
        let chained = a_chain_link(seq);
        let link = match seq % 5 {
            _ if seq > 160 => None,
            0 => Some(ChainLink { salt: None, ..chained }),
            _ => Some(chained),
        };
        state.events.push(RecordedEvent { seq, event, link });
    }
    state.last_seq = 1_000;
}

fn add_feed(state: &mut MemoryState) {
    let ending = Ending::Reported;
    for (place, id) in (50..).step_by(9).zip(state.sessions.keys().take(8).copied().collect::<Vec<_>>()) {
        let whats = [
            Revoked::Session { id, ending },
            Revoked::User { sub: format!("urn:a'b:{place}"), ep: (1 << 53) + 1, ending },
            Revoked::Token { jti: format!("jti-{place}") },
            Revoked::Key { kid: format!("kid-{place}") },
            Revoked::Everyone { rv: (1 << 53) + place },
            Revoked::Claims { sub: format!("urn:a'b:{place}"), ce: (1 << 53) + 1 },
            Revoked::Role { name: role_name("a.b_c-9"), rv: place },
        ];
        for (next, what) in (place..).zip(whats) {
            state.feed.entries.push((next, Revocation { what, at: NOW }));
        }
    }
    state.feed.newest = 500;
    state.feed.keeps = [(LONGEST_KEEP, NOW), (Duration::from_millis(1), UnixMillis(NOW.0 - 1))].into();
}

fn add_shelf(state: &mut MemoryState) {
    // Not in the order of their names.
    state.signing_keys = [7, 3, 12, 5].map(a_sealed_key).to_vec();
    state.signing_keys[1].revoked_at = Some(NOW);
    state.signing_keys[2].signs_from = NOW.plus(IDLE);
    state.signing_keys[3].master_id = 255;
    state.key_checks = [(1, KeyCheck(bytes("check", 1))), (255, KeyCheck(bytes("check", 2)))].into();
    let until = rotunda_core::model::KeptClientSecret { ends_at: Some(NOW), ..a_client_secret(40) };
    let several = RegisteredClient { secrets: vec![a_client_secret(41), until], ..a_client(1) };
    let service = RegisteredClient {
        kind: ClientKind::Service,
        scopes: vec!["a".to_owned(), UNICODE.to_owned()],
        ..a_client(20)
    };
    let open =
        RegisteredClient { kind: ClientKind::Native, scopes: Vec::new(), secrets: Vec::new(), ..a_client(3) };
    let dotted =
        RegisteredClient { id: ClientId("Client.A-b_c".to_owned()), kind: ClientKind::Web, ..a_client(4) };
    state.clients = [several, service, open, dotted].map(|client| (client.id.clone(), client)).into();
    state.shelf_version = 77;
}
