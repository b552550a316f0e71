//! An issuer for each algorithm, and a forger who has their keys: so each test changes one thing and nothing else is
//! wrong. What is not about an algorithm is tested with ES256 alone, by the functions at the end.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use base64ct::{Base64UrlUnpadded, Encoding};
use rotunda_token::{Algorithm, Claims, Invalid, KeySet, SecretBytes, SigningKey, Verifier};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://auth.example.com";
pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const NOW_MS: i64 = NOW * 1000;

pub(crate) struct Issuer {
    pub(crate) key: SigningKey,
    pub(crate) secret: SecretBytes,
}

static ISSUERS: LazyLock<[Issuer; 4]> = LazyLock::new(|| {
    Algorithm::ALL.map(|algorithm| {
        let (key, secret) = SigningKey::generate(algorithm).unwrap();
        Issuer { key, secret }
    })
});

/// One for each algorithm.
pub(crate) fn issuers() -> &'static [Issuer; 4] {
    &ISSUERS
}

/// Those whose keys are published.
pub(crate) fn public_issuers() -> impl Iterator<Item = &'static Issuer> {
    issuers().iter().filter(|issuer| issuer.key.algorithm().is_public())
}

pub(crate) fn issuer(algorithm: Algorithm) -> &'static Issuer {
    issuers().iter().find(|issuer| issuer.key.algorithm() == algorithm).unwrap()
}

impl Issuer {
    pub(crate) fn name(&self) -> &'static str {
        self.key.algorithm().as_str()
    }

    pub(crate) fn verifier(&self) -> Verifier {
        Verifier::new(KeySet::from_signing_keys([&self.key]), ISSUER.to_owned(), vec![ISSUER.to_owned()])
    }

    pub(crate) fn verify(&self, token: &str) -> Result<Claims, Invalid> {
        self.verifier().verify(token, NOW_MS)
    }

    pub(crate) fn token(&self) -> String {
        self.key.sign(&claims()).unwrap()
    }

    /// The right header as JSON.
    pub(crate) fn header(&self) -> Value {
        json!({ "typ": "at+jwt", "alg": self.name(), "kid": self.key.kid() })
    }

    /// The right header with one member set to something else.
    pub(crate) fn header_with(&self, name: &str, value: Value) -> String {
        let mut header = self.header();
        header[name] = value;
        header.to_string()
    }

    /// The right header without one member.
    pub(crate) fn header_without(&self, name: &str) -> String {
        let mut header = self.header();
        header.as_object_mut().unwrap().remove(name).unwrap();
        header.to_string()
    }

    /// A token of any header and claims, with a signature that is right.
    pub(crate) fn forge(&self, header: &str, claims: &str) -> String {
        self.forge_parts(&encode(header), &encode(claims))
    }

    /// As [`Issuer::forge`], of two parts that are encoded already.
    pub(crate) fn forge_parts(&self, header: &str, payload: &str) -> String {
        let signed = format!("{header}.{payload}");
        let signature = encode(self.raw_signature(&signed));
        format!("{signed}.{signature}")
    }

    /// The right header, other claims.
    pub(crate) fn forge_claims(&self, claims: &str) -> String {
        self.forge(&self.header().to_string(), claims)
    }

    /// Another header, the right claims.
    pub(crate) fn forge_header(&self, header: &str) -> String {
        self.forge(header, &serde_json::to_string(&claims()).unwrap())
    }

    /// Made by the library alone, without a line of ours.
    pub(crate) fn raw_signature(&self, message: &str) -> Vec<u8> {
        let (secret, message) = (self.secret.expose(), message.as_bytes());
        match self.key.algorithm() {
            Algorithm::Es256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, message),
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(secret).unwrap().sign(message).as_ref().to_vec(),
            Algorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(secret).unwrap();
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
                signature
            }
            Algorithm::Hs256 => {
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec()
            }
        }
    }
}

/// A signature of the ES256 key, in one of its forms.
pub(crate) fn ecdsa(form: &'static EcdsaSigningAlgorithm, message: &[u8]) -> Vec<u8> {
    let pair = EcdsaKeyPair::from_pkcs8(form, issuer(Algorithm::Es256).secret.expose()).unwrap();
    pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
}

pub(crate) fn claims() -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        sub: "019a7d3c-2b1e-7c40-9f00-5d2c1a7be001".to_owned(),
        aud: vec![ISSUER.to_owned()],
        exp: NOW + 600,
        iat: NOW,
        nbf: None,
        jti: "019a7d3c-2b1e-7c40-9f00-5d2c1a7be002".to_owned(),
        client_id: "web".to_owned(),
        sid: Some("019a7d3c-2b1e-7c40-9f00-5d2c1a7be003".to_owned()),
        auth_time: Some(NOW - 30),
        amr: vec!["pwd".to_owned()],
        ep: Some(3),
        ce: Some(2),
        rv: Some(7),
        roles: vec!["editor".to_owned()],
        scope: None,
        act: None,
    }
}

/// The claims of [`claims`] as JSON, with one set to something else.
pub(crate) fn claims_with(name: &str, value: Value) -> String {
    let mut all = serde_json::to_value(claims()).unwrap();
    all[name] = value;
    all.to_string()
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text).unwrap()
}

/// The three parts of a token.
pub(crate) fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<_> = token.split('.').collect();
    parts.try_into().unwrap()
}

fn es256() -> &'static Issuer {
    issuer(Algorithm::Es256)
}

pub(crate) fn key() -> &'static SigningKey {
    &es256().key
}

pub(crate) fn verifier() -> Verifier {
    es256().verifier()
}

pub(crate) fn verify(token: &str) -> Result<Claims, Invalid> {
    es256().verify(token)
}

pub(crate) fn token() -> String {
    es256().token()
}

pub(crate) fn header() -> Value {
    es256().header()
}

pub(crate) fn forge(header: &str, claims: &str) -> String {
    es256().forge(header, claims)
}

pub(crate) fn forge_claims(claims: &str) -> String {
    es256().forge_claims(claims)
}

#[test]
fn what_the_forger_makes_by_the_book_verifies() {
    for issuer in issuers() {
        assert_eq!(issuer.verify(&issuer.forge_header(&issuer.header().to_string())), Ok(claims()));
        assert_eq!(issuer.verify(&issuer.forge_claims(&claims_with("ep", json!(3)))), Ok(claims()));
    }
}
