//! What a webhook is told, and how it knows who says so (Standard Webhooks 1.0).

use aws_lc_rs::hmac;
use base64ct::{Base64, Encoding};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::keys::{KeyError, MasterKeys};
use crate::model::{RecordedEvent, Sealed, SecretText, UnixMillis, Webhook, WebhookId};

/// What a webhook's messages are signed with: 32 random bytes. Has no `Debug`.
pub struct WebhookSecret(Zeroizing<Vec<u8>>);

/// What it is sealed as; with the webhook's id, so that none opens as another's.
fn label(id: WebhookId) -> String {
    format!("webhook secret {id}")
}

impl WebhookSecret {
    /// How long it is, in bytes.
    pub const BYTES: usize = 32;

    /// From random bytes.
    #[must_use]
    pub fn new(random: [u8; Self::BYTES]) -> Self {
        Self(Zeroizing::new(random.to_vec()))
    }

    /// Opens the one of a webhook; `None` where its master key is missing, or it was altered.
    #[must_use]
    pub fn open(keys: &MasterKeys, webhook: &Webhook) -> Option<Self> {
        keys.open_secret(&label(webhook.id), &webhook.secret).ok().map(Self)
    }

    /// As the store keeps it.
    ///
    /// # Errors
    /// When the cipher refuses; it cannot at this size.
    pub fn seal(&self, keys: &MasterKeys, id: WebhookId, nonce: [u8; 12]) -> Result<Sealed, KeyError> {
        keys.seal_secret(&label(id), &self.0, nonce)
    }

    /// As its receiver is given it, once: `whsec_` and base64.
    #[must_use]
    pub fn expose_text(&self) -> SecretText {
        SecretText::new(format!("whsec_{}", Base64::encode_string(&self.0)))
    }

    /// The signature of a message: `v1,` and base64 of an HMAC-SHA256 (RFC 2104) over its id, its time and its body.
    #[must_use]
    pub fn sign(&self, id: &str, at: UnixMillis, body: &[u8]) -> String {
        let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        mac.update(format!("{id}.{}.", at.seconds()).as_bytes());
        mac.update(body);
        format!("v1,{}", Base64::encode_string(mac.sign().as_ref()))
    }
}

/// The id of a message: the same for the same event and webhook, however often it is sent. With the time of the event, because
/// places are given anew where an older copy of the database was put back; and without a full stop, which is between what is
/// signed.
#[must_use]
pub fn id(webhook: WebhookId, RecordedEvent { seq, event, .. }: &RecordedEvent) -> String {
    format!("{webhook}_{seq}_{}", event.at.0)
}

/// The same of the message that only shows that messages arrive.
#[must_use]
pub fn test_id(webhook: WebhookId, now: UnixMillis) -> String {
    format!("{webhook}_test_{}", now.0)
}

/// The message that tells of an event. `user` is what others know its user by (`sub` of access tokens). The user agent stays
/// here: it is long, and says little.
#[must_use]
pub fn body(RecordedEvent { seq, event, .. }: &RecordedEvent, user: Option<String>) -> Vec<u8> {
    let mut data = Map::new();
    data.insert("event".to_owned(), json!(seq));
    let told = [
        ("user", user),
        ("session", event.session_id.map(|id| id.to_string())),
        ("ended", event.kind.ending().map(|ending| ending.as_str().to_owned())),
        ("actor", event.caller.actor.as_ref().map(ToString::to_string)),
        ("reason", event.caller.reason.clone()),
        ("about", event.about.clone()),
        ("address", event.caller.address.map(|address| address.to_string())),
    ];
    data.extend(told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?)))));
    message(event.kind.as_str(), event.at, data)
}

/// The message that only shows that messages arrive.
#[must_use]
pub fn test_body(now: UnixMillis) -> Vec<u8> {
    message("webhook.test", now, Map::new())
}

fn message(kind: &str, at: UnixMillis, data: Map<String, Value>) -> Vec<u8> {
    json!({"type": kind, "timestamp": at.rfc3339(), "data": data}).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn a_signature_is_the_one_that_the_specification_has() {
        let bytes = Base64::decode_vec("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let secret = WebhookSecret(Zeroizing::new(bytes));
        let signed = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            UnixMillis(1_614_265_330_000),
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
