//! How a client shows who it is (RFC 6749 §2.3), and what becomes of its secrets.

use std::time::Duration;

use base64ct::{Base64, Encoding};
use http::header::AUTHORIZATION;
use rotunda_core::limits::{Limits, Quota};
use rotunda_core::model::{
    Caller, ClientId, ClientKind, ClientSecret, Event, EventKind, KeptClientSecret, RegisteredClient,
};

use super::Client;
use crate::support::{ADA, App, Ask, PASSWORD, Phone, Setup, post};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// Asks for a service's token with these fields besides.
fn asking(fields: &[(&str, &str)]) -> Ask {
    post("/oauth/token").form(&[&[GRANT], fields].concat())
}

#[tokio::test]
async fn by_basic_or_in_the_form_and_never_in_two_ways() {
    let app = App::new().await;
    let reports = Client::reports(&app).await;
    let (id, secret) = (("client_id", reports.id), ("client_secret", reports.secret.as_str()));
    for good in [
        asking(&[]).basic(reports.id, &reports.secret),
        asking(&[id, secret]),
        // Many libraries name the client in the form as well, which shows nothing.
        asking(&[id]).basic(reports.id, &reports.secret),
        // A parameter without a value counts as left out (§3.2).
        asking(&[id, ("client_secret", "")]).basic(reports.id, &reports.secret),
    ] {
        assert_eq!(app.send(good.clone()).await.status, 200, "{:?}", good.body_bytes());
    }
    for two in [
        asking(&[id, secret]).basic(reports.id, &reports.secret),
        asking(&[secret]).basic(reports.id, &reports.secret),
        asking(&[("client_id", "web")]).basic(reports.id, &reports.secret),
        asking(&[]).basic(reports.id, &reports.secret).basic(reports.id, &reports.secret),
        asking(&[secret]),
    ] {
        app.send(two).await.problem(400, "invalid_request");
    }
}

/// §2.3.1: both parts are form-urlencoded before they are joined; whoever encodes more than they have to is right as well.
#[tokio::test]
async fn basic_is_decoded_as_the_rfc_has_it() {
    let app = App::new().await;
    let service = Client::add(&app, "re-ports.v1_x", ClientKind::Service, &[]).await;
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let basic = |id: &str, secret: &str| {
        let pair = Base64::encode_string(format!("{id}:{secret}").as_bytes());
        asking(&[]).with(AUTHORIZATION, &format!("Basic {pair}"))
    };
    let (id, secret) = (service.id, service.secret.as_str());
    for (id, secret) in
        [(encoded(id), encoded(secret)), (id.to_owned(), encoded(secret)), (encoded(id), secret.to_owned())]
    {
        assert_eq!(app.send(basic(&id, &secret)).await.status, 200);
    }
    // A plus is a space, which no secret has.
    app.send(basic(id, &format!("{secret}+"))).await.client_refused(true);
    for unreadable in ["Basic !", "Basic cmVwb3J0cw==", "Basic /////w=="] {
        let ask = asking(&[]).with(AUTHORIZATION, unreadable);
        app.send(ask).await.problem(400, "invalid_request");
    }
}

#[tokio::test]
async fn whoever_does_not_show_a_good_secret_is_refused_alike() {
    let app = App::new().await;
    let reports = Client::reports(&app).await;
    let wrong = reports.with(&ClientSecret::from_bytes([7; 32]).expose_text());
    let answer = app.send(wrong.form("/oauth/token", &[GRANT])).await;
    answer.client_refused(true);
    let others = [
        wrong.with("rubbish"),
        wrong.with(""),
        wrong.with(&reports.secret.replace("rc1_", "rd1_")),
        wrong.with(&format!("{}=", reports.secret)),
        Client { id: "nobody", ..reports.clone() },
        Client { id: "web", ..reports.clone() },
        Client { id: "REPORTS", ..reports.clone() },
    ];
    for other in others {
        let told = app.send(other.form("/oauth/token", &[GRANT])).await;
        assert_eq!(
            (told.status, told.bytes, told.headers),
            (401, answer.bytes.clone(), answer.headers.clone())
        );
    }
    let in_form = |client: &Client| asking(&[("client_id", client.id), ("client_secret", &client.secret)]);
    app.send(in_form(&wrong)).await.client_refused(false);
    // A name alone shows nothing, and neither does what stands in the address or came with another scheme.
    app.send(asking(&[("client_id", reports.id)])).await.client_refused(false);
    app.send(asking(&[])).await.client_refused(false);
    app.send(asking(&[]).bearer(&reports.secret)).await.client_refused(false);
    let query = format!(
        "/oauth/token?client_id=reports&client_secret={}&grant_type=client_credentials",
        reports.secret
    );
    app.send(post(&query).form(&[GRANT])).await.client_refused(false);
    app.send(post(&query).form(&[])).await.problem(400, "invalid_request");
    // It is written down once a minute, however often it happens.
    assert_eq!(app.news().await, ["client.added", "client.refused"]);
    app.wait(Duration::from_secs(61));
    app.send(in_form(&wrong)).await.client_refused(false);
    assert_eq!(app.news().await, ["client.refused"]);
}

