//! What an access token says: the claims of RFC 9068 §2.2, and the few that are Rotunda's own.
//!
//! Reading is strict where it matters and calm elsewhere:
//!
//! 1. A claim that is listed here may stand once. A second one is refused (RFC 7519 §4), also when it is spelled with
//!    escapes.
//! 2. Claims that are not listed are skipped and reach nobody, so a repeated one cannot be read in two ways.
//! 3. `sid`, `auth_time` and `ep` come together: a user's token has all three, a service's none (RFC 9068 §2.2.1 wants
//!    `auth_time` only where somebody signed in). One or two of them say nothing that could be checked, so a token with
//!    half a session is refused, and none is signed.
//! 4. Times are whole seconds. RFC 7519 §2 would permit fractions; Rotunda never writes them, and an integer cannot
//!    be `NaN` or lose precision.

use serde::{Deserialize, Deserializer, Serialize};

/// The claims of an access token. All times are seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer: the server's public URL, compared as it stands (RFC 7519 §4.1.1).
    pub iss: String,
    /// Subject: the user's id (RFC 7519 §4.1.2). A user is `iss` and `sub` together.
    pub sub: String,
    /// Audience: whom the token is for (RFC 7519 §4.1.3). Read from a string or an array; one alone is written as a
    /// string.
    #[serde(with = "one_or_many")]
    pub aud: Vec<String>,
    /// Expiry: from this second on the token is no longer valid (RFC 7519 §4.1.4). Never absent.
    pub exp: i64,
    /// When it was issued (RFC 7519 §4.1.6).
    pub iat: i64,
    /// Not valid before this second (RFC 7519 §4.1.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// The token's own id (RFC 7519 §4.1.7). This names a token; its text does not, since anybody can turn one valid
    /// ECDSA signature into a second one.
    pub jti: String,
    /// The client it was issued to (RFC 9068 §2.2, RFC 8693 §4.3).
    pub client_id: String,
    /// The session it belongs to. Comes with `auth_time` and `ep`, or all three are absent: see [`Claims::session`].
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "not_null")]
    pub sid: Option<String>,
    /// When the user last proved who they are (RFC 9068 §2.2.1).
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "not_null")]
    pub auth_time: Option<i64>,
    /// How they proved it (RFC 9068 §2.2.1; values of RFC 8176). Empty for a service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The user's auth epoch: raised when everything issued before is to count no more.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "not_null")]
    pub ep: Option<u64>,
    /// The caller's roles (RFC 9068 §2.2.3.1); none if it does not say.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The claims epoch of the user: raised when their roles change. Absent while it is 0.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "not_null")]
    pub ce: Option<u64>,
    /// The revision of the roles that `roles` and `scope` were made from. Absent while it is 0.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "not_null")]
    pub rv: Option<u64>,
    /// Scopes, separated by spaces (RFC 9068 §2.2.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Who acts for the user (RFC 8693 §4.1); absent where they act themselves.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "actor")]
    pub act: Option<ActClaim>,
}

/// Who acts for the subject of a token (RFC 8693 §4.1). It tells; whoever decides by a token decides by its `sub`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ActClaim {
    /// The id of the user who acts.
    pub sub: String,
}

/// What a user's token says about the session behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionClaims<'a> {
    /// The session's id.
    pub sid: &'a str,
    /// When the user last proved who they are, in seconds since 1970-01-01T00:00:00Z.
    pub auth_time: i64,
    /// The user's auth epoch at the time of issue.
    pub ep: u64,
}

impl Claims {
    /// The session behind the token; `None` for a service's token, behind which there is no user.
    #[must_use]
    pub fn session(&self) -> Option<SessionClaims<'_>> {
        Some(SessionClaims { sid: self.sid.as_deref()?, auth_time: self.auth_time?, ep: self.ep? })
    }

    /// Whether there is a session, but not all of it.
    pub(crate) fn has_half_a_session(&self) -> bool {
        let any = self.sid.is_some() || self.auth_time.is_some() || self.ep.is_some();
        any && self.session().is_none()
    }
}

/// A claim that may be absent, but not `null`: that would be a third way to say what two ways say.
fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// `act`: "a JSON object" (RFC 8693 §4.1), and not the list of its members that serde would take as well.
fn actor<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ActClaim>, D::Error> {
    use std::fmt;

    use serde::de::value::MapAccessDeserializer;
    use serde::de::{MapAccess, Visitor};

    #[derive(Deserialize)]
    struct Members {
        sub: String,
    }

    struct Object;

    impl<'de> Visitor<'de> for Object {
        type Value = ActClaim;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object with `sub`")
        }

        fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<ActClaim, A::Error> {
            let Members { sub } = Members::deserialize(MapAccessDeserializer::new(members))?;
            Ok(ActClaim { sub })
        }
    }

    from.deserialize_map(Object).map(Some)
}

/// `aud`: "a single case-sensitive string" or "an array of" them (RFC 7519 §4.1.3).
mod one_or_many {
    use std::fmt;

    use serde::de::{SeqAccess, Visitor};
    use serde::{Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(values: &[String], to: S) -> Result<S::Ok, S::Error> {
        match values {
            [one] => one.serialize(to),
            many => many.serialize(to),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
        from.deserialize_any(OneOrMany)
    }

    struct OneOrMany;

    impl<'de> Visitor<'de> for OneOrMany {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string or an array of strings")
        }

        fn visit_str<E>(self, one: &str) -> Result<Self::Value, E> {
            Ok(vec![one.to_owned()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut many: A) -> Result<Self::Value, A::Error> {
            let mut values = Vec::new();
            while let Some(value) = many.next_element()? {
                values.push(value);
            }
            Ok(values)
        }
    }
}
