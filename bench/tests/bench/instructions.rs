//! How many instructions the pure functions of the hot path take, beside those in `bench/instructions.tsv`. Times differ from
//! machine to machine and from minute to minute; these do not.
//!
//! What takes more than the table says has become slower: find out why. What takes far less has become faster: put the new
//! figures, which the test prints, into the table, so that they stay. The table has a column for each profile, because a build
//! for tests does not inline; `cargo test --release -p rotunda-bench --test bench instructions` checks the other.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;
use std::thread;

use clap::ValueEnum;
use rotunda_bench::hot::Hot;

const TABLE: &str = include_str!("../../instructions.tsv");
const COLUMN: usize = if cfg!(debug_assertions) { 1 } else { 2 };
/// How many signatures, and how many of what is quick: that has to be told from what starting a process takes.
const FEW: u64 = 100;
const MANY: u64 = 300;
/// Another processor has other instructions in the crypto library, and another compiler others everywhere.
const MORE: f64 = 1.08;
const LESS: f64 = 0.85;

#[test]
fn the_hot_path_takes_no_more_instructions_than_it_did() {
    let rows = TABLE.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    let known: BTreeMap<&str, Vec<&str>> = rows.map(|row| (row[0], row)).collect();
    let start = instructions("take-from-bucket", 0);
    let counted: Vec<(String, u64)> = thread::scope(|scope| {
        let counting = Hot::value_variants().iter().map(|hot| scope.spawn(move || count(*hot, start)));
        let counting: Vec<_> = counting.collect();
        counting.into_iter().map(|counting| counting.join().unwrap()).collect()
    });
    let (mut seen, mut wrong) = (String::new(), String::new());
    for (name, each) in counted {
        writeln!(seen, "{name}\t{each}").unwrap();
        match known.get(&*name).map(|row| row[COLUMN].parse::<u64>().unwrap()) {
            Some(before) if is_about(each, before) => {}
            before => writeln!(wrong, "{name}: {each} instructions, in the table {before:?}").unwrap(),
        }
    }
    assert!(wrong.is_empty(), "{wrong}\nAll of them:\n{seen}");
    assert_eq!(known.len(), Hot::value_variants().len(), "the table has other functions");
}

/// What the function takes; `start` is what the process takes before it.
fn count(hot: Hot, start: u64) -> (String, u64) {
    let name = hot.to_possible_value().unwrap().get_name().to_owned();
    let each = match hot {
        // These begin with a key of their own.
        Hot::SignEs256 | Hot::SignEdDsa | Hot::VerifyEs256 => {
            (instructions(&name, FEW).saturating_sub(instructions(&name, 0))) / FEW
        }
        _ => instructions(&name, MANY).saturating_sub(start) / MANY,
    };
    (name, each)
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53")]
fn is_about(now: u64, before: u64) -> bool {
    (LESS..=MORE).contains(&(now as f64 / before as f64))
}

/// All that a process takes which runs the function so many times.
fn instructions(name: &str, times: u64) -> u64 {
    let ran = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(env!("CARGO_BIN_EXE_rotunda-bench"))
        .args(["hot", name, "--times", &times.to_string()])
        .output();
    assert!(ran.is_ok(), "there is no valgrind; scripts/test installs it");
    let ran = ran.unwrap();
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{told}");
    let total = told.lines().find_map(|line| line.split_once("refs:")).map(|(_, total)| total);
    assert!(total.is_some(), "no count in {told}");
    total.unwrap().replace([',', ' '], "").parse().unwrap()
}

#[test]
fn a_function_that_does_twice_as_much_would_be_found() {
    assert!(is_about(1_000, 1_000) && is_about(1_050, 1_000));
    assert!(!is_about(2_000, 1_000) && !is_about(1_100, 1_000) && !is_about(500, 1_000));
}