#[tokio::test]
async fn a_form_that_cannot_be_read_in_one_way_is_refused() {
    let app = App::new().await;
    let reports = Client::reports(&app).await;
    let ask = || reports.asks(post("/oauth/token"));
    for twice in [
        "grant_type=client_credentials&grant_type=client_credentials",
        "grant_type=client_credentials&scope=&scope=x",
        "grant_type=client_credentials&client_id=reports&client%5Fid=reports",
        "grant_type=%ff",
        "",
        "grant_type=",
        "GRANT_TYPE=client_credentials",
    ] {
        app.send(ask().form_text(twice)).await.problem(400, "invalid_request");
    }
    for unknown in ["password", "authorization_code", "CLIENT_CREDENTIALS", "urn:x"] {
        let answer = app.send(ask().form(&[("grant_type", unknown)])).await;
        answer.problem(400, "unsupported_grant_type");
    }
    app.send(ask().json_text("{\"grant_type\":\"client_credentials\"}"))
        .await
        .problem(415, "unsupported_media_type");
    for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect"] {
        assert_eq!(app.send(reports.asks(crate::support::get(path))).await.status, 405);
        let nothing_to_ask_about = if path == "/oauth/token" { 415 } else { 400 };
        let ask = if path == "/oauth/token" { post(path) } else { post(path).form(&[]) };
        assert_eq!(app.send(reports.asks(ask)).await.status, nothing_to_ask_about, "{path}");
    }
    // Unknown parameters are nothing to us (§3.2).
    assert_eq!(app.send(ask().form(&[GRANT, ("resource", "x"), ("audience", "y")])).await.status, 200);
}

#[tokio::test]
async fn old_secrets_are_good_while_one_takes_the_place_of_the_other() {
    let app = App::new().await;
    let first = Client::reports(&app).await;
    let day = Duration::from_secs(24 * 3600);
    let rotate = async |keep| {
        let rotated = app.rotunda.rotate_client_secret(&first.id(), keep, &Caller::default()).await.unwrap();
        (first.with(&rotated.secret.expose_text()), rotated.old_until)
    };
    let works = async |client: &Client| match app.send(client.form("/oauth/token", &[GRANT])).await {
        answer if answer.status == 200 => true,
        answer => {
            answer.client_refused(true);
            false
        }
    };
    let (second, until) = rotate(day).await;
    assert_eq!(until, [app.now().plus(day)]);
    assert!(works(&first).await && works(&second).await);
    app.wait(day - Duration::from_millis(1));
    assert!(works(&first).await);
    app.wait(Duration::from_millis(1));
    assert!(!works(&first).await && works(&second).await);
    // Of four, three are good at most.
    let (third, _) = rotate(day).await;
    let (fourth, _) = rotate(2 * day).await;
    assert!(works(&second).await && works(&third).await && works(&fourth).await);
    let (newest, _) = rotate(2 * day).await;
    assert!(!works(&second).await && works(&third).await && works(&fourth).await && works(&newest).await);
    // At once, when somebody else has seen it.
    let (fifth, until) = rotate(Duration::ZERO).await;
    assert_eq!(until, []);
    assert!(!works(&newest).await && !works(&third).await && !works(&fourth).await && works(&fifth).await);
    let kinds = app.news().await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "client.secret_changed").count(), 5);
}

