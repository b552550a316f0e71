//! Who gets in.

use rotunda_core::model::SecretText;

use super::{COOKIES, FORMS, PAGES, ada, form, leads, phone, says, shows};
use crate::support::{ADA, APP_ORIGIN, App, Browser, OTHER_PASSWORD, PASSWORD, Setup, get};

const AUTH: &str = "https://auth.example.com";

#[tokio::test]
async fn whoever_is_not_signed_in_is_led_to_the_sign_in() {
    let app = App::new().await;
    let mut signed_in = ada(&app).await;
    let mut stranger = Browser::new(&app);
    let mut gone = signed_in.clone();
    signed_in.logout().await;
    app.news().await;
    for browser in [&mut stranger, &mut gone] {
        for path in PAGES {
            leads(&browser.send(get(path)).await, "/login", &[]);
        }
        for path in FORMS {
            leads(&browser.send(form(path, &[("password", PASSWORD)])).await, "/login", &[]);
        }
    }
    assert_eq!(app.news().await, [""; 0]);
}

/// The page cookie and nothing else: no refresh token, no bearer token.
#[tokio::test]
async fn the_page_cookie_alone_says_who_it_is() {
    let app = App::new().await;
    let ada = ada(&app).await;
    let refresh = COOKIES[0].split('=').next().unwrap();
    let token: SecretText = "rt1_x".to_owned().into();
    for ask in [
        get("/account").bearer(&ada.access_token),
        get("/account").cookies(&format!("{refresh}={}", token.expose())),
        get("/account").cookies("rotunda_page=rp1_x"),
        get("/account").cookies("rotunda_page=a; rotunda_page=b"),
    ] {
        leads(&app.send(ask).await, "/login", &[]);
    }
    shows(&app.send(ada.bare(get("/account"))).await, 200, "Your account", &[]);
}

#[tokio::test]
async fn an_outage_signs_nobody_out() {
    let app = App::new().await;
    let mut ada = ada(&app).await;
    app.memory.set_out(true);
    for path in PAGES {
        let answer = ada.send(get(path)).await;
        assert_eq!(answer.status, 503, "{}", answer.told());
    }
    for path in FORMS {
        let answer = ada.send(form(path, &[("password", PASSWORD)])).await;
        assert_eq!(answer.status, 503, "{}", answer.told());
    }
    app.memory.set_out(false);
    shows(&ada.send(get("/account")).await, 200, "Your account", &[]);
}

#[tokio::test]
async fn a_form_of_another_origin_changes_nothing() {
    let app = Setup::at(AUTH).start().await;
    let (mut ada, mut phone) = (ada(&app).await, phone(&app).await);
    let id = phone.session.clone();
    let fields = [
        ("id", id.as_str()),
        ("password", PASSWORD),
        ("new_password", OTHER_PASSWORD),
        ("email", "ada@elsewhere.example"),
    ];
    app.letters().await;
    let strangers: [&[(&str, &str)]; 5] = [
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "https://auth.example.com:8443")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ];
    for path in FORMS {
        for page in strangers {
            let answer = app.send(ada.bare(form(path, &fields)).with_all(page)).await;
            assert_eq!(
                (answer.status, answer.cookies().len()),
                (403, 0),
                "{path} {page:?}: {}",
                answer.told()
            );
            // The same without the cookie: a stranger's page is told nothing about who is signed in.
            let answer = app.send(form(path, &fields).with_all(page)).await;
            assert_eq!(answer.status, 403, "{path} {page:?}: {}", answer.told());
        }
    }
    assert_eq!(app.news().await, [""; 0]);
    assert!(app.letters().await.is_empty(), "no letter");
    assert_eq!(ada.refresh().await.status, 200);
    phone.refresh().await.session_on_phone(200);
    // An application's page may not read ours either.
    let answer = app.send(ada.bare(get("/account")).on_page(APP_ORIGIN)).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn the_page_speaks_german_as_well() {
    let app = App::new().await;
    let mut ada = ada(&app).await;
    let german = |path: &str| get(path).with("accept-language", "de-AT,de;q=0.9");
    let answer = ada.send(german("/account?done=others-ended")).await;
    shows(&answer, 200, "Ihr Konto", &[]);
    assert_eq!(
        says(&answer, "Firefox unter Linux"),
        3,
        "the device, and twice what happened: {}",
        answer.told()
    );
    assert_eq!(says(&answer, "Alle anderen Geräte sind abgemeldet."), 1);
    for (path, heading) in [
        ("/account/password", "Passwort ändern"),
        ("/account/email", "E-Mail-Adresse ändern"),
        ("/account/export", "Ihre Daten herunterladen"),
        ("/account/delete", "Konto löschen"),
    ] {
        shows(&ada.send(german(path)).await, 200, heading, &[]);
    }
}

#[tokio::test]
async fn what_was_done_is_a_code_and_never_a_text() {
    let app = App::new().await;
    let mut ada = ada(&app).await;
    let role = "role=\"status\"";
    let told = ada.send(get("/account?done=ended")).await;
    assert_eq!((says(&told, role), says(&told, "The device is signed out.")), (1, 1), "{}", told.told());
    for hostile in ["done=Your+bank", "done=%3Cscript%3E", "done=", "ended", "done=ended&done=ended"] {
        let answer = ada.send(get(&format!("/account?{hostile}"))).await;
        shows(&answer, 200, "Your account", &[]);
        assert_eq!((says(&answer, role), says(&answer, "bank"), says(&answer, "<script")), (0, 0, 0));
    }
}

/// What others may have chosen is text and nothing else.
#[tokio::test]
async fn a_user_agent_is_text_and_nothing_else() {
    let app = App::new().await;
    let mut ada = ada(&app).await;
    let hostile = "\"><script>alert(1)</script>/1 (Linux)";
    let mut other = Browser::new(&app).named(hostile, "203.0.113.9:1");
    assert_eq!(other.login(ADA, PASSWORD).await.status, 200);
    let answer = ada.send(get("/account")).await;
    shows(&answer, 200, "Your account", &[]);
    assert_eq!(says(&answer, "<script"), 0, "{}", answer.told());
    assert!(says(&answer, "&#34;&#62;&#60;script&#62;") > 0, "{}", answer.told());
}
