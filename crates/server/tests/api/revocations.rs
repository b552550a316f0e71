//! The revocation feed, as a service hears it.

use std::time::Duration;

use axum::body::Body;
use http::Response;
use http::header::{AUTHORIZATION, CONTENT_TYPE, IF_NONE_MATCH};
use http_body_util::BodyExt;
use rotunda_core::model::{
    Caller, ClientId, ClientKind, ClientSecret, Event, EventKind, KeptClientSecret, RegisteredClient,
};
use rotunda_core::signing::JWKS_MAX_AGE;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::{ADA, App, Ask, OTHER_PASSWORD, PASSWORD, Phone, get, post};

const SCOPE: &str = "revocations.read";
/// `reports:` and the secret that is made of nines.
const NINES: &str = "rc1_CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk";

/// Registers a service and gets it a token.
async fn service(app: &App, name: &str, scope: &str) -> String {
    let secret = ClientSecret::from_bytes([9; 32]);
    assert_eq!(secret.expose_text(), NINES);
    let client = RegisteredClient {
        id: ClientId(name.to_owned()),
        kind: ClientKind::Service,
        scopes: vec![scope.to_owned()],
        secrets: vec![KeptClientSecret { hash: secret.hash(), created_at: app.now(), ends_at: None }],
        created_at: app.now(),
    };
    assert!(app.store.add_client(client, event(app, EventKind::ClientAdded)).await.unwrap());
    app.rotunda.look_at_shelf().await.unwrap();
    token_of(app, name).await
}

async fn token_of(app: &App, name: &str) -> String {
    let form = format!("grant_type=client_credentials&client_id={name}&client_secret={NINES}");
    let ask =
        post("/oauth/token").with(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.as_bytes());
    let answer = app.send(ask).await;
    assert_eq!(answer.status, 200, "{}", answer.told());
    answer.json["access_token"].as_str().unwrap().to_owned()
}

fn event(app: &App, kind: EventKind) -> Event {
    Event { kind, at: app.now(), user_id: None, session_id: None, about: None, caller: Default::default() }
}

async fn poll(app: &App, token: &str, since: &str) -> Value {
    let answer = app.send(get(&format!("/revocations{since}")).bearer(token)).await;
    assert_eq!(answer.status, 200, "{}", answer.told());
    assert_eq!(answer.header("etag").unwrap(), format!("{:?}", answer.json["cursor"].as_str().unwrap()));
    answer.json
}

/// The entries without their times, which are checked here.
fn entries(app: &App, body: &Value) -> Vec<Value> {
    let keep = body["keep"].as_i64().unwrap();
    let bare = |entry: &Value| {
        let mut entry = entry.clone();
        let (at, exp) = (entry["at"].as_i64().unwrap(), entry["exp"].as_i64().unwrap());
        assert!(at <= app.now().seconds() && (keep..=keep + 1).contains(&(exp - at)), "{entry}");
        let members = entry.as_object_mut().unwrap();
        members.remove("at");
        members.remove("exp");
        entry
    };
    body["entries"].as_array().unwrap().iter().map(bare).collect()
}

#[tokio::test]
async fn only_a_service_with_the_scope_may_read_it() {
    let app = App::new().await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    let other = service(&app, "reports", "reports.read").await;
    for path in ["/revocations", "/revocations/stream"] {
        app.send(get(path)).await.challenged("token_missing", None);
        app.send(get(path).bearer(&ada.access_token)).await.challenged("token_unknown", None);
        let refused = app.send(get(path).bearer(&other)).await;
        let challenge = "Bearer realm=\"rotunda\", error=\"insufficient_scope\", scope=\"revocations.read\"";
        refused.error(403, "insufficient_scope", None, None, &[("www-authenticate", challenge)]);
    }
    // A service is nobody whose account could be asked about.
    app.send(get("/auth/me").bearer(&other)).await.challenged("token_unknown", None);
}

