//! How many instructions the pure functions of the hot path take, beside those in `bench/instructions.tsv`. Times differ from
//! machine to machine and from minute to minute; these do not.
//!
//! What takes more than the table says has become slower: find out why. What takes far less has become faster: put the new
//! figures, which the test prints, into the table, so that they stay. The table has a column for each profile, because a build
//! for tests does not inline; `cargo test --release -p rotunda-bench --test bench instructions` checks the other.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

use clap::ValueEnum;
use rotunda_bench::hot::Hot;

const TABLE: &str = include_str!("../../instructions.tsv");
const COLUMN: usize = if cfg!(debug_assertions) { 1 } else { 2 };
const FEW: u64 = 50;
const MANY: u64 = 150;
/// Another processor has other instructions in the crypto library, and another compiler others everywhere.
const MORE: f64 = 1.08;
const LESS: f64 = 0.85;

#[test]
fn the_hot_path_takes_no_more_instructions_than_it_did() {
    let known: BTreeMap<&str, Vec<&str>> = TABLE
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .map(|row| (row[0], row))
        .collect();
    let (mut seen, mut wrong) = (String::new(), String::new());
    for hot in Hot::value_variants() {
        let name = hot.to_possible_value().unwrap().get_name().to_owned();
        let each = (instructions(&name, MANY) - instructions(&name, FEW)) / (MANY - FEW);
        writeln!(seen, "{name}\t{each}").unwrap();
        match known.get(&*name).map(|row| row[COLUMN].parse::<u64>().unwrap()) {
            Some(before) if is_about(each, before) => {}
            before => writeln!(wrong, "{name}: {each} instructions, in the table {before:?}").unwrap(),
        }
    }
    assert_eq!(known.len(), Hot::value_variants().len(), "the table has other functions");
    assert!(wrong.is_empty(), "{wrong}\nAll of them:\n{seen}");
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
        .output()
        .expect("valgrind; scripts/test installs it");
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{told}");
    let count = told
        .lines()
        .find_map(|line| line.split_once("refs:"))
        .map(|(_, count)| count.replace([',', ' '], ""));
    count.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("no count in {told}"))
}

#[test]
fn a_function_that_does_twice_as_much_would_be_found() {
    let once = instructions("take-from-bucket", MANY) - instructions("take-from-bucket", FEW);
    let twice = instructions("take-from-bucket", MANY + (MANY - FEW)) - instructions("take-from-bucket", FEW);
    assert!(!is_about(twice, once) && is_about(once, once));
}
