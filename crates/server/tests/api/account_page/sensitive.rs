//! What asks for the password again: another password, another address, one's data, the end of the account.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use rotunda_core::failure::Failure;
use rotunda_core::model::{Facts, PageHash};
use rotunda_core::store::Store;
use rotunda_testkit::{Layer, Layered, MemoryStore};
use serde_json::json;

use super::{COOKIES, GONE, ada, form, leads, phone, says, shows};
use crate::support::{ADA, App, Browser, OTHER_PASSWORD, PASSWORD, Setup, get};

const NEW: &str = "ada@elsewhere.example";
const HOUR: Duration = Duration::from_secs(3600);

fn changing(current: &str, new: &str) -> crate::support::Ask {
    form("/account/password", &[("password", current), ("new_password", new)])
}

#[tokio::test]
async fn another_password_renews_this_session_and_ends_all_others() {
    let app = App::new().await;
    let (mut ada, mut phone) = (ada(&app).await, phone(&app).await);
    let page = ada.send(get("/account/password")).await;
    shows(&page, 200, "Change your password", &[]);
    for field in
        ["autocomplete=\"username\"", "autocomplete=\"current-password\"", "autocomplete=\"new-password\""]
    {
        assert_eq!(says(&page, field), 1, "{field}: {}", page.told());
    }
    app.wait(HOUR);
    let mut left_over = ada.clone();
    leads(&ada.send(changing(PASSWORD, OTHER_PASSWORD)).await, "/account?done=password-changed", &COOKIES);
    shows(&ada.send(get("/account?done=password-changed")).await, 200, "Your account", &[]);
    leads(&left_over.send(get("/account")).await, "/login", &[]);
    phone.refresh().await.over("session_ended", "password_changed");
    assert_eq!(ada.refresh().await.status, 200);
    ada.login(ADA, OTHER_PASSWORD).await.session_in_browser(200, &COOKIES);
}

#[tokio::test]
async fn a_password_that_does_not_do_is_refused_at_its_field() {
    let app = App::new().await;
    let mut ada = ada(&app).await;
    for (current, new, status, field) in [
        (OTHER_PASSWORD, "a new and longer one", 401, "password"),
        ("", "a new and longer one", 401, "password"),
        (PASSWORD, "short", 400, "new_password"),
        (PASSWORD, "", 400, "new_password"),
        (PASSWORD, ADA, 400, "new_password"),
    ] {
        let answer = ada.send(changing(current, new)).await;
        shows(&answer, status, "Change your password", &[]);
        assert_eq!(says(&answer, "role=\"alert\""), 1, "{}", answer.told());
        assert_eq!(says(&answer, &format!("id=\"{field}-wrong\"")), 1, "{}", answer.told());
        assert_eq!(says(&answer, "aria-invalid=\"true\" autofocus"), 1, "{}", answer.told());
        assert!(current.is_empty() || says(&answer, current) == 0, "no password is sent back");
    }
    shows(&ada.send(get("/account")).await, 200, "Your account", &[]);
    ada.login(ADA, PASSWORD).await.session_in_browser(200, &COOKIES);
}

#[tokio::test]
async fn another_address_is_asked_for_in_a_renewed_session() {
    let app = App::new().await;
    let mut ada = ada(&app).await;
    app.wait(HOUR);
    let ask = form("/account/email", &[("email", NEW), ("password", PASSWORD)]);
    leads(&ada.send(ask).await, "/account?done=letter-sent", &COOKIES);
    assert_eq!(
        app.news().await,
        ["session.ended renewed", "user.reauthenticated", "user.email_change_asked"]
    );
    let letters = [format!("confirm_email {NEW}"), format!("email_change_asked {ADA}")];
    assert_eq!(app.letters().await, letters);
    shows(&ada.send(get("/account")).await, 200, "Your account", &[]);
    assert_eq!(ada.refresh().await.status, 200);
}

/// The session is renewed before the address is looked at: this browser must not be left with the old one.
#[tokio::test]
async fn a_refusal_after_the_password_still_brings_the_new_session() {
    let app = App::new().await;
    let mut ada = ada(&app).await;
    for typed in ["no address", ""] {
        let mut left_over = ada.clone();
        let answer = ada.send(form("/account/email", &[("email", typed), ("password", PASSWORD)])).await;
        shows(&answer, 400, "Change your e-mail address", &COOKIES);
        assert_eq!(says(&answer, "id=\"email-wrong\""), 1, "{}", answer.told());
        assert_eq!(says(&answer, &format!("value=\"{typed}\"")), 1, "what was typed is kept");
        leads(&left_over.send(get("/account")).await, "/login", &[]);
        shows(&ada.send(get("/account")).await, 200, "Your account", &[]);
    }
    assert!(app.letters().await.is_empty());
}

