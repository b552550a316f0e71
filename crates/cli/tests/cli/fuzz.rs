//! A short run of every fuzz target, where there is a nightly Rust to build them with. What the fuzzer found so far is
//! in the corpus, and a run begins with all of it: so this is also the regression test of each finding.

use std::path::Path;
use std::process::Command;

/// Nightly, as the rustup wrapper has it or as this cargo is itself.
fn has_nightly() -> bool {
    let is_nightly = |arguments: &[&str]| {
        // Not cargo's own `CARGO`: that is one toolchain's, and knows no `+nightly`.
        let asked = Command::new("cargo").args(arguments).env_remove("RUSTUP_TOOLCHAIN").output();
        asked.is_ok_and(|output| {
            output.status.success() && String::from_utf8_lossy(&output.stdout).contains("nightly")
        })
    };
    is_nightly(&["+nightly", "--version"]) || is_nightly(&["--version"])
}

#[test]
fn no_fuzz_target_finds_anything_in_five_seconds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    if !has_nightly() {
        println!("skipped: there is no nightly Rust; `rustup toolchain install nightly`");
        return;
    }
    let mut fuzz = Command::new(root.join("scripts/fuzz"));
    // What this test was built with says nothing about what the targets are to be built with.
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("CARGO") || name.starts_with("RUST"))
    {
        if name != "CARGO_HOME" && name != "RUSTUP_HOME" {
            fuzz.env_remove(name);
        }
    }
    let output = fuzz.args(["--quick", "--seconds", "5", "--jobs", "2"]).output().unwrap();
    let [told, errors] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    if output.status.code() == Some(3) {
        println!("skipped: {errors}");
        return;
    }
    assert!(output.status.success(), "{told}{errors}");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 8, "a line for each target: {told}");
    for line in lines {
        let executions = line.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok());
        assert!(executions.is_some_and(|number| number > 10), "{line}");
        println!("{line}");
    }
}
