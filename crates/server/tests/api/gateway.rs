//! `GET /auth/verify`: what a gateway is told before it lets a request through.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http::header::AUTHORIZATION;
use rotunda_core::clients::{MOST_SCOPES_BYTES, NewClient};
use rotunda_core::import::{Arrival, Imported};
use rotunda_core::model::{Caller, ClientId, ClientKind, Password};
use rotunda_core::outside::PasswordHasher;
use rotunda_core::policy::Policy;
use rotunda_core::store::Store;
use rotunda_testkit::CommandLine as _;
use rotunda_testkit::QuickHasher;

use crate::origins::PAGES;
use crate::support::{ADA, Answer, App, Ask, Browser, PASSWORD, Phone, Setup, get, post};

const AUTH: &str = "https://auth.example.com";

fn asking() -> Ask {
    get("/auth/verify")
}

/// What a gateway asks for a browser that wants to do this, with nothing but its cookies.
fn with_cookies(browser: &Browser<'_>, method: &str) -> Ask {
    browser.bare(asking()).with("x-forwarded-method", method)
}

/// Whom an answer lets pass: user, session, client.
fn passed(answer: &Answer) -> [String; 3] {
    assert_eq!(answer.status, 200, "{}", answer.told());
    let told = |name: &str| answer.header(name).unwrap().to_owned();
    let [user, session, client] = ["x-auth-user", "x-auth-session", "x-auth-client"].map(told);
    let expected = [
        ("cache-control", "no-store"),
        ("x-auth-user", &user),
        ("x-auth-session", &session),
        ("x-auth-client", &client),
        ("x-auth-roles", ""),
        ("x-auth-scope", ""),
        ("x-auth-actor", ""),
    ];
    answer.has(200, &expected, &[]);
    assert!(answer.bytes.is_empty(), "{}", answer.told());
    [user, session, client]
}

async fn ada_at_home(app: &App) -> (Browser<'_>, [String; 3]) {
    let mut ada = Browser::new(app);
    let answer = ada.register(ADA, PASSWORD).await;
    assert_eq!(answer.status, 201);
    let [user, session] = ["/user/id", "/session/id"].map(|field| answer.json.pointer(field).unwrap());
    let ids = [user, session].map(|id| id.as_str().unwrap().to_owned());
    let [user, session] = ids;
    (ada, [user, session, "web".to_owned()])
}

#[tokio::test]
async fn a_bearer_token_or_a_page_cookie_tells_whose_request_it_is() {
    let app = App::new().await;
    let (ada, expected) = ada_at_home(&app).await;
    assert_eq!(passed(&app.send(asking().bearer(&ada.access_token)).await), expected);
    assert_eq!(passed(&app.send(with_cookies(&ada, "GET")).await), expected);
    let mut phone = Phone::new(&app, "ada");
    phone.login(ADA, PASSWORD).await.session_on_phone(200);
    let of_phone = [expected[0].clone(), phone.session.clone(), "native".to_owned()];
    assert_eq!(passed(&app.send(asking().bearer(&phone.access_token)).await), of_phone);
    let head = Ask::new(Method::HEAD, "/auth/verify");
    assert_eq!(passed(&app.send(head.bearer(&phone.access_token)).await), of_phone);
}

#[tokio::test]
async fn to_be_asked_keeps_no_session_alive_and_writes_nothing() {
    let app = App::new().await;
    let (ada, _) = ada_at_home(&app).await;
    app.news().await;
    let before = app.memory.snapshot().sessions;
    app.wait(Duration::from_secs(600));
    app.send(with_cookies(&ada, "GET")).await;
    app.send(asking().bearer(&ada.access_token)).await;
    assert_eq!(app.memory.snapshot().sessions, before);
    assert_eq!(app.news().await, [""; 0]);
}

