//! A real server that tells its spans, and a client that somebody uses.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Method, Url};
use rotunda_core::keys::{MasterKey, MasterKeys};
use rotunda_core::limits::Limits;
use rotunda_core::outside::PasswordHasher;
use rotunda_core::policy::{Policy, Registration};
use rotunda_core::{Outside, Rotunda};
use rotunda_server::serve::{Options as Serving, serve};
use rotunda_server::{Web, traced_router};
use rotunda_testkit::fixtures::NOW;
use rotunda_testkit::{
    FixedClock, ListedPasswords, Mailbox, MemoryStore, QuickHasher, Receivers, SeededEntropy, SimpleScratch,
};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::exporter::{Exporter, Options, Pace};

/// What she calls her browser.
pub(super) const AGENT: &str = "a-telling-agent/1.0";
/// Where she is, as the proxy says.
pub(super) const PLACE: &str = "203.0.113.77";

/// As fast as can be: no test waits for a batch to fill.
const QUICK: Pace = Pace { linger: Duration::from_millis(1), rest: Duration::from_millis(1) };

pub(super) struct World {
    pub(super) url: String,
    pub(super) exporter: Exporter,
    client: Client,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) request_id: String,
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn text(&self, pointer: &str) -> String {
        let text = self.body.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("{pointer} in {self:?}")).to_owned()
    }
}

impl World {
    /// With spans for the collector at that place, and proxies in these networks.
    pub(super) async fn start(collector: &str, sample_ratio: f64, proxies: &[&str]) -> Self {
        Self::start_with(Arc::new(QuickHasher::default()), collector, sample_ratio, proxies).await
    }

    /// The same with something else that checks passwords.
    pub(super) async fn start_with(
        hasher: Arc<dyn PasswordHasher>,
        collector: &str,
        sample_ratio: f64,
        proxies: &[&str],
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let clock = Arc::new(FixedClock::at(NOW.0));
        let options = Options {
            endpoint: Url::parse(collector).unwrap(),
            sample_ratio,
            version: "0.0.0",
            instance: "this-one".to_owned(),
        };
        let exporter = Exporter::start_at(QUICK, options, clock.clone()).unwrap();
        let outside = Outside {
            store: Arc::new(MemoryStore::new()),
            scratch: Arc::new(SimpleScratch::default()),
            clock,
            entropy: Arc::new(SeededEntropy::new(7)),
            hasher,
            mailer: Arc::new(Mailbox::default()),
            known_passwords: Arc::new(ListedPasswords::default()),
            courier: Arc::new(Receivers::default()),
        };
        let keys = MasterKeys::new([(1, MasterKey::from_bytes([7; 32]))]).unwrap();
        let policy =
            Policy { registration: Registration::Unverified, limits: Limits::off(), ..Policy::new(&url) };
        let rotunda = Rotunda::start(outside, keys, policy).await.unwrap();
        let networks = proxies.iter().map(|network| network.parse().unwrap()).collect();
        let web = Web::new(&url, &[""; 0]).unwrap().with_trusted_proxies(networks);
        let (router, _) = traced_router(rotunda, web, Some(exporter.spans()));
        tokio::spawn(serve(listener, router, Serving::default(), std::future::pending()));
        let client = Client::builder().user_agent(AGENT).no_proxy().build().unwrap();
        Self { url, exporter, client }
    }

    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        request = request.header("x-forwarded-for", PLACE);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let request_id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        let text = answer.text().await.unwrap();
        Answer { status, request_id, body: serde_json::from_str(&text).unwrap_or_default() }
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, &[], body).await
    }

    /// A request without consequences.
    pub(super) async fn health(&self, headers: &[(&str, &str)]) -> Answer {
        let answer = self.ask("GET", "/healthz", headers, Value::Null).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    /// Stops telling; answers what has become of the spans.
    pub(super) async fn finish(self) -> [u64; 3] {
        let counts = self.exporter.counts();
        self.exporter.finish(Duration::from_secs(60)).await;
        counts.read().map(|(_, number)| number)
    }
}
