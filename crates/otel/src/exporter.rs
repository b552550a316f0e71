//! The thread that takes spans to the collector.
//!
//! 1. The first span of a batch waits for others, a second at most.
//! 2. A batch is sent once. Whatever is not taken is lost: a collector that cannot keep up would get still more to do.
//! 3. After a failure it rests. Meanwhile the queue fills, and what does not fit into it is dropped. The log says when the collector
//!    goes away and when it is back, once each.
//! 4. Told to stop, it sends what waits, as long as the collector takes it.

use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use prost::Message as _;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use rotunda_core::outside::Clock;
use tokio::runtime;
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use url::Url;

use crate::encode::Sender;
use crate::message::ExportResponse;
use crate::queue::{Counts, Queue, queue};
use crate::{Span, Spans};

/// The most spans that are sent at once: some hundred kilobytes.
const MOST_AT_ONCE: usize = 512;
/// How long a connection to the collector may take.
const TO_CONNECT: Duration = Duration::from_secs(3);
/// How long a batch may take in all.
const IN_ALL: Duration = Duration::from_secs(10);
/// The most bytes of the collector's answer that are read.
const MOST_ANSWER: usize = 64 * 1024;

/// How fast the thread is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// How long a span waits for others.
    pub(crate) linger: Duration,
    /// How long to rest after a failure.
    pub(crate) rest: Duration,
}

/// That of every exporter but those of tests.
const PACE: Pace = Pace { linger: Duration::from_secs(1), rest: Duration::from_secs(5) };

/// Where spans go, and which.
#[derive(Clone, Debug)]
pub struct Options {
    /// The collector's base URL, to which `/v1/traces` is added.
    pub endpoint: Url,
    /// Of how many traces that begin here a span is told: from 0, none, to 1, all.
    pub sample_ratio: f64,
    /// The release that sends them.
    pub version: &'static str,
    /// What tells this process from others of its kind; nobody's name and no address.
    pub instance: String,
}

