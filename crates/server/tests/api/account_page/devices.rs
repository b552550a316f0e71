//! "Your devices".

use std::time::Duration;

use super::{GONE, ada, form, leads, phone, says, shows};
use crate::support::{ADA, App, Browser, PASSWORD, Phone, SAFARI, get};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn each_device_is_shown_with_where_and_when_and_this_one_comes_first() {
    let app = App::new().await;
    let mut ada = ada(&app).await;
    app.wait(HOUR);
    let phone = phone(&app).await;
    let answer = ada.send(get("/account")).await;
    shows(&answer, 200, "Your account", &[]);
    let text = answer.text();
    let list = text.split("<ul class=\"devices\">").nth(1).unwrap().split("</ul>").next().unwrap();
    let devices: Vec<&str> = list.split("<li>").skip(1).collect();
    assert_eq!(devices.len(), 2, "{}", answer.told());
    for said in [
        "Firefox on Linux",
        "This device",
        "203.0.113.7",
        "2026-01-01T00:00:00.000Z",
        "1 January 2026, 00:00 UTC",
    ] {
        assert!(devices[0].contains(said), "{said}: {}", devices[0]);
    }
    assert!(!devices[0].contains("<form"), "this one has a sign-out of its own: {}", devices[0]);
    for said in ["Rotary on iPhone", "198.51.100.23", "1 January 2026, 01:00 UTC", &phone.session] {
        assert!(devices[1].contains(said), "{said}: {}", devices[1]);
    }
    assert!(!devices[1].contains("This device"));
    let named = "aria-label=\"Sign out Rotary on iPhone, 198.51.100.23\"";
    assert_eq!(says(&answer, named), 1, "{}", answer.told());
}

#[tokio::test]
async fn one_is_signed_out_and_the_others_stay() {
    let app = App::new().await;
    let (mut ada, mut phone) = (ada(&app).await, phone(&app).await);
    let end = form("/account/sessions/end", &[("id", &phone.session)]);
    for news in [vec!["session.ended revoked_by_user"], vec![]] {
        leads(&ada.send(end.clone()).await, "/account?done=ended", &[]);
        assert_eq!(app.news().await, news, "however often");
    }
    phone.refresh().await.over("session_ended", "revoked_by_user");
    let answer = ada.send(get("/account?done=ended")).await;
    shows(&answer, 200, "Your account", &[]);
    assert_eq!(says(&answer, "action=\"/account/sessions/end"), 0, "there is no other: {}", answer.told());
}

#[tokio::test]
async fn nobody_ends_what_is_not_theirs() {
    let app = App::new().await;
    let (mut ada, mut bob) = (ada(&app).await, Phone::new(&app, "bob"));
    bob.register("bob@example.com", PASSWORD).await.session_on_phone(201);
    app.news().await;
    for id in [bob.session.as_str(), "0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21", "rubbish", ""] {
        let answer = ada.send(form("/account/sessions/end", &[("id", id)])).await;
        assert_eq!((answer.status, answer.cookies().len()), (404, 0), "{}", answer.told());
    }
    let answer = ada.send(form("/account/sessions/end", &[])).await;
    assert_eq!(answer.status, 404, "{}", answer.told());
    assert_eq!(app.news().await, [""; 0]);
    bob.me().await.user();
}

#[tokio::test]
async fn to_end_this_one_is_a_sign_out() {
    let app = App::new().await;
    let mut ada = ada(&app).await;
    let id = ada.sessions().await[0]["id"].as_str().unwrap().to_owned();
    leads(&ada.send(form("/account/sessions/end", &[("id", &id)])).await, "/account", &GONE);
    leads(&ada.send(get("/account")).await, "/login", &[]);
}

#[tokio::test]
async fn all_others_are_signed_out_and_this_one_stays() {
    let app = App::new().await;
    let (mut ada, mut phone) = (ada(&app).await, phone(&app).await);
    let mut laptop = Browser::new(&app).named(SAFARI, "[2001:db8::7]:50002");
    assert_eq!(laptop.login(ADA, PASSWORD).await.status, 200);
    app.news().await;
    let end = form("/account/sessions/end-others", &[]);
    leads(&ada.send(end.clone()).await, "/account?done=others-ended", &[]);
    assert_eq!(app.news().await, ["session.ended revoked_by_user"; 2]);
    phone.refresh().await.over("session_ended", "revoked_by_user");
    leads(&laptop.send(end).await, "/login", &[]);
    assert_eq!(app.news().await, [""; 0], "whoever has been ended ends nobody");
    shows(&ada.send(get("/account")).await, 200, "Your account", &[]);
    assert_eq!(ada.refresh().await.status, 200);
}

#[tokio::test]
async fn everywhere_is_here_as_well() {
    let app = App::new().await;
    let (mut ada, mut phone) = (ada(&app).await, phone(&app).await);
    let answer = ada.send(form("/account/logout-all", &[])).await;
    shows(&answer, 200, "You are signed out everywhere", &GONE);
    phone.refresh().await.over("session_ended", "logged_out_everywhere");
    leads(&ada.send(get("/account")).await, "/login", &[]);
    ada.refresh().await.refused("token_missing");
}
