//! Webhooks: addresses that are told of events, and what is on its way to them.

use super::{UnixMillis, WebhookId};

/// An address that is told of events (<https://www.standardwebhooks.com>).
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where to: an `https` address, or `http` where the configuration allows it; at most [`Webhook::MOST_URL_BYTES`].
    pub url: String,
    /// What it is for, for people: at most [`Webhook::DESCRIPTION_CHARS`] characters.
    pub description: Option<String>,
    /// Which events: names such as `session.ended`, or `session.*`; none means all. At most [`Webhook::MOST_FILTERS`].
    pub filters: Vec<String>,
    /// Whether anything is sent. What happens meanwhile is not.
    pub enabled: bool,
    /// The secret that its messages are signed with, sealed under a master key.
    pub secret: Sealed,
    /// Events up to this place in the journal were looked at.
    pub place: u64,
    /// Grows with each change by an operator; the first is 1.
    pub version: u64,
    /// When it was added.
    pub created_at: UnixMillis,
}

impl Webhook {
    /// The longest address.
    pub const MOST_URL_BYTES: usize = 2_048;
    /// The most filters of one webhook.
    pub const MOST_FILTERS: usize = 32;
    /// How many characters a description may have.
    pub const DESCRIPTION_CHARS: usize = 256;
    /// The most webhooks.
    pub const MOST: usize = 100;
}

/// Something secret at rest, sealed under a master key (AES-256-GCM).
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The master key.
    pub key_id: u8,
    /// Nonce, ciphertext and tag.
    pub bytes: Vec<u8>,
}

/// An event on its way to a webhook. One that has arrived is deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Which webhook.
    pub webhook: WebhookId,
    /// The place of the event in the journal: with the webhook, the id of the delivery.
    pub seq: u64,
    /// When it was written.
    pub created_at: UnixMillis,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next; `None` once it has been given up: a dead letter, until somebody replays it.
    pub next_attempt_at: Option<UnixMillis>,
    /// What went wrong last: at most [`Delivery::ERROR_BYTES`] bytes.
    pub last_error: Option<String>,
}

impl Delivery {
    /// How much of an error is kept.
    pub const ERROR_BYTES: usize = 256;
}
