//! What an access token is in Rotunda: claims, keys, signing, verifying.
//!
//! An access token is a JWT (RFC 7519) in the profile of RFC 9068, signed as a compact JWS (RFC 7515):
//!
//! ```text
//! base64url(header) . base64url(claims) . base64url(signature)
//! ```
//!
//! It lives for minutes, says who the caller is ([`Claims`]), and anybody with the public keys can check it without
//! asking the server. What can be undone before it runs out (a logout, a disabled user) is not in here: that is what
//! sessions and the revocation feed are for.
//!
//! | to | use |
//! |---|---|
//! | make keys, load them | [`SigningKey`], [`SecretBytes`] |
//! | make a token | [`SigningKey::sign`] |
//! | publish and read public keys | [`Jwks`], [`KeySet`] |
//! | share a secret, where it must be | [`SharedSecret`] |
//! | check a token | [`Verifier::verify`] |
//!
//! The crate knows no socket, no file and no clock: the time is an argument. The only randomness is inside aws-lc-rs,
//! for new keys and for the nonces of ECDSA.
//!
//! ```
//! use rotunda_token::{Algorithm, Claims, KeySet, SigningKey, Verifier};
//!
//! // At start: one key, parsed once. `secret` is what has to be kept, sealed.
//! let (key, secret) = SigningKey::generate(Algorithm::Es256)?;
//! # let _ = secret.expose();
//!
//! // At each login and refresh:
//! let now = 1_800_000_000; // seconds since 1970
//! let token = key.sign(&Claims {
//!     iss: "https://auth.example".to_owned(),
//!     sub: "usr_7".to_owned(),
//!     aud: vec!["https://auth.example".to_owned()],
//!     exp: now + 600,
//!     iat: now,
//!     nbf: None,
//!     jti: "tok_1".to_owned(),
//!     client_id: "web".to_owned(),
//!     sid: Some("ses_3".to_owned()),
//!     auth_time: Some(now),
//!     amr: vec!["pwd".to_owned()],
//!     ep: Some(0),
//!     ce: None,
//!     rv: None,
//!     roles: vec!["editor".to_owned()],
//!     scope: None,
//!     act: None,
//! })?;
//!
//! // At each request, with nothing but the published keys:
//! let published = serde_json::to_vec(&KeySet::from_signing_keys([&key]).to_jwks())?;
//! let verifier = Verifier::new(
//!     KeySet::from_jwks_json(&published)?,
//!     "https://auth.example".to_owned(),
//!     vec!["https://auth.example".to_owned()],
//! );
//! assert_eq!(verifier.verify(&token, now * 1000)?.sub, "usr_7");
//! assert!(verifier.verify(&token, (now + 3600) * 1000).is_err_and(|why| why.is_expired()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algorithm;
mod claims;
mod header;
mod invalid;
mod jwk;
mod jws;
mod key_set;
mod private_key;
mod shared_secret;
mod sign;
mod signing_key;
mod thumbprint;
mod verify;
mod verifying_key;

pub use algorithm::Algorithm;
pub use claims::{ActClaim, Claims, SessionClaims};
pub use invalid::Invalid;
pub use jwk::{Jwk, Jwks, JwksError, KeyParameters, MAX_JWKS_BYTES, MAX_JWKS_KEYS};
pub use jws::{MAX_TOKEN_BYTES, Payload};
pub use key_set::KeySet;
pub use shared_secret::{NotSharedSecret, SharedSecret};
pub use sign::SignError;
pub use signing_key::{SecretBytes, SigningKey, SigningKeyError};
pub use verify::{LEEWAY_SECONDS, Verifier};
pub use verifying_key::VerifyingKey;
