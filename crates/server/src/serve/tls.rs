//! TLS: a certificate and its key, which can be changed while connections are open.
//!
//! Versions 1.2 and 1.3, by rustls on aws-lc-rs, with the cipher suites that rustls holds to be safe. HTTP/2 and HTTP/1.1 are offered
//! (ALPN, RFC 7301). Nothing is accepted as early data (RFC 8446 §8): what is sent there could be sent again by somebody else.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{InconsistentKeys, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// The most certificates of one chain.
const LONGEST_CHAIN: usize = 16;

/// A certificate, those that vouch for it, and its key.
#[derive(Clone)]
pub struct KeyPair(Arc<ServerConfig>);

/// What is wrong with a certificate or its key. No part of either is in it.
#[derive(PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyPairError {
    /// Nothing in PEM that is a certificate.
    #[error("there is no certificate in it: it must be PEM, and begin with -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    /// It begins in PEM, and does not end so.
    #[error("one of the certificates in it is broken or cut off: each is PEM, from BEGIN to END")]
    BrokenCertificate,
    /// More than anybody sends.
    #[error(
        "there are more than {LONGEST_CHAIN} certificates in it: only that of this server, and those between it and an authority"
    )]
    LongChain,
    /// Nothing in PEM that is a private key.
    #[error(
        "there is no private key in it: it must be PEM, and begin with -----BEGIN PRIVATE KEY----- (or EC, or RSA)"
    )]
    NoKey,
    /// It takes a passphrase, which nobody could enter.
    #[error(
        "the private key is encrypted with a passphrase; `openssl pkey -in FILE -out NEW` writes it without one"
    )]
    EncryptedKey,
    /// Each is good, but they are not of one pair.
    #[error("the key is not the one of the first certificate in the file")]
    NotAPair,
    /// Whatever else rustls does not take.
    #[error("it cannot be used: {0}")]
    Unusable(String),
}

impl KeyPairError {
    /// Whether it is the certificates that are wrong, rather than the key or both together.
    #[must_use]
    pub fn is_of_certificate(&self) -> bool {
        matches!(self, Self::NoCertificate | Self::BrokenCertificate | Self::LongChain)
    }
}

impl KeyPair {
    /// Reads both from PEM: the certificate of this server first, then those between it and an authority.
    ///
    /// # Errors
    /// When one of them is missing, or they do not belong together.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, KeyPairError> {
        let chain: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(certificates).take(LONGEST_CHAIN + 1).collect();
        // What the reader complains of may be a line of the file: it is not passed on.
        let chain = chain.map_err(|_| KeyPairError::BrokenCertificate)?;
        match chain.len() {
            0 => return Err(KeyPairError::NoCertificate),
            1..=LONGEST_CHAIN => {}
            _ => return Err(KeyPairError::LongChain),
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| {
            let is_encrypted = key.windows(9).any(|words| words == b"ENCRYPTED");
            if is_encrypted { KeyPairError::EncryptedKey } else { KeyPairError::NoKey }
        })?;
        let unusable = |error: rustls::Error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => KeyPairError::NotAPair,
            other => KeyPairError::Unusable(other.to_string()),
        };
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(unusable)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }
}

/// The pair in use. Its clones share it.
#[derive(Clone)]
pub struct Tls(Arc<RwLock<KeyPair>>);

impl Tls {
    /// Begins with this pair.
    #[must_use]
    pub fn new(pair: KeyPair) -> Self {
        Self(Arc::new(RwLock::new(pair)))
    }

    /// Takes another one into use, for connections that come from now on. Those that are open stay as they are.
    pub fn replace(&self, pair: KeyPair) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = pair;
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str) -> (String, String) {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    fn wrong(certificates: &str, key: &str) -> KeyPairError {
        KeyPair::from_pem(certificates.as_bytes(), key.as_bytes()).map(drop).unwrap_err()
    }

    #[test]
    fn a_pair_is_read_and_what_is_none_is_told() {
        let ((certificate, key), (_, other)) = (pair("localhost"), pair("localhost"));
        assert!(KeyPair::from_pem(certificate.as_bytes(), key.as_bytes()).is_ok());
        let both = format!("{key}{certificate}");
        assert!(KeyPair::from_pem(both.as_bytes(), both.as_bytes()).is_ok(), "one file with both");
        assert_eq!(wrong(&certificate, &other), KeyPairError::NotAPair);
        assert_eq!(wrong(&key, &key), KeyPairError::NoCertificate);
        assert_eq!(wrong("", &key), KeyPairError::NoCertificate);
        assert_eq!(wrong(&certificate, &certificate), KeyPairError::NoKey);
        assert_eq!(wrong(&certificate.repeat(17), &key), KeyPairError::LongChain);
        let encrypted = key.replace("PRIVATE", "ENCRYPTED PRIVATE");
        assert_eq!(wrong(&certificate, &encrypted), KeyPairError::EncryptedKey);
        let cut = format!("{}\n-----END CERTIFICATE-----\n", &certificate[..200]);
        assert!(matches!(wrong(&cut, &key), KeyPairError::Unusable(_) | KeyPairError::BrokenCertificate));
        let half_written = format!("{certificate}{}", &certificate[..200]);
        assert_eq!(wrong(&half_written, &key), KeyPairError::BrokenCertificate);
    }
}
