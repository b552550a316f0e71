//! Whatever is wrong with a link: one and the same page, and nothing has changed.

use std::time::Duration;

use rotunda_core::limits::{Limits, Quota};
use rotunda_core::model::LinkPurpose;

use super::{Holder, Kept, filled, kept, token_for};
use crate::support::{Answer, App, Browser, PASSWORD, get};

const PATHS: [&str; 3] = ["/verify", "/reset", "/report"];

/// What everybody is told who has no good link.
async fn told_to_nobody(app: &App) -> Answer {
    let answer = app.send(get("/verify")).await;
    answer.page(400, "This link is not good", &[]);
    answer
}

/// Asks for every one of these pages with this token, in both ways, and finds the same answer each time.
async fn is_bad(app: &App, path: &str, token: &str, expected: &Answer) {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("token", token).finish();
    for ask in [get(&format!("{path}?{query}")), filled(path, token)] {
        let answer = app.send(Browser::new(app).dress(ask)).await;
        let found = (answer.status, &answer.headers, &answer.bytes);
        assert_eq!(found, (expected.status, &expected.headers, &expected.bytes), "{path} {token}");
    }
}

fn unchanged(app: &App, before: &Kept) {
    assert!(kept(app) == *before, "a link that is not good changed something");
}

#[tokio::test]
async fn a_link_that_is_not_whole() {
    for purpose in LinkPurpose::ALL {
        let holder = Holder::of(*purpose).await;
        let (app, path, token) = (&holder.app, holder.path(), &holder.token);
        let (before, expected) = (kept(app), told_to_nobody(app).await);
        for length in 0..token.len() {
            is_bad(app, path, &token[..length], &expected).await;
        }
        for place in 0..token.len() {
            let other = if token.as_bytes()[place] == b'A' { "B" } else { "A" };
            let changed = format!("{}{other}{}", &token[..place], &token[place + 1..]);
            is_bad(app, path, &changed, &expected).await;
        }
        for garbage in ["x", "\0", "rl1_", "null", "\"><script>alert(1)</script>", "🔑", &"a".repeat(8_000)]
        {
            is_bad(app, path, garbage, &expected).await;
        }
        for around in [format!("{token}A"), format!("{token} "), format!(" {token}"), format!("{token}=")] {
            is_bad(app, path, &around, &expected).await;
        }
        unchanged(app, &before);
        assert_eq!(Browser::new(app).send(holder.filled()).await.status, 200, "{purpose:?}: it was good");
    }
}

#[tokio::test]
async fn a_query_that_names_no_token_or_several() {
    let holder = Holder::of(LinkPurpose::ResetPassword).await;
    let (app, token) = (&holder.app, &holder.token);
    let expected = told_to_nobody(app).await;
    for query in [
        String::new(),
        "?".to_owned(),
        "?token".to_owned(),
        format!("?Token={token}"),
        format!("?{token}"),
        format!("?token={token}&token={token}"),
        format!("?token={token}&x=%ff"),
    ] {
        let answer = app.send(get(&format!("/reset{query}"))).await;
        assert_eq!((answer.status, &answer.bytes), (400, &expected.bytes), "{query}");
    }
}

#[tokio::test]
async fn a_link_that_is_too_old() {
    for purpose in LinkPurpose::ALL {
        let holder = Holder::of(*purpose).await;
        let app = &holder.app;
        let policy = app.rotunda.policy();
        let life = if *purpose == LinkPurpose::Report { policy.report_life } else { policy.link_life };
        app.wait(life - Duration::from_millis(1));
        assert_eq!(app.send(get(&holder.link())).await.status, 200, "{purpose:?}: not yet");
        app.wait(Duration::from_millis(1));
        let (before, expected) = (kept(app), told_to_nobody(app).await);
        is_bad(app, holder.path(), &holder.token, &expected).await;
        unchanged(app, &before);
    }
}

#[tokio::test]
async fn a_link_for_something_else() {
    for purpose in LinkPurpose::ALL {
        let holder = Holder::of(*purpose).await;
        let (before, expected) = (kept(&holder.app), told_to_nobody(&holder.app).await);
        for path in PATHS.into_iter().filter(|path| *path != holder.path()) {
            is_bad(&holder.app, path, &holder.token, &expected).await;
        }
        unchanged(&holder.app, &before);
    }
}

/// The beginning of one user's token with the end of another's, cut at every place.
#[tokio::test]
async fn a_link_put_together_from_two() {
    let holder = Holder::of(LinkPurpose::ResetPassword).await;
    let app = &holder.app;
    let mut bob = Browser::new(app);
    assert_eq!(bob.register("bob@example.com", PASSWORD).await.status, 201);
    bob.post("/auth/password/forgot", &serde_json::json!({"email": "bob@example.com"})).await;
    let of_bob = super::token_of(app, rotunda_core::model::LetterKind::ResetPassword).await;
    let (before, expected) = (kept(app), told_to_nobody(app).await);
    let mut tried = 0;
    for place in 0..of_bob.len() {
        for (first, second) in [(&holder.token, &of_bob), (&of_bob, &holder.token)] {
            let mixed = format!("{}{}", &first[..place], &second[place..]);
            if ![&holder.token, &of_bob].contains(&&mixed) {
                is_bad(app, "/reset", &mixed, &expected).await;
                tried += 1;
            }
        }
    }
    assert!(tried > 80, "{tried}");
    unchanged(app, &before);
}

/// To guess links is bounded; to come with a good one is not.
#[tokio::test]
async fn whoever_guesses_links_is_told_to_wait() {
    let (burst, per) = (3, Duration::from_secs(60));
    let limits = Limits { codes_per_address: Quota::new(burst, per), ..Limits::default() };
    let holder = Holder::under(limits, LinkPurpose::ResetPassword).await;
    let app = &holder.app;
    let mut ada = Browser::new(app);
    for _ in 0..10 {
        ada.send(get(&holder.link())).await.page(200, "Choose a new password", &[]);
    }
    for _ in 0..burst {
        ada.send(get("/reset?token=guess")).await.page(400, "This link is not good", &[]);
    }
    for (ask, heading) in [
        (get(&holder.link()), "Not just now"),
        (filled("/verify", "guess"), "Not just now"),
        (holder.filled(), "Choose a new password"),
    ] {
        let answer = ada.send(ask).await;
        answer.page(429, heading, &[]);
        assert_eq!(answer.header("retry-after"), Some("60"), "{}", answer.told());
        assert!(answer.text().contains("Try again in 60 seconds."), "{}", answer.told());
    }
    app.wait(per);
    assert_eq!(ada.send(holder.filled()).await.status, 200);
}

/// A new password voids the links from before.
#[tokio::test]
async fn a_link_from_before_everything_was_changed() {
    let holder = Holder::of(LinkPurpose::VerifyEmail).await;
    let app = &holder.app;
    let mut ada = Browser::new(app);
    let reset = token_for(app, &mut ada, LinkPurpose::ResetPassword).await;
    assert_eq!(ada.send(filled("/reset", &reset)).await.status, 200);
    let (before, expected) = (kept(app), told_to_nobody(app).await);
    let answer = ada.send(holder.filled()).await;
    assert_eq!((answer.status, &answer.bytes), (400, &expected.bytes));
    unchanged(app, &before);
}
