//! Signing out: whatever the client has to say which session it means, however often.

use rotunda_core::denied::Denied;
use rotunda_core::logout::Logout;
use rotunda_core::model::{ClientKind, Ending, Event, EventKind, PageKey};
use rotunda_core::operate::End;
use rotunda_testkit::CommandLine as _;

use crate::support::{HOUR, Holder, MINUTE, World, as_ended, denied, nobodys_session, over};

fn with_token(holder: &Holder) -> Logout {
    Logout { refresh_token: Some(holder.token.clone().into()), ..from_there(holder) }
}

fn with_page(holder: &Holder) -> Logout {
    Logout { pages: holder.page.iter().cloned().collect(), ..from_there(holder) }
}

fn with_bearer(holder: &Holder) -> Logout {
    Logout { bearer: Some(holder.access.clone().into()), ..from_there(holder) }
}

fn from_there(holder: &Holder) -> Logout {
    Logout { caller: holder.caller.clone(), ..Logout::default() }
}

#[tokio::test]
async fn a_token_of_any_generation_a_page_key_or_a_bearer_ends_the_session_once() {
    let ways: [fn(&Holder, &Holder) -> Logout; 5] = [
        |now, _| with_token(now),
        |_, first| with_token(first),
        |now, _| with_page(now),
        |now, _| with_bearer(now),
        |now, first| Logout {
            bearer: Some(now.access.clone().into()),
            pages: with_page(now).pages,
            ..with_token(first)
        },
    ];
    for (number, way) in ways.into_iter().enumerate() {
        let w = World::new().await;
        let mut tab = w.register("ada").await;
        let mut other = w.sign_in("ada").await;
        let first = tab.clone();
        for _ in 0..6 {
            w.pass(HOUR);
            w.refreshes(&mut tab).await;
        }
        let logout = way(&tab, &first);
        for _ in 0..3 {
            w.rotunda.logout(&logout).await.unwrap();
            assert_eq!(
                w.row(&tab).await,
                as_ended(&tab.session, Ending::LoggedOut, w.clock_now()),
                "way {number}"
            );
        }
        assert_eq!(w.news().await, [w.ended(Ending::LoggedOut, &tab)], "way {number}");
        assert_eq!(w.refused(&tab).await, over(Ending::LoggedOut));
        assert_eq!(w.refused(&first).await, over(Ending::LoggedOut), "and never reuse");
        assert_eq!(denied(w.rotunda.bearer(&tab.access).await), over(Ending::LoggedOut));
        w.refreshes(&mut other).await;
    }
}

#[tokio::test]
async fn garbage_and_nothing_at_all_are_fine() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    let row = w.row(&tab).await;
    for token in [None, Some(""), Some("rt1_"), Some("rt1_\u{1F512}"), Some("not a token")] {
        let logout = Logout { refresh_token: token.map(|text| text.to_owned().into()), ..Logout::default() };
        w.rotunda.logout(&logout).await.unwrap();
    }
    let pages = vec![PageKey::from_bytes([5; 32]), PageKey::from_bytes([6; 32])];
    w.rotunda.logout(&Logout { pages, ..Logout::default() }).await.unwrap();
    w.assert_untouched(&tab, &row).await;
}

#[tokio::test]
async fn a_planted_page_cookie_does_not_hide_the_right_one() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    let pages = vec![PageKey::from_bytes([5; 32]), tab.page.clone().unwrap()];
    w.rotunda.logout(&Logout { pages, ..from_there(&tab) }).await.unwrap();
    assert_eq!(w.news().await, [w.ended(Ending::LoggedOut, &tab)]);
}

#[tokio::test]
async fn a_bearer_that_no_longer_tells_who_is_asking_is_refused_so_that_nobody_is_deceived() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    w.pass(15 * MINUTE);
    assert_eq!(denied(w.rotunda.logout(&with_bearer(&tab)).await), Denied::TokenExpired);
    let garbage = Logout { bearer: Some("x.y.z".to_owned().into()), ..Logout::default() };
    assert_eq!(denied(w.rotunda.logout(&garbage).await), Denied::TokenUnknown);
    w.assert_untouched(&tab, &tab.session).await;

    let with_both = Logout { bearer: Some(tab.access.clone().into()), ..with_token(&tab) };
    w.rotunda.logout(&with_both).await.unwrap();
    assert_eq!(w.news().await, [w.ended(Ending::LoggedOut, &tab)], "the refresh token says it");
}