#[tokio::test]
async fn whoever_shows_nothing_is_asked_to_sign_in() {
    let app = App::new().await;
    app.send(asking()).await.challenged("token_missing", None);
    app.send(asking().cookies("theme=dark; rotunda_refresh=rt1_x")).await.challenged("token_missing", None);
    let head = app.send_raw(&asking(), Ask::new(Method::HEAD, "/auth/verify").to_request()).await;
    assert_eq!((head.status, head.header("www-authenticate")), (401, Some(r#"Bearer realm="rotunda""#)));
}

#[tokio::test]
async fn an_authorization_that_is_not_good_is_not_rescued_by_a_good_cookie() {
    let app = App::new().await;
    let (ada, _) = ada_at_home(&app).await;
    let with = |value: &str| with_cookies(&ada, "GET").with(AUTHORIZATION, value);
    for value in ["Bearer x", "Bearer a.b.c", "bearer "] {
        app.send(with(value)).await.challenged("token_unknown", None);
    }
    for value in ["Bearer", "bearer", "Bearer\tx", "Bearer,x"] {
        app.send(with(value)).await.challenged("token_missing", None);
    }
    let good = format!("Bearer {}", ada.access_token);
    app.send(with(&good).with(AUTHORIZATION, &good)).await.challenged("token_unknown", None);
    let no_text = with_cookies(&ada, "GET").with_bytes(AUTHORIZATION, b"Bearer \xff");
    app.send(no_text).await.challenged("token_unknown", None);
    app.wait(Duration::from_secs(901));
    app.send(with(&good)).await.challenged("token_expired", None);
    assert_eq!(app.send(with_cookies(&ada, "GET")).await.status, 200, "the session lives on");
}

/// A proxy in front of a staging site asks for a password of its own, and browsers send it along with everything.
#[tokio::test]
async fn an_authorization_of_another_scheme_is_somebody_elses() {
    let app = App::new().await;
    let (ada, expected) = ada_at_home(&app).await;
    for value in ["Basic YWRhOnNlY3JldA==", "Basic", "DPoP abc", "", "Negotiate"] {
        let answer = app.send(with_cookies(&ada, "GET").with(AUTHORIZATION, value)).await;
        assert_eq!(passed(&answer), expected, "{value}");
        app.send(asking().with(AUTHORIZATION, value)).await.challenged("token_missing", None);
    }
}

#[tokio::test]
async fn a_page_cookie_that_cannot_be_ours_proves_nothing() {
    let app = App::new().await;
    let (ada, _) = ada_at_home(&app).await;
    let ours = ada.jar.value("rotunda_page").unwrap();
    let nobodys = format!("rp1_{}", "A".repeat(43));
    let refused = [
        "rotunda_page=".to_owned(),
        "rotunda_page=x".to_owned(),
        format!("rotunda_page={nobodys}"),
        format!("rotunda_page={ours}x"),
        "rotunda_page=x; rotunda_page=y".to_owned(),
    ];
    for cookies in refused {
        let ask = asking().cookies(&cookies).with("x-forwarded-method", "GET");
        app.send(ask).await.challenged("token_unknown", None);
    }
    let elsewhere = Setup::new().start().await;
    let cookies = format!("rotunda_page={ours}");
    let ask = asking().cookies(&cookies).with("x-forwarded-method", "GET");
    elsewhere.send(ask).await.challenged("token_unknown", None);
}

/// Every way in which a session stops, each at once and for both.
#[tokio::test]
async fn what_has_ended_passes_no_more() {
    let ended = async |ending: &str, end: &dyn Fn(&mut Browser<'_>) -> Ask| {
        let app = App::new().await;
        let (mut ada, _) = ada_at_home(&app).await;
        let cookies = with_cookies(&ada, "GET");
        let end = end(&mut ada);
        assert_eq!(app.send(ada.dress(end)).await.status, 204);
        app.send(cookies).await.challenged("session_ended", Some(ending));
        app.send(asking().bearer(&ada.access_token)).await.challenged("session_ended", Some(ending));
    };
    ended("logged_out", &|_| post("/auth/logout")).await;
    let everywhere = |ada: &mut Browser<'_>| post("/auth/logout-all").bearer(&ada.access_token);
    ended("logged_out_everywhere", &everywhere).await;
}

#[tokio::test]
async fn a_disabled_user_and_a_session_that_is_too_old_pass_no_more() {
    let app = App::new().await;
    let (ada, _) = ada_at_home(&app).await;
    let user = app.rotunda.users(None, 1).await.unwrap().pop().unwrap();
    app.rotunda.disable_user(user.id).await.unwrap();
    app.send(with_cookies(&ada, "GET")).await.challenged("session_ended", Some("user_disabled"));
    app.rotunda.enable_user(user.id).await.unwrap();
    app.send(with_cookies(&ada, "GET")).await.challenged("session_ended", Some("user_disabled"));

    let app = App::new().await;
    let (ada, _) = ada_at_home(&app).await;
    let life = app.rotunda.policy().clients[&ClientId::web()].idle;
    let key = ada.jar.value("rotunda_page").unwrap().to_owned();
    let ask = asking().cookies(&format!("rotunda_page={key}")).with("x-forwarded-method", "GET");
    app.wait(life - Duration::from_millis(1));
    assert_eq!(app.send(ask.clone()).await.status, 200);
    app.wait(Duration::from_millis(1));
    app.send(ask).await.challenged("session_ended", Some("idle_expired"));
}

/// The second lock: the epoch was raised, and the row does not say so.
#[tokio::test]
async fn a_page_of_an_earlier_epoch_or_of_no_client_passes_no_more() {
    let app = App::new().await;
    let (ada, _) = ada_at_home(&app).await;
    let mut state = app.memory.snapshot();
    state.accounts.values_mut().for_each(|account| account.user.ep += 1);
    app.memory.restore(state);
    app.send(with_cookies(&ada, "GET")).await.challenged("session_ended", None);

    let app = App::new().await;
    let (ada, _) = ada_at_home(&app).await;
    let without_web = |policy: &mut Policy| {
        policy.clients.remove(&ClientId::web());
    };
    let store: Arc<dyn Store> = app.memory.clone();
    let later = Setup { store: Some(store), ..Setup::new().policy(without_web) }.start().await;
    later.send(with_cookies(&ada, "GET")).await.challenged("client_mismatch", None);
}

/// A cookie goes with requests that a foreign page has made.
#[tokio::test]
async fn only_our_pages_change_something_with_our_cookies() {
    let app = Setup::at(AUTH).start().await;
    let (ada, expected) = ada_at_home(&app).await;
    for (page, passes) in PAGES {
        for told in [&[("x-forwarded-method", "POST")][..], &[("x-original-method", "DELETE")], &[]] {
            let answer = app.send(ada.bare(asking()).with_all(told).with_all(page)).await;
            match passes {
                true => assert_eq!(passed(&answer), expected, "{told:?} {page:?}"),
                false => answer.problem(403, "origin_refused"),
            }
            let by_hand = asking().bearer(&ada.access_token).with_all(told).with_all(page);
            assert_eq!(passed(&app.send(by_hand).await), expected, "a token in the hand is no cookie");
        }
    }
}

/// Somebody follows a link from elsewhere, or types the address.
#[tokio::test]
async fn looking_is_allowed_from_everywhere_but_not_to_foreign_scripts() {
    let app = Setup::at(AUTH).start().await;
    let (ada, expected) = ada_at_home(&app).await;
    for site in ["none", "same-origin", "same-site", "cross-site"] {
        for method in ["GET", "HEAD", "OPTIONS"] {
            let answer = app.send(with_cookies(&ada, method).with("sec-fetch-site", site)).await;
            assert_eq!(passed(&answer), expected, "{method} {site}");
        }
    }
    // A script's request and the handshake of a WebSocket are a GET too, and name their page.
    app.send(with_cookies(&ada, "GET").on_page("https://evil.example")).await.problem(403, "origin_refused");
    assert_eq!(passed(&app.send(with_cookies(&ada, "GET").on_page(AUTH)).await), expected);
    // What the client says beside what the gateway says makes nothing safe.
    let twice = with_cookies(&ada, "POST").with("x-original-method", "GET").on_page("https://evil.example");
    app.send(twice).await.problem(403, "origin_refused");
}

#[tokio::test]
async fn a_preflight_is_no_pass() {
    let app = Setup::at(AUTH).start().await;
    let ask =
        Ask::new(Method::OPTIONS, "/auth/verify").on_page(AUTH).with("access-control-request-method", "GET");
    app.send(ask).await.error(405, "method_not_allowed", None, None, &[("allow", "GET,HEAD")]);
}

/// An id from another system may have any visible sign in it, and is told letter by letter.
#[tokio::test]
async fn an_imported_id_is_told_as_it_is() {
    let subject = r#"auth0|x,y;"=%0d%0a\"#;
    let app = App::new().await;
    let arrival = Arrival {
        id: Some(subject.to_owned()),
        email: ADA.to_owned(),
        email_verified: true,
        username: None,
        name: None,
        password: QuickHasher::of_version(0).hash(Password::new(PASSWORD.to_owned())).await.unwrap(),
        created_at: None,
        disabled: false,
    };
    assert_eq!(app.rotunda.import_user(&arrival).await.unwrap(), Imported::Added);
    let mut ada = Browser::new(&app);
    assert_eq!(ada.login(ADA, PASSWORD).await.status, 200);
    let by_cookie = passed(&app.send(with_cookies(&ada, "GET")).await);
    assert_eq!(by_cookie[0], subject);
    assert_eq!(passed(&app.send(asking().bearer(&ada.access_token)).await), by_cookie);
}

/// As many scopes as a client may have fit into the header that tells them.
#[tokio::test]
async fn a_service_with_all_the_scopes_that_it_may_have_passes() {
    let app = App::new().await;
    let scopes: Vec<_> =
        (0..16).map(|n| format!("{n:0width$}", width = if n < 15 { 64 } else { 49 })).collect();
    let bytes = scopes.join(" ");
    assert_eq!(bytes.len(), MOST_SCOPES_BYTES);
    let new = NewClient { id: "reports".to_owned(), kind: Some(ClientKind::Service), scopes };
    let secret =
        app.rotunda.add_client(&new, &Caller::default()).await.unwrap().secret.unwrap().expose_text();
    let form = post("/oauth/token").form(&[("grant_type", "client_credentials")]);
    let token = app.send(form.basic("reports", &secret)).await.json["access_token"].clone();
    let answer = app.send(asking().bearer(token.as_str().unwrap())).await;
    assert_eq!((answer.status, answer.header("x-auth-scope")), (200, Some(bytes.as_str())));
}
