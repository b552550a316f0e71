//! The janitor writes down what has expired and forgets what is long over; `why` tells the story throughout.

use rotunda_core::denied::Denied;
use rotunda_core::janitor::Swept;
use rotunda_core::model::{Caller, Ending, Event, EventKind};
use rotunda_core::operate::End;
use rotunda_testkit::CommandLine as _;
use rotunda_testkit::fixtures::NOW;

use crate::support::{DAY, HOUR, MS, SECOND, World, as_ended, denied, nobodys_session, over};

fn swept(expired: u32, sessions: u32, events: u32) -> Swept {
    Swept { expired, sessions, events, ..Swept::default() }
}

#[tokio::test]
async fn what_has_expired_is_written_down_as_of_its_expiry_and_once() {
    let w = World::new().await;
    let idle = w.register("ada").await;
    let mut kept = w.sign_in_app("ada").await;
    assert_eq!(w.rotunda.sweep().await.unwrap(), swept(0, 0, 0));
    w.clock.set(idle.session.expires_at().minus(MS));
    assert_eq!(w.rotunda.sweep().await.unwrap(), swept(0, 0, 0), "not a millisecond early");
    w.pass(MS + HOUR);
    assert_eq!(w.rotunda.sweep().await.unwrap(), swept(1, 0, 0));
    let at = idle.session.expires_at();
    let by_itself = Event { at, caller: Caller::default(), ..w.ended(Ending::IdleExpired, &idle) };
    assert_eq!(w.news().await, [by_itself]);
    assert_eq!(w.row(&idle).await, as_ended(&idle.session, Ending::IdleExpired, at));
    assert_eq!(w.rotunda.sweep().await.unwrap(), swept(0, 0, 0));
    assert_eq!(w.refused(&idle).await, over(Ending::IdleExpired));
    assert_eq!(w.news().await, []);
    w.refreshes(&mut kept).await;
}

#[tokio::test]
async fn an_ended_session_is_kept_for_its_late_tokens_and_then_forgotten() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    w.logs_out(&tab).await;
    w.pass(30 * DAY);
    // Its place on the feed goes long before: the last access token has run out.
    let swept_feed = Swept { revocations: 1, ..swept(0, 0, 0) };
    assert_eq!(w.rotunda.sweep().await.unwrap(), swept_feed, "at the end of its time it is still there");
    assert_eq!(w.refused(&tab).await, over(Ending::LoggedOut));
    w.pass(MS);
    assert_eq!(w.rotunda.sweep().await.unwrap(), swept(0, 1, 0));
    assert_eq!(w.row_count(), 0);
    assert_eq!(w.refused(&tab).await, Denied::SessionEnded(None), "over, and nobody knows any more why");
    assert_eq!(denied(w.rotunda.revoke_session(tab.session.id).await), Denied::NotFound);
}

#[tokio::test]
async fn a_live_session_is_never_swept_however_old_it_is() {
    let w = World::with(|policy| {
        policy.clients.values_mut().for_each(|client| client.absolute = 1000 * DAY);
        policy.keep_ended = SECOND;
        policy.keep_events = SECOND;
    })
    .await;
    let mut tab = w.register("ada").await;
    for _ in 0..100 {
        w.pass(7 * DAY - MS);
        w.rotunda.sweep().await.unwrap();
        w.refreshes(&mut tab).await;
    }
    assert_eq!(tab.generation(), 100);
    assert_eq!(w.row_count(), 1);
}

#[tokio::test]
async fn a_step_is_small_and_says_when_there_is_more() {
    let w = World::new().await;
    w.register("ada").await;
    for _ in 0..249 {
        w.rotunda.login(&World::login_of("ada")).await.unwrap();
    }
    w.rotunda.chain_audit().await.unwrap();
    w.pass(400 * DAY);
    let step = w.rotunda.sweep().await.unwrap();
    // The links of the notices: ten new devices a day are told of, the first of them was the registration's.
    assert_eq!((step, step.is_full()), (Swept { links: 9, ..swept(200, 200, 0) }, true));
    let step = w.rotunda.sweep().await.unwrap();
    assert_eq!((step, step.is_full()), (swept(50, 50, 0), false));
    assert_eq!(w.row_count(), 0);
    w.pass(MS);
    let mut events = 0;
    while let step = w.rotunda.sweep().await.unwrap()
        && step.events > 0
    {
        assert!(step.events <= 1_500 && step.is_full());
        events += step.events;
    }
    assert_eq!(events, 251, "what happened 400 days ago, and not the endings of since then");
    assert_eq!(w.store.inner.snapshot().events.len(), 251, "250 endings, and a signing key that was due");
}

#[tokio::test]
async fn why_tells_what_will_end_a_session_what_has_and_what_had() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    let will = |ending, at| Some(End { ending, at, past: false });
    let did = |at| Some(End { ending: Ending::LoggedOut, at, past: true });

    let story = w.rotunda.why(tab.session.id).await.unwrap();
    assert_eq!(story.end, will(Ending::IdleExpired, NOW.plus(7 * DAY)));
    assert_eq!(story.facts.map(|facts| facts.session), Some(tab.session.clone()));
    let began = story.events.iter().map(|recorded| recorded.event.clone()).collect::<Vec<_>>();
    assert_eq!(began, [w.event(EventKind::SignedIn, &tab)]);
    for _ in 0..4 {
        w.pass(6 * DAY);
        w.refreshes(&mut tab).await;
    }
    let story = w.rotunda.why(tab.session.id).await.unwrap();
    assert_eq!(story.end, will(Ending::AbsoluteExpired, NOW.plus(30 * DAY)));

    w.logs_out(&tab).await;
    let ended_at = w.clock_now();
    let told = [began[0].clone(), w.ended(Ending::LoggedOut, &tab)];
    w.rotunda.chain_audit().await.unwrap();
    w.pass(31 * DAY);
    for row_is_there in [true, false] {
        let story = w.rotunda.why(tab.session.id).await.unwrap();
        assert_eq!((story.facts.is_some(), story.end), (row_is_there, did(ended_at)));
        let events = story.events.iter().map(|recorded| recorded.event.clone()).collect::<Vec<_>>();
        assert_eq!(events, told);
        w.rotunda.sweep().await.unwrap();
    }
    w.pass(400 * DAY);
    w.rotunda.sweep().await.unwrap();
    assert_eq!(denied(w.rotunda.why(tab.session.id).await), Denied::NotFound);
    assert_eq!(denied(w.rotunda.why(nobodys_session()).await), Denied::NotFound);
}

#[tokio::test]
async fn why_knows_of_an_expiry_before_anybody_has_written_it_down() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    w.pass(8 * DAY);
    let end = End { ending: Ending::IdleExpired, at: NOW.plus(7 * DAY), past: true };
    assert_eq!(w.rotunda.why(tab.session.id).await.unwrap().end, Some(end));
    assert_eq!(w.news().await, [], "and asking writes nothing");
}

#[test]
fn one_full_batch_of_any_kind_means_that_there_is_more() {
    for (step, more) in [
        (swept(0, 0, 0), false),
        (swept(199, 199, 0), false),
        (swept(200, 0, 0), true),
        (swept(0, 200, 0), true),
        (swept(0, 0, 1), true),
        (swept(200, 200, 200), true),
    ] {
        assert_eq!(step.is_full(), more, "{step:?}");
    }
}
