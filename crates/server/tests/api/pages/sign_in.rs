//! Somebody signs in on our page.

use std::time::Duration;

use rotunda_core::limits::{Limits, Quota};
use serde_json::json;

use super::days::COOKIES;
use super::{AUTH, form, kept};
use crate::support::{ADA, Answer, App, Browser, OTHER_PASSWORD, PASSWORD, SAFARI, Setup, get};

/// Where our own form is sent.
const ACTION: &str = "/auth/pages/login";

async fn with_ada() -> App {
    let app = Setup::at(AUTH).start().await;
    assert_eq!(Browser::new(&app).register(ADA, PASSWORD).await.status, 201);
    app
}

async fn sign_in(browser: &mut Browser<'_>, username: &str, password: &str) -> Answer {
    let fields = [("username", username), ("password", password), ("remember", "on")];
    browser.send(form(ACTION, &fields)).await
}

/// The session that a browser has.
async fn session(browser: &mut Browser<'_>) -> String {
    browser.refresh().await.session_in_browser(200, &COOKIES[..2]).session
}

#[tokio::test]
async fn whoever_knows_the_password_gets_to_their_account() {
    let app = with_ada().await;
    let mut ada = Browser::new(&app).named(SAFARI, "198.51.100.7:4000");
    let page = ada.send(get("/login")).await;
    page.page(200, "Sign in", &[]);
    assert!(page.text().contains(&format!("action=\"{ACTION}\"")), "{}", page.told());
    sign_in(&mut ada, ADA, PASSWORD).await.leads_to("/account", &COOKIES);
    ada.refresh().await.session_in_browser(200, &COOKIES[..2]);
    ada.me().await.user();
    // A form of one's own may be sent where the page is, and a name may be typed with spaces around it.
    let spaced = format!(" {} ", ADA.to_uppercase());
    let fields = [("username", spaced.as_str()), ("password", PASSWORD), ("remember", "on")];
    ada.send(form("/login", &fields)).await.leads_to("/account", &COOKIES);
    ada.send(get(ACTION)).await.leads_to("/login", &[]);
}

#[tokio::test]
async fn a_user_name_does_as_well() {
    let app = Setup::at(AUTH).start().await;
    let mut ada = Browser::new(&app);
    let body = json!({"email": ADA, "password": PASSWORD, "username": "ada.l"});
    assert_eq!(ada.post("/auth/register", &body).await.status, 201);
    sign_in(&mut ada, "ada.l", PASSWORD).await.leads_to("/account", &COOKIES);
}

#[tokio::test]
async fn whoever_does_not_tick_the_box_is_forgotten_with_the_browser() {
    let app = with_ada().await;
    let mut ada = Browser::new(&app);
    let answer = ada.send(form(ACTION, &[("username", ADA), ("password", PASSWORD)])).await;
    let session = [
        "__Secure-rotunda_refresh=rt1_…; HttpOnly; Path=/auth/refresh; SameSite=Strict; Secure",
        COOKIES[1],
        "__Host-rotunda_page=rp1_…; HttpOnly; Path=/; SameSite=Lax; Secure",
    ];
    answer.leads_to("/account", &session);
    ada.jar.close();
    assert_eq!(ada.jar.names(), ["__Secure-rotunda_device"]);
    let odd = form(ACTION, &[("username", ADA), ("password", PASSWORD), ("remember", "yes")]);
    ada.send(odd).await.page(400, "That did not work", &[]);
}

/// The device cookie is sent below `/auth` only, and so is our form.
#[tokio::test]
async fn our_form_knows_the_device() {
    let app = with_ada().await;
    let mut ada = Browser::new(&app).named(SAFARI, "198.51.100.7:4000");
    sign_in(&mut ada, ADA, PASSWORD).await.leads_to("/account", &COOKIES);
    let first = session(&mut ada).await;
    app.letters().await;
    ada.send(form("/logout", &[])).await;
    sign_in(&mut ada, ADA, PASSWORD).await.leads_to("/account", &COOKIES);
    let second = session(&mut ada).await;
    assert_ne!(first, second);
    assert_eq!(app.device_of(&first).await, app.device_of(&second).await);
    assert_eq!(app.letters().await, [""; 0], "no letter about a new device");
    // A form that is sent elsewhere does not.
    let fields = [("username", ADA), ("password", PASSWORD), ("remember", "on")];
    ada.send(form("/login", &fields)).await.leads_to("/account", &COOKIES);
    let third = session(&mut ada).await;
    assert_ne!(app.device_of(&second).await, app.device_of(&third).await);
}