/// The exporter could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// This machine has no certificates to trust.
    #[error("the client for traces could not be made")]
    Client(#[from] reqwest::Error),
    /// There is no thread to be had.
    #[error("the thread for traces could not be started")]
    Thread(#[from] std::io::Error),
}

/// Takes spans to a collector until it is told to stop, or is dropped.
pub struct Exporter {
    queue: Arc<Queue>,
    counts: Counts,
    stop: oneshot::Sender<()>,
    /// Closed when the thread is done.
    done: oneshot::Receiver<()>,
}

impl Exporter {
    /// Starts the thread. Nothing is sent before there is a span.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(options: Options, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        Self::start_at(PACE, options, clock)
    }

    pub(crate) fn start_at(pace: Pace, options: Options, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        let Options { endpoint, sample_ratio, version, instance } = options;
        let client = Client::builder()
            .connect_timeout(TO_CONNECT)
            .timeout(IN_ALL)
            .redirect(Policy::none())
            .no_proxy()
            .pool_max_idle_per_host(1)
            .user_agent(concat!("Rotunda/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let counts = Counts::default();
        let (queue, spans) = queue(sample_ratio, counts.clone());
        let (stop, told) = oneshot::channel();
        let (is_done, done) = oneshot::channel::<()>();
        let sender = Sender { version, instance };
        let url = of_traces(endpoint);
        let courier = Courier { client, url, sender, clock, counts: counts.clone(), pace, is_well: true };
        thread::Builder::new().name("traces".to_owned()).spawn(move || {
            runtime.block_on(courier.run(spans, told));
            drop(is_done);
        })?;
        Ok(Self { queue: Arc::new(queue), counts, stop, done })
    }

    /// What a router tells its spans to.
    #[must_use]
    pub fn spans(&self) -> Arc<dyn Spans> {
        Arc::clone(&self.queue) as _
    }

    /// What becomes of them.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts.clone()
    }

    /// Sends what waits, for so long at most. Spans that come later are dropped.
    pub async fn finish(self, within: Duration) {
        let Self { stop, done, .. } = self;
        // Gone already, if it has ended by itself.
        let _ = stop.send(());
        if timeout(within, done).await.is_err() {
            tracing::warn!("the last spans were not sent in time");
        }
    }
}

/// `/v1/traces` below the collector's base.
fn of_traces(mut base: Url) -> Url {
    let path = format!("{}/v1/traces", base.path().trim_end_matches('/'));
    base.set_path(&path);
    base
}

/// Takes batches to the collector.
struct Courier {
    client: Client,
    url: Url,
    sender: Sender,
    clock: Arc<dyn Clock>,
    counts: Counts,
    pace: Pace,
    /// Whether the collector took the last batch.
    is_well: bool,
}

impl Courier {
    async fn run(mut self, mut spans: Receiver<Span>, told: oneshot::Receiver<()>) {
        let mut told = std::pin::pin!(async {
            // Whoever goes without a word has stopped as well.
            let _ = told.await;
        });
        let mut batch = Vec::with_capacity(MOST_AT_ONCE);
        while gather(&mut spans, &mut batch, self.pace.linger, told.as_mut()).await {
            let is_taken = self.take(&batch).await;
            batch.clear();
            if !is_taken && timeout(self.pace.rest, told.as_mut()).await.is_ok() {
                break;
            }
        }
        spans.close();
        self.take_the_rest(spans, batch).await;
    }

    /// What waits at the end; once the collector does not take a batch, the rest is lost with it.
    async fn take_the_rest(mut self, mut spans: Receiver<Span>, mut batch: Vec<Span>) {
        loop {
            if batch.is_empty() && spans.recv_many(&mut batch, MOST_AT_ONCE).await == 0 {
                return;
            }
            if !self.take(&batch).await {
                let mut left = 0;
                while spans.recv().await.is_some() {
                    left += 1;
                }
                self.counts.lost(left);
                return;
            }
            batch.clear();
        }
    }

    /// Takes a batch there; `false` where the collector did not answer, or refused it as a whole.
    async fn take(&mut self, batch: &[Span]) -> bool {
        let all = batch.len() as u64;
        let posted = self.post(self.sender.encode(batch, &*self.clock)).await;
        self.is_now(match &posted {
            Ok(0) => Ok(()),
            Ok(rejected) => Err(format!("it rejected {rejected} of {all}")),
            Err(why) => Err(why.clone()),
        });
        let lost = posted.as_ref().map_or(all, |rejected| all.min(*rejected));
        self.counts.sent(all - lost);
        self.counts.lost(lost);
        posted.is_ok()
    }

    /// Says when that changes.
    fn is_now(&mut self, how: Result<(), String>) {
        match (self.is_well, &how) {
            (true, Err(why)) => tracing::warn!(
                %why, collector = %self.url,
                "the collector does not take spans: they are lost until it does, and requests go on"
            ),
            (false, Ok(())) => tracing::info!("the collector takes spans again"),
            (true, Ok(())) | (false, Err(_)) => {}
        }
        self.is_well = how.is_ok();
    }

    /// Sends a batch. Answers how many spans of it the collector rejected.
    async fn post(&self, body: Vec<u8>) -> Result<u64, String> {
        let request = self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/x-protobuf");
        let response = request.body(body).send().await.map_err(told)?;
        let status = response.status();
        if !status.is_success() {
            return Err(format!("it answers {status}"));
        }
        let answer = read(response).await.map_err(told)?;
        // One that cannot be read took the batch all the same: it said 200.
        let answer = ExportResponse::decode(&*answer).unwrap_or_default();
        Ok(answer.partial_success.map_or(0, |part| u64::try_from(part.rejected_spans).unwrap_or(0)))
    }
}

/// Waits for a batch, which may have some spans already; `false` when it was told to stop.
async fn gather(
    spans: &mut Receiver<Span>,
    batch: &mut Vec<Span>,
    linger: Duration,
    mut told: std::pin::Pin<&mut impl Future<Output = ()>>,
) -> bool {
    tokio::select! {
        biased;
        () = told.as_mut() => return false,
        many = spans.recv_many(batch, MOST_AT_ONCE) => if many == 0 { return false },
    }
    let more = async {
        loop {
            let room = MOST_AT_ONCE - batch.len();
            // None come any more where there are none to wait for.
            if room == 0 || spans.recv_many(batch, room).await == 0 {
                return;
            }
        }
    };
    tokio::select! {
        () = told => false,
        () = sleep(linger) => true,
        () = more => true,
    }
}

/// The body of an answer, as far as it is looked at.
async fn read(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > MOST_ANSWER {
            return Ok(Vec::new());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// An error with its causes; they are short, and say of the request no more than where it went.
fn told(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing into a text does not fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
