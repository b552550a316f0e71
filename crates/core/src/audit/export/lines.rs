//! The lines of an export. What is absent is left out.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};

use super::super::canonical;
use super::super::finding::Hex;
use crate::model::{AuditMark, Caller, ChainLink, Event, EventKind, RecordedEvent, UnixMillis};
use crate::store::KeptMark;

/// A signed place as one line of JSON, to be kept elsewhere.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkLine {
    /// `floor`, `head` or `checkpoint`; `start` where nothing was ever forgotten, which is not signed.
    pub mark: String,
    /// The place of the event.
    pub seq: u64,
    /// Its hash, in hexadecimal digits.
    pub hash: String,
    /// When it was signed: milliseconds since 1970-01-01 UTC.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<i64>,
    /// The master key that the signing key is derived from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key_id: Option<u8>,
    /// The public key (base64url).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub public_key: Option<String>,
    /// The signature (base64url).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signature: Option<String>,
}

impl MarkLine {
    /// The start of everything.
    pub(super) fn start() -> Self {
        Self {
            mark: "start".to_owned(),
            seq: 0,
            hash: Hex(&canonical::START).to_string(),
            at: None,
            key_id: None,
            public_key: None,
            signature: None,
        }
    }

    pub(super) fn of(kept: KeptMark, mark: &AuditMark, public: Option<[u8; 32]>) -> Self {
        Self {
            mark: kept.as_str().to_owned(),
            seq: mark.seq,
            hash: Hex(&mark.hash).to_string(),
            at: Some(mark.at.0),
            key_id: Some(mark.key_id),
            public_key: public.as_ref().map(Self::key_text),
            signature: Some(Base64UrlUnpadded::encode_string(&mark.signature)),
        }
    }

    /// The line, with its end.
    #[must_use]
    pub fn json(&self) -> String {
        line(self)
    }

    /// From a line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// The mark; `None` for the start.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn signed(&self) -> Result<Option<(KeptMark, AuditMark)>, String> {
        let kept = match self.mark.as_str() {
            "start" => return Ok(None),
            "floor" => KeptMark::Floor,
            "head" => KeptMark::Head,
            "checkpoint" => KeptMark::Checkpoint,
            other => return Err(format!("{other:?} is no mark")),
        };
        let signature = self.signature.as_deref().and_then(|text| Base64UrlUnpadded::decode_vec(text).ok());
        let mark = AuditMark {
            seq: self.seq,
            hash: unhex(&self.hash).ok_or("`hash` is not 64 hexadecimal digits")?,
            at: UnixMillis(self.at.ok_or("`at` is missing")?),
            key_id: self.key_id.ok_or("`key_id` is missing")?,
            signature: signature.ok_or("`signature` is missing or no base64url")?,
        };
        Ok(Some((kept, mark)))
    }

    /// A public key as it stands in a line.
    #[must_use]
    pub fn key_text(key: &[u8; 32]) -> String {
        Base64UrlUnpadded::encode_string(key)
    }

    /// The public key that it bears.
    #[must_use]
    pub fn key(&self) -> Option<[u8; 32]> {
        public_key(self.public_key.as_deref()?)
    }
}

/// A public key from base64url.
pub(super) fn public_key(text: &str) -> Option<[u8; 32]> {
    Base64UrlUnpadded::decode_vec(text).ok()?.try_into().ok()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventLine {
    seq: u64,
    at: i64,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ending: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    about: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    actor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    user_agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    salt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    commitment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    link: Option<String>,
}

/// An event as a line, with its end.
pub(super) fn event(RecordedEvent { seq, event, link }: &RecordedEvent) -> String {
    let Event { kind, at, user_id, session_id, about, caller } = event;
    let halves = link.as_ref().map(canonical::halves);
    line(&EventLine {
        seq: *seq,
        at: at.0,
        kind: kind.as_str().to_owned(),
        ending: kind.ending().map(|ending| ending.as_str().to_owned()),
        user_id: user_id.map(|id| id.to_string()),
        session_id: session_id.map(|id| id.to_string()),
        about: about.clone(),
        actor: caller.actor.as_ref().map(ToString::to_string),
        reason: caller.reason.clone(),
        address: caller.address.map(|address| address.to_string()),
        user_agent: caller.user_agent.clone(),
        salt: link.as_ref().and_then(|link| link.salt).map(|salt| Hex(&salt).to_string()),
        commitment: halves.map(|(_, commitment)| Hex(&commitment).to_string()),
        link: halves.map(|(hash, _)| Hex(&hash).to_string()),
    })
}

/// An event from a line.
pub(super) fn parse_event(text: &str) -> Result<RecordedEvent, String> {
    let line: EventLine = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let link = match (&line.link, &line.commitment) {
        (Some(link), Some(commitment)) => {
            let hash = unhex(&format!("{link}{commitment}")).filter(|_| link.len() == commitment.len());
            Some(ChainLink {
                hash: hash.ok_or("`link` and `commitment` are 32 hexadecimal digits each")?,
                salt: parsed("salt", line.salt.as_deref(), |text| {
                    unhex(text).ok_or("no hexadecimal digits")
                })?,
            })
        }
        _ => None,
    };
    let kind = EventKind::parse(&line.kind, line.ending.as_deref());
    let event = Event {
        kind: kind.ok_or_else(|| format!("the kind {:?} is not one this version knows", line.kind))?,
        at: UnixMillis(line.at),
        user_id: parsed("user_id", line.user_id.as_deref(), str::parse)?,
        session_id: parsed("session_id", line.session_id.as_deref(), str::parse)?,
        about: line.about,
        caller: Caller {
            address: parsed("address", line.address.as_deref(), str::parse)?,
            user_agent: line.user_agent,
            actor: parsed("actor", line.actor.as_deref(), str::parse)?,
            reason: line.reason,
        },
    };
    Ok(RecordedEvent { seq: line.seq, event, link })
}

fn parsed<T, E: std::fmt::Display>(
    name: &str,
    text: Option<&str>,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, String> {
    text.map(parse).transpose().map_err(|error| format!("`{name}`: {error}"))
}

fn line(value: &impl Serialize) -> String {
    // Text and numbers always become JSON.
    let mut text = serde_json::to_string(value).unwrap_or_default();
    text.push('\n');
    text
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    let mut bytes = [0; N];
    if digits.len() != N.checked_mul(2)? {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        *byte = value(*pair.first()?)? << 4 | value(*pair.last()?)?;
    }
    Some(bytes)
}
