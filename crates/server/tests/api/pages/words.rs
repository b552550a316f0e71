//! The pages as they stand, in each language, so that a change of them is seen in review.

use http::header::ACCEPT_LANGUAGE;
use rotunda_core::model::LinkPurpose;
use rotunda_core::policy::Registration;

use super::{AUTH, Holder, form};
use crate::support::{ADA, Answer, App, Ask, Browser, PASSWORD, Setup, get};

const LANGUAGES: [&str; 2] = ["en", "de"];

/// The page, without what another run or release has otherwise.
fn shown(name: &str, answer: &Answer, token: &str) {
    let text = answer.text().replace(env!("CARGO_PKG_VERSION"), "[version]");
    let text = if token.is_empty() { text } else { text.replace(token, "[token]") };
    insta::assert_snapshot!(name, text);
}

#[tokio::test]
async fn each_page_of_a_link_reads_as_it_did() {
    for (purpose, language) in LinkPurpose::ALL.iter().flat_map(|it| LANGUAGES.map(|tag| (it, tag))) {
        let holder = Holder::of(*purpose).await;
        let name = |what: &str| format!("{}_{what}_{language}", purpose.as_str());
        let speaking = |ask: Ask| ask.with(ACCEPT_LANGUAGE, language);
        let mut ada = Browser::new(&holder.app);
        shown(&name("form"), &ada.send(speaking(get(&holder.link()))).await, &holder.token);
        if matches!(purpose, LinkPurpose::Register | LinkPurpose::ResetPassword) {
            let fields = [("token", holder.token.as_str()), ("password", "wrong"), ("username", ADA)];
            let wrong = speaking(form(holder.path(), &fields));
            shown(&name("refused"), &ada.send(wrong).await, &holder.token);
        }
        shown(&name("done"), &ada.send(speaking(holder.filled())).await, &holder.token);
        if *purpose == LinkPurpose::Register {
            let again = ada.send(speaking(get(&holder.link()))).await;
            shown(&format!("bad_link_{language}"), &again, &holder.token);
        }
    }
}

#[tokio::test]
async fn each_page_of_a_day_reads_as_it_did() {
    for language in LANGUAGES {
        let speaking = |ask: Ask| ask.with(ACCEPT_LANGUAGE, language);
        let app = Setup::at(AUTH).start().await;
        let mut ada = Browser::new(&app);
        let asks = [
            ("register", get("/register")),
            ("register_wrong", form("/register", &[("email", "ada"), ("password", PASSWORD)])),
            ("register_weak", form("/register", &[("email", ADA), ("password", "aaaaaaaaaaaaaaaa")])),
            ("login", get("/login")),
            ("login_refused", form("/login", &[("username", ADA), ("password", "wrong")])),
            ("return_refused", get("/login?return_to=https://evil.example/")),
            ("forgot", get("/forgot")),
            ("forgot_wrong", form("/forgot", &[("email", "ada")])),
            ("forgot_sent", form("/forgot", &[("email", ADA)])),
            ("logout_nobody", get("/logout")),
            ("nowhere", get("/nowhere").with("accept", "text/html")),
            ("too_large", form("/forgot", &[("email", &"x".repeat(20_000))])),
            ("elsewhere", form("/forgot", &[]).with("origin", "https://evil.example")),
        ];
        for (name, ask) in asks {
            shown(&format!("{name}_{language}"), &ada.send(speaking(ask)).await, "");
        }
        ada.register(ADA, PASSWORD).await;
        for (name, ask) in [
            ("login_signed_in", get("/login")),
            ("logout", get("/logout")),
            ("logout_done", form("/logout", &[])),
        ] {
            shown(&format!("{name}_{language}"), &ada.send(speaking(ask)).await, "");
        }
        app.memory.set_out(true);
        let out = form("/forgot", &[("email", ADA)]);
        shown(&format!("out_{language}"), &ada.send(speaking(out)).await, "");
    }
}

#[tokio::test]
async fn each_page_of_a_registration_reads_as_it_did() {
    for language in LANGUAGES {
        for (name, registration) in [("off", Registration::Off), ("letter", Registration::Verified)] {
            let app = Setup::at(AUTH).policy(|policy| policy.registration = registration).start().await;
            let ask = match registration {
                Registration::Off => get("/register"),
                _ => form("/register", &[("email", ADA), ("password", PASSWORD)]),
            };
            let answer = Browser::new(&app).send(ask.with(ACCEPT_LANGUAGE, language)).await;
            shown(&format!("register_{name}_{language}"), &answer, "");
        }
    }
}

/// What is wrong with a session that ended is told at the next sign-in.
#[tokio::test]
async fn whoever_was_signed_out_is_told_why() {
    let app = App::new().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await;
    let cookies = ada.jar.clone();
    ada.send(crate::support::post("/auth/logout-all").bearer(&ada.access_token)).await;
    ada.jar = cookies;
    for (language, told) in [
        ("en", "You signed out everywhere, so you are signed out here too."),
        ("de", "Sie haben sich überall abgemeldet, also auch hier."),
    ] {
        let answer = ada.send(get("/login").with(ACCEPT_LANGUAGE, language)).await;
        assert!(answer.text().contains(&format!("<p class=\"news\">{told}</p>")), "{}", answer.told());
    }
}
