//! Requests that come twice, and the seal of small secrets.

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use rotunda_core::denied::Denied;
use rotunda_core::desk::answers::{KEEP, LOST, MOST_BODY_BYTES};
use rotunda_core::desk::{Desk, Once, Unanswered};
use rotunda_core::keys::KeyError;
use rotunda_core::model::Sealed;

use super::command_line;
use crate::support::{MS, World, denied, masters};

async fn first<'a>(desk: &Desk<'a>, key: &str, request: &[u8]) -> Unanswered<'a> {
    match desk.once(key, request).await.unwrap() {
        Once::Answer(unanswered) => unanswered,
        Once::Again(_) => panic!("it was answered before"),
    }
}

async fn again(desk: &Desk<'_>, key: &str, request: &[u8]) -> (u16, Vec<u8>) {
    match desk.once(key, request).await.unwrap() {
        Once::Answer(_) => panic!("it was never answered"),
        Once::Again(answer) => (answer.status, answer.body.to_vec()),
    }
}

#[tokio::test]
async fn the_same_request_with_the_same_key_is_answered_the_same() {
    let w = World::new().await;
    let desk = w.operator();
    let body = b"{\"secret\":\"whsec_x\"}";
    first(&desk, "k", b"POST /a").await.answered(201, body).await.unwrap();
    assert_eq!(again(&desk, "k", b"POST /a").await, (201, body.to_vec()));
    let state = w.store.inner.snapshot();
    let kept = state.answers.values().find_map(|note| note.answer.clone()).unwrap().body;
    assert!(!kept.bytes.windows(5).any(|part| part == b"whsec"), "and is kept sealed");
    let another = denied(desk.once("k", b"POST /b").await);
    assert!(matches!(another, Denied::Unfit(why) if why.contains("another request")));
    // Somebody else's key is another one.
    let root = w.operator_with("root", &["users.write"]).await;
    first(&w.desk_of(&root).await, "k", b"POST /a").await.came_to_nothing().await.unwrap();
    for key in ["", "a key", "schlüssel", &"k".repeat(256)] {
        assert!(matches!(denied(desk.once(key, b"").await), Denied::Unfit(_)), "{key:?}");
    }
    first(&desk, &"k".repeat(255), b"").await.came_to_nothing().await.unwrap();
}

#[tokio::test]
async fn of_two_at_once_one_is_answered_and_what_came_to_nothing_may_come_again() {
    let w = World::new().await;
    let desk = w.rotunda.desk(command_line());
    let unanswered = first(&desk, "k", b"a").await;
    assert!(matches!(denied(desk.once("k", b"a").await), Denied::InTheWay(_)));
    unanswered.came_to_nothing().await.unwrap();
    // A server that dies with a request holds its key up for a moment only.
    let _lost = first(&desk, "k", b"a").await;
    w.pass(LOST);
    assert!(matches!(denied(desk.once("k", b"a").await), Denied::InTheWay(_)));
    w.pass(MS);
    first(&desk, "k", b"a").await.answered(201, &vec![b'x'; MOST_BODY_BYTES + 1]).await.unwrap();
    // Too long to be kept: the next one is the first again.
    first(&desk, "k", b"a").await.answered(204, b"").await.unwrap();
    assert_eq!(again(&desk, "k", b"a").await, (204, Vec::new()));
    w.pass(KEEP + MS);
    assert_eq!(w.rotunda.sweep().await.unwrap().answers, 1);
    first(&desk, "k", b"a").await.came_to_nothing().await.unwrap();
}

proptest! {
    #[test]
    fn a_secret_opens_under_its_label_and_key_and_no_other(
        plain: Vec<u8>, label: String, other: String, nonce: [u8; 12], at: usize, bit in 0..8_u8,
    ) {
        let (one, both, two) = (masters(&[1]), masters(&[1, 2]), masters(&[2]));
        let sealed = one.seal_secret(&label, &plain, nonce).unwrap();
        prop_assert_eq!(&*both.open_secret(&label, &sealed).unwrap(), &plain);
        prop_assert_eq!(sealed.bytes.len(), plain.len() + 12 + 16);
        prop_assert!(both.open_secret(&other, &sealed).is_err() || other == label);
        prop_assert_eq!(two.open_secret(&label, &sealed).err(), Some(KeyError::SecretMaster(1)));
        let mut bytes = sealed.bytes.clone();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let broken = Sealed { bytes, ..sealed.clone() };
        prop_assert_eq!(one.open_secret(&label, &broken).err(), Some(KeyError::Secret(1)));
        let cut = Sealed { bytes: sealed.bytes[..at].to_vec(), ..sealed };
        prop_assert_eq!(one.open_secret(&label, &cut).err(), Some(KeyError::Secret(1)));
    }

    #[test]
    fn arbitrary_bytes_are_no_sealed_secret(bytes: Vec<u8>, key_id in any::<u8>()) {
        let opened = masters(&[1]).open_secret("x", &Sealed { key_id, bytes });
        prop_assert!(opened.is_err());
    }
}
