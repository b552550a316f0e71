//! What a verification costs beside the bare check of the signature by the same library.
//!
//! Both are measured in one run and by turns, and the medians are compared. On a machine with more to do than it has
//! cores that is not enough, so this runs only when asked for:
//! `cargo test --release -p rotunda-verify --test verify cost -- --ignored --nocapture`.
//!
//! `benches/verify.rs` measures the same at leisure.

use std::hint::black_box;
use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, VerificationAlgorithm};
use base64ct::{Base64UrlUnpadded, Encoding};
use rotunda_token::{Algorithm, Claims, KeySet, SigningKey};
use rotunda_verify::{Clock, SystemClock, Verifier};

use crate::issuer::{AUDIENCE, Issuer};

const ROUNDS: usize = 201;

fn raw_key(key: &SigningKey) -> Vec<u8> {
    let jwk = serde_json::to_value(key.public_jwk().unwrap()).unwrap();
    let coordinate = |name: &str| Base64UrlUnpadded::decode_vec(jwk[name].as_str().unwrap()).unwrap();
    match key.algorithm() {
        Algorithm::Es256 => [&[4], &*coordinate("x"), &*coordinate("y")].concat(),
        _ => coordinate("x"),
    }
}

fn timed(clock: &SystemClock, times: u32, work: impl Fn()) -> Duration {
    let start = clock.elapsed();
    for _ in 0..times {
        work();
    }
    (clock.elapsed() - start) / times
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}

#[tokio::test]
#[ignore = "needs a release build and a machine to itself: others on the same cores move even the median"]
async fn a_verification_costs_little_more_than_its_signature_and_a_remembered_one_no_microsecond() {
    let algorithms: [(Algorithm, &'static dyn VerificationAlgorithm); 2] =
        [(Algorithm::Es256, &ECDSA_P256_SHA256_FIXED), (Algorithm::EdDsa, &ED25519)];
    let claims = Claims { exp: 4_000_000_000, ..Issuer::start().await.claims() };
    let clock = SystemClock::new();
    for (algorithm, library) in algorithms {
        let key = SigningKey::generate(algorithm).unwrap().0;
        let token = key.sign(&claims).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = Base64UrlUnpadded::decode_vec(signature).unwrap();
        let bare = ParsedPublicKey::new(library, raw_key(&key)).unwrap();
        let builder =
            || Verifier::builder(&claims.iss).audience(AUDIENCE).keys(KeySet::from_signing_keys([&key]));
        let (whole, remembers) = (builder().build().unwrap(), builder().cache(100).build().unwrap());

        let (mut bares, mut wholes, mut hits) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            bares.push(timed(&clock, 20, || {
                bare.verify_sig(black_box(signed.as_bytes()), black_box(&signature)).unwrap()
            }));
            wholes.push(timed(&clock, 20, || drop(whole.verify(black_box(&token)).unwrap())));
            hits.push(timed(&clock, 1000, || drop(remembers.verify(black_box(&token)).unwrap())));
        }
        let (bare, whole, hit) = (median(bares), median(wholes), median(hits));
        let name = algorithm.as_str();
        println!(
            "{name}: bare {bare:.1} µs, whole {whole:.1} µs ({:.3}), remembered {hit:.3} µs",
            whole / bare
        );
        assert!(whole <= 1.15 * bare, "{name}: {whole} µs beside {bare} µs");
        assert!(hit < 1.0, "{name}: {hit} µs");
    }
}
