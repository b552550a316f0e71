//! Letters leave the queue: each once if all goes well, and again if it does not.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rotunda_core::model::{Letter, LetterKind, SecretText, UnixMillis};
use rotunda_core::outside::{MailFailure, Mailer};
use rotunda_core::post::Delivered;
use rotunda_core::{Outside, Rotunda};
use rotunda_testkit::Mailbox;
use rotunda_testkit::fixtures::email;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::flows::{NEW, address_of};
use crate::support::{DAY, MINUTE, MS, SECOND, World, caller, masters};

const LEASE: Duration = Duration::from_secs(5 * 60);

/// Ada has forgotten her password so many times; nothing is sent yet.
async fn forgotten(times: usize) -> World {
    let w = World::new().await;
    w.register("ada").await;
    for _ in 0..times {
        w.rotunda.forgot_password("ada@example.com", &caller("192.0.2.9")).await.unwrap();
        w.pass(MS);
    }
    w
}

async fn deliver(w: &World) -> Delivered {
    w.rotunda.deliver().await.unwrap()
}

async fn attempts(w: &World) -> Vec<(u32, UnixMillis)> {
    let waiting = w.rotunda.waiting_letters(1_000).await.unwrap();
    waiting.iter().map(|queued| (queued.attempts, queued.next_attempt_at)).collect()
}

#[tokio::test]
async fn a_letter_that_goes_out_is_gone_and_an_empty_queue_is_left_alone() {
    let w = forgotten(1).await;
    assert_eq!(deliver(&w).await, Delivered { sent: 1, ..Delivered::default() });
    assert_eq!((w.mail.take().len(), w.rows()[3]), (1, 0));
    assert_eq!(deliver(&w).await, Delivered::default());
    assert_eq!(w.mail.take().len(), 0);
}

#[tokio::test]
async fn a_mail_server_that_is_away_is_asked_again_after_twice_as_long_each_time() {
    let w = forgotten(1).await;
    w.mail.refuse(Some(MailFailure::Later("451 greylisted".to_owned())));
    for (attempt, wait) in (1..).zip([15, 30, 60, 120, 240, 480, 600, 600]) {
        let round = deliver(&w).await;
        assert_eq!((round.sent, round.failed.len()), (0, 1), "attempt {attempt}");
        let failed = &round.failed[0];
        let again_at = w.clock_now().plus(wait * SECOND);
        assert_eq!((failed.kind, failed.again_at), (LetterKind::ResetPassword, Some(again_at)));
        assert!(failed.why.contains("451 greylisted"));
        assert_eq!(attempts(&w).await, [(attempt, again_at)]);
        w.pass(wait * SECOND - MS);
        assert_eq!(deliver(&w).await, Delivered::default(), "not before its time");
        w.pass(MS);
    }
    let why = w.rotunda.waiting_letters(1).await.unwrap().remove(0).last_error;
    assert_eq!(why.as_deref(), Some("451 greylisted"));
    w.mail.refuse(None);
    w.pass(DAY / 2);
    let token = w.link(LetterKind::ResetPassword).await;
    w.pass(30 * MINUTE - MS);
    w.reset(&token, NEW).await.unwrap();
}

#[tokio::test]
async fn what_is_refused_for_good_is_dropped_and_told() {
    let w = forgotten(1).await;
    w.mail.refuse(Some(MailFailure::Never("550 no such mailbox".to_owned())));
    let round = deliver(&w).await;
    let told: Vec<_> = round.failed.iter().map(|failed| (failed.why.as_str(), failed.again_at)).collect();
    assert_eq!((round.sent, told), (0, vec![("550 no such mailbox", None)]));
    assert_eq!(w.rows()[3], 0);
    w.mail.refuse(None);
    w.pass(DAY);
    assert_eq!(deliver(&w).await, Delivered::default());
    assert_eq!(w.mail.take().len(), 0);
}

/// A mail server that takes its time: letters are under way to it until somebody opens the door.
struct Slow {
    mailbox: Arc<Mailbox>,
    under_way: Semaphore,
    door: Semaphore,
}

#[async_trait]
impl Mailer for Slow {
    async fn send(&self, letter: &Letter, link: Option<&SecretText>) -> Result<(), MailFailure> {
        self.under_way.add_permits(1);
        self.door.acquire().await.unwrap().forget();
        self.mailbox.send(letter, link).await
    }
}

