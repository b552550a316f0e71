//! Nobody learns from the time of an answer, or from the answer, who has an account (ASVS 5.0, 6.3.8).
//!
//! 1. Two samples of 2,000 answers each, about addresses that have accounts and about addresses that have none,
//!    interleaved, so that a slow moment of the machine meets both. Each address is asked about as often as every other:
//!    what is asked about again is in somebody's cache, and that is as true of an address without an account.
//! 2. The area under the ROC curve of the one against the other: the chance that an answer of the one took longer than an
//!    answer of the other. 0.5 tells nothing; 0.47 to 0.53 is some three standard deviations.
//! 3. The same measurement has to notice 2 ms that are put on one side.
//!
//! The store is SQLite on a disk and the hasher is the real pool. Its parameters are as weak as they can be, which hides
//! least: what does not show beside a hash of microseconds does not show beside one of 40 ms.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Method;
use rotunda_core::limits::{Limits, Quota};
use rotunda_core::model::Password;
use rotunda_core::policy::Registration;
use rotunda_core::register::Newcomer;
use rotunda_outside::{ArgonParameters, ArgonPool, PoolSize, SystemEntropy};
use rotunda_store_sqlite::SqliteStore;
use rotunda_testkit::CommandLine as _;
use rotunda_testkit::fixtures::NOW;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{App, Ask, PASSWORD, Setup};

const PAIRS: usize = 2_000;
const BLIND: std::ops::RangeInclusive<f64> = 0.47..=0.53;

/// A route, and what is asked of it about an address.
type Question = (&'static str, fn(&str) -> Value);

const QUESTIONS: [Question; 4] = [
    ("/auth/login", |email| json!({"email": email, "password": "not the right one", "client_id": "native"})),
    ("/auth/register", |email| json!({"email": email, "password": PASSWORD, "client_id": "native"})),
    ("/auth/password/forgot", |email| json!({"email": email})),
    ("/auth/email/verify", |email| json!({"email": email})),
];

#[tokio::test]
async fn neither_an_answer_nor_its_time_tells_who_has_an_account() {
    let (_folder, app) = open(PAIRS).await;
    let mut leaks = Vec::new();
    for (question, area) in QUESTIONS.into_iter().zip(areas(&app, PAIRS, Duration::ZERO).await) {
        println!("{}: area under the curve {area:.3}", question.0);
        leaks.extend((!BLIND.contains(&area)).then(|| format!("{}: {area:.3}", question.0)));
    }
    assert!(leaks.is_empty(), "the time tells: {leaks:?}");
}

#[tokio::test]
async fn two_milliseconds_would_tell() {
    let pairs = PAIRS / 10;
    let (_folder, app) = open(pairs).await;
    for (question, area) in QUESTIONS.into_iter().zip(areas(&app, pairs, Duration::from_millis(2)).await) {
        println!("{}: area under the curve {area:.3} with 2 ms put on one side", question.0);
        assert!(area > *BLIND.end(), "{}: area under the curve {area:.3}", question.0);
    }
}

/// All questions at the same time: most of it is waiting.
async fn areas(app: &App, pairs: usize, planted: Duration) -> [f64; 4] {
    let [a, b, c, d] = QUESTIONS.map(|question| area(app, question, pairs, planted));
    <[f64; 4]>::from(tokio::join!(a, b, c, d))
}

/// An address that has an account, and one as long that has none.
fn addresses(pair: usize) -> (String, String) {
    (format!("reader{pair}@example.com"), format!("nobody{pair}@example.com"))
}

/// The readers have accounts, and have not shown yet that the addresses are theirs: each of the questions has something
/// to do for them.
async fn open(pairs: usize) -> (TempDir, App) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("rotunda.db"), NOW).unwrap();
    let size = PoolSize { threads: 1, queue: 8 };
    let pool = ArgonPool::start(ArgonParameters::weak_for_tests(), size, Arc::new(SystemEntropy)).unwrap();
    let setup = Setup::new().policy(|policy| {
        policy.registration = Registration::Verified;
        policy.limits = endless();
    });
    let app = Setup { store: Some(Arc::new(store)), hasher: Some(Arc::new(pool)), ..setup }.start().await;
    for pair in 0..pairs {
        let (email, password) = (addresses(pair).0, Password::new(PASSWORD.to_owned()));
        app.rotunda.add_user(&Newcomer { email, password, username: None, name: None }).await.unwrap();
    }
    (folder, app)
}

/// Limits that are asked, and let everybody through.
fn endless() -> Limits {
    let quota = Quota::new(Quota::MOST_BURST, Quota::SHORTEST);
    Limits {
        enabled: true,
        login_per_address: quota,
        login_per_account: quota,
        login_per_device: quota,
        reauthenticate: quota,
        register_per_address: quota,
        forgot_per_address: quota,
        forgot_per_account: quota,
        codes_per_address: quota,
        refresh_per_session: quota,
        client_per_address: quota,
    }
}

/// The chance that an answer about a reader takes longer than one about nobody.
async fn area(app: &App, (path, body): Question, pairs: usize, planted: Duration) -> f64 {
    let (mut known, mut unknown) = (Vec::with_capacity(pairs), Vec::with_capacity(pairs));
    for pair in 0..pairs {
        let (reader, nobody) = addresses(pair);
        let (reader, nobody) = (body(&reader), body(&nobody));
        // Each comes first as often as the other.
        if pair % 2 == 0 {
            known.push(ask(app, path, &reader, planted).await);
            unknown.push(ask(app, path, &nobody, Duration::ZERO).await);
        } else {
            unknown.push(ask(app, path, &nobody, Duration::ZERO).await);
            known.push(ask(app, path, &reader, planted).await);
        }
    }
    assert!(
        known.iter().chain(&unknown).all(|(answer, _)| *answer == known[0].0),
        "{path}: all answers are alike"
    );
    rank_sum_area(&known, &unknown)
}

/// The whole answer, status and headers and body, and how long it took.
#[expect(clippy::disallowed_methods, reason = "how long an answer takes is what is measured here")]
async fn ask(app: &App, path: &str, body: &Value, planted: Duration) -> (String, Duration) {
    let ask = Ask::new(Method::POST, path).json(body).peer("192.0.2.7:4711");
    let request = ask.to_request();
    let start = Instant::now();
    let answer = app.send_raw(&ask, request).await;
    if !planted.is_zero() {
        tokio::time::sleep(planted).await;
    }
    let took = start.elapsed();
    let said = format!("{} {:?} {}", answer.status, answer.headers, String::from_utf8_lossy(&answer.bytes));
    (said, took)
}

/// The area under the ROC curve, by the ranks of the one among both (Mann and Whitney); ties count half.
fn rank_sum_area(one: &[(String, Duration)], other: &[(String, Duration)]) -> f64 {
    let mut sorted: Vec<Duration> = other.iter().map(|(_, took)| *took).collect();
    sorted.sort_unstable();
    let won = one.iter().map(|(_, took)| {
        let below = sorted.partition_point(|t| t < took);
        let tied = sorted.partition_point(|t| t <= took) - below;
        below as f64 + tied as f64 / 2.0
    });
    won.sum::<f64>() / (one.len() as f64 * other.len() as f64)
}
