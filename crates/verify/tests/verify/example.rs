//! The example service, as a process of its own, and the extractor that it uses.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};
use rotunda_token::Claims;
use rotunda_verify::AccessToken;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::issuer::{AUDIENCE, Issuer, heartbeat, key, revocations};
use crate::support::{NOW_MS, seconds, until};

/// Ends with the test.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// Where cargo puts the example; it is built if it was not.
fn program() -> std::path::PathBuf {
    let profile: &[&str] = if cfg!(debug_assertions) { &[] } else { &["--release"] };
    let output = Command::new(env!("CARGO"))
        .args([
            "build",
            "--offline",
            "--locked",
            "-p",
            "rotunda-verify",
            "--example",
            "service",
            "--features",
            "axum",
        ])
        .args(["--message-format", "json"])
        .args(profile)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let messages = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut built = messages.filter_map(|message| Some(message["executable"].as_str()?.to_owned()));
    built.next_back().unwrap().into()
}

#[tokio::test]
async fn the_example_lets_good_tokens_in_and_hears_of_an_ended_session() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let claims = Claims { exp: 4_000_000_000, ..issuer.claims() };
    let program = tokio::task::spawn_blocking(program).await.unwrap();
    let mut child = Command::new(program)
        .env("ROTUNDA_ISSUER", &issuer.url)
        .env("AUDIENCE", AUDIENCE)
        .env("CLIENT_ID", "reports:1")
        .env("CLIENT_SECRET", "s€cret %+&")
        .env_remove("LISTEN")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let _service = Service(child);
    let base = line.trim().strip_prefix("listening on ").unwrap().to_owned();
    until("a stream", || !issuer.world().open.is_empty()).await;

    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |path: &str, token: Option<&str>| {
        let mut request = client.get(format!("{base}{path}"));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str::<Value>(&text).unwrap_or_else(|_| json!(text)))
    };
    let good = key.sign(&claims).unwrap();
    // Not heard of the feed yet, and it has chosen to refuse then.
    assert_eq!(ask("/", Some(&good)).await.0, 503);
    assert_eq!(ask("/health", None).await.1["ready"], false);
    issuer.send(&(revocations("c1", true, NOW_MS, json!([])) + &heartbeat("c1", NOW_MS))).await;
    let ready = async { while ask("/health", None).await.1["ready"] != true {} };
    tokio::time::timeout(seconds(10), ready).await.unwrap();

    let (status, who) = ask("/", Some(&good)).await;
    assert_eq!((status, &who["user"], &who["roles"]), (200, &json!(claims.sub), &json!(["editor"])));
    assert_eq!(ask("/reports", Some(&good)).await.0, 200);
    let without = key.sign(&Claims { scope: None, ..claims.clone() }).unwrap();
    assert_eq!(ask("/reports", Some(&without)).await.0, 403);
    assert_eq!(ask("/", None).await.1["reason"], "token_missing");

    let entry = json!([{"type": "session", "sid": claims.sid, "at": 1, "exp": claims.exp}]);
    issuer.send(&revocations("c2", false, NOW_MS, entry)).await;
    let refused = async { while ask("/", Some(&good)).await.0 != 401 {} };
    tokio::time::timeout(seconds(10), refused).await.unwrap();
    assert_eq!(ask("/reports", Some(&good)).await.1["reason"], "session_ended");
    assert_eq!(ask("/health", None).await.1["feed"]["entries"], 1);
}

#[tokio::test]
async fn a_route_without_the_layer_does_not_pass_for_one_that_was_checked() {
    let app: Router = Router::new().route("/", get(async |_: AccessToken| "in"));
    let request =
        Request::builder().uri("/").header("authorization", "Bearer x").body(Body::empty()).unwrap();
    assert_eq!(app.oneshot(request).await.unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
}
