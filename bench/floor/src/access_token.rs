//! The access token: a JWS with Ed25519 (RFC 7515 §5.1, RFC 8037 §3.1), with what Rotunda's tokens say (RFC 9068 §2.2).

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64ct::{Base64UrlUnpadded, Encoding};

use crate::machine::{now, random};
use crate::writer::Session;

/// How long an access token lives, in seconds.
pub(crate) const LIFE: i64 = 900;

/// The issuer, and the audience: as long as those that Rotunda has by itself.
const ISSUER: &str = "http://localhost:8080";

/// Signs access tokens with one key.
pub(crate) struct Signer {
    key: Ed25519KeyPair,
    /// `base64url(header) .`, the beginning of every token.
    header: String,
    /// The published key set.
    jwks: String,
}

impl Signer {
    /// A new key, as PKCS#8 (RFC 8410).
    ///
    /// # Errors
    /// When there is no randomness.
    pub(crate) fn generate() -> Result<Vec<u8>, Unspecified> {
        Ok(Ed25519KeyPair::generate()?.to_pkcs8v1()?.as_ref().to_vec())
    }

    /// Signs with this key from now on. Its `kid` is the thumbprint (RFC 7638 §3).
    ///
    /// # Errors
    /// When that is no key.
    pub(crate) fn new(pkcs8: &[u8]) -> anyhow::Result<Self> {
        let no_key = |why| anyhow::anyhow!("the signing key in the database: {why}");
        let key = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(no_key)?;
        let x = encode(key.public_key().as_ref());
        let kid = encode(
            digest(&SHA256, format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#).as_bytes()).as_ref(),
        );
        let header = encode(format!(r#"{{"typ":"at+jwt","alg":"EdDSA","kid":"{kid}"}}"#).as_bytes()) + ".";
        let jwks = format!(
            r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}","kid":"{kid}","alg":"EdDSA","use":"sig"}}]}}"#
        );
        Ok(Self { key, header, jwks })
    }

    /// The published key set (RFC 7517 §5).
    pub(crate) fn jwks(&self) -> String {
        self.jwks.clone()
    }

    /// An access token for the session.
    ///
    /// # Errors
    /// When there is no randomness, or it cannot be signed.
    pub(crate) fn sign(&self, session: &Session) -> Result<String, Unspecified> {
        let (Session { id, user, since }, now) = (session, now());
        let (expires, jti) = (now + LIFE, encode(&random::<16>()?));
        let claims = format!(
            r#"{{"iss":"{ISSUER}","sub":"{user}","aud":"{ISSUER}","exp":{expires},"iat":{now},"jti":"{jti}","client_id":"web","sid":"{id}","auth_time":{since},"amr":["pwd"],"ep":0,"roles":[]}}"#
        );
        let mut token = format!("{}{}", self.header, encode(claims.as_bytes()));
        let signature = self.key.try_sign(token.as_bytes())?;
        token.push('.');
        token.push_str(&encode(signature.as_ref()));
        Ok(token)
    }
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}
