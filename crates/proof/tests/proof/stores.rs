//! The real stores against the model: the same random history on the memory store and on SQLite, one of some on PostgreSQL
//! too, every answer and every row compared with what the explored model has.
//!
//! 1. A history is drawn step by step ([`history`]); the [`book`] says what should follow from it. It keeps one session
//!    of the model for each real one, and what the model has no notion of: a clock, a user, a backup.
//! 2. Each step becomes deeds ([`machine`]). A refresh goes through the model's server turn by turn ([`racer`]).
//! 3. The real servers do the same ([`real`]): production's flows on a store of their own. Of several refreshes under
//!    way the history says which reads or writes next, and a store is led accordingly ([`turns`]): every race is
//!    repeated exactly, on the model and on each store.
//! 4. Answers are compared one by one: a refusal by its name, a token by whether equal ones of the model are equal real
//!    ones and different ones different ([`names`]). After each step all rows are compared, column by column.
//! 5. Refreshes on real threads have no order to repeat. They are a side step: some order must explain them
//!    ([`explain`]), then the stores go back ([`ground`]).
//!
//! A failure prints the shortest history that proptest finds. Every rule must have been met, or nothing was shown.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test: to panic is to report")]

mod book;
mod explain;
mod ground;
mod history;
mod machine;
mod names;
mod racer;
mod real;
mod turns;

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};
use rotunda_core::model::LateRetry;
use rotunda_proof::normal::BASE;
use rotunda_proof::secrets::Token;
use rotunda_proof::setting::Setting;
use tokio::runtime::{Builder, Runtime};

use crate::support::large;
use book::{Book, Deed, WINDOW};
use ground::Ground;
use history::Step;
use machine::{Client, Machine};
use real::Real;

/// The first token of every session, in the model.
const FIRST: Token = Token { generation: BASE, id: 0 };

/// Every so many histories are led through PostgreSQL as well, which takes its time.
const ON_POSTGRES: u32 = 5;

static STARTED: AtomicU32 = AtomicU32::new(0);

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

/// What was compared, by client.
static COMPARED: Mutex<BTreeMap<&'static str, Compared>> = Mutex::new(BTreeMap::new());

#[derive(Clone, Default)]
struct Compared {
    histories: u64,
    on_postgres: u64,
    steps: u64,
    bursts: [u64; 2],
    rules: BTreeMap<&'static str, u64>,
}

/// The real servers under a client's setting.
struct Stores<C> {
    real: Vec<(&'static str, Real)>,
    compared: Compared,
    client: PhantomData<C>,
}

impl<C: Client> StateMachineTest for Stores<C> {
    type SystemUnderTest = Self;
    type Reference = Machine<C>;

    fn init_test(book: &Book) -> Self {
        let setting = C::setting();
        let window = Duration::from_secs(u64::from(setting.window));
        let start = |ground| RUNTIME.block_on(Real::start(ground, window, setting.late_retry));
        let mut real = vec![("memory", start(Ground::memory())), ("SQLite", start(Ground::file()))];
        if STARTED.fetch_add(1, Ordering::Relaxed).is_multiple_of(ON_POSTGRES) {
            real.push(("PostgreSQL", start(Ground::postgres())));
        }
        let mut stores = Self { real, compared: Compared::default(), client: PhantomData };
        stores.follow(book);
        stores
    }

    fn apply(mut stores: Self, book: &Book, _: Step) -> Self {
        stores.follow(book);
        stores.compared.steps += 1;
        stores
    }