/// A client that another server has added a moment ago is known here at once.
#[tokio::test]
async fn a_client_of_another_server_is_looked_for() {
    let app = App::new().await;
    let secret = ClientSecret::from_bytes([9; 32]);
    let kept = |secret: &ClientSecret| vec![KeptClientSecret::fresh(secret.hash(), app.now())];
    let id = ClientId("elsewhere".to_owned());
    let client = RegisteredClient {
        id: id.clone(),
        kind: ClientKind::Service,
        scopes: Vec::new(),
        secrets: kept(&secret),
        created_at: app.now(),
    };
    let event = |kind| Event {
        kind,
        at: app.now(),
        user_id: None,
        session_id: None,
        about: None,
        caller: Default::default(),
    };
    assert!(app.store.add_client(client, event(EventKind::ClientAdded)).await.unwrap());
    let asks = |secret: &ClientSecret| {
        let client = Client { id: "elsewhere", secret: secret.expose_text() };
        client.form("/oauth/token", &[GRANT])
    };
    assert_eq!(app.send(asks(&secret)).await.status, 200);
    // So is a secret that was changed there.
    let other = ClientSecret::from_bytes([8; 32]);
    let changed = event(EventKind::ClientSecretChanged);
    assert!(app.store.change_secrets(id, kept(&secret), kept(&other), changed).await.unwrap());
    app.wait(Duration::from_millis(200));
    assert_eq!(app.send(asks(&other)).await.status, 200);
    app.send(asks(&secret)).await.client_refused(true);
}

#[tokio::test]
async fn whoever_fails_too_often_waits_and_holds_up_nobody_else() {
    let client_per_address = Quota::new(3, Duration::from_secs(60));
    let limits = Limits { enabled: true, client_per_address, ..Limits::off() };
    let app = Setup::new().limits(limits).start().await;
    let reports = Client::reports(&app).await;
    let wrong = reports.with("rubbish");
    let from = |client: &Client, address: &str| client.form("/oauth/token", &[GRANT]).peer(address);
    for _ in 0..3 {
        app.send(from(&wrong, "198.51.100.1:1")).await.client_refused(true);
    }
    app.send(from(&wrong, "198.51.100.1:1")).await.limited("60");
    // The one who knows the secret goes on, from there too; another place has not failed yet.
    assert_eq!(app.send(from(&reports, "198.51.100.1:1")).await.status, 200);
    app.send(from(&wrong, "198.51.100.2:1")).await.client_refused(true);
    let nobody = Client { id: "nobody", ..wrong.clone() };
    app.send(from(&nobody, "198.51.100.1:1")).await.limited("60");
    app.wait(Duration::from_secs(60));
    app.send(from(&wrong, "198.51.100.1:1")).await.client_refused(true);
}

#[tokio::test]
async fn a_client_that_was_removed_can_do_nothing_any_more() {
    let app = App::new().await;
    super::ada_has_an_account(&app).await;
    let (shop, reports) = (Client::shop(&app).await, Client::reports(&app).await);
    let ada = shop.signs_in(&app).await;
    let token = reports.token(&app).await;
    app.rotunda.remove_client(&shop.id(), &Caller::default()).await.unwrap();
    app.rotunda.remove_client(&reports.id(), &Caller::default()).await.unwrap();
    app.send(shop.form("/oauth/token", &ada.refreshing())).await.client_refused(true);
    app.send(crate::support::get("/auth/me").bearer(&ada.access_token))
        .await
        .challenged("client_mismatch", None);
    app.send(crate::support::get("/revocations").bearer(&token)).await.challenged("token_unknown", None);
    // Its user can end what it left behind.
    let body = serde_json::json!({"refresh_token": ada.refresh_token});
    app.send(post("/auth/logout").json(&body)).await.no_content(&[]);
    assert_eq!(app.story(&ada.id).await.last().unwrap(), "session.ended logged_out");
}

/// Whatever writes a Basic header for a client without a secret ends it with the colon.
#[tokio::test]
async fn an_empty_password_is_none_for_a_public_client_and_for_no_other() {
    let app = App::new().await;
    let mut phone = Phone::new(&app, "ada");
    phone.register(ADA, PASSWORD).await.session_on_phone(201);
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &phone.refresh_token),
        ("device_secret", &phone.device_secret),
    ];
    let answer = app.send(post("/oauth/token").form(&fields).basic("native", "")).await;
    assert_eq!(answer.status, 200, "{}", answer.told());
    app.send(post("/oauth/token").form(&fields).basic("native", "x")).await.client_refused(true);
    app.send(asking(&[]).basic("native", "")).await.client_refused(true);
    let reports = Client::reports(&app).await;
    for name in [reports.id, "nobody"] {
        app.send(asking(&[]).basic(name, "")).await.client_refused(true);
    }
    // Theirs was looked at like any other that is wrong.
    assert_eq!(app.news().await.last().unwrap(), "client.refused");
}