#[tokio::test]
async fn everything_that_ends_is_on_it_once_and_a_cursor_goes_on_after_it() {
    let app = App::new().await;
    let token = service(&app, "feed", SCOPE).await;
    let begun = poll(&app, &token, "").await;
    assert_eq!(
        (&begun["full"], &begun["more"], entries(&app, &begun)),
        (&json!(true), &json!(false), vec![])
    );
    let mut cursor = begun["cursor"].as_str().unwrap().to_owned();

    let mut ada = Phone::new(&app, "ada");
    let user = ada.register(ADA, PASSWORD).await.json["user"]["id"].clone();
    let first = ada.session.clone();
    app.send(post("/auth/logout").bearer(&ada.access_token)).await.no_content(&[]);
    let mut expected = vec![json!({"type": "session", "sid": first, "ending": "logged_out"})];

    ada.login(ADA, PASSWORD).await.session_on_phone(200);
    let change = json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD});
    let changed = app.send(post("/auth/password/change").json(&change).bearer(&ada.access_token)).await;
    assert_eq!(changed.status, 200, "{}", changed.told());
    expected.push(json!({"type": "user", "sub": user, "ep": 1, "ending": "password_changed"}));

    app.store
        .revoke_token("a-jti".to_owned(), app.now(), event(&app, EventKind::TokenRevoked))
        .await
        .unwrap();
    expected.push(json!({"type": "token", "jti": "a-jti"}));
    for entry in &expected {
        let part = poll(&app, &token, &format!("?since={cursor}")).await;
        assert_eq!(part["full"], false);
        assert!(entries(&app, &part).contains(entry), "{entry} in {part}");
    }
    let part = poll(&app, &token, &format!("?since={cursor}")).await;
    assert_eq!(entries(&app, &part), expected);
    cursor = part["cursor"].as_str().unwrap().to_owned();
    assert_eq!(entries(&app, &poll(&app, &token, &format!("?since={cursor}")).await), Vec::<Value>::new());
    assert_eq!(entries(&app, &poll(&app, &token, "").await), expected);

    let kid = app.rotunda.signing_keys().await.unwrap()[0].kid.clone();
    app.rotunda.revoke_key(&kid, &Caller::default()).await.unwrap();
    // The token that the feed was read with was signed by that key.
    app.send(get("/revocations").bearer(&token)).await.challenged("token_unknown", None);
    let token = token_of(&app, "feed").await;
    let part = poll(&app, &token, &format!("?since={cursor}")).await;
    assert_eq!(entries(&app, &part), [json!({"type": "key", "kid": kid})]);
}

#[tokio::test]
async fn nothing_new_is_304_and_a_cursor_from_elsewhere_gets_everything() {
    let app = App::new().await;
    let token = service(&app, "feed", SCOPE).await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    app.send(post("/auth/logout").bearer(&ada.access_token)).await.no_content(&[]);
    let body = poll(&app, &token, "").await;
    let tag = format!("{:?}", body["cursor"].as_str().unwrap());
    let again = app.send(get("/revocations").bearer(&token).with(IF_NONE_MATCH, &tag)).await;
    assert_eq!((again.status, again.bytes.len()), (304, 0));
    ada.login(ADA, PASSWORD).await.session_on_phone(200);
    app.send(post("/auth/logout").bearer(&ada.access_token)).await.no_content(&[]);
    assert_eq!(app.send(get("/revocations").bearer(&token).with(IF_NONE_MATCH, &tag)).await.status, 200);
    for since in ["nonsense", "0000000000000000-0-00000000", "", "ffffffffffffffff-99999999999999999999-0"] {
        let body = poll(&app, &token, &format!("?since={since}")).await;
        assert_eq!((&body["full"], entries(&app, &body).len()), (&json!(true), 2), "{since:?}");
    }
}

#[tokio::test]
async fn an_entry_goes_when_no_token_can_be_meant_any_more() {
    let app = App::new().await;
    let token = service(&app, "feed", SCOPE).await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    app.send(post("/auth/logout").bearer(&ada.access_token)).await.no_content(&[]);
    let keep = Duration::from_secs(poll(&app, &token, "").await["keep"].as_u64().unwrap());
    assert!(keep > JWKS_MAX_AGE && keep > Duration::from_secs(15 * 60), "{keep:?}");
    app.wait(keep);
    let token = token_of(&app, "feed").await;
    assert_eq!(entries(&app, &poll(&app, &token, "").await).len(), 1);
    app.wait(Duration::from_millis(1));
    assert_eq!(entries(&app, &poll(&app, &token, "").await).len(), 0);
    app.rotunda.sweep().await.unwrap();
    assert_eq!(app.store.revocations(None, rotunda_core::model::UnixMillis(0), 9).await.unwrap().entries, []);
}

