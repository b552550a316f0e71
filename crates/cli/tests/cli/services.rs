//! Services in processes of their own, which check access tokens by themselves and follow the revocation feed.
//!
//! What is measured is what an attacker has: from the moment in which the end of a session is asked for to the moment in
//! which the last of three services refuses its token.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::task::JoinSet;

use crate::support::{Answer, Place, Server, example, get, login, refresh, register};

const CONFIG: &str = "[password]\nmemory_mib = 19\niterations = 2\n[limits]\nenabled = false\n";
/// How many refresh all the time meanwhile.
const LOAD: usize = 8;

/// A service: the example of `rotunda-verify`.
struct Service {
    child: Child,
    url: String,
}

impl Service {
    /// Starts one that takes its keys and the feed from a server.
    fn start(place: &Place, server: &Server, feed: Option<&Answer>) -> Self {
        let mut command = Command::new(example("rotunda-verify", "service", Some("axum")));
        command.env("ROTUNDA_ISSUER", format!("http://localhost:{}", place.port));
        command.env("ROTUNDA_URL", &server.url).env("LISTEN", "127.0.0.1:0");
        if let Some(feed) = feed {
            command
                .env("CLIENT_ID", feed.text("/client_id"))
                .env("CLIENT_SECRET", feed.text("/client_secret"));
        }
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line
            .split_whitespace()
            .find_map(|word| word.strip_prefix("http://"))
            .unwrap_or_else(|| panic!("{line:?}"));
        Self { child, url: format!("http://{}", address.trim_end_matches('/')) }
    }

    async fn says(&self, client: &reqwest::Client, token: &str) -> u16 {
        get(client, &format!("{}/", self.url), token).await.status
    }

    /// When it refuses the token for the first time.
    async fn refuses(&self, client: &reqwest::Client, token: &str) -> Instant {
        loop {
            match self.says(client, token).await {
                200 => tokio::task::yield_now().await,
                401 => return now(),
                other => panic!("{other}"),
            }
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a revocation takes is what is measured here")]
fn now() -> Instant {
    Instant::now()
}

fn feed_client(place: &Place) -> Answer {
    let body = place.json(&["client", "add", "feed", "--kind", "service", "--scope", "revocations.read"], "");
    Answer { status: 0, cookies: Vec::new(), body }
}

/// Clients that refresh as fast as they are answered, until told to stop.
struct Load {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    clients: JoinSet<()>,
}

impl Load {
    async fn start(client: &reqwest::Client, url: &str) -> Self {
        let (stop, done, mut clients) =
            (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default(), JoinSet::new());
        for _ in 0..LOAD {
            let (client, url) = (client.clone(), url.to_owned());
            let (stop, done) = (Arc::clone(&stop), Arc::clone(&done));
            let mut session = login(&client, &url, "load@example.com").await;
            clients.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    session = refresh(&client, &url, &session, &[]).await;
                    assert_eq!(session.status, 200, "{session:?}");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        Self { stop, done, clients }
    }

    async fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.clients.join_all().await;
        self.done.load(Ordering::Relaxed)
    }
}

/// How long each of so many revocations took to reach all services, so many of them at once. They are asked of `ending`.
async fn revocations(
    client: &reqwest::Client,
    ending: &Server,
    services: &[Service],
    sessions: &[Answer],
    at_once: usize,
) -> Vec<Duration> {
    let mut took = Vec::with_capacity(sessions.len());
    for batch in sessions.chunks(at_once) {
        took.extend(
            join_all(batch.iter().map(|session| revocation(client, ending, services, session))).await,
        );
    }
    took.sort_unstable();
    took
}

/// From when the end of the session is asked for to when the last service refuses it.
async fn revocation(
    client: &reqwest::Client,
    ending: &Server,
    services: &[Service],
    session: &Answer,
) -> Duration {
    let token = session.text("/access_token");
    for service in services {
        assert_eq!(service.says(client, &token).await, 200, "before it was revoked");
    }
    let asked = now();
    let logout = client.post(format!("{}/auth/logout", ending.url)).bearer_auth(&token).send();
    let waiting = join_all(services.iter().map(|it| it.refuses(client, &token)));
    let (answer, refused) = tokio::join!(logout, waiting);
    assert_eq!(answer.unwrap().status(), 204);
    refused.into_iter().max().unwrap() - asked
}

async fn sign_in(client: &reqwest::Client, url: &str, times: usize) -> Vec<Answer> {
    let mut sessions = Vec::with_capacity(times);
    for _ in 0..times {
        sessions.push(login(client, url, "ada@example.com").await);
    }
    sessions
}

async fn measure(times: usize, two_servers: bool) -> [Duration; 3] {
    let place = Place::new(CONFIG);
    let server = place.serve();
    let client = reqwest::Client::builder().pool_max_idle_per_host(64).build().unwrap();
    for who in ["ada@example.com", "load@example.com"] {
        register(&client, &server.url, who).await;
    }
    let feed = feed_client(&place);
    // Another server on the same database: what one ends, the other finds there.
    let other = two_servers.then(|| place.serve_beside());
    let followed = other.as_ref().unwrap_or(&server);
    let services: Vec<_> = (0..3).map(|_| Service::start(&place, followed, Some(&feed))).collect();
    let sessions = sign_in(&client, &server.url, times).await;
    let load = Load::start(&client, &server.url).await;
    // Across servers each takes up to half a second, so that many are under way at once.
    let at_once = if two_servers { 20 } else { 1 };
    let took = revocations(&client, &server, &services, &sessions, at_once).await;
    let refreshes = load.stop().await;
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    let figures = [at(0.5), at(0.99), at(1.0)];
    println!(
        "{times} revocations, {} server(s), {refreshes} refreshes meanwhile: median {:?}, p99 {:?}, longest {:?}",
        1 + usize::from(two_servers),
        figures[0],
        figures[1],
        figures[2]
    );
    figures
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_ended_is_refused_by_every_service() {
    measure(20, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_server_ends_services_of_another_refuse() {
    measure(20, true).await;
}

/// By itself: it measures time. The bound is asserted where the machine is quiet; elsewhere a tenth of a second may be somebody
/// else's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures time; scripts/test runs it by itself"]
async fn a_thousand_revocations_arrive_within_a_blink() {
    let quiet = std::env::var_os("ROTUNDA_QUIET_MACHINE").is_some();
    // Where the bound is a wide one, fewer show it as well, and everybody who lands a change waits for them.
    let many = if quiet { 1_000 } else { 300 };
    let [_, one, _] = measure(many, false).await;
    assert!(one < Duration::from_millis(if quiet { 100 } else { 1_000 }), "p99 {one:?}");
    let [_, across, _] = measure(many, true).await;
    assert!(across < Duration::from_millis(if quiet { 1_000 } else { 2_000 }), "p99 {across:?}");
}
