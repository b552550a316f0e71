//! Lifetimes: the expiry that is shown is the expiry that happens, to the millisecond.

use std::time::Duration;

use rotunda_core::denied::Denied;
use rotunda_core::login::Login;
use rotunda_core::model::{ClientId, Ending, Event, UnixMillis};
use rotunda_testkit::fixtures::NOW;

use crate::support::{Answer, DAY, HOUR, Holder, MINUTE, MS, SECOND, World, as_ended, denied, over};

/// One way to configure a client, and one way to use it.
#[derive(Clone, Copy, Debug)]
struct Life {
    idle: Duration,
    absolute: Duration,
    access_ttl: Duration,
    remember: bool,
    every: Duration,
    refreshes: u32,
}

fn grid() -> Vec<Life> {
    let mut all = Vec::new();
    let odd = HOUR + 7 * MS;
    for (idle, absolute) in
        [(7 * DAY, 30 * DAY), (odd, 30 * DAY), (DAY, DAY), (30 * DAY, odd), (SECOND, 2 * HOUR)]
    {
        for remember in [true, false] {
            for access_ttl in [15 * MINUTE, MINUTE + MS] {
                for (every, refreshes) in [(HOUR, 0), (SECOND / 3, 1), (11 * MINUTE + MS, 9), (DAY - MS, 31)]
                {
                    all.push(Life { idle, absolute, access_ttl, remember, every, refreshes });
                }
            }
        }
    }
    all
}

async fn world_of(life: Life) -> (World, Holder) {
    let w = World::with(|policy| {
        let web = policy.clients.get_mut(&ClientId::web()).unwrap();
        (web.idle, web.absolute, web.access_ttl) = (life.idle, life.absolute, life.access_ttl);
        web.window = Duration::ZERO;
    })
    .await;
    w.register("ada").await;
    let holder = w.sign_in_with("ada", Login { remember: life.remember, ..World::login_of("ada") }).await;
    (w, holder)
}

/// Refreshes as often as the life says, but never later than the shown expiry.
async fn live(w: &World, holder: &mut Holder, life: Life) {
    let absolute = holder.session.absolute_expires_at;
    for _ in 0..life.refreshes {
        let rest = w.clock_now().until(holder.session.expires_at());
        w.pass(life.every.min(rest.saturating_sub(MS)));
        let answer = w.refreshes(holder).await;
        assert_eq!(answer.session.absolute_expires_at, absolute, "absolute never moves");
        assert_eq!(answer.session.auth_time, NOW, "auth_time never moves");
        assert_eq!(answer.claims.auth_time, Some(NOW.seconds()));
        check_access_token(w, &answer).await;
    }
}

/// An access token lives exactly as long as promised, and less than a second longer than its session.
async fn check_access_token(w: &World, answer: &Answer) {
    let (now, end) = (w.clock_now(), answer.session.expires_at());
    let promised = now.plus(answer.expires_in);
    let exp = answer.claims.exp * 1000;
    assert!(promised <= end, "never promises more than the session has");
    assert!(promised.0 <= exp && exp < promised.0 + 1000, "kept, and rounded up by less than a second");
    assert!(exp < end.0 + 1000);
    w.clock.set(promised.minus(MS));
    w.rotunda.bearer(&answer.access).await.unwrap();
    w.clock.set(UnixMillis(exp));
    assert_eq!(denied(w.rotunda.bearer(&answer.access).await), Denied::TokenExpired);
    w.clock.set(now);
}

#[tokio::test]
async fn the_expiry_that_is_shown_is_the_expiry_that_happens() {
    for life in grid() {
        let (w, mut holder) = world_of(life).await;
        live(&w, &mut holder, life).await;
        let shown = holder.session.expires_at();
        assert_eq!(shown, as_promised(&w, &holder, life), "{life:?}");

        w.clock.set(shown.minus(MS));
        let backup = w.store.inner.snapshot();
        w.refresh(&holder).await.unwrap_or_else(|e| panic!("a millisecond before it: {e}, {life:?}"));
        w.store.inner.restore(backup);

        let ending = if shown < holder.session.absolute_expires_at {
            Ending::IdleExpired
        } else {
            Ending::AbsoluteExpired
        };
        for late in [Duration::ZERO, MS, DAY] {
            w.clock.set(shown.plus(late));
            assert_eq!(w.refused(&holder).await, over(ending), "{late:?} after it, {life:?}");
        }
        assert_eq!(w.row(&holder).await, as_ended(&holder.session, ending, shown));
        assert_eq!(
            w.news().await,
            [Event { at: shown, ..w.ended(ending, &holder) }],
            "once, at the moment of expiry"
        );
    }
}

/// `min(last use + idle, sign-in + absolute)`, both capped for a browser that forgets.
fn as_promised(w: &World, holder: &Holder, life: Life) -> UnixMillis {
    let capped = |span: Duration| if life.remember { span } else { span.min(DAY) };
    let absolute = NOW.plus(capped(life.absolute));
    assert_eq!(holder.session.absolute_expires_at, absolute);
    assert_eq!(holder.session.last_used_at(), w.clock_now());
    w.clock_now().plus(capped(life.idle)).min(absolute)
}

#[tokio::test]
async fn the_first_refresh_after_the_expiry_writes_it_down_as_of_the_expiry() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    w.clock.set(tab.session.expires_at().plus(3 * DAY));
    assert_eq!(w.refused(&tab).await, over(Ending::IdleExpired));
    assert_eq!(
        w.news().await,
        [Event { at: tab.session.expires_at(), ..w.ended(Ending::IdleExpired, &tab) }]
    );
}

#[tokio::test]
async fn a_used_token_of_an_expired_session_tells_of_the_expiry_and_not_of_reuse() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    let used = tab.clone();
    w.pass(HOUR);
    w.refreshes(&mut tab).await;
    w.clock.set(tab.session.expires_at());
    assert_eq!(w.refused(&used).await, over(Ending::IdleExpired));
}

#[tokio::test]
async fn an_access_token_of_an_expired_session_is_refused_at_once() {
    let w = World::with(|policy| {
        policy.clients.values_mut().for_each(|client| client.absolute = HOUR + 500 * MS);
    })
    .await;
    let mut tab = w.register("ada").await;
    w.pass(HOUR);
    w.refreshes(&mut tab).await;
    w.pass(499 * MS);
    w.bearer(&tab).await;
    w.pass(MS);
    assert_eq!(
        denied(w.rotunda.bearer(&tab.access).await),
        over(Ending::AbsoluteExpired),
        "though `exp` is to come"
    );
}
