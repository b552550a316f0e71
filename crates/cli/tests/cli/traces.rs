//! Traces: a build without the feature says so, and one with it takes them to a collector.

use crate::support::Place;

#[cfg(not(feature = "opentelemetry"))]
#[test]
fn a_build_without_traces_does_not_start_as_if_it_had_them() {
    let place = Place::new("[telemetry]\notlp_endpoint = \"http://127.0.0.1:4318\"\n");
    for arguments in [&["serve"][..], &["config", "check"]] {
        let refused = place.run(arguments, "");
        let why = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{why}");
        assert!(why.contains("rotunda.toml:2: [telemetry] otlp_endpoint"), "{why}");
        assert!(why.contains("cargo build --release --features opentelemetry"), "{why}");
    }
}

#[cfg(feature = "opentelemetry")]
#[tokio::test]
async fn a_stop_sends_the_spans_that_wait() {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use crate::support::{free_port, holds, refresh, register};

    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", collector.local_addr().unwrap());
    let metrics = format!("127.0.0.1:{}", free_port());
    let place =
        Place::new(&format!("[telemetry]\notlp_endpoint = \"{endpoint}\"\nmetrics_listen = \"{metrics}\"\n"));
    // Takes what it is sent, until nobody sends any more, and writes it down.
    let heard = place.path("heard");
    let writes = heard.clone();
    std::thread::spawn(move || {
        let mut file = std::fs::File::create(writes).unwrap();
        for stream in collector.incoming() {
            let (mut stream, mut part) = (stream.unwrap(), [0; 16 * 1024]);
            // What comes at once is a request as a whole: there are few spans.
            while let Ok(many @ 1..) = stream.read(&mut part) {
                file.write_all(&part[..many]).unwrap();
                if part[..many].ends_with(b"\r\n\r\n") {
                    continue;
                }
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
            }
        }
    });
    let server = place.serve();
    let client = reqwest::Client::new();
    let session = register(&client, &server.url, "ada@example.com").await;
    assert_eq!(refresh(&client, &server.url, &session, &[]).await.status, 200);
    let page = client.get(format!("http://{metrics}/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("rotunda_spans_total{outcome=\"dropped\"} 0"), "{page}");
    assert_eq!(server.stop(), Some(0));
    let log = place.read("server.log");
    for told in ["POST /auth/register", "POST /auth/refresh", "rotunda.refresh.decision", "service.version"] {
        assert!(holds(&heard, told.as_bytes()), "{told}\n{log}");
    }
    for hidden in ["ada@example.com", &session.text("/refresh_token"), &session.text("/session/id")] {
        assert!(!holds(&heard, hidden.as_bytes()), "{hidden}");
    }
}
