//! People who follow a link from a letter, and what comes of it.

use rotunda_core::model::{LetterKind, LinkPurpose};
use serde_json::json;

use super::{ELSEWHERE, Holder, form, kept, token_of};
use crate::support::{ADA, Browser, OTHER_PASSWORD, PASSWORD, SAFARI, get};

/// What a browser holds that a page has signed in.
pub(super) const COOKIES: [&str; 3] = [
    "__Secure-rotunda_refresh=rt1_…; HttpOnly; Max-Age=604800; Path=/auth/refresh; SameSite=Strict; Secure",
    "__Secure-rotunda_device=rd1_…; HttpOnly; Max-Age=34560000; Path=/auth; SameSite=Strict; Secure",
    "__Host-rotunda_page=rp1_…; HttpOnly; Max-Age=2592000; Path=/; SameSite=Lax; Secure",
];

/// A refresh renews the refresh cookie and the device cookie.
const COOKIES_OF_A_REFRESH: [&str; 2] = [COOKIES[0], COOKIES[1]];

async fn is_signed_in(ada: &mut Browser<'_>, email: &str) {
    ada.refresh().await.session_in_browser(200, &COOKIES_OF_A_REFRESH);
    let me = ada.me().await;
    me.user();
    assert_eq!((&me.json["email"], &me.json["email_verified"]), (&json!(email), &json!(true)));
}

#[tokio::test]
async fn somebody_who_has_registered_confirms_and_is_signed_in() {
    for purpose in [LinkPurpose::Register, LinkPurpose::VerifyEmail] {
        let holder = Holder::of(purpose).await;
        let mut ada = Browser::new(&holder.app).named(SAFARI, "198.51.100.7:4000");
        ada.send(get(&holder.link())).await.page(200, "Confirm your address", &[]);
        ada.send(holder.filled()).await.page(200, "Your address is confirmed", &COOKIES);
        is_signed_in(&mut ada, ADA).await;
    }
}

/// Whoever registered with somebody else's address waits for its owner to follow the link.
#[tokio::test]
async fn the_link_alone_confirms_nothing() {
    for purpose in [LinkPurpose::Register, LinkPurpose::VerifyEmail] {
        let holder = Holder::of(purpose).await;
        let path = holder.path();
        let mut ada = Browser::new(&holder.app);
        for wrong in [vec![], vec![("password", "")], vec![("password", OTHER_PASSWORD)]] {
            let fields = [vec![("token", holder.token.as_str())], wrong].concat();
            let answer = ada.send(form(path, &fields)).await;
            answer.page(401, "Confirm your address", &[]);
            assert!(answer.text().contains("The password is not right."), "{}", answer.told());
        }
        assert!(kept(&holder.app).accounts.iter().all(|(user, _)| !user.email_verified));
        ada.send(holder.filled()).await.page(200, "Your address is confirmed", &COOKIES);
    }
}

