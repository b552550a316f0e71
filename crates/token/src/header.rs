//! The JOSE header of a token, read before anything about the token is known to be true (RFC 7515 §4).
//!
//! The steps are those of [`crate::Verifier`]; this is its third.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::{Algorithm, Invalid};

/// The parts of a header that may be acted upon.
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<String>,
    typ: Option<String>,
}

impl Header {
    /// Reads and checks a header, all but `typ`.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, Invalid> {
        let Members { alg, typ, kid, critical, brings_key } =
            serde_json::from_slice(json).map_err(|_| Invalid::Header)?;
        if critical {
            return Err(Invalid::Critical);
        }
        // They could be skipped as unknown names are. But nobody honest sends them here, and a token that carries its
        // own key is an attack worth a name in the log.
        if brings_key {
            return Err(Invalid::KeyInHeader);
        }
        let algorithm = alg.as_deref().and_then(Algorithm::from_name).ok_or(Invalid::AlgorithmUnknown)?;
        Ok(Self { algorithm, kid, typ })
    }

    /// Requires the type of an access token, with or without `application/`, in any case (RFC 9068 §4, RFC 7515
    /// §4.1.9): so that no other JWT of the same issuer passes for one (RFC 8725 §3.11).
    pub(crate) fn require_access_token(&self) -> Result<(), Invalid> {
        let typ = self.typ.as_deref().ok_or(Invalid::Type)?;
        if ["at+jwt", "application/at+jwt"].iter().any(|ours| typ.eq_ignore_ascii_case(ours)) {
            Ok(())
        } else {
            Err(Invalid::Type)
        }
    }
}

/// The header as it was sent, each name at most once.
#[derive(Default)]
struct Members {
    alg: Option<String>,
    typ: Option<String>,
    kid: Option<String>,
    critical: bool,
    brings_key: bool,
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(EachNameOnce)
    }
}

/// A derived `Deserialize` would let names that it does not know stand twice; RFC 7515 §4 does not.
struct EachNameOnce;

impl<'de> Visitor<'de> for EachNameOnce {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JOSE header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Members::default();
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "alg" => members.alg = Some(map.next_value()?),
                "typ" => members.typ = Some(map.next_value()?),
                "kid" => members.kid = Some(map.next_value()?),
                other => {
                    members.critical |= other == "crit";
                    members.brings_key |= matches!(other, "jku" | "jwk" | "x5u" | "x5c");
                    map.next_value::<IgnoredAny>()?;
                }
            }
            if !names.insert(name) {
                return Err(A::Error::custom("a name stands twice"));
            }
        }
        Ok(members)
    }
}
