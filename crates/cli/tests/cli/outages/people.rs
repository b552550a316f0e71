//! Honest people, each with a native client that does as `docs/guide/rotation.md` says, and refreshes all the time.
//!
//! 1. Each stores what it is given, with a retry key for each generation, and goes on from there.
//! 2. 503 with `Retry-After` means: again, with the same token and keys. They do not wait as long as they are told: that is
//!    harder on the server.
//! 3. Anything else is written down as wrong, and the test fails: another status, no answer in time, a generation
//!    other than the one after the last that was answered.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::support::Answer;

/// How long an answer may take, whatever it is. The machine adds its own where it has other things to do.
pub(super) fn patience() -> Duration {
    let is_quiet_here = std::env::var_os("ROTUNDA_QUIET_MACHINE").is_some();
    Duration::from_secs(if is_quiet_here { 6 } else { 9 })
}

/// How long it may take until everybody has noticed what happened, or got over it.
const SOON: Duration = Duration::from_secs(15);
/// How often each refreshes, at most.
const EVERY: Duration = Duration::from_millis(50);
/// How many retry keys are kept.
const KEYS: usize = 4;

/// People who refresh until they are told to stop.
pub(super) struct People {
    tally: Arc<watch::Sender<Tally>>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<Person>,
}

/// How often each was told what.
#[derive(Clone, Default)]
struct Tally {
    granted: Vec<u64>,
    turned_away: Vec<u64>,
    wrong: Vec<String>,
}

struct Person {
    place: usize,
    url: String,
    client: Client,
    session: Answer,
    keys: Vec<String>,
}

impl People {
    /// They go on from these sessions.
    pub(super) fn refresh(url: &str, client: &Client, sessions: Vec<Answer>) -> Self {
        let none = vec![0; sessions.len()];
        let tally = Arc::new(watch::Sender::new(Tally {
            granted: none.clone(),
            turned_away: none,
            wrong: Vec::new(),
        }));
        let (stop, mut tasks) = (watch::Sender::new(false), JoinSet::new());
        for (place, session) in sessions.into_iter().enumerate() {
            let person =
                Person { place, url: url.to_owned(), client: client.clone(), session, keys: Vec::new() };
            tasks.spawn(person.live(Arc::clone(&tally), stop.subscribe()));
        }
        Self { tally, stop, tasks }
    }

    /// Waits until each was given a token for something that they asked after this moment.
    pub(super) async fn have_all_refreshed_again(&self) {
        // What was asked before may be answered now; the one after it was not.
        self.wait("everybody goes on", |before, now| {
            now.granted.iter().zip(&before.granted).all(|(n, b)| *n >= b + 2)
        })
        .await;
    }

    /// Waits until each was told 503 once more.
    pub(super) async fn are_all_turned_away(&self) {
        self.wait("everybody is told 503", |before, now| {
            now.turned_away.iter().zip(&before.turned_away).all(|(now, before)| now > before)
        })
        .await;
    }

    /// Waits until somebody was told 503 once more.
    pub(super) async fn is_somebody_turned_away(&self) {
        self.wait("somebody is told 503", |before, now| now.turned_away != before.turned_away).await;
    }

    /// How often anybody was told 503.
    pub(super) fn turned_away(&self) -> u64 {
        self.tally.borrow().turned_away.iter().sum()
    }

    async fn wait(&self, what: &str, so: impl Fn(&Tally, &Tally) -> bool) {
        let before = self.tally.borrow().clone();
        let mut hears = self.tally.subscribe();
        let so = timeout(SOON, hears.wait_for(|now| !now.wrong.is_empty() || so(&before, now))).await.is_ok();
        let now = self.tally.borrow();
        assert!(now.wrong.is_empty(), "until {what}: {:?}", now.wrong);
        assert!(so, "not within {SOON:?}: {what}: granted {:?}, told 503 {:?}", now.granted, now.turned_away);
    }

    /// Ends all of this, and answers with what each has last.
    pub(super) async fn stop(self) -> Vec<Answer> {
        self.stop.send_replace(true);
        let mut people = self.tasks.join_all().await;
        assert_eq!(self.tally.borrow().wrong, [""; 0]);
        people.sort_by_key(|person| person.place);
        people.into_iter().map(|person| person.session).collect()
    }
}

impl Person {
    async fn live(mut self, tally: Arc<watch::Sender<Tally>>, stop: watch::Receiver<bool>) -> Self {
        let mut pace = interval(EVERY);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Nobody stops before they know how their last attempt went.
        let mut in_doubt = false;
        while in_doubt || !*stop.borrow() {
            pace.tick().await;
            let heard = self.refresh().await;
            in_doubt = heard.is_not_now();
            let taken = if in_doubt { Ok(()) } else { self.take(&heard) };
            let wrong = taken.is_err();
            tally.send_modify(|tally| match taken {
                Ok(()) if in_doubt => tally.turned_away[self.place] += 1,
                Ok(()) => tally.granted[self.place] += 1,
                Err(why) => tally.wrong.push(format!("person {}: {why}", self.place)),
            });
            if wrong {
                break;
            }
        }
        self
    }

    fn generation(&self) -> u64 {
        self.session.body["session"]["generation"].as_u64().unwrap_or_default()
    }

    async fn refresh(&mut self) -> Heard {
        let newest = format!("key-of-generation-{:06}", self.generation());
        if self.keys.last() != Some(&newest) {
            self.keys.push(newest);
            self.keys.drain(..self.keys.len().saturating_sub(KEYS));
        }
        let body = json!({
            "refresh_token": self.session.body["refresh_token"],
            "device_secret": self.session.body["device_secret"],
            "retry_keys": self.keys,
        });
        let request = self.client.post(format!("{}/auth/refresh", self.url));
        Heard::of(request.header(CONTENT_TYPE, "application/json").body(body.to_string())).await
    }

    /// Stores the next token, which must be the one after the last.
    fn take(&mut self, heard: &Heard) -> Result<(), String> {
        let now = self.generation();
        if heard.status != 200 {
            return Err(format!("in generation {now}: {heard:?}"));
        }
        let body: Value = serde_json::from_str(&heard.text).map_err(|_| format!("no JSON: {heard:?}"))?;
        let next = &body["session"]["generation"];
        if *next != now + 1 {
            return Err(format!("after generation {now}: {next}"));
        }
        self.session.body = body;
        Ok(())
    }
}

/// An answer as it came. Status 0 and the error's text, when none came.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) status: u16,
    retry_after: Option<u32>,
    pub(super) text: String,
}

impl Heard {
    /// Sends a request, with a client that has no more than [`patience`].
    pub(super) async fn of(request: RequestBuilder) -> Self {
        let heard = async {
            let response = request.send().await?;
            let (status, retry_after) =
                (response.status().as_u16(), response.headers().get(RETRY_AFTER).cloned());
            let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
            Ok(Self { status, retry_after, text: response.text().await? })
        };
        heard.await.unwrap_or_else(|error: reqwest::Error| Self {
            status: 0,
            retry_after: None,
            text: format!("{error:?}"),
        })
    }

    /// Whether it says: not now, come back, and nothing else.
    pub(super) fn is_not_now(&self) -> bool {
        self.status == 503
            && self.retry_after.is_some_and(|seconds| (1..=60).contains(&seconds))
            && self.text.contains(r#""error":"temporarily_unavailable""#)
            && !self.text.contains("_token")
    }
}
