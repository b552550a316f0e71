//! What may be printed carries nothing that opens anything: neither `Debug` nor the log.

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use rotunda_core::denied::Denied;
use rotunda_core::failure::{Error, Failure};
use rotunda_core::model::{Ending, LetterKind, LinkPurpose, RecordedEvent};
use rotunda_server::Web;
use rotunda_server::edge::Peer;
use rotunda_server::reply::Problem;
use rotunda_testkit::CommandLine as _;
use serde_json::json;
use tower::ServiceExt;
use tracing::{Dispatch, Level};
use tracing_subscriber::fmt::MakeWriter;

use crate::pages::Holder;
use crate::support::{ADA, App, Browser, OTHER_PASSWORD, PASSWORD, Phone, get, post};

/// The password that she chooses with a link.
const RESET_PASSWORD: &str = "a password of the reset";
const HOUR: Duration = Duration::from_secs(3600);

/// A day in which every kind of secret was handed out; a wrong turn now and then.
async fn a_day(app: &App) -> (Browser<'_>, Phone<'_>) {
    let (mut browser, mut phone) = (Browser::new(app), Phone::new(app, "ada"));
    browser.register(ADA, PASSWORD).await;
    phone.login(ADA, PASSWORD).await;
    phone.login(ADA, OTHER_PASSWORD).await;
    let mut thief = phone.stolen_by("thief");
    for _ in 0..3 {
        app.wait(HOUR);
        browser.refresh().await;
        phone.refresh().await;
    }
    thief.refresh().await;
    phone.refresh().await;
    phone.login(ADA, PASSWORD).await;
    app.send(post("/auth/login").json_text(&format!(r#"{{"email":"{PASSWORD}","password":[]}}"#))).await;
    app.send(post("/auth/login").json_text(&format!(r#"{{"remember":"{PASSWORD}"}}"#))).await;
    app.send(get("/auth/me").bearer(&phone.refresh_token)).await;
    app.send(post("/auth/refresh").cookies(&format!("rotunda_refresh={}", phone.refresh_token))).await;
    let change = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
    let ask = post("/auth/password/change").json(&change).bearer(&phone.access_token);
    phone.receive(&app.send(phone.dress(ask)).await);
    browser.login(ADA, OTHER_PASSWORD).await;
    letters(app, &mut browser).await;
    phone.login(ADA, RESET_PASSWORD).await;
    (browser, phone)
}

/// Every kind of link: used, used for the wrong thing, and left over.
async fn letters(app: &App, browser: &mut Browser<'_>) {
    app.send(post("/auth/password/forgot").json(&json!({"email": ADA}))).await.letter_sent();
    app.send(post("/auth/email/verify").json(&json!({"email": ADA}))).await.letter_sent();
    browser.change_email("ada@elsewhere.example").await.letter_sent();
    let verify = app.link(LetterKind::VerifyEmail).await;
    let reset = app.link(LetterKind::ResetPassword).await;
    let report = app.link(LetterKind::EmailChangeAsked).await;
    browser.verify(&reset, RESET_PASSWORD).await.link_invalid();
    browser.verify(&verify, RESET_PASSWORD).await.refused("credentials_invalid");
    app.send(post(&format!("/auth/report?token={report}")).json(&json!({"token": [report]}))).await;
    browser.reset(&reset, "too short").await.problem(400, "password_unacceptable");
    assert_eq!(browser.reset(&reset, RESET_PASSWORD).await.status, 200);
    assert_eq!(browser.reauthenticate(RESET_PASSWORD).await.status, 200);
    browser.change_email("ada@elsewhere.example").await.letter_sent();
    assert_eq!(browser.export().await.status, 200);
    app.deliver().await;
    // One more waits in the queue, with its link in the store.
    app.send(post("/auth/password/forgot").json(&json!({"email": ADA}))).await.letter_sent();
}

/// Everything of that day that opens something, or that something can be made from.
fn secrets(app: &App) -> Vec<String> {
    let mut all = app.secrets();
    all.extend([PASSWORD, OTHER_PASSWORD, RESET_PASSWORD].map(str::to_owned));
    assert!(all.iter().filter(|secret| secret.starts_with("rl1_")).count() > 8, "there were too few letters");
    let state = app.memory.snapshot();
    all.extend(state.accounts.values().map(|account| account.password.expose().to_owned()));
    for session in state.sessions.values() {
        let lineage = &session.lineage;
        let page = session.page_hash.iter().map(|hash| hash.0);
        let hashes = [lineage.current_hash.0, session.device_hash.0].into_iter().chain(page);
        all.extend(hashes.map(|hash| format!("{:?}", &hash[..4]).trim_matches(['[', ']']).to_owned()));
    }
    assert!(all.len() > 30, "the day was too short: {}", all.len());
    all
}

fn tells_nothing(text: &str, secrets: &[String]) {
    for secret in secrets {
        assert!(!text.contains(secret.as_str()), "{secret} is in {text}");
    }
}

fn printed(things: &[&dyn Debug]) -> String {
    things.iter().map(|thing| format!("{thing:?}\n{thing:#?}\n")).collect()
}

#[tokio::test]
async fn nothing_that_can_be_printed_tells_a_secret() {
    let app = App::new().await;
    let (browser, phone) = a_day(&app).await;
    let secrets = secrets(&app);
    let bearers = [
        app.rotunda.bearer(&browser.access_token).await.unwrap(),
        app.rotunda.bearer(&phone.access_token).await.unwrap(),
    ];
    let story = app.rotunda.why(bearers[1].facts.session.id).await.unwrap();
    let events: Vec<RecordedEvent> = app.memory.snapshot().events;
    let sessions: Vec<_> = app.memory.snapshot().sessions.into_values().collect();
    let letters = app.rotunda.waiting_letters(100).await.unwrap();
    assert!(!letters.is_empty());
    let source = io::Error::other("the disk is full");
    let failure = Failure::unavailable("writing", source);
    let denied =
        [Denied::TokenReused, Denied::SessionEnded(Some(Ending::Reused)), Denied::CredentialsInvalid];
    let problems = [
        Problem::Denied(Denied::TokenUnknown),
        Problem::Bearer(Denied::TokenExpired),
        Problem::Failure(Failure::overload("hashing")),
        Problem::Origin { ours: app.origin(), hint: None },
    ];
    let peer = Peer("203.0.113.7:1".parse().unwrap());
    let error = Error::Failure(Failure::broken("reading", "a value that makes no sense"));
    let wrong =
        [Web::new("not a url", &[""; 0]).unwrap_err(), Web::new("https://a.example", &["x"]).unwrap_err()];
    let jwks = app.rotunda.jwks();
    let text = printed(&[
        &bearers,
        &story,
        &events,
        &sessions,
        &letters,
        &failure,
        &denied,
        &problems,
        &peer,
        &error,
        &wrong,
        &jwks,
        &app.web,
        app.rotunda.policy(),
        &app.hasher,
    ]);
    tells_nothing(&text, &secrets);
    assert!(text.contains("TokenHash") && text.contains(ADA), "it was printed at all");
}

/// A proxy or a test that prints an answer prints no cookie.
#[tokio::test]
async fn the_cookies_of_an_answer_do_not_print() {
    let app = App::new().await;
    let ask = post("/auth/register").json(&json!({"email": ADA, "password": PASSWORD}));
    let response = app.router.clone().oneshot(ask.to_request()).await.unwrap();
    let headers = format!("{:?}", response.headers());
    assert_eq!(headers.matches("Sensitive").count(), 3, "{headers}");
    assert!(!headers.contains("rt1_") && !headers.contains("rd1_") && !headers.contains("rp1_"), "{headers}");
}

/// Where the log goes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// What is logged while something is done, down to the least.
async fn logged(doing: impl Future<Output = ()>) -> String {
    // With a single listener in the process, a place that logs asks only the listener of the thread that comes by first
    // whether it is of interest, once and for all: a test that listens to nothing would silence it. So there is another.
    static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| {
        Dispatch::new(
            tracing_subscriber::fmt().with_max_level(Level::TRACE).with_writer(std::io::sink).finish(),
        )
    });
    LazyLock::force(&ANOTHER);
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(Level::TRACE).with_writer(log.clone()).finish();
    let listening = tracing::subscriber::set_default(subscriber);
    // Places that were silenced before that are asked again.
    tracing::callsite::rebuild_interest_cache();
    doing.await;
    drop(listening);
    String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
}

#[tokio::test]
async fn the_log_tells_no_secret_and_no_address() {
    let app = App::new().await;
    let text = logged(async {
        a_day(&app).await;
        app.memory.set_out(true);
        let login = post("/auth/login").json(&json!({"email": ADA, "password": PASSWORD}));
        app.send(login).await.unavailable("5");
        app.memory.set_out(false);
    })
    .await;
    tells_nothing(&text, &secrets(&app));
    tells_nothing(&text, &[ADA.to_owned()]);
    assert!(text.contains("a request failed") && text.contains("it is out on purpose"), "{text}");
}

/// A link stands in the address of its page, and in its form.
#[tokio::test]
async fn the_log_tells_no_link() {
    for purpose in LinkPurpose::ALL {
        let holder = Holder::of(*purpose).await;
        let text = logged(async {
            let mut ada = Browser::new(&holder.app);
            ada.send(get(&holder.link())).await;
            holder.app.memory.set_out(true);
            assert_eq!(ada.send(get(&holder.link())).await.status, 503);
            assert_eq!(ada.send(holder.filled()).await.status, 503);
            holder.app.memory.set_out(false);
            ada.send(holder.filled().on_page("https://evil.example")).await;
            assert_eq!(ada.send(holder.filled()).await.status, 200);
            ada.send(holder.filled()).await;
        })
        .await;
        let secrets = [holder.token.as_str(), PASSWORD, OTHER_PASSWORD, ADA].map(str::to_owned);
        tells_nothing(&text, &secrets);
        assert!(text.contains(holder.path()), "it was logged at all: {text}");
    }
}
