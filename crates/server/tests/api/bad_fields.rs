//! Objects whose fields do not fit. A refusal never repeats what it refuses: it may be a password in the wrong place.

use serde_json::{Value, json};

use crate::bad_bodies::NEEDS_A_BEARER;
use crate::support::{ADA, App, Ask, OTHER_PASSWORD, PASSWORD, Phone, post};

/// Every field of every body, with the type that it has.
const FIELDS: [(&str, &str, Kind); 33] = [
    ("/auth/register", "email", Kind::Needed),
    ("/auth/register", "password", Kind::Needed),
    ("/auth/register", "username", Kind::Text),
    ("/auth/register", "name", Kind::Text),
    ("/auth/register", "client_id", Kind::Text),
    ("/auth/login", "email", Kind::Text),
    ("/auth/login", "username", Kind::Text),
    ("/auth/login", "password", Kind::Needed),
    ("/auth/login", "client_id", Kind::Text),
    ("/auth/login", "remember", Kind::Flag),
    ("/auth/login", "device_secret", Kind::Text),
    ("/auth/refresh", "refresh_token", Kind::Text),
    ("/auth/refresh", "device_secret", Kind::Text),
    ("/auth/refresh", "retry_keys", Kind::List),
    ("/auth/refresh", "client_id", Kind::Text),
    ("/auth/logout", "refresh_token", Kind::Text),
    ("/auth/password/change", "current_password", Kind::Needed),
    ("/auth/password/change", "new_password", Kind::Needed),
    ("/auth/email/verify", "email", Kind::Text),
    ("/auth/email/verify", "token", Kind::Text),
    ("/auth/email/verify", "password", Kind::Text),
    ("/auth/email/verify", "client_id", Kind::Text),
    ("/auth/email/verify", "device_secret", Kind::Text),
    ("/auth/email/change", "email", Kind::Needed),
    ("/auth/email/confirm", "token", Kind::Needed),
    ("/auth/email/confirm", "password", Kind::Needed),
    ("/auth/password/forgot", "email", Kind::Needed),
    ("/auth/password/reset", "token", Kind::Needed),
    ("/auth/password/reset", "new_password", Kind::Needed),
    ("/auth/password/reset", "client_id", Kind::Text),
    ("/auth/password/reset", "device_secret", Kind::Text),
    ("/auth/reauthenticate", "password", Kind::Needed),
    ("/auth/report", "token", Kind::Needed),
];

/// What a field takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A text that must be there.
    Needed,
    /// A text, or `null`.
    Text,
    /// `true`, `false` or `null`.
    Flag,
    /// A list of texts, or `null`.
    List,
}

impl Kind {
    fn takes(self, value: &Value) -> bool {
        match self {
            Self::Needed => value.is_string(),
            Self::Text => value.is_string() || value.is_null(),
            Self::Flag => value.is_boolean() || value.is_null(),
            Self::List => value.is_null(),
        }
    }
}

fn good_body(route: &str) -> Value {
    match route {
        "/auth/register" => json!({"email": "bob@example.com", "password": PASSWORD, "client_id": "native"}),
        "/auth/login" => json!({"email": ADA, "password": PASSWORD, "client_id": "native"}),
        "/auth/password/change" => json!({"current_password": PASSWORD, "new_password": OTHER_PASSWORD}),
        "/auth/email/verify" => json!({"token": "rl1_x", "password": PASSWORD, "client_id": "native"}),
        "/auth/email/change" | "/auth/password/forgot" => json!({"email": ADA}),
        "/auth/password/reset" => {
            json!({"token": "rl1_x", "new_password": OTHER_PASSWORD, "client_id": "native"})
        }
        "/auth/reauthenticate" => json!({"password": PASSWORD}),
        "/auth/email/confirm" => json!({"token": "rl1_x", "password": PASSWORD}),
        "/auth/report" => json!({"token": "rl1_x"}),
        _ => json!({"refresh_token": "rt1_x"}),
    }
}

async fn with_phone(app: &App) -> Phone<'_> {
    let mut ada = Phone::new(app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    app.news().await;
    ada
}

fn asking(route: &str, phone: &Phone<'_>) -> Ask {
    let ask = post(route);
    if NEEDS_A_BEARER.contains(&route) { ask.bearer(&phone.access_token) } else { ask }
}

#[tokio::test]
async fn a_field_of_the_wrong_type_is_refused_and_not_repeated() {
    let app = App::new().await;
    let ada = with_phone(&app).await;
    let secret = "hunter2-\"quoted\", expected a secret";
    let values = [
        json!(null),
        json!(true),
        json!(31_415_926),
        json!(-31_415_926),
        json!(3_141.592_6),
        json!(secret),
        json!([secret]),
        json!([31_415_926]),
        json!({"hunter2": secret}),
        json!({}),
    ];
    for (route, field, kind) in FIELDS {
        for value in values.iter().filter(|value| !kind.takes(value)) {
            let mut body = good_body(route);
            body[field] = value.clone();
            let answer = app.send(asking(route, &ada).json(&body)).await;
            answer.problem(400, "invalid_request");
            let told = answer.json["error_description"].as_str().unwrap();
            for repeated in ["hunter2", "31415926", "3141.5926", "quoted"] {
                assert!(!told.contains(repeated), "{field} is {value}: {told}");
            }
        }
    }
    assert_eq!(app.news().await, [""; 0]);
}

