//! Metrics: a real server, real requests, and what is counted of them. And the log: whose line it is, and that it names nobody.

mod page;
mod requests;

use std::io::Write as _;
use std::process::{Command, Stdio};

use reqwest::Client;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::json;

use crate::support::{Answer, PASSWORD, Place, free_port, login, post, refresh, register};
use page::Scraped;

const ADA: &str = "ada@example.com";

/// A place whose servers tell their metrics, and where.
fn watched(config: &str) -> (Place, String) {
    let address = format!("127.0.0.1:{}", free_port());
    let place = Place::new(&format!("{config}[telemetry]\nmetrics_listen = \"{address}\"\n"));
    (place, format!("http://{address}/metrics"))
}

async fn scrape(client: &Client, url: &str) -> String {
    let response = client.get(url).send().await.unwrap();
    let kind = response.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
    assert_eq!((response.status().as_u16(), &*kind), (200, "text/plain; version=0.0.4; charset=utf-8"));
    response.text().await.unwrap()
}

/// Reads metrics until they are as wanted: what goes through the audit log is counted about a second later.
async fn once(client: &Client, url: &str, is_there: impl Fn(&Scraped) -> bool) -> (String, Scraped) {
    for _ in 0..600 {
        let text = scrape(client, url).await;
        let scraped = Scraped::parse(&text);
        if is_there(&scraped) {
            return (text, scraped);
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it is not counted: {}", scrape(client, url).await);
}

/// What happens on a day: 13 requests on one connection after the other.
async fn a_day(client: &Client, url: &str) -> Answer {
    let first = register(client, url, ADA).await;
    let wrong = json!({"email": ADA, "password": "a wrong but telling password", "client_id": "native"});
    assert_eq!(post(client, &format!("{url}/auth/login"), &wrong, &[]).await.status, 401);
    let second = login(client, url, ADA).await;
    let rotated = refresh(client, url, &first, &[]).await;
    let replayed = refresh(client, url, &first, &[]).await;
    assert_eq!(rotated.text("/refresh_token"), replayed.text("/refresh_token"));
    let debounced = refresh(client, url, &rotated, &[]).await;
    assert_eq!(rotated.text("/refresh_token"), debounced.text("/refresh_token"));
    // A thief with a device of their own; and the victim after that.
    let mut stolen = rotated.clone();
    stolen.body["device_secret"] = second.body["device_secret"].clone();
    let found = refresh(client, url, &stolen, &[]).await;
    assert_eq!((found.status, found.text("/reason").as_str()), (401, "token_reused"));
    let over = refresh(client, url, &rotated, &[]).await;
    assert_eq!(over.text("/reason"), "session_ended");
    let garbage =
        post(client, &format!("{url}/auth/refresh"), &json!({"refresh_token": "nonsense"}), &[]).await;
    assert_eq!(garbage.text("/reason"), "token_unknown");
    let id = second.text("/session/id");
    let nobody = client.delete(format!("{url}/auth/sessions/{id}")).send().await.unwrap();
    assert_eq!(nobody.status().as_u16(), 401);
    let nowhere = client.get(format!("{url}/{id}/{ADA}?token={id}")).send().await.unwrap();
    assert_eq!(nowhere.status().as_u16(), 404);
    let leaves = json!({"refresh_token": second.text("/refresh_token")});
    assert_eq!(post(client, &format!("{url}/auth/logout"), &leaves, &[]).await.status, 204);
    let bearer = format!("Bearer {}", second.text("/access_token"));
    let late = client.get(format!("{url}/auth/me")).header(AUTHORIZATION, bearer).send().await.unwrap();
    assert_eq!(late.status().as_u16(), 401);
    second
}

const COUNTED: &[(&str, f64)] = &[
    (r#"rotunda_http_requests_total{route="/auth/register",method="POST",status="201"}"#, 1.0),
    (r#"rotunda_http_requests_total{route="/auth/login",method="POST",status="200"}"#, 1.0),
    (r#"rotunda_http_requests_total{route="/auth/login",method="POST",status="401"}"#, 1.0),
    (r#"rotunda_http_requests_total{route="/auth/refresh",method="POST",status="200"}"#, 3.0),
    (r#"rotunda_http_requests_total{route="/auth/refresh",method="POST",status="401"}"#, 3.0),
    (r#"rotunda_http_requests_total{route="/auth/sessions/{id}",method="DELETE",status="401"}"#, 1.0),
    (r#"rotunda_http_requests_total{route="/auth/logout",method="POST",status="204"}"#, 1.0),
    (r#"rotunda_http_requests_total{route="/auth/me",method="GET",status="401"}"#, 1.0),
    (r#"rotunda_http_requests_total{route="none",method="GET",status="404"}"#, 1.0),
    (
        r#"rotunda_http_request_duration_seconds_count{route="/auth/refresh",method="POST",outcome="granted"}"#,
        3.0,
    ),
    (
        r#"rotunda_http_request_duration_seconds_count{route="/auth/refresh",method="POST",outcome="refused"}"#,
        3.0,
    ),
    ("rotunda_http_requests_in_flight", 0.0),
    (r#"rotunda_refusals_total{reason="credentials_invalid"}"#, 1.0),
    (r#"rotunda_refusals_total{reason="token_reused"}"#, 1.0),
    (r#"rotunda_refusals_total{reason="token_unknown"}"#, 1.0),
    (r#"rotunda_refusals_total{reason="token_missing"}"#, 1.0),
    (r#"rotunda_refusals_total{reason="session_ended"}"#, 2.0),
    (r#"rotunda_refusals_total{reason="other"}"#, 0.0),
    (r#"rotunda_refresh_decisions_total{decision="rotate"}"#, 1.0),
    (r#"rotunda_refresh_decisions_total{decision="replay"}"#, 1.0),
    (r#"rotunda_refresh_decisions_total{decision="debounce"}"#, 1.0),
    (r#"rotunda_refresh_decisions_total{decision="moved"}"#, 1.0),
    (r#"rotunda_refresh_decisions_total{decision="ended"}"#, 1.0),
    (r#"rotunda_refresh_decisions_total{decision="reuse"}"#, 0.0),
    ("rotunda_refresh_rounds_repeated_total", 0.0),
    (r#"rotunda_refreshes_total{outcome="granted"}"#, 3.0),
    (r#"rotunda_refreshes_total{outcome="refused"}"#, 3.0),
    (r#"rotunda_sign_ins_total{outcome="granted"}"#, 2.0),
    (r#"rotunda_sign_ins_total{outcome="refused"}"#, 1.0),
    ("rotunda_thefts_found_total", 1.0),
    (r#"rotunda_sessions_ended_total{ending="reused"}"#, 1.0),
    (r#"rotunda_sessions_ended_total{ending="logged_out"}"#, 1.0),
    (r#"rotunda_sessions_ended_total{ending="idle_expired"}"#, 0.0),
    (r#"rotunda_events_total{kind="session.ended"}"#, 2.0),
    (r#"rotunda_events_total{kind="user.registered"}"#, 1.0),
    (r#"rotunda_events_total{kind="user.sign_in_failed"}"#, 1.0),
    ("rotunda_password_hashes_total", 3.0),
    ("rotunda_password_hashes_shed_total", 0.0),
    ("rotunda_password_queue_capacity", 64.0),
    ("rotunda_stores_up", 1.0),
    ("rotunda_sqlite_groups_failed_total", 0.0),
    (r#"rotunda_sqlite_queue_capacity{queue="writes"}"#, 4096.0),
    (r#"rotunda_janitor_sweeps_total{outcome="failed"}"#, 0.0),
    ("rotunda_signing_keys_unopened", 0.0),
    ("rotunda_feed_streams", 0.0),
];

#[tokio::test]
async fn how_old_the_newest_backup_is_can_be_known() {
    const NEWEST: &str = "rotunda_backup_newest_timestamp_seconds";
    let (place, metrics) = watched("[backup]\nfolder = \"backups\"\nevery = \"6h\"\n");
    let server = place.serve();
    let client = Client::new();
    let (text, scraped) = once(&client, &metrics, |it| it.of(NEWEST).is_some_and(|at| at > 0.0)).await;
    assert_eq!(scraped.of("rotunda_backup_interval_seconds"), Some(21_600.0), "{text}");
    let entries = std::fs::read_dir(place.path("backups")).unwrap();
    let names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let [name] = &names[..] else { panic!("{names:?}") };
    let at = format!("@{}", scraped.of(NEWEST).unwrap() as i64);
    let told =
        Command::new("date").args(["--utc", "+rotunda-%Y%m%dT%H%M%SZ.db", "--date", &at]).output().unwrap();
    assert_eq!(String::from_utf8(told.stdout).unwrap().trim(), name, "{text}");
    assert_eq!(server.stop(), Some(0));

    let (place, metrics) = watched("");
    let _server = place.serve();
    let (text, scraped) = once(&client, &metrics, |_| true).await;
    assert_eq!(scraped.of(NEWEST), None, "nobody asked for any\n{text}");
}

#[tokio::test]
async fn what_happened_is_what_is_counted() {
    let (place, metrics) = watched("[refresh]\nwindow = \"60s\"\n");
    let server = place.serve();
    let client = Client::new();
    let second = a_day(&client, &server.url).await;
    let (text, scraped) = once(&client, &metrics, |it| {
        it.sum("rotunda_sessions_ended_total") >= 2.0
            && it.sum("rotunda_letters_total") >= 1.0
            && it.of("rotunda_users").is_some()
    })
    .await;
    for (sample, expected) in COUNTED {
        assert_eq!(scraped.of(sample), Some(*expected), "{sample}\n{text}");
    }
    assert_eq!(scraped.sum("rotunda_http_requests_total"), 13.0, "each once\n{text}");
    assert_eq!(scraped.sum("rotunda_http_request_duration_seconds_count"), 13.0, "{text}");
    assert_eq!(scraped.sum("rotunda_refusals_total"), 6.0, "{text}");
    let took = scraped.of(
        r#"rotunda_http_request_duration_seconds_sum{route="/auth/login",method="POST",outcome="granted"}"#,
    );
    assert!(took.is_some_and(|seconds| seconds > 0.002), "a password takes its time: {took:?}");
    let build = format!(
        r#"rotunda_build_info{{version="{}",store="sqlite",sessions="sqlite"}}"#,
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(scraped.of(&build), Some(1.0), "{text}");
    for something in [
        "rotunda_connections_total",
        "rotunda_sqlite_group_size_sum",
        "rotunda_sqlite_reads_total",
        r#"rotunda_log_lines_total{level="warn"}"#,
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
    ] {
        assert!(scraped.of(something).is_some_and(|number| number > 0.0), "{something}\n{text}");
    }
    for telling in [ADA, PASSWORD, "telling", &second.text("/session/id"), &second.text("/user/id")] {
        assert!(!text.contains(telling), "{telling}\n{text}");
    }
    others_can_read_it(&text, scraped.families());
    let public = client.get(format!("{}/metrics", server.url)).send().await.unwrap();
    assert_eq!(public.status().as_u16(), 404, "nobody else reads them");
    let elsewhere = client.get(&metrics).header("host", "evil.example").send().await.unwrap();
    assert_eq!(elsewhere.status().as_u16(), 421);
}

/// Prometheus' own client for Python finds as many families in it as we do.
fn others_can_read_it(text: &str, families: usize) {
    const READ: &str = "import sys; from prometheus_client.parser import text_string_to_metric_families as read; \
                        print(len(list(read(sys.stdin.read()))))";
    let mut command = Command::new("/usr/bin/python3");
    let piped =
        command.args(["-c", READ]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut reader = piped.spawn().unwrap();
    let mut stdin = reader.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    let read = reader.wait_with_output().unwrap();
    let found = String::from_utf8_lossy(&read.stdout).into_owned();
    assert_eq!(found.trim(), families.to_string(), "{}", String::from_utf8_lossy(&read.stderr));
}

#[tokio::test]
async fn the_operator_says_where_metrics_are_or_that_there_are_none() {
    let (place, metrics) = watched("");
    let port = metrics.trim_start_matches("http://127.0.0.1:").trim_end_matches("/metrics");
    let taken = std::net::TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
    let refused = place.run(&["serve"], "");
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{why}");
    assert!(
        why.contains(&format!("127.0.0.1:{port} for metrics")) && why.contains("metrics_listen"),
        "{why}"
    );
    drop(taken);
    let server = place.serve();
    scrape(&Client::new(), &metrics).await;
    assert_eq!(server.stop(), Some(0));
    assert!(place.read("server.log").contains(&metrics), "{}", place.read("server.log"));

    let place = Place::new("[telemetry]\nmetrics_listen = \"off\"\n");
    assert_eq!(place.serve().stop(), Some(0));
    assert!(!place.read("server.log").contains("metrics"), "{}", place.read("server.log"));
}
