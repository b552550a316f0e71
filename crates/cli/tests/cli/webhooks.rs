//! Webhooks with the whole server and the receiver of docs/guide/webhooks.md: what happens is told, whatever fails between.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Place, free_port, post, register};
use crate::walk::{blocks, page};

/// The receiver that the guide has, in a process of its own.
struct Receiver(Child);

impl Receiver {
    fn start(place: &Place, port: u16, secret: &str, log: &str) -> Self {
        let [program] =
            <[String; 1]>::try_from(blocks(&page("docs/guide/webhooks.md"), "```python")).unwrap();
        std::fs::write(place.path("receiver.py"), program).unwrap();
        let out = std::fs::File::options().create(true).append(true).open(place.path(log)).unwrap();
        let mut command = Command::new("python3");
        command.arg(place.path("receiver.py")).arg(port.to_string()).env("WEBHOOK_SECRET", secret);
        Self(command.stdout(out).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "a test that hangs says so")]
async fn soon(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(40), "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn told(place: &Place, log: &str) -> Vec<(String, Value)> {
    let line = |line: &str| {
        let (kind, data) = line.split_once(' ').unwrap();
        (kind.to_owned(), serde_json::from_str(data).unwrap())
    };
    // The last line may be half written.
    let text = place.read(log);
    text.rsplit_once('\n').map_or_else(Vec::new, |(whole, _)| whole.lines().map(line).collect())
}

fn sorted(found: &[(String, Value)]) -> Vec<String> {
    let mut kinds: Vec<String> = found.iter().map(|(kind, _)| kind.clone()).collect();
    kinds.sort();
    kinds
}

const CONFIG: &str = "[limits]\nenabled = false\n[webhooks]\nprivate_networks = [\"127.0.0.0/8\"]\n";

#[tokio::test]
async fn what_happens_is_told_whatever_fails_in_between() {
    let place = Place::new(CONFIG);
    let (port, other) = (free_port(), free_port());
    let server = place.serve();
    let url = format!("http://127.0.0.1:{port}/hooks");
    let added =
        place.json(&["webhook", "add", &url, "--event", "user.registered", "--event", "session.*"], "");
    let (id, secret) = (added["id"].as_str().unwrap(), added["secret"].as_str().unwrap());
    // Somebody who takes connections and says nothing: it holds up nobody.
    let _silent = std::net::TcpListener::bind(("127.0.0.1", other)).unwrap();
    place.json(&["webhook", "add", &format!("http://127.0.0.1:{other}/")], "");

    let client = reqwest::Client::new();
    let receiver = Receiver::start(&place, port, secret, "told");
    soon("the receiver answers", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
    assert_eq!(place.json(&["webhook", "test", id], "")["arrived"], true);
    let ada = register(&client, &server.url, "ada@example.com").await;
    soon("the first event arrives", || sorted(&told(&place, "told")) == ["user.registered", "webhook.test"])
        .await;

    // The receiver goes away, and the server is killed as well.
    drop(receiver);
    let refresh_token = ada.body["refresh_token"].as_str().unwrap();
    let body = serde_json::json!({"refresh_token": refresh_token});
    let out = post(&client, &format!("{}/auth/logout", server.url), &body, &[]).await;
    assert_eq!(out.status, 204);
    soon("a failure is on record", || {
        let waiting = place.json(&["webhook", "deliveries", id], "");
        waiting[0]["last_error"].as_str().is_some_and(|why| why.contains("refused"))
    })
    .await;
    server.kill();
    let server = place.serve();
    // Of its own: the connections of the other one led to the server that was killed.
    let client = reqwest::Client::new();
    register(&client, &server.url, "bea@example.com").await;
    let _receiver = Receiver::start(&place, port, secret, "told");
    soon("everything arrives", || told(&place, "told").len() >= 4).await;
    let all = told(&place, "told");
    assert_eq!(sorted(&all), ["session.ended", "user.registered", "user.registered", "webhook.test"]);
    let ended = &all.iter().find(|(kind, _)| kind == "session.ended").unwrap().1;
    assert_eq!((&ended["ended"], &ended["user"]), (&"logged_out".into(), &ada.body["user"]["id"]));
    soon("nothing is left", || place.json(&["webhook", "deliveries", id], "").as_array().unwrap().is_empty())
        .await;
}

/// Loopback is not public: an address, a name, and a number that means the same are refused before anything is kept, or
/// when they are connected to.
#[tokio::test]
async fn nobody_private_is_told_unless_the_operator_says_so() {
    let place = Place::new("");
    let port = free_port();
    let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    listener.set_nonblocking(true).unwrap();
    for url in [
        format!("https://127.0.0.1:{port}/"),
        format!("https://2130706433:{port}/"),
        format!("http://localhost:{port}/"),
    ] {
        let refused = place.run(&["webhook", "add", &url], "");
        assert_eq!(refused.status.code(), Some(1), "{url}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("private_networks"), "{url}");
    }
    let added = place.json(&["webhook", "add", &format!("https://localhost:{port}/")], "");
    let tested = place.run(&["webhook", "test", added["id"].as_str().unwrap()], "");
    let said = String::from_utf8_lossy(&tested.stdout).into_owned();
    assert_eq!(tested.status.code(), Some(1));
    assert!(said.contains("no public address"), "{said}");
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody came by");
}
