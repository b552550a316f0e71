//! What it costs to check a token: `cargo bench -p rotunda-verify`.
//!
//! The bare check of the signature, by the same library with a parsed key and over the same bytes, and the whole
//! verification stand in one run, one after the other, so that their ratio says something on any machine.
//! `tests/verify/cost.rs` asserts the bounds, in a release build.

#![expect(clippy::expect_used, reason = "a measurement that cannot be made says so and ends")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, VerificationAlgorithm};
use base64ct::{Base64UrlUnpadded, Encoding};
use criterion::{Criterion, criterion_group, criterion_main};
use rotunda_token::{Algorithm, Claims, KeySet, SigningKey};
use rotunda_verify::{Builder, Polled, ServiceCredentials, Verifier};
use serde_json::Value;

const ISSUER: &str = "https://auth.example.com";
const FAR: i64 = 4_000_000_000;

fn claims() -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        sub: "019a7d3c-2b1e-7c40-9f00-5d2c1a7be001".to_owned(),
        aud: vec!["https://reports.example.com".to_owned()],
        exp: FAR,
        iat: 1_800_000_000,
        nbf: None,
        jti: "019a7d3c-2b1e-7c40-9f00-5d2c1a7be002".to_owned(),
        client_id: "web".to_owned(),
        sid: Some("019a7d3c-2b1e-7c40-9f00-5d2c1a7be003".to_owned()),
        auth_time: Some(1_800_000_000),
        amr: vec!["pwd".to_owned()],
        ep: Some(3),
        ce: Some(2),
        rv: Some(7),
        roles: vec!["editor".to_owned()],
        scope: Some("reports.read".to_owned()),
        act: None,
    }
}

fn builder(key: &SigningKey) -> Builder {
    Verifier::builder(ISSUER).audience("https://reports.example.com").keys(KeySet::from_signing_keys([key]))
}

/// The public key as the library wants it: a point, uncompressed for P-256.
fn parsed(key: &SigningKey, algorithm: &'static dyn VerificationAlgorithm) -> ParsedPublicKey {
    let jwk: Value = serde_json::to_value(key.public_jwk().expect("a public key")).expect("JSON");
    let coordinate = |name: &str| {
        jwk[name]
            .as_str()
            .map(|text| Base64UrlUnpadded::decode_vec(text).expect("base64url"))
            .unwrap_or_default()
    };
    let prefix: &[u8] = if jwk["kty"] == "EC" { &[4] } else { &[] };
    ParsedPublicKey::new(algorithm, [prefix, &coordinate("x"), &coordinate("y")].concat()).expect("a key")
}

fn signatures(criterion: &mut Criterion) {
    let algorithms: [(Algorithm, &'static dyn VerificationAlgorithm); 2] =
        [(Algorithm::Es256, &ECDSA_P256_SHA256_FIXED), (Algorithm::EdDsa, &ED25519)];
    for (algorithm, library) in algorithms {
        let key = SigningKey::generate(algorithm).expect("a key").0;
        let token = key.sign(&claims()).expect("a token");
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let signature = Base64UrlUnpadded::decode_vec(signature).expect("base64url");
        let bare = parsed(&key, library);
        let verifier = builder(&key).build().expect("a verifier");
        let mut group = criterion.benchmark_group(algorithm.as_str());
        group.bench_function("bare signature check", |bencher| {
            bencher
                .iter(|| bare.verify_sig(black_box(signed.as_bytes()), black_box(&signature)).expect("good"));
        });
        group.bench_function("verify", |bencher| {
            bencher.iter(|| verifier.verify(black_box(&token)).expect("good"));
        });
        let remembers = builder(&key).cache(1000).build().expect("a verifier");
        group.bench_function("verify, remembered", |bencher| {
            bencher.iter(|| remembers.verify(black_box(&token)).expect("good"));
        });
        group.finish();
    }
}

/// What the feed costs a request: 100,000 ended sessions, from a feed on a socket.
fn revocations(criterion: &mut Criterion) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let issuer = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || serve(&listener));
    let key = SigningKey::generate(Algorithm::Es256).expect("a key").0;
    let token = key.sign(&Claims { iss: issuer.clone(), ..claims() }).expect("a token");
    let builder = Verifier::builder(issuer).audience("https://reports.example.com");
    let builder = builder.keys(KeySet::from_signing_keys([&key])).cache(1000);
    let verifier = builder.poll(ServiceCredentials::new("reports", "secret")).build().expect("a verifier");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let polled = runtime.block_on(verifier.poll_revocations()).expect("a feed");
    assert_eq!(polled, Polled::Full(100_000));
    let accepted = verifier.verify(&token).expect("good");
    let mut group = criterion.benchmark_group("100,000 revocations");
    group.bench_function("is it still good?", |bencher| {
        bencher.iter(|| verifier.still_good(black_box(&accepted)).expect("good"));
    });
    group.bench_function("verify, remembered", |bencher| {
        bencher.iter(|| verifier.verify(black_box(&token)).expect("good"));
    });
    group.finish();
}

/// The least of an issuer: a token and a feed, one request per connection.
fn serve(listener: &TcpListener) {
    let mut entries = String::new();
    for nth in 0..100_000 {
        let comma = if nth == 0 { "" } else { "," };
        write!(
            entries,
            r#"{comma}{{"type":"session","sid":"019a7d3c-2b1e-7c40-9f00-{nth:012x}","exp":{FAR}}}"#
        )
        .expect("text");
    }
    let page = format!(r#"{{"cursor":"c","full":true,"as_of":1,"entries":[{entries}]}}"#);
    for stream in listener.incoming() {
        let mut stream = BufReader::new(stream.expect("a connection"));
        let (mut head, mut length) = (String::new(), 0);
        while stream.read_line(&mut head).expect("a line") > 2 {
            let line = head.lines().last().unwrap_or_default().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
        }
        stream.read_exact(&mut vec![0; length]).expect("a body");
        let token = r#"{"access_token":"t","token_type":"Bearer","expires_in":600}"#;
        let body = if head.starts_with("POST") { token } else { &page };
        let answer =
            format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.get_mut().write_all(answer.as_bytes()).expect("an answer");
    }
}

criterion_group!(benches, signatures, revocations);
criterion_main!(benches);