#[tokio::test]
async fn a_wrong_password_does_nothing() {
    let app = App::new().await;
    let mut ada = ada(&app).await;
    for (path, heading) in [
        ("/account/email", "Change your e-mail address"),
        ("/account/export", "Download your data"),
        ("/account/delete", "Delete your account"),
    ] {
        shows(&ada.send(get(path)).await, 200, heading, &[]);
        for wrong in [OTHER_PASSWORD, ""] {
            let answer = ada.send(form(path, &[("email", NEW), ("password", wrong)])).await;
            shows(&answer, 401, heading, &[]);
            assert_eq!(says(&answer, "The password is not right."), 1, "{}", answer.told());
            assert_eq!(says(&answer, "id=\"password-wrong\""), 1, "{}", answer.told());
        }
    }
    assert_eq!(app.news().await, ["user.sign_in_failed"], "once, however often");
    assert!(app.letters().await.is_empty());
    shows(&ada.send(get("/account")).await, 200, "Your account", &[]);
}

#[tokio::test]
async fn the_data_come_as_a_file() {
    let app = App::new().await;
    let mut ada = ada(&app).await;
    app.wait(HOUR);
    let answer = ada.send(form("/account/export", &[("password", PASSWORD)])).await;
    assert_eq!(
        (answer.status, answer.cookies()),
        (200, COOKIES.map(str::to_owned).to_vec()),
        "{}",
        answer.told()
    );
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"my-data.json\""));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json["user"]["email"], ADA);
    assert_eq!(answer.json["sessions"][0]["current"], json!(true));
    assert_eq!(app.news().await, ["session.ended renewed", "user.reauthenticated", "user.data_exported"]);
    shows(&ada.send(get("/account")).await, 200, "Your account", &[]);
}

#[tokio::test]
async fn a_deleted_account_is_gone() {
    let app = App::new().await;
    let (mut ada, mut phone) = (ada(&app).await, phone(&app).await);
    app.wait(HOUR);
    let answer = ada.send(form("/account/delete", &[("password", PASSWORD)])).await;
    shows(&answer, 200, "Your account is deleted", &GONE);
    leads(&ada.send(get("/account")).await, "/login", &[]);
    phone.refresh().await.refused("session_ended");
    ada.login(ADA, PASSWORD).await.refused("credentials_invalid");
    assert_eq!(app.letters().await, [format!("account_deleted {ADA}")]);
}

/// Lets nobody look at a session by its page any more, once it is told to let that happen one time.
#[derive(Default)]
struct Shy {
    inner: MemoryStore,
    armed: AtomicBool,
    looked: AtomicBool,
}

#[async_trait]
impl Layer for Shy {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }

    async fn facts_of_page(&self, page: PageHash) -> Result<Option<Facts>, Failure> {
        if self.armed.load(Ordering::SeqCst) && self.looked.swap(true, Ordering::SeqCst) {
            return Err(Failure::unavailable("looking at a page", "on purpose"));
        }
        rotunda_core::store::Sessions::facts_of_page(&self.inner, page).await
    }
}

/// The password was right and the session is renewed, and then the store is gone.
#[tokio::test]
async fn an_outage_after_the_password_still_brings_the_new_session() {
    for path in ["/account/email", "/account/export", "/account/delete"] {
        let store = Arc::new(Layered(Shy::default()));
        let app = Setup { store: Some(store.clone()), ..Setup::new() }.start().await;
        let mut ada: Browser<'_> = ada(&app).await;
        store.armed.store(true, Ordering::SeqCst);
        let answer = ada.send(form(path, &[("email", NEW), ("password", PASSWORD)])).await;
        assert_eq!(answer.status, 503, "{}", answer.told());
        assert_eq!(answer.cookies(), COOKIES, "{}", answer.told());
        store.armed.store(false, Ordering::SeqCst);
        shows(&ada.send(get("/account")).await, 200, "Your account", &[]);
        assert_eq!(ada.refresh().await.status, 200);
    }
}