#[tokio::test]
async fn a_wrong_password_and_nobody_look_alike() {
    let app = with_ada().await;
    let mut ada = Browser::new(&app);
    let refused = sign_in(&mut ada, ADA, OTHER_PASSWORD).await;
    refused.page(401, "Sign in", &[]);
    let text = refused.text();
    assert!(
        text.contains("role=\"alert\">The address or user name, or the password, is not right."),
        "{text}"
    );
    assert!(text.contains(&format!("value=\"{ADA}\"")) && !text.contains(OTHER_PASSWORD), "{text}");
    assert!(text.contains(" checked"), "{text}");
    for nobody in ["bob@example.com", "bob", "", "no address @ all", "\"><b>", "x@y@z"] {
        let answer = sign_in(&mut ada, nobody, PASSWORD).await;
        let escaped = nobody.replace('"', "&#34;").replace('>', "&#62;").replace('<', "&#60;");
        let told =
            answer.text().replace(&format!("value=\"{escaped}\" auto"), &format!("value=\"{ADA}\" auto"));
        assert_eq!((answer.status, told), (401, text.clone()), "{nobody}");
    }
}

#[tokio::test]
async fn whoever_is_signed_in_is_told_and_not_sent_on() {
    let app = with_ada().await;
    let mut ada = Browser::new(&app);
    sign_in(&mut ada, ADA, PASSWORD).await.leads_to("/account", &COOKIES);
    let first = session(&mut ada).await;
    let told = ada.send(get("/login")).await;
    told.page(200, "You are signed in", &[]);
    assert!(told.text().contains("You are signed in as ada@example.com."), "{}", told.told());
    assert!(told.text().contains("<a href=\"/account\">Continue</a>"), "{}", told.told());
    assert!(told.text().contains("<a href=\"/login?another=1\">Use another account</a>"), "{}", told.told());
    ada.send(get("/login?another=1")).await.page(200, "Sign in", &[]);
    // Another account takes the place of the first, whose session ends.
    assert_eq!(Browser::new(&app).register("bob@example.com", PASSWORD).await.status, 201);
    sign_in(&mut ada, "bob@example.com", PASSWORD).await.leads_to("/account", &COOKIES);
    assert_eq!(app.story(&first).await.last().unwrap(), "session.ended logged_out");
}

#[tokio::test]
async fn an_outage_is_never_a_sign_out() {
    let app = with_ada().await;
    let mut ada = Browser::new(&app);
    sign_in(&mut ada, ADA, PASSWORD).await.leads_to("/account", &COOKIES);
    let before = kept(&app);
    app.memory.set_out(true);
    let fields = [("username", ADA), ("password", PASSWORD)];
    for ask in [get("/login"), get("/logout"), form("/logout", &[])] {
        ada.send(ask).await.page(503, "Not just now", &[]);
    }
    for ask in [form(ACTION, &fields), form("/login", &fields)] {
        ada.send(ask).await.page(503, "Sign in", &[]);
    }
    app.memory.set_out(false);
    assert!(kept(&app) == before);
    ada.send(get("/login")).await.page(200, "You are signed in", &[]);
}

#[tokio::test]
async fn whoever_guesses_is_told_to_wait() {
    let limits = Limits { login_per_address: Quota::new(2, Duration::from_secs(60)), ..Limits::default() };
    let app = Setup::at(AUTH).limits(limits).start().await;
    let mut thief = Browser::new(&app);
    for _ in 0..2 {
        assert_eq!(sign_in(&mut thief, ADA, "guess").await.status, 401);
    }
    for path in [ACTION, "/login"] {
        let answer = thief.send(form(path, &[("username", ADA), ("password", "guess")])).await;
        answer.page(429, "Sign in", &[]);
        assert_eq!(answer.header("retry-after"), Some("60"));
        assert!(answer.text().contains("Too many attempts. Try again in 60 seconds."), "{}", answer.told());
    }
}