#[tokio::test]
async fn after_a_restore_nobody_goes_on_where_others_stand_now() {
    let app = App::new().await;
    let token = service(&app, "feed", SCOPE).await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    let backup = app.memory.snapshot();
    app.send(post("/auth/logout").bearer(&ada.access_token)).await.no_content(&[]);
    let stands = poll(&app, &token, "").await["cursor"].as_str().unwrap().to_owned();
    // The database is put back, without a word to anybody, and time goes on: the same place is given to another entry.
    app.memory.restore(backup);
    app.wait(Duration::from_secs(1));
    app.send(post("/auth/logout").bearer(&ada.access_token)).await.no_content(&[]);
    let router = rotunda_server::router(app.rotunda.clone(), app.web.clone());
    let ask = get(&format!("/revocations?since={stands}")).bearer(&token);
    let body =
        router.oneshot(ask.to_request()).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&body["full"], entries(&app, &body).len()), (&json!(true), 1), "{stands} {body}");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_read_gives_up_its_place_and_one_does_not_take_all() {
    let app = App::new().await;
    let (token, other) = (service(&app, "feed", SCOPE).await, service(&app, "other", SCOPE).await);
    let mut unread = Vec::new();
    for _ in 0..128 {
        unread.push(Stream::open(&app, get("/revocations/stream").bearer(&token)).await);
    }
    app.send(get("/revocations/stream").bearer(&token)).await.unavailable("2");
    drop(Stream::open(&app, get("/revocations/stream").bearer(&other)).await);
    // A few heartbeats fill what may wait; then nobody waits longer than this.
    tokio::time::sleep(Duration::from_secs(30)).await;
    drop(Stream::open(&app, get("/revocations/stream").bearer(&token)).await);
    drop(unread);
}

#[tokio::test]
async fn an_entry_stays_while_tokens_of_another_server_can_be_meant() {
    let app = App::new().await;
    let token = service(&app, "feed", SCOPE).await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    app.send(post("/auth/logout").bearer(&ada.access_token)).await.no_content(&[]);
    let short = poll(&app, &token, "").await["keep"].as_u64().unwrap();
    let day = Duration::from_secs(24 * 60 * 60);
    assert!(Duration::from_secs(short) < day);
    app.store.keep(day, app.now()).await.unwrap();
    app.wait(Duration::from_secs(60));
    app.rotunda.sweep().await.unwrap();
    app.wait(Duration::from_secs(short));
    app.rotunda.sweep().await.unwrap();
    let token = token_of(&app, "feed").await;
    let told = poll(&app, &token, "").await;
    assert_eq!((told["keep"].as_u64(), entries(&app, &told).len()), (Some(day.as_secs()), 1));
    assert_eq!(told["entries"][0]["exp"], told["entries"][0]["at"].as_i64().unwrap() + 24 * 60 * 60);
}

/// A stream under way.
struct Stream {
    body: Body,
    read: String,
}

