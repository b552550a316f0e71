//! The `Authorization` header (RFC 6750).

use std::time::Duration;

use http::header::AUTHORIZATION;

use crate::support::{ADA, App, Ask, PASSWORD, Phone, delete, get, post};

const ROUTES: [fn() -> Ask; 11] = [
    || get("/auth/me"),
    || get("/auth/sessions"),
    || delete("/auth/sessions"),
    || get("/auth/events"),
    || delete("/auth/sessions/0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21"),
    || post("/auth/logout-all"),
    || post("/auth/password/change"),
    || post("/auth/email/change"),
    || post("/auth/reauthenticate"),
    || delete("/auth/me"),
    || get("/auth/me/export"),
];

async fn signed_in(app: &App) -> Phone<'_> {
    let mut ada = Phone::new(app, "ada");
    ada.register(ADA, PASSWORD).await.session_on_phone(201);
    ada
}

#[tokio::test]
async fn without_a_token_the_challenge_names_no_error() {
    let app = App::new().await;
    for ask in ROUTES {
        app.send(ask()).await.challenged("token_missing", None);
        for other in ["Basic YWRhOnNlY3JldA==", "DPoP abc", "Bearer", "Token", "Bearer\tabc"] {
            app.send(ask().with(AUTHORIZATION, other)).await.challenged("token_missing", None);
        }
    }
}

#[tokio::test]
async fn the_scheme_is_read_whatever_its_case_and_the_token_is_not() {
    let app = App::new().await;
    let ada = signed_in(&app).await;
    let token = &ada.access_token;
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        app.send(get("/auth/me").with(AUTHORIZATION, &format!("{scheme} {token}"))).await.user();
        app.send(get("/auth/me").with(AUTHORIZATION, &format!("{scheme}   {token}"))).await.user();
    }
    app.send(get("/auth/me").bearer(&token.to_uppercase())).await.challenged("token_unknown", None);
}

#[tokio::test]
async fn a_token_lives_exactly_as_long_as_it_was_told() {
    for fraction in [0, 1, 500, 999] {
        let app = App::new().await;
        app.wait(Duration::from_millis(fraction));
        let ada = signed_in(&app).await;
        app.wait(Duration::from_millis(900_000 - 1));
        ada.me().await.user();
        // A JWT counts whole seconds: rounded up, so that it never dies before its `expires_in`.
        app.wait(Duration::from_millis(1 + (1_000 - fraction) % 1_000));
        ada.me().await.challenged("token_expired", None);
        for ask in ROUTES {
            app.send(ask().bearer(&ada.access_token)).await.challenged("token_expired", None);
        }
    }
}

#[tokio::test]
async fn what_was_tampered_with_is_unknown() {
    let app = App::new().await;
    let ada = signed_in(&app).await;
    let parts: Vec<_> = ada.access_token.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { panic!("not a JWS") };
    let flipped = |text: &str| {
        let middle = text.len() / 2;
        let other = if text.as_bytes()[middle] == b'A' { "B" } else { "A" };
        format!("{}{other}{}", &text[..middle], &text[middle + 1..])
    };
    // {"typ":"at+jwt","alg":"none"}
    let unsigned = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJub25lIn0";
    let wrong = [
        format!("{}.{claims}.{signature}", flipped(header)),
        format!("{header}.{}.{signature}", flipped(claims)),
        format!("{header}.{claims}.{}", flipped(signature)),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{unsigned}.{claims}."),
        format!("{}.", ada.access_token),
        format!("{} {}", ada.access_token, ada.access_token),
        ada.refresh_token.clone(),
        ada.device_secret.clone(),
        ".".repeat(10_000),
        "a".repeat(30_000),
    ];
    for token in wrong {
        app.send(get("/auth/me").bearer(&token)).await.challenged("token_unknown", None);
        app.send(post("/auth/logout").bearer(&token)).await.challenged("token_unknown", None);
    }
    ada.me().await.user();
}

#[tokio::test]
async fn a_token_of_another_server_is_unknown() {
    let (here, elsewhere) = (App::new().await, App::new().await);
    let ada = signed_in(&elsewhere).await;
    here.send(get("/auth/me").bearer(&ada.access_token)).await.challenged("token_unknown", None);
}

#[tokio::test]
async fn two_authorizations_or_one_that_is_no_text_are_a_bad_request() {
    let app = App::new().await;
    let ada = signed_in(&app).await;
    let routes = ROUTES.into_iter().map(|ask| ask()).chain([post("/auth/logout")]);
    for ask in routes {
        let twice = ask.clone().bearer(&ada.access_token).bearer(&ada.access_token);
        app.send(twice).await.problem(400, "invalid_request");
        let no_text = ask.with_bytes(AUTHORIZATION, b"Bearer \xff\xfe");
        app.send(no_text).await.problem(400, "invalid_request");
    }
    ada.me().await.user();
}
