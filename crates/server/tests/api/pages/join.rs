//! Somebody registers, or has forgotten their password.

use rotunda_core::model::LetterKind;
use rotunda_core::policy::Registration;
use rotunda_testkit::CommandLine;

use super::days::COOKIES;
use super::{AUTH, form};
use crate::support::{ADA, App, Browser, PASSWORD, Setup, get};

async fn registering(registration: Registration) -> App {
    Setup::at(AUTH).policy(|policy| policy.registration = registration).start().await
}

#[tokio::test]
async fn whoever_registers_is_signed_in_where_nothing_is_asked_first() {
    let app = registering(Registration::Unverified).await;
    let mut ada = Browser::new(&app);
    ada.send(get("/register")).await.page(200, "Register", &[]);
    ada.send(form("/register", &[("email", ADA), ("password", PASSWORD)]))
        .await
        .leads_to("/account", &COOKIES);
    ada.refresh().await.session_in_browser(200, &COOKIES[..2]);
    let taken = ada.send(form("/register", &[("email", ADA), ("password", PASSWORD)])).await;
    taken.page(409, "Register", &[]);
    assert!(
        taken.text().contains("id=\"email-wrong\" role=\"alert\">There is an account"),
        "{}",
        taken.told()
    );
}

#[tokio::test]
async fn where_a_letter_comes_first_nobody_learns_whose_the_address_is() {
    let app = registering(Registration::Verified).await;
    app.rotunda
        .add_user(&rotunda_core::register::Newcomer {
            email: "bob@example.com".to_owned(),
            password: rotunda_core::model::Password::new(PASSWORD.to_owned()),
            username: None,
            name: None,
        })
        .await
        .unwrap();
    let mut ada = Browser::new(&app);
    let fields = |email| [("email", email), ("password", PASSWORD)];
    let new = ada.send(form("/register", &fields(ADA))).await;
    new.page(200, "Look into your mail", &[]);
    let known = ada.send(form("/register", &fields("bob@example.com"))).await;
    assert_eq!((known.status, &known.headers, &known.bytes), (new.status, &new.headers, &new.bytes));
    assert_eq!(app.letters().await, ["already_registered bob@example.com", "verify_email ada@example.com"]);
}

#[tokio::test]
async fn what_is_wrong_stands_at_its_field_and_what_was_typed_is_kept() {
    let app = registering(Registration::Unverified).await;
    let mut ada = Browser::new(&app);
    for (email, password, status, field) in [
        ("ada", PASSWORD, 400, "email"),
        ("", PASSWORD, 400, "email"),
        ("a\"><script>@b", PASSWORD, 400, "email"),
        (ADA, "short", 400, "password"),
        (ADA, "aaaaaaaaaaaaaaaa", 400, "password"),
        (ADA, "", 400, "password"),
    ] {
        let answer = ada.send(form("/register", &[("email", email), ("password", password)])).await;
        answer.page(status, "Register", &[]);
        let text = answer.text();
        assert!(text.contains(&format!("id=\"{field}-wrong\" role=\"alert\"")), "{text}");
        let input =
            text.split(&format!("<input type=\"{field}\"")).nth(1).unwrap().split('>').next().unwrap();
        assert!(input.contains("aria-invalid=\"true\"") && input.ends_with("autofocus"), "{input}");
        let typed = email.replace('"', "&#34;").replace('>', "&#62;").replace('<', "&#60;");
        assert!(text.contains(&format!("value=\"{typed}\"")), "{text}");
        assert!(password.is_empty() || !text.contains(password), "{text}");
    }
    assert!(app.memory.snapshot().accounts.is_empty());
}

#[tokio::test]
async fn where_registration_is_off_the_page_says_so() {
    let app = registering(Registration::Off).await;
    let mut ada = Browser::new(&app);
    ada.send(get("/register")).await.page(403, "Registration is off", &[]);
    let sent = ada.send(form("/register", &[("email", ADA), ("password", PASSWORD)])).await;
    sent.page(403, "Register", &[]);
    assert!(app.memory.snapshot().accounts.is_empty());
}

#[tokio::test]
async fn a_forgotten_password_is_asked_about_by_its_address() {
    let app = registering(Registration::Unverified).await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await;
    app.letters().await;
    ada.send(get("/forgot")).await.page(200, "Forgotten your password?", &[]);
    let known = ada.send(form("/forgot", &[("email", ADA)])).await;
    known.page(200, "Look into your mail", &[]);
    let nobody = ada.send(form("/forgot", &[("email", "nobody@example.com")])).await;
    assert_eq!((nobody.status, &nobody.headers, &nobody.bytes), (known.status, &known.headers, &known.bytes));
    let token = app.link(LetterKind::ResetPassword).await;
    assert_eq!(app.letters().await, ["reset_password ada@example.com"]);
    let page = ada.send(get(&format!("/reset?token={token}"))).await;
    let username = format!("name=\"username\" value=\"{ADA}\" autocomplete=\"username\" readonly hidden>");
    assert!(page.text().contains(&username), "{}", page.told());
    for wrong in ["", "ada", "a b@c"] {
        ada.send(form("/forgot", &[("email", wrong)])).await.page(400, "Forgotten your password?", &[]);
    }
}
