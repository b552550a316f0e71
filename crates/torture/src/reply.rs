//! What an answer of Rotunda says, read the same way by the proxy and by the clients.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::Value;

use crate::history::{Answer, Call, Ended, Reason};
use crate::http::Message;

/// An answer, as far as it can be read.
#[derive(Clone, Default, Debug)]
pub(crate) struct Reply {
    pub status: u16,
    /// The body is JSON.
    pub readable: bool,
    pub session: Option<String>,
    pub generation: Option<u32>,
    pub access: Option<String>,
    /// From the body of a native client's answer, or from the cookie of a browser's.
    pub token: Option<String>,
    pub secret: Option<String>,
    pub page: Option<String>,
    pub reason: Option<Reason>,
    pub ended: Option<Ended>,
}

impl Reply {
    pub(crate) fn of(message: &Message) -> Self {
        let mut reply = Self { status: message.status(), ..Self::default() };
        for cookie in message.headers("set-cookie") {
            let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            // What a logout expires is set to nothing.
            match name {
                "rotunda_refresh" => reply.token = Some(value.to_owned()),
                "rotunda_device" => reply.secret = Some(value.to_owned()),
                "rotunda_page" => reply.page = Some(value.to_owned()),
                _ => {}
            }
        }
        if !message.complete {
            return reply;
        }
        let Ok(body) = serde_json::from_slice::<Value>(message.body()) else { return reply };
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        reply.readable = true;
        reply.session = text("/session/id");
        reply.generation =
            body.pointer("/session/generation").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
        reply.access = text("/access_token");
        reply.token = text("/refresh_token").or(reply.token);
        reply.secret = text("/device_secret").or(reply.secret);
        reply.reason = text("/reason").map(|reason| Reason::parse(&reason));
        reply.ended = text("/ended").map(|ended| Ended::parse(&ended));
        reply
    }

    /// What it means for the record of a call.
    pub(crate) fn answer(&self, call: Call) -> Answer {
        match (self.status, self.reason) {
            (200 | 201, _) if matches!(call, Call::Refresh(_)) => match (self.generation, &self.token) {
                (Some(generation), Some(token)) => Answer::Grant { generation, token: digest(token) },
                // A grant that cannot be read is a violation of its own: no rule answers so.
                _ => Answer::NoEffect { status: self.status },
            },
            (200..=204, _) => Answer::Done,
            (status @ 500.., _) => Answer::Unclear { status },
            (_, Some(reason)) => Answer::Refused { reason, ended: self.ended },
            (status, None) => Answer::NoEffect { status },
        }
    }
}

/// A number for a token, to compare it without keeping it (FNV-1a).
pub(crate) fn digest(token: &str) -> u64 {
    token.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// The session and the generation that stand in a refresh token.
pub(crate) fn read_token(token: &str) -> Option<(String, u32)> {
    let mut bytes = [0; 70];
    let decoded = Base64UrlUnpadded::decode(token.strip_prefix("rt1_")?, &mut bytes).ok()?;
    let session = <[u8; 16]>::try_from(decoded.get(2..18)?).ok()?;
    let generation = <[u8; 4]>::try_from(decoded.get(18..22)?).ok()?;
    Some((uuid::Uuid::from_bytes(session).to_string(), u32::from_be_bytes(generation)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_its_session_and_generation() {
        let token = "rt1_AQEBof2VglR1hqsffX5bNirmAAAAAA3BWziOU3G6opxsdc4yINSY7CRRiBLfLH4lukj6S95LVQj2iE3nh-AqnXhiwr0SSA";
        assert_eq!(read_token(token), Some(("01a1fd95-8254-7586-ab1f-7d7e5b362ae6".to_owned(), 0)));
        assert_eq!(read_token("rt1_AQ"), None);
        assert_eq!(read_token(""), None);
    }
}
