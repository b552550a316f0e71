//! What every refresh and every verification runs and what asks nobody: the pure functions whose instructions are counted.
//!
//! `rotunda-bench hot NAME --times N` runs one of them `N` times and does nothing else. The difference between two numbers of
//! times is what the function costs, whatever starting costs (`bench/tests/bench/instructions.rs`).

use std::hint::black_box;
use std::time::Duration;

use anyhow::Context;
use clap::ValueEnum;
use rotunda_core::keys::{MasterKey, MasterKeys};
use rotunda_core::limits::gcra::{Quota, take};
use rotunda_core::model::{
    Caller, Carrier, Client, ClientKind, DeviceSecret, Facts, RetryKeys, Salt, UnixMillis,
};
use rotunda_core::policy::Policy;
use rotunda_core::refresh::{DeviceShown, Presented, RefreshToken, Step, Successor, decide};
use rotunda_token::{Algorithm, Claims, KeySet, SigningKey, Verifier};

use crate::seed::{Seed, account, caller, user_of};

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const ISSUER: &str = "http://localhost:8080";

/// A function whose instructions are counted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, ValueEnum)]
pub enum Hot {
    /// Reads a refresh token, and checks its tag.
    ReadRefreshToken,
    /// Hashes its secret for the store.
    HashRefreshToken,
    /// Hashes the retry keys and the device secret beside it.
    HashRetryKeys,
    /// Decides about a current token.
    DecideRotate,
    /// Decides about one that was used long ago, past all other rules.
    DecideReuse,
    /// Derives the next refresh token.
    Succeed,
    /// Moves the family of tokens on.
    MoveOn,
    /// Writes a refresh token.
    WriteRefreshToken,
    /// Takes one from a rate limit.
    TakeFromBucket,
    /// Signs an access token with ES256.
    SignEs256,
    /// Signs an access token with `EdDSA`.
    SignEdDsa,
    /// Verifies an access token that ES256 has signed.
    VerifyEs256,
}

/// All that the functions are given.
struct Given {
    keys: MasterKeys,
    text: String,
    token: RefreshToken,
    facts: Facts,
    client: Client,
    caller: Caller,
    retry_keys: RetryKeys,
    device: DeviceSecret,
    salt: Salt,
    claims: Claims,
}

/// Runs one of the functions so many times.
///
/// # Errors
/// When what it is given cannot be made.
pub fn run(hot: Hot, times: u64) -> anyhow::Result<()> {
    let given = Given::new()?;
    let Given { keys, text, token, facts, client, caller, retry_keys, device, salt, claims } = &given;
    let hash = token.hash(keys).context("a hash")?;
    let retry = retry_keys.hashes(&token.session_id);
    let presented = Presented {
        generation: token.generation,
        hash,
        client_id: None,
        carrier: Carrier::Body,
        device: DeviceShown::Same,
        retry: &retry,
        believes: None,
        caller,
        arrived: NOW,
        raced: false,
    };
    let lineage = &facts.session.lineage;
    match hot {
        Hot::ReadRefreshToken => repeat(times, || RefreshToken::parse(keys, black_box(text))),
        Hot::HashRefreshToken => repeat(times, || black_box(token).hash(keys)),
        Hot::HashRetryKeys => {
            repeat(times, || (black_box(retry_keys).hashes(&token.session_id), device.hash()));
        }
        Hot::DecideRotate => repeat(times, || decide(black_box(facts), &presented, client, NOW)),
        Hot::DecideReuse => {
            let facts = moved_on(facts, 3, *salt);
            repeat(times, || {
                decide(black_box(&facts), &presented, client, NOW.plus(Duration::from_secs(60)))
            });
        }
        Hot::Succeed => repeat(times, || black_box(token).successor(keys, keys.current_id(), salt)),
        Hot::MoveOn => {
            let step =
                Step { generation: 0, hash, key_id: 1, retry: [retry.first().copied(), None, None, None] };
            let successor = Successor { hash, salt: *salt, key_id: 1 };
            repeat(times, || black_box(step).rotate(lineage, successor, NOW));
        }
        Hot::WriteRefreshToken => repeat(times, || black_box(token).expose_text(keys)),
        Hot::TakeFromBucket => {
            let quota = Quota::new(60, Duration::from_secs(1));
            repeat(times, || take(black_box(None), quota, NOW));
        }
        Hot::SignEs256 => sign(Algorithm::Es256, claims, times)?,
        Hot::SignEdDsa => sign(Algorithm::EdDsa, claims, times)?,
        Hot::VerifyEs256 => {
            let (key, _) = SigningKey::generate(Algorithm::Es256)?;
            let access_token = key.sign(claims)?;
            let verifier =
                Verifier::new(KeySet::from_signing_keys([&key]), ISSUER.to_owned(), vec![ISSUER.to_owned()]);
            repeat(times, || verifier.verify(black_box(&access_token), NOW.0));
        }
    }
    Ok(())
}

fn sign(algorithm: Algorithm, claims: &Claims, times: u64) -> anyhow::Result<()> {
    let (key, _) = SigningKey::generate(algorithm)?;
    repeat(times, || key.sign(black_box(claims)));
    Ok(())
}

fn repeat<T>(times: u64, mut work: impl FnMut() -> T) {
    for _ in 0..times {
        let _ = black_box(work());
    }
}

/// The facts after so many rotations, with no key of them known.
fn moved_on(facts: &Facts, generations: u32, salt: Salt) -> Facts {
    let mut facts = facts.clone();
    for generation in 0..generations {
        let old = &facts.session.lineage;
        let step = Step { generation, hash: old.current_hash, key_id: 1, retry: [None; RetryKeys::MOST] };
        let mut hash = old.current_hash;
        hash.0[0] = hash.0[0].wrapping_add(1);
        facts.session.lineage = step.rotate(old, Successor { hash, salt, key_id: 1 }, NOW);
    }
    facts
}

impl Given {
    fn new() -> anyhow::Result<Self> {
        let seed = Seed::of(MasterKeys::new([(1, MasterKey::from_bytes([7; 32]))])?);
        let keys = MasterKeys::new([(1, MasterKey::from_bytes([7; 32]))])?;
        let (text, session) = (seed.refresh_token(0)?, seed.session(0, NOW)?);
        let token = RefreshToken::parse(&keys, &text).context("our own token")?;
        let device = DeviceSecret::parse(&Seed::device_secret(0)).context("our own device secret")?;
        let texts = ["Zk3v0aYJqf4m2pQ8sT1xWg", "4m2pQ8sT1xWgZk3v0aYJqf"];
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: session.user_id.to_string(),
            aud: vec![ISSUER.to_owned()],
            exp: NOW.seconds() + 900,
            iat: NOW.seconds(),
            nbf: None,
            jti: "Zk3v0aYJqf4m2pQ8sT1xWg".to_owned(),
            client_id: session.client_id.0.clone(),
            sid: Some(session.id.to_string()),
            auth_time: Some(NOW.seconds()),
            amr: session.amr.clone(),
            ep: Some(0),
            ce: None,
            rv: None,
            roles: Vec::new(),
            scope: None,
            act: None,
        };
        Ok(Self {
            keys,
            text,
            token,
            client: Policy::builtin("native", ClientKind::Native),
            caller: caller(),
            retry_keys: RetryKeys::parse(&texts).context("retry keys")?,
            device,
            salt: Salt([5; 32]),
            claims,
            facts: Facts {
                user: account(user_of(0), NOW)?.user,
                session,
                accept_ahead_until: None,
                may_lose_writes: false,
                everyone: None,
            },
        })
    }
}
