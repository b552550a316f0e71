//! Webhooks: other people's servers are told of what happens here (<https://www.standardwebhooks.com>).
//!
//! 1. An operator adds an address and says which events it is to be told of ([`filter`]). It gets a secret of its own, which is
//!    shown once and kept sealed.
//! 2. Where nothing is due any more, [`Rotunda::fill_webhook`] goes through the journal behind the place that the webhook has reached, and writes a delivery
//!    for each event that it asks for. Place and deliveries are one write: none is left out, and none is written twice. It is guarded
//!    by the version too: what an operator has changed meanwhile is read first, by the next round. While [`WAIT_AT_MOST`](crate::store::WAIT_AT_MOST) wait, the place stays.
//! 3. [`Rotunda::deliver_webhook`] takes some deliveries that are due, puts each into words ([`message`]), signs it, and hands
//!    it to the courier, which connects to nobody whom it may not. What arrives is deleted.
//! 4. What does not arrive is tried again, later each time ([`wait`]); after [`MOST_ATTEMPTS`] it is given up: a dead letter,
//!    which stays for [`KEEP_DEAD`] and goes out again when an operator says so.
//!
//! So each event arrives at least once, and now and then twice: its `webhook-id` is the same each time. Events arrive in their
//! order as long as nothing fails, and in no order where something does.
//!
//! Each webhook has a round of its own, so that one that hangs holds up nobody else.

pub mod filter;
pub mod message;

use std::time::Duration;

use futures_util::future::join_all;

use crate::Rotunda;
use crate::failure::Failure;
use crate::model::{Delivery, RecordedEvent, UnixMillis, Webhook, WebhookId};
use crate::outside::{NotDelivered, Parcel, random};
use crate::store::WebhookStep;
pub(crate) use message::WebhookSecret;

/// How many events one step looks at.
const LOOK_AT: u32 = 500;
/// How many deliveries of one webhook are under way at once.
const AT_ONCE: u32 = 8;
/// How long an attempt may take, before another server takes the delivery for lost. The courier gives up long before.
const LEASE: Duration = Duration::from_secs(120);
/// How often a delivery is tried, over some three days.
pub const MOST_ATTEMPTS: u32 = 12;
/// For how long what was given up is kept.
pub const KEEP_DEAD: Duration = Duration::from_secs(30 * 24 * 3600);

/// What a step has done for one webhook.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Told {
    /// How many deliveries arrived.
    pub arrived: u32,
    /// How many did not, and are tried again.
    pub put_off: u32,
    /// How many were given up.
    pub given_up: u32,
    /// What was said of the last one that did not arrive.
    pub why: Option<String>,
    /// Whether there is likely more to do at once.
    pub is_full: bool,
}

enum Outcome {
    Arrived,
    PutOff(String),
    GivenUp(String),
}