#[tokio::test]
async fn what_must_be_there_is_named_when_it_is_not() {
    let app = App::new().await;
    let ada = with_phone(&app).await;
    for (route, field, _) in FIELDS.into_iter().filter(|(_, _, kind)| *kind == Kind::Needed) {
        let mut body = good_body(route);
        body.as_object_mut().unwrap().remove(field);
        let answer = app.send(asking(route, &ada).json(&body)).await;
        answer.problem(400, "invalid_request");
        assert!(answer.json["error_description"].as_str().unwrap().contains(field), "{}", answer.told());
    }
}

#[tokio::test]
async fn fields_that_nobody_knows_are_ignored() {
    let app = App::new().await;
    let mut body = good_body("/auth/register");
    body["from_the_future"] = json!({"deep": [1, 2.5, null, {"er": true}]});
    app.send(post("/auth/register").json(&body)).await.session_on_phone(201);
}

#[tokio::test]
async fn one_way_to_say_who_it_is() {
    let app = App::new().await;
    let handles =
        [json!({"email": ADA, "username": "ada"}), json!({}), json!({"email": null, "username": null})];
    for mut body in handles {
        body["password"] = json!(PASSWORD);
        app.send(post("/auth/login").json(&body)).await.problem(400, "invalid_request");
    }
}

#[tokio::test]
async fn a_client_that_nobody_configured() {
    let app = App::new().await;
    let ada = with_phone(&app).await;
    for name in ["", "Web", "native ", "nobody", "n\u{0}", "客户"] {
        for route in ["/auth/register", "/auth/login"] {
            let mut body = good_body(route);
            body["client_id"] = json!(name);
            app.send(post(route).json(&body)).await.problem(400, "invalid_client");
        }
        let body = json!({"refresh_token": ada.refresh_token, "client_id": name});
        app.send(post("/auth/refresh").json(&body)).await.refused("client_mismatch");
    }
    ada.me().await.user();
}

#[tokio::test]
async fn texts_that_are_no_address_no_name_no_user_name() {
    let app = App::new().await;
    let long_email = format!("{}@example.com", "a".repeat(65));
    let long_host = format!("ada@{}.example", "a".repeat(254));
    let (long_name, long_username) = ("n".repeat(129), "u".repeat(65));
    let table: [(&str, &[&str]); 3] = [
        (
            "email",
            &[
                "",
                " ",
                "ada",
                "@",
                "ada@",
                "@example.com",
                "a@b@c",
                "ada@example..com",
                "ada@.com",
                "a da@example.com",
                "ada@exam\u{0}ple.com",
                "ada\n@example.com",
                "ada@example.com\r\nBcc: x@y.z",
                "<ada@example.com>",
                "ada\u{7f}@example.com",
                "ada\u{2028}@example.com",
                &long_email,
                &long_host,
            ],
        ),
        (
            "username",
            &["", "a", "a b", "ada@example.com", "a\u{0}da", "ada\n", "äda", "ада", "../ada", &long_username],
        ),
        (
            "name",
            &["", " ", "\u{0}", "Ada\u{0}", "Ada\nLovelace", "A\u{1b}[31mda", "\u{85}Ada\u{7f}", &long_name],
        ),
    ];
    for (field, texts) in table {
        for text in texts {
            let mut body = good_body("/auth/register");
            body[field] = json!(text);
            app.send(post("/auth/register").json(&body)).await.problem(400, "invalid_request");
            if field != "name" {
                let body = json!({field: text, "password": PASSWORD});
                app.send(post("/auth/login").json(&body)).await.refused("credentials_invalid");
            }
        }
    }
    assert!(app.memory.snapshot().accounts.is_empty());
}

#[tokio::test]
async fn tokens_that_are_none() {
    let app = App::new().await;
    let ada = with_phone(&app).await;
    let token = &ada.refresh_token;
    let wrong = [
        String::new(),
        "rt1_".to_owned(),
        token[..token.len() - 1].to_owned(),
        format!("{token}A"),
        format!(" {token}"),
        format!("{token}\u{0}"),
        token.replace("rt1_", "rt2_"),
        token.replacen(&token[20..21], if &token[20..21] == "A" { "B" } else { "A" }, 1),
        "ü".repeat(token.len() / 2),
        "a".repeat(10_000),
        ada.device_secret.clone(),
        ada.access_token.clone(),
    ];
    for token in &wrong {
        app.send(post("/auth/refresh").json(&json!({"refresh_token": token}))).await.refused("token_unknown");
        let out = post("/auth/logout").json(&json!({"refresh_token": token}));
        app.send(out).await.no_content(&[]);
    }
    assert_eq!(app.news().await, [""; 0]);
    ada.me().await.user();
}