/// Another server on the same store, with twelve letters under way.
async fn twelve_under_way(w: &World) -> (Arc<Slow>, JoinHandle<Delivered>) {
    let mailbox = w.mail.clone();
    let slow = Arc::new(Slow { mailbox, under_way: Semaphore::new(0), door: Semaphore::new(0) });
    let outside = Outside { mailer: slow.clone(), ..w.outside() };
    let policy = w.rotunda.policy().clone();
    let other = Rotunda::start(outside, masters(&[1]), policy).await.unwrap();
    let round = tokio::spawn(async move { other.deliver().await.unwrap() });
    slow.under_way.acquire_many(12).await.unwrap().forget();
    (slow, round)
}

#[tokio::test]
async fn of_two_servers_at_once_each_letter_is_sent_by_one() {
    let w = forgotten(12).await;
    let (slow, round) = twelve_under_way(&w).await;
    assert_eq!(deliver(&w).await, Delivered::default());
    w.pass(LEASE - MS);
    assert_eq!(deliver(&w).await, Delivered::default(), "as long as it may take");
    slow.door.add_permits(12);
    assert_eq!(round.await.unwrap().sent, 12);
    w.pass(DAY);
    assert_eq!(deliver(&w).await, Delivered::default());
    assert_eq!((w.mail.take().len(), w.rows()[3]), (12, 0));
}

#[tokio::test]
async fn the_letters_of_a_server_that_died_go_out_when_its_lease_is_over() {
    let w = forgotten(12).await;
    let ids: Vec<_> = w.store.inner.snapshot().letters.into_keys().collect();
    let (_, round) = twelve_under_way(&w).await;
    round.abort();
    assert!(round.await.unwrap_err().is_cancelled());
    w.pass(LEASE - MS);
    assert_eq!(deliver(&w).await, Delivered::default());
    w.pass(MS);
    assert_eq!(deliver(&w).await.sent, 12);
    let again = w.mail.take();
    let sent: Vec<_> = again.iter().map(|sent| sent.letter.id).collect();
    assert_eq!(sent, ids, "the very same letters: whoever gets one twice can see it");
    w.pass(30 * MINUTE - MS);
    w.reset(&again[0].token(), NEW).await.unwrap();
}

#[tokio::test]
async fn what_has_waited_for_longer_than_it_is_worth_is_dropped_and_told() {
    // Somebody waits for it: a day. It tells of something: three.
    let w = forgotten(1).await;
    w.sign_in("ada").await;
    let begun = w.store.inner.snapshot();
    w.pass(DAY);
    let round = deliver(&w).await;
    assert_eq!((round.sent, round.failed.len()), (1, 1));
    assert_eq!((round.failed[0].kind, round.failed[0].again_at), (LetterKind::ResetPassword, None));
    let [_notice] = w.mail.take_all([LetterKind::NewDevice]);
    assert_eq!(w.rows()[3], 0);

    w.store.inner.restore(begun);
    w.pass(2 * DAY);
    let mut kinds: Vec<_> = deliver(&w).await.failed.iter().map(|failed| failed.kind).collect();
    kinds.sort_unstable();
    assert_eq!((kinds, w.rows()[3]), (vec![LetterKind::ResetPassword, LetterKind::NewDevice], 0));
    assert_eq!(w.mail.take().len(), 0);
}

#[tokio::test]
async fn a_hundred_letters_go_out_in_batches_the_oldest_first() {
    let w = forgotten(100).await;
    let mut rounds = Vec::new();
    loop {
        let round = deliver(&w).await;
        rounds.push(round.sent);
        assert_eq!(round.is_full, round.sent == 16);
        if !round.is_full {
            break;
        }
    }
    assert_eq!(rounds, [16, 16, 16, 16, 16, 16, 4]);
    let times: Vec<_> = w.mail.take().iter().map(|sent| sent.letter.at).collect();
    assert!(times.is_sorted() && times.len() == 100);
}

#[tokio::test]
async fn letters_to_nobody_leave_without_a_word() {
    let w = World::new().await;
    for _ in 0..16 {
        w.rotunda.forgot_password("nobody@example.com", &caller("192.0.2.9")).await.unwrap();
    }
    let round = deliver(&w).await;
    assert_eq!((round.sent, round.failed.len(), round.is_full), (0, 0, true));
    assert_eq!((w.mail.take().len(), w.rows()[3]), (0, 0));
}

#[tokio::test]
async fn a_test_letter_goes_past_the_queue() {
    let w = World::new().await;
    w.rotunda.send_test_letter(&email("ops@example.com")).await.unwrap().unwrap();
    let [sent] = w.mail.take_all([LetterKind::Test]);
    assert_eq!((address_of(&sent), sent.url.is_none(), w.rows()[3]), ("ops@example.com", true, 0));
    let refusal = MailFailure::Never("535 no".to_owned());
    w.mail.refuse(Some(refusal.clone()));
    assert_eq!(w.rotunda.send_test_letter(&email("ops@example.com")).await.unwrap(), Err(refusal));
}