impl Rotunda {
    /// All webhooks, for whoever goes the rounds.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn all_webhooks(&self) -> Result<Vec<Webhook>, Failure> {
        self.store.webhooks().await
    }

    /// Whether the secret of this webhook opens here. Where it does not, nothing is sent to its receiver.
    #[must_use]
    pub fn opens_webhook(&self, webhook: &Webhook) -> bool {
        WebhookSecret::open(&self.keys, webhook).is_some()
    }

    /// One step of a webhook's round: sends what is due, and once nothing of that is left, writes down what is new. In this
    /// order, so that of a webhook whose messages do not arrive no more is written down than can be tried: the rest stays in
    /// the journal.
    ///
    /// # Errors
    /// As [`Rotunda::deliver_webhook`] and [`Rotunda::fill_webhook`].
    pub async fn tell_webhook(&self, webhook: &Webhook) -> Result<Told, Failure> {
        let told = self.deliver_webhook(webhook).await?;
        if !told.is_full {
            self.fill_webhook(webhook).await?;
        }
        Ok(told)
    }

    /// Writes deliveries of what has happened since the last time; `true` when there is likely more to look at. Where the
    /// webhook no longer is as it was read, nothing is written: read it again.
    ///
    /// # Errors
    /// When the store does not answer; nothing is lost by it.
    pub async fn fill_webhook(&self, webhook: &Webhook) -> Result<bool, Failure> {
        if !webhook.enabled {
            return Ok(false);
        }
        let events = self.store.events(webhook.place, LOOK_AT).await?;
        let Some(last) = events.last().map(|event| event.seq) else { return Ok(false) };
        let wanted = events.iter().filter(|it| filter::wants(&webhook.filters, it.event.kind.as_str()));
        let step = WebhookStep {
            webhook: webhook.id,
            version: webhook.version,
            from: webhook.place,
            to: last,
            events: wanted.map(|event| event.seq).collect(),
        };
        // Where another server, or an operator, was faster, the next round goes on from what they have made of it.
        let was_first = self.store.enqueue(step, self.clock.now()).await?;
        Ok(was_first && events.len() == LOOK_AT as usize)
    }

    /// Sends what is due. Call it again at once while [`Told::is_full`], otherwise in a moment.
    ///
    /// # Errors
    /// When the store does not answer; nothing is lost by it.
    pub async fn deliver_webhook(&self, webhook: &Webhook) -> Result<Told, Failure> {
        if !webhook.enabled {
            return Ok(Told::default());
        }
        let now = self.clock.now();
        let due = self.store.claim_deliveries(webhook.id, now, now.plus(LEASE), AT_ONCE).await?;
        // A round may take hours. What an operator has changed meanwhile is true of the next message.
        let Some(webhook) = &self.as_it_is(webhook.id, &due).await? else { return Ok(Told::default()) };
        let mut told = Told { is_full: due.len() == AT_ONCE as usize, ..Told::default() };
        for outcome in join_all(due.iter().map(|delivery| self.deliver_event(webhook, delivery))).await {
            match outcome? {
                Outcome::Arrived => told.arrived = told.arrived.saturating_add(1),
                Outcome::PutOff(why) => {
                    (told.put_off, told.why) = (told.put_off.saturating_add(1), Some(why))
                }
                Outcome::GivenUp(why) => {
                    (told.given_up, told.why) = (told.given_up.saturating_add(1), Some(why));
                }
            }
        }
        self.counters.told(&told);
        Ok(told)
    }

    /// The webhook as it is now, if it is there and on, and there is something to send.
    async fn as_it_is(&self, id: WebhookId, due: &[Delivery]) -> Result<Option<Webhook>, Failure> {
        if due.is_empty() {
            return Ok(None);
        }
        let all = self.store.webhooks().await?;
        Ok(all.into_iter().find(|webhook| webhook.id == id && webhook.enabled))
    }

    async fn deliver_event(&self, webhook: &Webhook, delivery: &Delivery) -> Result<Outcome, Failure> {
        let place = delivery.seq.saturating_sub(1);
        let found = self.store.events(place, 1).await?.into_iter().find(|event| event.seq == delivery.seq);
        // Forgotten because of its age: whoever was away for so long is told nothing of it.
        let Some(event) = found else {
            self.store.delivered(webhook.id, delivery.seq).await?;
            return Ok(Outcome::GivenUp("the event is older than events are kept".to_owned()));
        };
        let failure = match self.send_event(webhook, &event).await? {
            Ok(()) => {
                self.store.delivered(webhook.id, delivery.seq).await?;
                return Ok(Outcome::Arrived);
            }
            Err(failure) => failure,
        };
        let again_at = match delivery.attempts {
            tried if tried >= MOST_ATTEMPTS => None,
            tried => {
                let spread = u16::from_be_bytes(random(&*self.entropy)?);
                Some(
                    self.clock
                        .now()
                        .plus(spread_out(wait(tried), spread).max(failure.not_before.unwrap_or_default())),
                )
            }
        };
        let NotDelivered { why, .. } = failure;
        self.store.delivery_failed(webhook.id, delivery.seq, again_at, cut(&why)).await?;
        Ok(if again_at.is_some() { Outcome::PutOff(why) } else { Outcome::GivenUp(why) })
    }

    async fn send_event(
        &self,
        webhook: &Webhook,
        recorded: &RecordedEvent,
    ) -> Result<Result<(), NotDelivered>, Failure> {
        let sub = match recorded.event.user_id {
            None => None,
            Some(id) => {
                let account = self.store.account_of(id).await?;
                Some(account.map_or_else(|| id.to_string(), |account| account.user.sub()))
            }
        };
        let body = message::body(recorded, sub);
        let id = message::id(webhook.id, recorded);
        self.send_signed(webhook, &id, body, self.clock.now()).await
    }

    /// Signs and sends. The signature is made for each attempt: its time is that of the attempt.
    pub(crate) async fn send_signed(
        &self,
        webhook: &Webhook,
        id: &str,
        body: Vec<u8>,
        now: UnixMillis,
    ) -> Result<Result<(), NotDelivered>, Failure> {
        let Some(secret) = WebhookSecret::open(&self.keys, webhook) else {
            let why =
                format!("master key {} is missing, under which its secret is sealed", webhook.secret.key_id);
            return Ok(Err(NotDelivered { why, not_before: None }));
        };
        let headers = vec![
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", now.seconds().to_string()),
            ("webhook-signature", secret.sign(id, now, &body)),
        ];
        let parcel = Parcel { url: webhook.url.clone(), headers, body };
        Ok(self.courier.deliver(parcel).await)
    }
}

/// How long a delivery waits after that many attempts: seconds at first, for a receiver that is being restarted, and hours
/// later on, for one that is away.
fn wait(attempts: u32) -> Duration {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 3_600;
    let seconds = match attempts {
        0 | 1 => 5,
        2 => 30,
        3 => 2 * MINUTE,
        4 => 10 * MINUTE,
        5 => 30 * MINUTE,
        6 => HOUR,
        7 => 3 * HOUR,
        8 => 6 * HOUR,
        9 => 12 * HOUR,
        _ => 24 * HOUR,
    };
    Duration::from_secs(seconds)
}

/// Up to a fifth longer, so that a receiver that comes back is not run over.
fn spread_out(wait: Duration, random: u16) -> Duration {
    wait.mul_f64(1.0 + 0.2 * f64::from(random) / f64::from(u16::MAX))
}

/// As much of it as is kept.
fn cut(why: &str) -> String {
    let mut end = why.len().min(Delivery::ERROR_BYTES);
    while !why.is_char_boundary(end) {
        end -= 1;
    }
    why.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_waits_longer_each_time_and_some_three_days_in_all() {
        let waits: Vec<Duration> = (1..MOST_ATTEMPTS).map(wait).collect();
        assert!(waits.is_sorted());
        let all: Duration = waits.iter().sum();
        assert!((2 * 24..4 * 24).contains(&(all.as_secs() / 3_600)), "{all:?}");
        assert_eq!(spread_out(Duration::from_secs(100), u16::MAX), Duration::from_secs(120));
        assert_eq!(spread_out(Duration::from_secs(100), 0), Duration::from_secs(100));
    }

    #[test]
    fn what_is_kept_of_an_error_ends_between_letters() {
        let long = "ä".repeat(Delivery::ERROR_BYTES);
        assert_eq!(cut(&long), "ä".repeat(Delivery::ERROR_BYTES / 2));
        assert_eq!(cut("short"), "short");
    }
}
