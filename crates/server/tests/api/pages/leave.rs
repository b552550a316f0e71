//! Somebody signs out.

use super::{AUTH, form, kept};
use crate::support::{ADA, Browser, PASSWORD, Setup, get};

const GONE: [&str; 2] = [
    "__Secure-rotunda_refresh=; HttpOnly; Max-Age=0; Path=/auth/refresh; SameSite=Strict; Secure",
    "__Host-rotunda_page=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax; Secure",
];

#[tokio::test]
async fn to_open_the_page_signs_nobody_out_and_its_button_does() {
    let app = Setup::at(AUTH).start().await;
    let mut ada = Browser::new(&app);
    ada.send(get("/logout")).await.page(200, "You are not signed in", &[]);
    ada.register(ADA, PASSWORD).await;
    let before = kept(&app);
    let asked = ada.send(get("/logout")).await;
    asked.page(200, "Sign out?", &[]);
    assert!(asked.text().contains("signed in as ada@example.com in this browser"), "{}", asked.told());
    assert!(kept(&app) == before);
    app.news().await;
    let thief = ada.clone();
    ada.send(form("/logout", &[])).await.page(200, "You are signed out", &GONE);
    assert_eq!(app.news().await, ["session.ended logged_out"]);
    assert_eq!(ada.jar.names(), ["__Secure-rotunda_device"]);
    ada.me().await.challenged("session_ended", Some("logged_out"));
    let mut thief = thief;
    thief.refresh().await.over("session_ended", "logged_out");
    ada.send(form("/logout", &[])).await.page(200, "You are signed out", &GONE);
    ada.send(get("/login")).await.page(200, "Sign in", &[]);
}
