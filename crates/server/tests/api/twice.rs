//! A browser that sends a cookie twice: what can be told is told, what cannot is not guessed about, and nobody loses a session
//! by it.

use std::time::Duration;

use serde_json::json;

use crate::support::{ADA, Answer, App, Browser, PASSWORD, get, post};

const HOUR: Duration = Duration::from_secs(3600);

async fn at_home(app: &App) -> Browser<'_> {
    let mut ada = Browser::new(app);
    assert_eq!(ada.register(ADA, PASSWORD).await.status, 201);
    app.news().await;
    ada
}

fn value(browser: &Browser<'_>, name: &str) -> String {
    browser.jar.value(name).unwrap().to_owned()
}

/// A refresh with these cookies, each in a header of its own.
async fn refresh(app: &App, cookies: &[String]) -> Answer {
    app.send(cookies.iter().fold(post("/auth/refresh"), |ask, cookie| ask.cookies(cookie))).await
}

fn is_not_guessed(answer: &Answer) {
    answer.problem(400, "invalid_request");
    assert!(answer.json["error_description"].as_str().unwrap().contains("Clear this site's cookies"));
}

/// What stands beside the good cookies, and says nothing against them.
#[tokio::test]
async fn what_cannot_be_ours_does_not_count_beside_what_is() {
    let app = App::new().await;
    let mut ada = at_home(&app).await;
    let mut bob = Browser::new(&app);
    bob.register("bob@example.com", PASSWORD).await;
    let (theirs, their_device) = (value(&bob, "rotunda_refresh"), value(&bob, "rotunda_device"));
    bob.logout().await;
    app.news().await;
    let made_up = format!("rd1_{}", "A".repeat(43));
    for beside in [
        vec!["rotunda_refresh=planted".to_owned()],
        vec!["rotunda_refresh=".to_owned(), "rotunda_device=".to_owned()],
        vec!["rotunda_device=planted".to_owned()],
        vec![format!("rotunda_device={made_up}")],
        // Of a session that is over, with its own device secret.
        vec![format!("rotunda_refresh={theirs}; rotunda_device={their_device}")],
    ] {
        for is_first in [true, false] {
            app.wait(HOUR);
            let good =
                ["rotunda_refresh", "rotunda_device"].map(|name| format!("{name}={}", value(&ada, name)));
            let cookies =
                if is_first { [&beside[..], &good].concat() } else { [&good[..], &beside].concat() };
            let answer = refresh(&app, &cookies).await;
            assert_eq!(answer.status, 200, "{beside:?}: {}", answer.told());
            ada.receive(&answer);
        }
    }
    // The same thing twice is one thing.
    let good = ["rotunda_refresh", "rotunda_device"].map(|name| format!("{name}={}", value(&ada, name)));
    assert_eq!(refresh(&app, &[&good[..], &good].concat()).await.status, 200);
    ada.me().await.user();
    assert_eq!(app.news().await, [""; 0], "nobody was called a thief");
}

/// The cookie of before holds a token that the session has left behind; presented alone it would end the session.
#[tokio::test]
async fn of_two_tokens_of_a_session_the_newest_counts() {
    let app = App::new().await;
    let mut ada = at_home(&app).await;
    let first = value(&ada, "rotunda_refresh");
    for generation in 1..=4 {
        app.wait(HOUR);
        let now = ["rotunda_refresh", "rotunda_device"].map(|name| format!("{name}={}", value(&ada, name)));
        let cookies = [&[format!("rotunda_refresh={first}")], &now[..]].concat();
        let answer = refresh(&app, &cookies).await;
        assert_eq!(answer.json["session"]["generation"], generation, "{}", answer.told());
        ada.receive(&answer);
    }
    assert_eq!(app.news().await, [""; 0]);
    // Alone, it is what it is.
    let device = format!("rotunda_device={}", value(&ada, "rotunda_device"));
    refresh(&app, &[format!("rotunda_refresh={first}"), device]).await.over("token_reused", "reused");
}