#[tokio::test]
async fn everything_that_a_client_has_counts() {
    let w = World::new().await;
    let (one, two, three) = (w.register("ada").await, w.sign_in("ada").await, w.sign_in_app("ada").await);
    let logout = Logout {
        pages: with_page(&two).pages,
        bearer: Some(three.access.clone().into()),
        ..with_token(&one)
    };
    w.rotunda.logout(&logout).await.unwrap();
    for holder in [&one, &two, &three] {
        assert_eq!(w.refused(holder).await, over(Ending::LoggedOut));
    }
    assert_eq!(w.news().await.len(), 3);
}

#[tokio::test]
async fn a_session_that_ended_otherwise_keeps_its_ending() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    assert!(w.rotunda.revoke_session(tab.session.id).await.unwrap());
    assert!(!w.rotunda.revoke_session(tab.session.id).await.unwrap());
    assert_eq!(denied(w.rotunda.revoke_session(nobodys_session()).await), Denied::NotFound);
    w.news().await;
    w.logs_out(&tab).await;
    w.rotunda.logout(&with_bearer(&tab)).await.unwrap();
    assert_eq!(w.news().await, []);
    assert_eq!(w.refused(&tab).await, over(Ending::RevokedByAdmin));
}

#[tokio::test]
async fn a_sign_out_everywhere_ends_all_of_this_user_and_refuses_their_access_tokens() {
    let w = World::new().await;
    let mut others = w.register("bob").await;
    let one = w.register("ada").await;
    w.pass(MINUTE);
    let two = w.sign_in_app("ada").await;
    let bearer = w.bearer(&two).await;
    assert_eq!(bearer.kind, ClientKind::Native);
    w.rotunda.logout_all(&bearer, &two.caller).await.unwrap();
    let ended = |holder: &Holder| {
        let mine = w.ended(Ending::LoggedOutEverywhere, holder);
        Event { caller: two.caller.clone(), ..mine }
    };
    let raised =
        Event { session_id: None, ..w.event(EventKind::EpochRaised(Ending::LoggedOutEverywhere), &two) };
    let mut news = w.news().await;
    assert_eq!(news.pop(), Some(raised));
    assert_eq!(news, [ended(&one), ended(&two)]);
    for holder in [&one, &two] {
        assert_eq!(w.refused(holder).await, over(Ending::LoggedOutEverywhere));
        assert_eq!(denied(w.rotunda.bearer(&holder.access).await), over(Ending::LoggedOutEverywhere));
        let story = w.rotunda.why(holder.session.id).await.unwrap();
        assert_eq!(
            story.end,
            Some(End { ending: Ending::LoggedOutEverywhere, at: w.clock_now(), past: true })
        );
    }
    w.refreshes(&mut others).await;
    assert_eq!(w.sign_in("ada").await.session.ep, 1);
}

/// Whoever ends a session whose time was up before is told nothing new: the expiry that was shown is the one that happened.
#[tokio::test]
async fn a_session_that_had_expired_is_written_down_as_expired_whoever_ends_it() {
    for way in 0..3 {
        let w = World::new().await;
        let gone = w.register("ada").await;
        let expiry = gone.session.expires_at();
        w.pass(gone.session.idle + HOUR);
        let here = w.sign_in_app("ada").await;
        w.news().await;
        match way {
            0 => w.logs_out(&gone).await,
            1 => w.rotunda.end_session(&w.bearer(&here).await, gone.session.id, &here.caller).await.unwrap(),
            _ => assert!(w.rotunda.revoke_session(gone.session.id).await.unwrap()),
        }
        let news = w.news().await;
        assert_eq!(news.len(), 1, "way {way}");
        assert_eq!(
            (news[0].kind, news[0].at),
            (EventKind::SessionEnded(Ending::IdleExpired), expiry),
            "way {way}"
        );
        assert_eq!(w.row(&gone).await, as_ended(&gone.session, Ending::IdleExpired, expiry), "way {way}");
    }
}
