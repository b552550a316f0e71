//! Which client is this, and does it show so? (RFC 6749 §2.3)
//!
//! 1. HTTP Basic (§2.3.1): name and secret, each form-urlencoded, then joined and written in base64.
//! 2. Or `client_id` and `client_secret` in the body. Never in the address, where secrets get into logs.
//! 3. Or `client_id` alone, for a public client, which has nothing to show; by Basic with nothing after the colon, as many
//!    libraries write it.
//!
//! Two ways at once are refused (§2.3), and so are two names.

use base64ct::{Base64, Encoding};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use rotunda_core::clients::{ClientCredentials, ClientProof};
use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::model::{Caller, ClientId, ClientKind, SecretText};
use zeroize::Zeroizing;

use crate::App;
use crate::edge::form;
use crate::reply::Problem;

/// A client that was told, and has authenticated where it showed anything.
pub(crate) struct Asking {
    /// Its name.
    pub id: ClientId,
    /// That it has authenticated.
    pub proof: Option<ClientProof>,
    /// Whether it has tried HTTP Basic: then a refusal challenges it to that (§5.2).
    by_basic: bool,
}

/// What the body says about the client.
#[derive(Default)]
pub(crate) struct InBody {
    pub client_id: Option<String>,
    pub client_secret: Option<SecretText>,
}

impl Asking {
    /// The client of a request to one of the standard endpoints.
    pub(crate) async fn of(
        app: &App,
        headers: &HeaderMap,
        body: InBody,
        caller: &Caller,
    ) -> Result<Self, Problem> {
        let (shown, by_basic) = match (basic(headers)?, body) {
            (Some(basic), body) => (agreeing(basic, body)?, true),
            (None, InBody { client_id: Some(id), client_secret }) => ((ClientId(id), client_secret), false),
            (None, InBody { client_id: None, client_secret: Some(_) }) => {
                return Err(Problem::malformed("There is a `client_secret` and no `client_id`."));
            }
            (None, _) => return Err(Problem::Client { denied: Denied::ClientRefused, by_basic: false }),
        };
        Self::authenticated(app, shown, by_basic, caller).await
    }

    async fn authenticated(
        app: &App,
        (id, secret): (ClientId, Option<SecretText>),
        by_basic: bool,
        caller: &Caller,
    ) -> Result<Self, Problem> {
        let proof = match secret {
            Some(secret) if secret.expose().is_empty() && is_public(app, &id).await? => None,
            Some(secret) => {
                let credentials = ClientCredentials::new(id.clone(), &secret);
                let proof = app.rotunda.authenticate(&credentials, caller).await;
                Some(proof.map_err(|error| refused(error, by_basic))?)
            }
            None if kind(app, &id).await?.authenticates() => {
                return Err(Problem::Client { denied: Denied::ClientRefused, by_basic });
            }
            None => None,
        };
        Ok(Self { id, proof, by_basic })
    }

    /// That it has authenticated, for what only such clients may do.
    pub(crate) fn must_prove(&self) -> Result<&ClientProof, Problem> {
        let denied = Denied::ClientRefused;
        self.proof.as_ref().ok_or(Problem::Client { denied, by_basic: self.by_basic })
    }

    /// What went wrong with what it asked for.
    pub(crate) fn refused(&self, error: Error) -> Problem {
        refused(error, self.by_basic)
    }
}

/// The client that signs somebody in with JSON, where the request names one or shows a secret.
///
/// A Basic header that names no client which authenticates is somebody else's, such as that of a proxy in front of a staging
/// site, and is left alone; so is one beside the name of another client.
pub(crate) async fn signing_in(
    app: &App,
    headers: &HeaderMap,
    body: InBody,
    caller: &Caller,
) -> Result<(Option<ClientId>, Option<ClientProof>), Problem> {
    let ours = match basic(headers) {
        Ok(Some((id, secret))) if is_meant(app, &id, &body).await? => Some((id, secret)),
        _ => None,
    };
    let (shown, by_basic) = match (ours, body) {
        (Some(basic), body) => (agreeing(basic, body)?, true),
        (None, InBody { client_id, client_secret: None }) => return Ok((client_id.map(ClientId), None)),
        (None, InBody { client_id: Some(id), client_secret }) => ((ClientId(id), client_secret), false),
        (None, InBody { client_id: None, .. }) => {
            return Err(Problem::malformed("There is a `client_secret` and no `client_id`."));
        }
    };
    let Asking { id, proof, .. } = Asking::authenticated(app, shown, by_basic, caller).await?;
    Ok((Some(id), proof))
}

async fn kind(app: &App, id: &ClientId) -> Result<ClientKind, Problem> {
    app.rotunda.client_kind(Some(id)).await.map_err(|error| refused(error, false))
}

