//! The ids of requests, and what the log says of them.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::{ADA, a_day, once, scrape, watched};
use crate::support::{PASSWORD, Place, login, refresh, register};

const X_REQUEST_ID: &str = "x-request-id";
/// Where she is, as a proxy that is trusted says; and with what.
const PLACE: &str = "203.0.113.77";
const AGENT: &str = "a-telling-agent/1.0";

/// Asks, and answers what the request was called.
async fn id_of(client: &Client, url: &str, given: Option<&str>) -> String {
    let mut request = client.get(url);
    if let Some(given) = given {
        request = request.header(X_REQUEST_ID, given);
    }
    let answer = request.send().await.unwrap();
    let ids: Vec<_> = answer.headers().get_all(X_REQUEST_ID).iter().map(|id| id.to_str().unwrap()).collect();
    let [id] = ids[..] else { panic!("{url}: {ids:?}") };
    id.to_owned()
}

fn is_ours(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[tokio::test]
async fn each_request_has_an_id_and_only_a_trusted_proxy_may_give_it() {
    let place = Place::new("[log]\nlevel = \"debug\"\n");
    let server = place.serve();
    let (client, url) = (Client::new(), server.url.clone());
    let mut seen = BTreeSet::new();
    for path in ["/healthz", "/login", "/nowhere", "/auth/me", "/openapi.json", "/healthz"] {
        for given in [None, Some("given-by-a-stranger")] {
            let id = id_of(&client, &format!("{url}{path}"), given).await;
            assert!(is_ours(&id) && seen.insert(id.clone()), "{path}: {id}");
        }
    }
    drop(server);
    let log = place.read("server.log");
    for id in seen {
        let lines: Vec<_> = log.lines().filter(|line| line.ends_with(&format!("request_id={id}"))).collect();
        assert_eq!(lines.len(), 1, "{id}: {log}");
        assert!(lines[0].contains("method=\"GET\" route=\"") && lines[0].contains(" status="), "{lines:?}");
    }
    assert!(!log.contains("/nowhere"), "never a path");

    let place = Place::new("[server]\ntrusted_proxies = [\"127.0.0.0/8\", \"::1\"]\n");
    let server = place.serve();
    let url = format!("{}/healthz", server.url);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    assert_eq!(id_of(&client, &url, Some(trace)).await, trace);
    for bad in ["short", "two words and more", "new;line=1234567", &"a".repeat(65)] {
        assert!(is_ours(&id_of(&client, &url, Some(bad)).await), "{bad}");
    }
}

/// Everything that tells who somebody is, or opens something.
fn telling(answers: &[&Value]) -> Vec<String> {
    let of = |pointer: &str| {
        let texts = answers.iter().filter_map(|it| it.pointer(pointer)?.as_str());
        texts.map(str::to_owned).collect::<Vec<_>>()
    };
    let pointers = ["/access_token", "/refresh_token", "/device_secret"];
    let mut all: Vec<String> = pointers.iter().flat_map(|pointer| of(pointer)).collect();
    assert!(all.len() >= 9, "{all:?}");
    all.extend([ADA, PASSWORD, PLACE, AGENT, "a wrong but telling password", "nonsense"].map(str::to_owned));
    all
}

/// A client behind a proxy.
fn from_afar() -> Client {
    let headers =
        [("x-forwarded-for", PLACE)].map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    Client::builder()
        .user_agent(AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .default_headers(headers.into_iter().collect())
        .build()
        .unwrap()
}

#[tokio::test]
async fn neither_log_nor_metrics_name_anybody_and_each_line_says_whose_it_is() {
    let config = "[server]\ntrusted_proxies = [\"127.0.0.0/8\", \"::1\"]\n[refresh]\nwindow = \"60s\"\n\
                  [log]\nlevel = \"trace\"\nformat = \"json\"\n";
    let (place, metrics) = watched(config);
    let server = place.serve();
    let (client, url) = (from_afar(), server.url.clone());
    let left = a_day(&client, &url).await;
    let bob = register(&client, &url, "bob@example.com").await;
    let again = login(&client, &url, "bob@example.com").await;
    let next = refresh(&client, &url, &again, &["a-retry-key-like-no-other-9x"]).await;
    let form = format!("username=bob%40example.com&password={}", PASSWORD.replace(' ', "+"));
    let page = client.post(format!("{url}/login?return_to={ADA}")).header("origin", &url);
    let page =
        page.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form).send().await.unwrap();
    let cookies: Vec<String> =
        page.headers().get_all("set-cookie").iter().map(|it| it.to_str().unwrap().to_owned()).collect();
    assert_eq!((page.status().as_u16(), cookies.len()), (303, 3), "{cookies:?}");
    let forgot = json!({"email": "bob@example.com"});
    crate::support::post(&client, &format!("{url}/auth/password/forgot"), &forgot, &[]).await;
    let (text, _) = once(&client, &metrics, |it| it.sum("rotunda_letters_total") >= 2.0).await;
    assert_eq!(server.stop(), Some(0));

    let log = place.read("server.log");
    let mut secrets = telling(&[&left.body, &bob.body, &again.body, &next.body]);
    secrets
        .extend(["bob@example.com", "bob%40example.com", "a-retry-key-like-no-other-9x"].map(str::to_owned));
    let values =
        cookies.iter().filter_map(|it| it.split(';').next()?.split_once('=')).map(|(_, value)| value);
    secrets.extend(values.filter(|value| !value.is_empty()).map(str::to_owned));
    assert!(secrets.len() > 20, "{secrets:?}");
    for secret in &secrets {
        assert!(!log.contains(secret.as_str()), "{secret} is in the log");
        assert!(!text.contains(secret.as_str()), "{secret} is in the metrics");
    }
    let mut of_requests = BTreeMap::new();
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        let message = line.pointer("/fields/message").and_then(Value::as_str).unwrap_or_default();
        match line.get("request_id").and_then(Value::as_str) {
            Some(id) if is_ours(id) => {
                of_requests.entry(id.to_owned()).or_insert_with(Vec::new).push(message.to_owned())
            }
            other => assert!(other.is_none() && message != "answered", "{line}"),
        }
    }
    let found = "a used refresh token came back: its session was ended";
    let theft: Vec<_> = of_requests.values().filter(|lines| lines.iter().any(|line| line == found)).collect();
    assert_eq!(theft, [&vec![found.to_owned(), "answered".to_owned()]], "{log}");
    assert!(of_requests.len() >= 18, "{}", of_requests.len());
    assert!(of_requests.values().all(|lines| lines.iter().filter(|line| *line == "answered").count() == 1));
}

#[tokio::test]
async fn each_request_gets_a_line_where_the_operator_wants_it() {
    for (config, lines) in [("", 0), ("[log]\nlevel = \"warn\"\nrequests = true\n", 3)] {
        let (place, metrics) = watched(config);
        let server = place.serve();
        let client = Client::new();
        for _ in 0..3 {
            id_of(&client, &format!("{}/healthz", server.url), None).await;
        }
        scrape(&client, &metrics).await;
        assert_eq!(server.stop(), Some(0));
        let log = place.read("server.log");
        assert_eq!(log.lines().filter(|line| line.contains("route=\"/healthz\"")).count(), lines, "{log}");
    }
}
