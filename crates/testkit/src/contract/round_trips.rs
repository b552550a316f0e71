//! What is written is what is read, to the last bit.

use std::net::IpAddr;
use std::time::Duration;

use rotunda_core::model::{
    Account, Caller, ClientId, Ending, Event, EventKind, Lineage, RetryHash, Salt, Session, Standing,
    Subject, TokenHash, UnixMillis, User, UserState,
};

use super::scene::{Shelf, add, end_event, happened, journal, refresh, row, sign_in};
use crate::fixtures::{
    NOW, a_caller, a_rotation, a_session, a_user, an_account, an_end, an_event, bytes, email, ended,
    every_kind, rotated, username,
};

/// Letters from everywhere, and what breaks careless quoting.
const UNICODE: &str = r#"Zoë "O'Neil" 🦊 – 한국어 עברית e\u{301} \\ %s ?1 --"#;

pub(super) async fn every_field_of_a_user_survives(store: Shelf) {
    let bare = User { username: None, name: None, ..a_user(1) };
    let full = User {
        email: email("Zoë.O'Neil+tag@Buecher.Example"),
        username: Some(username("Zo.E_-9")),
        name: Some(UNICODE.to_owned()),
        email_verified: true,
        subject: Subject::parse("https://old.example/users/~a%20b'--"),
        ep: (1 << 53) + 1,
        created_at: UnixMillis(253_402_300_799_999),
        ..a_user(2)
    };
    let shut_out = User { state: UserState::Disabled, created_at: UnixMillis(-1), ..a_user(3) };
    for user in [bare, full, shut_out] {
        let account = Account { user: user.clone(), ..an_account(9) };
        add(&store, &account, None).await;
        let found = store.account_of(user.id).await.unwrap().unwrap();
        assert_eq!(found.user, user);
        assert!(found.password == account.password, "the password hash is the one that was written");
    }
}

pub(super) async fn every_field_of_a_session_survives(store: Shelf) {
    let account = an_account(1);
    add(&store, &account, None).await;
    let plain = a_session(&account.user, 1);
    let bare = Session {
        page_hash: None,
        remember: false,
        amr: Vec::new(),
        last_address: None,
        last_user_agent: None,
        ..a_session(&account.user, 2)
    };
    let other = Session {
        client_id: ClientId("app-ünïcode".to_owned()),
        device_shown: true,
        amr: ["pwd", "", "a,b", UNICODE].map(str::to_owned).to_vec(),
        last_address: address("2001:db8::ff00:42:8329"),
        last_user_agent: Some(UNICODE.to_owned()),
        ..a_session(&account.user, 3)
    };
    let far = Session {
        created_at: UnixMillis(-62_135_596_800_000),
        auth_time: UnixMillis(-1),
        idle: Duration::from_secs(3_153_600_000),
        idle_expires_at: UnixMillis(253_402_300_799_999),
        absolute_expires_at: UnixMillis(i64::MAX),
        last_address: address("::"),
        last_user_agent: Some(String::new()),
        ..a_session(&account.user, 4)
    };
    let near = Session { last_address: address("255.255.255.255"), ..a_session(&account.user, 5) };
    for session in [plain, bare, other, far, near] {
        sign_in(&store, &account, &session).await;
        assert_eq!(row(&store, session.id).await, session);
    }
}

pub(super) async fn every_step_of_a_lineage_survives(store: Shelf) {
    let account = an_account(1);
    let mut session = a_session(&account.user, 1);
    add(&store, &account, Some(&session)).await;
    for step in 1..=6 {
        let now = NOW.plus(Duration::from_hours(step));
        let wanted = rotated(&session, &a_rotation(&session, now));
        session = refresh(&store, &session, now).await;
        assert_eq!(session, wanted, "after rotation {step}");
    }
    let gap = Lineage {
        generation: u32::MAX,
        current_hash: TokenHash([0xff; 32]),
        previous_hash: None,
        before_hash: Some(TokenHash([0; 32])),
        salt: None,
        previous_salt: Some(Salt([0x80; 32])),
        key_id: 255,
        previous_key_id: 254,
        rotated_at: Some(UnixMillis(NOW.0 + 1)),
        retry_hashes: [None, Some(RetryHash([0xff; 16])), None, Some(RetryHash(bytes("retry", 7)))],
    };
    let mut rotation = a_rotation(&session, NOW.plus(Duration::from_hours(7)));
    rotation.to = gap;
    assert!(store.rotate(rotation.clone()).await.unwrap());
    assert_eq!(row(&store, session.id).await, rotated(&session, &rotation));
}

pub(super) async fn every_kind_of_event_survives(store: Shelf) {
    let written: Vec<Event> = every_kind().map(|kind| an_event(kind, &a_user(1))).collect();
    for event in &written {
        store.note(event.clone(), NOW).await.unwrap();
    }
    assert_eq!(happened(&store).await, written);
}

pub(super) async fn every_field_of_an_event_survives(store: Shelf) {
    let session = a_session(&a_user(1), 1);
    let plain = an_event(EventKind::SignedIn, &a_user(1));
    let bare = Event { user_id: None, caller: Caller::default(), ..plain.clone() };
    let full = Event {
        at: UnixMillis(253_402_300_799_999),
        session_id: Some(session.id),
        caller: Caller {
            actor: None,
            reason: None,
            address: address("fe80::1"),
            user_agent: Some(UNICODE.to_owned()),
        },
        ..plain.clone()
    };
    let early = Event { at: UnixMillis(-1), user_id: None, session_id: Some(session.id), ..plain.clone() };
    let silent = Event {
        caller: Caller { actor: None, reason: None, address: address("10.0.0.1"), user_agent: None },
        ..plain.clone()
    };
    let written = [plain, bare, full, early, silent];
    for event in &written {
        store.note(event.clone(), UnixMillis(i64::MAX)).await.unwrap();
    }
    assert_eq!(happened(&store).await, written);
}

pub(super) async fn every_ending_survives(store: Shelf) {
    let account = an_account(0);
    add(&store, &account, None).await;
    for (seed, ending) in (1..).zip(Ending::ALL.iter().copied()) {
        let session = a_session(&account.user, seed);
        sign_in(&store, &account, &session).await;
        assert!(store.end(an_end(&session, ending, NOW)).await.unwrap());
        assert_eq!(row(&store, session.id).await, ended(&session, ending, NOW));
        assert_eq!(row(&store, session.id).await.standing, Standing::Ended { ending, at: NOW });
        let last = journal(&store).await.pop().unwrap().event;
        assert_eq!(last, end_event(&session, ending, NOW, a_caller(0)));
    }
}

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}