#[tokio::test]
async fn a_forgotten_password_is_replaced() {
    let holder = Holder::of(LinkPurpose::ResetPassword).await;
    let app = &holder.app;
    let mut other = Browser::new(app).named(SAFARI, "198.51.100.7:4000");
    assert_eq!(other.login(ADA, PASSWORD).await.status, 200);
    let mut ada = Browser::new(app);
    ada.send(get(&holder.link())).await.page(200, "Choose a new password", &[]);
    let short = ada.send(form("/reset", &[("token", &holder.token), ("password", "short")])).await;
    short.page(400, "Choose a new password", &[]);
    assert!(short.text().contains("The password needs at least 12 characters."), "{}", short.told());
    assert!(short.text().contains(&holder.token), "the form goes on with the link");
    let long = ada.send(form("/reset", &[("token", &holder.token), ("password", &"x".repeat(1025))])).await;
    long.page(400, "Choose a new password", &[]);
    other.me().await.user();
    ada.send(holder.filled()).await.page(200, "Your password is changed", &COOKIES);
    is_signed_in(&mut ada, ADA).await;
    other.me().await.challenged("session_ended", Some("password_reset"));
    ada.login(ADA, PASSWORD).await.refused("credentials_invalid");
    assert_eq!(ada.login(ADA, OTHER_PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_new_password_arrives_as_it_was_typed() {
    for typed in
        ["a b+c%20d&e=f;g/h", "\u{1f511} schlüssel \u{fffd}", "  spaces around  ", "\"quotes'<>&amp;"]
    {
        let holder = Holder::of(LinkPurpose::ResetPassword).await;
        let mut ada = Browser::new(&holder.app);
        let sent = form("/reset", &[("token", &holder.token), ("password", typed)]);
        ada.send(sent).await.page(200, "Your password is changed", &COOKIES);
        assert_eq!(ada.login(ADA, typed).await.status, 200, "{typed}");
    }
}

#[tokio::test]
async fn a_new_address_is_confirmed_and_nobody_is_signed_in_by_it() {
    let holder = Holder::of(LinkPurpose::ChangeEmail).await;
    let mut elsewhere = Browser::new(&holder.app).named(SAFARI, "198.51.100.7:4000");
    elsewhere.send(get(&holder.link())).await.page(200, "Confirm your new address", &[]);
    elsewhere.send(holder.filled()).await.page(200, "Your address is changed", &[]);
    assert_eq!(elsewhere.login(ELSEWHERE, PASSWORD).await.status, 200);
    elsewhere.login(ADA, PASSWORD).await.refused("credentials_invalid");
}

/// Whoever asked to move their account to somebody else's address waits for its owner to follow the link.
#[tokio::test]
async fn the_link_alone_changes_no_address() {
    let holder = Holder::of(LinkPurpose::ChangeEmail).await;
    let mut owner = Browser::new(&holder.app).named(SAFARI, "198.51.100.7:4000");
    for wrong in [vec![], vec![("password", "")], vec![("password", OTHER_PASSWORD)]] {
        let fields = [vec![("token", holder.token.as_str())], wrong].concat();
        let answer = owner.send(form(holder.path(), &fields)).await;
        answer.page(401, "Confirm your new address", &[]);
        assert!(answer.text().contains("The password is not right."), "{}", answer.told());
        assert!(answer.text().contains(&holder.token), "the form goes on with the link");
    }
    assert!(kept(&holder.app).accounts.iter().all(|(user, _)| user.email.as_str() == ADA));
    owner.send(holder.filled()).await.page(200, "Your address is changed", &[]);
}

#[tokio::test]
async fn somebody_elses_doing_is_reported() {
    let holder = Holder::of(LinkPurpose::Report).await;
    let app = &holder.app;
    let mut ada = Browser::new(app);
    ada.send(get(&holder.link())).await.page(200, "This was not you?", &[]);
    ada.send(holder.filled()).await.page(200, "Thank you", &[]);
    ada.login(ADA, PASSWORD).await.refused("credentials_invalid");
    let reset = token_of(app, LetterKind::ReportTaken).await;
    ada.send(super::filled("/reset", &reset)).await.page(200, "Your password is changed", &COOKIES);
    is_signed_in(&mut ada, ADA).await;
}

#[tokio::test]
async fn while_the_store_is_out_nothing_is_lost() {
    for purpose in LinkPurpose::ALL {
        let holder = Holder::of(*purpose).await;
        let (app, before) = (&holder.app, kept(&holder.app));
        let mut ada = Browser::new(app);
        app.memory.set_out(true);
        for ask in [get(&holder.link()), holder.filled()] {
            let answer = ada.send(ask).await;
            assert_eq!(answer.status, 503, "{}", answer.told());
            assert!(answer.text().contains("Nothing is lost: try again in a moment."), "{}", answer.told());
            assert_eq!(answer.header("retry-after"), Some("5"));
        }
        app.memory.set_out(false);
        assert!(kept(app) == before);
        assert_eq!(ada.send(holder.filled()).await.status, 200, "{purpose:?}");
    }
}

/// A page says in its own words that something broke, and the next request is served.
#[tokio::test]
async fn a_panic_is_a_page_as_well() {
    let holder = Holder::of(LinkPurpose::ResetPassword).await;
    holder.app.arm();
    let mut ada = Browser::new(&holder.app);
    ada.send(holder.filled()).await.page(500, "Something broke", &[]);
    ada.send(get(&holder.link())).await.page(200, "Choose a new password", &[]);
}
