//! The account page, as its user sees it, and as strangers and pages elsewhere do.

mod devices;
mod doors;
mod events;
mod sensitive;

use crate::support::{ADA, Answer, App, Ask, Browser, PASSWORD, Phone, post};

/// Every page, and every form with what it is sent.
const PAGES: [&str; 5] =
    ["/account", "/account/password", "/account/email", "/account/export", "/account/delete"];
const FORMS: [&str; 7] = [
    "/account/sessions/end",
    "/account/sessions/end-others",
    "/account/logout-all",
    "/account/password",
    "/account/email",
    "/account/export",
    "/account/delete",
];

/// The cookies of a new session, over http on this machine.
const COOKIES: [&str; 3] = [
    "rotunda_refresh=rt1_…; HttpOnly; Max-Age=604800; Path=/auth/refresh; SameSite=Strict",
    "rotunda_device=rd1_…; HttpOnly; Max-Age=34560000; Path=/auth; SameSite=Strict",
    "rotunda_page=rp1_…; HttpOnly; Max-Age=2592000; Path=/; SameSite=Lax",
];
const GONE: [&str; 2] = [
    "rotunda_refresh=; HttpOnly; Max-Age=0; Path=/auth/refresh; SameSite=Strict",
    "rotunda_page=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax",
];

/// A form, sent by a page.
fn form(path: &str, fields: &[(&str, &str)]) -> Ask {
    post(path).form(fields)
}

/// Ada in a browser, signed in.
async fn ada(app: &App) -> Browser<'_> {
    let mut ada = Browser::new(app);
    assert_eq!(ada.register(ADA, PASSWORD).await.status, 201);
    app.news().await;
    ada
}

/// Her phone.
async fn phone(app: &App) -> Phone<'_> {
    let mut phone = Phone::new(app, "ada");
    phone.login(ADA, PASSWORD).await.session_on_phone(200);
    app.news().await;
    phone
}

/// That it leads there, with these cookies.
fn leads(answer: &Answer, to: &str, cookies: &[&str]) {
    assert_eq!((answer.status, answer.header("location")), (303, Some(to)), "{}", answer.told());
    assert_eq!(answer.cookies(), cookies, "{}", answer.told());
    assert!(answer.bytes.is_empty(), "{}", answer.told());
}

/// That it is a page of this status with this heading, and these cookies.
fn shows(answer: &Answer, status: u16, heading: &str, cookies: &[&str]) {
    assert_eq!(answer.status, status, "{}", answer.told());
    assert!(answer.text().contains(&format!("<h1>{heading}</h1>")), "{}", answer.told());
    assert_eq!(answer.cookies(), cookies, "{}", answer.told());
}

/// How often the page says that.
fn says(answer: &Answer, text: &str) -> usize {
    answer.text().matches(text).count()
}
