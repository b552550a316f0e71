//! `rotunda verify TOKEN`: the production code path, from the command line.

use std::io::Read;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use rotunda_core::outside::Clock;
use rotunda_outside::SystemClock;
use rotunda_token::{KeySet, Verifier};
use serde_json::{Value, json};

use crate::args::{Global, Verify};
use crate::output;
use crate::wiring::{Wired, settings};

/// A JWKS answer larger than this is not one.
const MOST_BYTES: usize = 64 * 1024;
/// How long an issuer may take to give its keys.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn run(global: &Global, verify: Verify) -> anyhow::Result<ExitCode> {
    let token = token(&verify.token)?;
    let keys = match &verify.jwks {
        Some(place) => KeySet::from_jwks_json(&fetch(place).await?).context("reading the key set")?,
        None => Wired::open(global).await?.rotunda.accepted_keys(),
    };
    let checked = if verify.signature_only {
        keys.verify_signature(&token).map(|payload| payload_json(payload.as_bytes()))
    } else {
        let policy = settings(global, &crate::args::Serve::default())?.policy;
        let issuer = verify.issuer.unwrap_or(policy.issuer);
        let audience = verify.audience.unwrap_or(policy.audience);
        let verifier = Verifier::new(keys, issuer, vec![audience]);
        verifier.verify(&token, SystemClock.now().0).map(|claims| json!(claims))
    };
    match checked {
        Ok(claims) => {
            output::json(&claims)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(invalid) if global.json => {
            output::json(&json!({"error": "invalid_token", "error_description": invalid.to_string()}))?;
            Ok(ExitCode::from(1))
        }
        Err(invalid) => Ok(output::refused(&invalid.to_string())),
    }
}

fn token(argument: &str) -> anyhow::Result<String> {
    if argument != "-" {
        return Ok(argument.trim().to_owned());
    }
    let mut text = String::new();
    std::io::stdin()
        .take(64 * 1024)
        .read_to_string(&mut text)
        .context("reading the token from standard input")?;
    Ok(text.trim().to_owned())
}

/// The payload of a bare JWS may be anything; JSON is shown as such.
fn payload_json(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap_or_else(|_| json!(String::from_utf8_lossy(payload)))
}

async fn fetch(place: &str) -> anyhow::Result<Vec<u8>> {
    if !place.starts_with("http://") && !place.starts_with("https://") {
        let bytes = std::fs::read(place).with_context(|| format!("reading {place}"))?;
        return within_bounds(bytes, place);
    }
    let client =
        reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build()?;
    let mut response = client.get(place).send().await.with_context(|| format!("asking {place}"))?;
    if !response.status().is_success() {
        bail!("{place} answers {}", response.status());
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.with_context(|| format!("reading {place}"))? {
        bytes.extend_from_slice(&chunk);
        bytes = within_bounds(bytes, place)?;
    }
    Ok(bytes)
}

fn within_bounds(bytes: Vec<u8>, place: &str) -> anyhow::Result<Vec<u8>> {
    if bytes.len() > MOST_BYTES {
        bail!("{place} has more than 64 KiB, which no key set needs");
    }
    Ok(bytes)
}