async fn is_meant(app: &App, id: &ClientId, body: &InBody) -> Result<bool, Problem> {
    if body.client_id.as_ref().is_some_and(|named| *named != id.0) {
        return Ok(false);
    }
    Ok(known_kind(app, id).await?.is_some_and(ClientKind::authenticates))
}

async fn is_public(app: &App, id: &ClientId) -> Result<bool, Problem> {
    Ok(known_kind(app, id).await?.is_some_and(|kind| !kind.authenticates()))
}

/// The kind of a client; `None` where there is no such client.
async fn known_kind(app: &App, id: &ClientId) -> Result<Option<ClientKind>, Problem> {
    match app.rotunda.client_kind(Some(id)).await {
        Ok(kind) => Ok(Some(kind)),
        Err(Error::Denied(_)) => Ok(None),
        Err(Error::Failure(failure)) => Err(failure.into()),
    }
}

/// What a Basic header shows, if the body says nothing else. It may say the same name again.
fn agreeing(
    (id, secret): (ClientId, SecretText),
    body: InBody,
) -> Result<(ClientId, Option<SecretText>), Problem> {
    if body.client_secret.is_some() {
        return Err(Problem::malformed(
            "The client authenticates in two ways at once: send either the Basic header or `client_secret`.",
        ));
    }
    if body.client_id.is_some_and(|named| named != id.0) {
        return Err(Problem::malformed("`client_id` is another client than that of the Basic header."));
    }
    Ok((id, Some(secret)))
}

fn refused(error: Error, by_basic: bool) -> Problem {
    match error {
        Error::Denied(denied) => Problem::Client { denied, by_basic },
        Error::Failure(failure) => failure.into(),
    }
}

/// Name and secret of a Basic header, where there is one.
fn basic(headers: &HeaderMap) -> Result<Option<(ClientId, SecretText)>, Problem> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let header = match (all.next(), all.next()) {
        (None, _) => return Ok(None),
        (Some(header), None) => header,
        (Some(_), Some(_)) => return Err(Problem::malformed("There is more than one Authorization header.")),
    };
    // What is no text is no base64 either, and whoever tried must hear so: a header that cannot be read is not one that is not there.
    let header = String::from_utf8_lossy(header.as_bytes());
    let (scheme, encoded) = header.split_once(' ').unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("basic") {
        return Ok(None);
    }
    let unreadable = || {
        Problem::malformed(
            "The Authorization header is not HTTP Basic: base64 of `client_id:client_secret`, both percent-encoded.",
        )
    };
    let bytes = Zeroizing::new(Base64::decode_vec(encoded.trim()).map_err(|_| unreadable())?);
    let text = std::str::from_utf8(&bytes).map_err(|_| unreadable())?;
    let (id, secret) = text.split_once(':').ok_or_else(unreadable)?;
    let (id, secret) = (form::decoded(id)?, form::decoded(secret)?);
    Ok(Some((ClientId(String::clone(&id)), SecretText::new(String::clone(&secret)))))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(header: &str) -> Option<(String, String)> {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(header).unwrap())]);
        let (id, secret) = basic(&headers).unwrap_or_default()?;
        Some((id.0, secret.expose().to_owned()))
    }

    fn written(text: &str) -> String {
        format!("Basic {}", Base64::encode_string(text.as_bytes()))
    }

    #[test]
    fn name_and_secret_are_decoded_apart() {
        let told = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        assert_eq!(read(&written("shop:rc1_x")), told("shop", "rc1_x"));
        assert_eq!(read(&written("sh%6fp:rc1%5Fx")), told("shop", "rc1_x"));
        assert_eq!(read(&written("a%3Ab:c:d+e")), told("a:b", "c:d e"));
        assert_eq!(read(&written(":")), told("", ""));
        assert_eq!(read(&written("shop:x").replace("Basic", "bASIC ")), told("shop", "x"));
    }

    #[test]
    fn what_is_no_basic_header_is_not_taken_for_one() {
        for other in ["Bearer x", "Basic", "Digest username=\"x\"", ""] {
            assert_eq!(read(other), None, "{other}");
        }
        for bad in ["Basic ?", "Basic c2hvcA", &written("shop"), &written("sh%ffp:x")] {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(bad).unwrap())]);
            assert!(matches!(basic(&headers), Err(Problem::Malformed(_))), "{bad}");
        }
        let no_text = HeaderValue::from_bytes(b"Basic \xc5?").unwrap();
        let headers = HeaderMap::from_iter([(AUTHORIZATION, no_text)]);
        assert!(matches!(basic(&headers), Err(Problem::Malformed(_))));
    }
}