impl Stream {
    async fn open(app: &App, ask: Ask) -> Self {
        let response: Response<Body> = app.router.clone().oneshot(ask.to_request()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
        Self { body: response.into_body(), read: String::new() }
    }

    /// The next event and its data; `None` at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.read.clone().split_once("\n\n") {
                self.read = rest.to_owned();
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
                let data: Value = serde_json::from_str(field("data: ").unwrap()).unwrap();
                let name = field("event: ").unwrap().to_owned();
                assert_eq!(
                    field("id: "),
                    data["cursor"].as_str().filter(|_| name == "revocations"),
                    "{event}"
                );
                return Some((name, data));
            }
            let frame = self.body.frame().await?.unwrap();
            self.read.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }

    /// The next event of that name; others of the names are skipped.
    async fn next_of(&mut self, name: &str) -> Value {
        loop {
            let (event, data) = self.next().await.unwrap();
            if event == name {
                return data;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_begins_with_everything_and_goes_on_as_it_happens() {
    let app = App::new().await;
    let token = service(&app, "feed", SCOPE).await;
    let mut ada = Phone::new(&app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    app.send(post("/auth/logout").bearer(&ada.access_token)).await.no_content(&[]);
    let mut stream = Stream::open(&app, get("/revocations/stream").bearer(&token)).await;
    let (event, data) = stream.next().await.unwrap();
    assert_eq!((event.as_str(), &data["full"], entries(&app, &data).len()), ("revocations", &json!(true), 1));

    ada.login(ADA, PASSWORD).await.session_on_phone(200);
    let sid = ada.session.clone();
    app.send(post("/auth/logout").bearer(&ada.access_token)).await.no_content(&[]);
    let data = stream.next_of("revocations").await;
    let session = json!({"type": "session", "sid": sid, "ending": "logged_out"});
    assert_eq!((&data["full"], entries(&app, &data)), (&json!(false), vec![session]));

    let cursor = data["cursor"].as_str().unwrap().to_owned();
    let beat = stream.next_of("heartbeat").await;
    assert_eq!((&beat["cursor"], &beat["as_of"]), (&json!(cursor), &json!(app.now().0)));
    // Whoever comes back goes on from there, by either way to say where.
    for ask in [
        get(&format!("/revocations/stream?since={cursor}")),
        get("/revocations/stream").with("last-event-id", &cursor),
    ] {
        let mut again = Stream::open(&app, ask.bearer(&token)).await;
        let data = again.next_of("revocations").await;
        assert_eq!((&data["full"], entries(&app, &data).len()), (&json!(false), 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_its_token() {
    let app = App::new().await;
    let token = service(&app, "feed", SCOPE).await;
    let mut stream = Stream::open(&app, get("/revocations/stream").bearer(&token)).await;
    app.wait(Duration::from_secs(15 * 60 - 1));
    assert!(stream.next_of("heartbeat").await["as_of"].is_i64());
    app.wait(Duration::from_secs(1));
    assert_eq!(stream.next_of("end").await, json!({"reason": "token_expired"}));
    assert!(stream.next().await.is_none());

    // Revoked by itself, and its client removed.
    let revoked = token_of(&app, "feed").await;
    let mut stream = Stream::open(&app, get("/revocations/stream").bearer(&revoked)).await;
    let form = format!("token={revoked}&client_id=feed&client_secret={NINES}");
    let ask =
        post("/oauth/revoke").with(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.as_bytes());
    assert_eq!(app.send(ask).await.status, 200);
    assert_eq!(stream.next_of("end").await, json!({"reason": "token_revoked"}));

    let removed = token_of(&app, "feed").await;
    let mut stream = Stream::open(&app, get("/revocations/stream").bearer(&removed)).await;
    let id = ClientId("feed".to_owned());
    assert!(app.store.remove_client(id, event(&app, EventKind::ClientRemoved)).await.unwrap());
    app.rotunda.look_at_shelf().await.unwrap();
    assert_eq!(stream.next_of("end").await, json!({"reason": "token_revoked"}));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_has_lost_its_store_says_how_old_its_word_is() {
    let app = App::new().await;
    let token = service(&app, "feed", SCOPE).await;
    let mut stream = Stream::open(&app, get("/revocations/stream").bearer(&token)).await;
    stream.next_of("heartbeat").await;
    let lost = app.now().0;
    app.memory.set_out(true);
    app.wait(Duration::from_secs(7));
    for _ in 0..7 {
        let as_of = stream.next_of("heartbeat").await["as_of"].as_i64().unwrap();
        assert_eq!(as_of, lost, "what was read before the store was lost");
    }
    app.send(get("/revocations").with(AUTHORIZATION, &format!("Bearer {token}"))).await.unavailable("5");
    app.memory.set_out(false);
    while stream.next_of("heartbeat").await["as_of"].as_i64().unwrap() == lost {}
}
