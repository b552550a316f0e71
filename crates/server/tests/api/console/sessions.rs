//! Sessions: found, and the picture of one that was stolen.

use std::time::Duration;

use super::{Scene, at, form, leads, says, shows};
use serde_json::json;

use crate::support::{ADA, App, PASSWORD, Phone, post};

#[tokio::test]
async fn a_theft_is_drawn_and_told() {
    let app = App::new().await;
    let mut scene = Scene::of(&app).await;
    let mut phone = Phone::new(&app, "ada");
    phone.login(ADA, PASSWORD).await.session_on_phone(200);
    // Whoever has the token and the secret, and not the retry keys.
    let copy = json!({"refresh_token": phone.refresh_token, "device_secret": phone.device_secret});
    for _ in 0..3 {
        app.wait(Duration::from_secs(600));
        phone.refresh().await.session_on_phone(200);
    }
    app.wait(Duration::from_secs(600));
    let refused = app.send(post("/auth/refresh").json(&copy)).await;
    assert_eq!(refused.json["reason"], "token_reused", "{}", refused.told());
    let path = format!("/admin/sessions/{}", phone.session);
    let answer = at(&mut scene.otto, &path).await;
    shows(&answer, 200, "A session");
    for (part, count) in [
        ("class=\"lineage across\"", 1),
        ("class=\"lineage down\"", 1),
        ("class=\"copy\"", 2),
        ("class=\"end theft\"", 2),
    ] {
        assert_eq!(says(&answer, part), count, "{part}: {}", answer.told());
    }
    assert_eq!(says(&answer, "The token of generation 0 came back"), 1, "{}", answer.told());
    assert_eq!(says(&answer, "<li class=\"wrong\">"), 1, "{}", answer.told());
    // It has ended: there is nothing to end any more.
    assert_eq!(says(&answer, &format!("{path}/end")), 0);
    let front = at(&mut scene.otto, "/admin").await;
    assert_eq!(says(&front, "1 theft was found in the last 24 hours"), 1, "{}", front.told());
    let list = at(&mut scene.otto, "/admin/sessions?live=false").await;
    assert_eq!((says(&list, &path), says(&list, "Theft found")), (1, 1), "{}", list.told());
}

#[tokio::test]
async fn a_session_is_found_and_ended() {
    let app = App::new().await;
    let mut scene = Scene::of(&app).await;
    let path = scene.path("/admin/sessions/{session}").await;
    let user = scene.path("{user}").await;
    for (query, hits) in [
        (format!("?user={user}"), 1),
        ("?address=203.0.113.7".to_owned(), 1),
        ("?address=203.0.113.8".to_owned(), 0),
        ("?client=web&live=true".to_owned(), 1),
        ("?client=native".to_owned(), 0),
        ("?from=2100-01-01".to_owned(), 0),
        ("?until=2100-01-01".to_owned(), 1),
    ] {
        let answer = at(&mut scene.otto, &format!("/admin/sessions{query}")).await;
        assert_eq!((answer.status, says(&answer, &path)), (200, hits), "{query}: {}", answer.told());
    }
    for odd in ["?user=ada", "?address=home", "?from=yesterday", "?live=perhaps", "?after=1"] {
        let answer = at(&mut scene.otto, &format!("/admin/sessions{odd}")).await;
        assert!((400..500).contains(&answer.status), "{odd}: {}", answer.told());
    }
    let shown = at(&mut scene.otto, &path).await;
    assert_eq!(
        (says(&shown, "This session is live."), says(&shown, "class=\"copy\"")),
        (1, 0),
        "{}",
        shown.told()
    );
    let ended = scene.otto.send(form(&format!("{path}/end"), &[("password", PASSWORD)])).await;
    leads(&ended, &format!("{path}?done=session-ended"));
    leads(&at(&mut scene.ada, "/account").await, "/login");
    let shown = at(&mut scene.otto, &path).await;
    assert_eq!(says(&shown, "ended by an operator"), 2, "{}", shown.told());
    for nobody in ["/admin/sessions/0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21", "/admin/sessions/x"] {
        assert_eq!(at(&mut scene.otto, nobody).await.status, 404);
    }
}