#[tokio::test]
async fn what_cannot_be_told_apart_is_not_guessed_about() {
    let app = App::new().await;
    let mut ada = at_home(&app).await;
    let mut mallory = Browser::new(&app);
    mallory.register("mallory@example.com", PASSWORD).await;
    app.news().await;
    let cookie = |browser: &Browser<'_>, name: &str| format!("{name}={}", value(browser, name));
    let ours = ["rotunda_refresh", "rotunda_device"].map(|name| cookie(&ada, name));
    let theirs = cookie(&mallory, "rotunda_refresh");
    let made_up = |letter: &str| format!("rotunda_device=rd1_{}", letter.repeat(43));
    for cookies in [
        // Two sessions that live: one of them may be there to sign Ada in as Mallory.
        vec![theirs.clone(), ours[0].clone(), ours[1].clone()],
        vec![ours[0].clone(), ours[1].clone(), theirs, cookie(&mallory, "rotunda_device")],
        // Two device secrets, neither the session's.
        vec![ours[0].clone(), made_up("A"), made_up("E")],
        vec![ours[0].clone(), "rotunda_device=x; rotunda_device=y".to_owned()],
    ] {
        is_not_guessed(&refresh(&app, &cookies).await);
    }
    assert_eq!(ada.refresh().await.status, 200);
    assert_eq!(mallory.refresh().await.status, 200);
    assert_eq!(app.news().await, [""; 0]);
}

#[tokio::test]
async fn garbage_twice_is_garbage() {
    let app = App::new().await;
    for (cookies, reason) in [
        ("rotunda_refresh=a; rotunda_refresh=b", "token_unknown"),
        ("rotunda_refresh=; rotunda_refresh=", "token_unknown"),
        ("rotunda_device=a; rotunda_device=b", "token_missing"),
    ] {
        refresh(&app, &[cookies.to_owned()]).await.refused(reason);
    }
    let many: String = (0..200).map(|n| format!("rotunda_refresh={n}; ")).collect();
    refresh(&app, &[many]).await.refused("token_unknown");
}

/// Each of them would cost a look into the store.
#[tokio::test]
async fn more_sessions_than_anybody_honest_has_are_not_looked_for() {
    let app = App::new().await;
    let mut cookies = Vec::new();
    for n in 0..5 {
        let mut browser = Browser::new(&app);
        browser.register(&format!("user{n}@example.com"), PASSWORD).await;
        cookies.push(format!("rotunda_refresh={}", value(&browser, "rotunda_refresh")));
        browser.logout().await;
    }
    is_not_guessed(&refresh(&app, &cookies).await);
    refresh(&app, &cookies[..4]).await.over("session_ended", "logged_out");
}

/// A wider path brings the refresh cookie to a logout.
#[tokio::test]
async fn a_logout_ends_every_session_that_is_named() {
    let app = App::new().await;
    let (mut ada, mut bob) = (at_home(&app).await, Browser::new(&app));
    bob.register("bob@example.com", PASSWORD).await;
    let tokens = [&ada, &bob].map(|browser| format!("rotunda_refresh={}", value(browser, "rotunda_refresh")));
    let ask = post("/auth/logout").cookies(&format!("{}; {}; rotunda_refresh=x", tokens[0], tokens[1]));
    assert_eq!(app.send(ask).await.status, 204);
    for browser in [&mut ada, &mut bob] {
        browser.refresh().await.over("session_ended", "logged_out");
    }
}

#[tokio::test]
async fn the_page_cookie_of_the_session_that_lives_proves_who_it_is() {
    let app = App::new().await;
    let ada = at_home(&app).await;
    let mut bob = Browser::new(&app);
    bob.register("bob@example.com", PASSWORD).await;
    let theirs = value(&bob, "rotunda_page");
    let ours = value(&ada, "rotunda_page");
    let asking = |beside: &str| {
        let cookies = format!("rotunda_page={beside}; rotunda_page={ours}");
        get("/auth/verify").cookies(&cookies).with("x-forwarded-method", "GET")
    };
    // While both live, there is no telling.
    app.send(asking(&theirs)).await.challenged("token_unknown", None);
    bob.logout().await;
    for beside in [theirs.as_str(), "x", "", &ours] {
        let answer = app.send(asking(beside)).await;
        assert_eq!(answer.status, 200, "{beside}: {}", answer.told());
    }
    let key = |n: u8| format!("rotunda_page=rp1_{}{}E; ", "A".repeat(41), char::from(b'A' + n));
    let some: String = (0..4).map(key).collect();
    assert_eq!(app.send(asking("x").cookies(&some)).await.status, 200, "nobody is locked out by a few");
    let many: String = (0..17).map(key).collect();
    app.send(asking("x").cookies(&many)).await.challenged("token_unknown", None);
}

#[tokio::test]
async fn a_sign_in_asks_no_cookie_anything() {
    let app = App::new().await;
    let ada = at_home(&app).await;
    let twice = "rotunda_device=a; rotunda_device=b; rotunda_refresh=a; rotunda_refresh=b; rotunda_page=a; rotunda_page=b";
    let login = post("/auth/login").json(&json!({"email": ADA, "password": PASSWORD}));
    assert_eq!(app.send(ada.bare(login).cookies(twice)).await.status, 200);
}