    fn teardown(stores: Self, _: Book) {
        let mut compared = COMPARED.lock().unwrap();
        let all = compared.entry(std::any::type_name::<C>()).or_default();
        all.histories += 1;
        all.on_postgres += u64::from(stores.real.len() > 2);
        all.steps += stores.compared.steps;
        for (which, bursts) in all.bursts.iter_mut().enumerate() {
            *bursts += stores.real.iter().map(|(_, real)| real.bursts[which]).sum::<u64>();
        }
        for (rule, times) in stores.compared.rules {
            *all.rules.entry(rule).or_default() += times;
        }
    }
}

impl<C> Stores<C> {
    /// All do what the book says, and are as it says.
    fn follow(&mut self, book: &Book) {
        for (name, real) in &mut self.real {
            real.new_step();
            let followed = RUNTIME.block_on(async {
                for deed in &book.deeds {
                    real.does(deed).await?;
                }
                real.compare(book).await
            });
            assert!(followed.is_ok(), "{name}: {}", followed.unwrap_err());
        }
        for deed in &book.deeds {
            if let Deed::Finish(_, said) = deed {
                *self.compared.rules.entry(said.rule).or_default() += 1;
            }
        }
    }
}

/// Draws histories, and tells what was compared. Each of these rules was met.
fn compare<C: Client>(name: &str, histories: u32, rules: &[&str]) {
    let cases = if large() { histories * 20 } else { histories };
    let config = Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        max_shrink_iters: 2_000,
        ..Config::default()
    };
    let strategy = Machine::<C>::sequential_strategy(20..60);
    let failed = TestRunner::new(config.clone()).run(&strategy, |(book, steps, seen)| {
        Stores::<C>::test_sequential(config.clone(), book, steps, seen);
        Ok(())
    });
    if let Err(TestError::Fail(reason, (_, steps, _))) = &failed {
        let steps: Vec<String> = steps.iter().map(|step| format!("{step:?}")).collect();
        panic!("{name}: {reason}\nafter this history, from one session on:\n{}", steps.join("\n"));
    }
    assert!(failed.is_ok(), "{name}: {failed:?}");
    let Compared { histories, on_postgres, steps, bursts: [bursts, overtaken], rules: met } =
        COMPARED.lock().unwrap()[std::any::type_name::<C>()].clone();
    println!(
        "{name}: histories: {histories}, {on_postgres} of them on PostgreSQL too, steps: {steps}; at once: {bursts}, \
         {overtaken} by an overtaken one; answers: {met:?}"
    );
    for rule in rules {
        assert!(met.contains_key(rule), "{name}: '{rule}' was never met");
    }
}

fn late_retry(late_retry: LateRetry) -> Setting {
    Setting::keyed(1, 1).but(|s| (s.window, s.late_retry) = (WINDOW, late_retry))
}

struct WithKeys;
impl Client for WithKeys {
    fn setting() -> Setting {
        late_retry(LateRetry::Key)
    }
}

struct WithDevice;
impl Client for WithDevice {
    fn setting() -> Setting {
        late_retry(LateRetry::Device)
    }
}

struct WithoutLateRetry;
impl Client for WithoutLateRetry {
    fn setting() -> Setting {
        late_retry(LateRetry::Never)
    }
}

struct Strict;
impl Client for Strict {
    fn setting() -> Setting {
        Setting::keyed(1, 1).strict()
    }
}

const ALWAYS: [&str; 11] = [
    "garbage",
    "gone",
    "mismatch",
    "ended",
    "address",
    "moved",
    "unproven",
    "rotate",
    "ahead",
    "ahead refused",
    "reuse",
];
const IN_THE_WINDOW: [&str; 3] = ["debounce", "replay", "in flight"];
const LATE: [&str; 2] = ["late retry", "stale"];
/// Where keys count.
const DECLARED: [&str; 1] = ["another generation"];

#[test]
fn clients_with_retry_keys() {
    compare::<WithKeys>(
        "stores, late_retry = key",
        45,
        &[&ALWAYS[..], &DECLARED, &IN_THE_WINDOW, &LATE].concat(),
    );
}

#[test]
fn clients_with_a_device() {
    let rules = [&ALWAYS[..], &DECLARED, &IN_THE_WINDOW, &["late retry"]].concat();
    compare::<WithDevice>("stores, late_retry = device", 25, &rules);
}

#[test]
fn clients_without_late_retry() {
    compare::<WithoutLateRetry>("stores, late_retry = never", 25, &[&ALWAYS[..], &IN_THE_WINDOW].concat());
}

#[test]
fn the_textbook() {
    compare::<Strict>("stores, strict", 25, &ALWAYS);
}
