//! What fuzzers have found so far, and a little more by chance, fed to every target of `fuzz`.
//!
//! 1. All of the corpus: it reaches whatever the fuzzers have ever reached, and every finding is in it.
//! 2. As many inputs as a few seconds take, made of it by a few changes at random: of one seed, so that whoever changes nothing finds
//!    nothing. `ROTUNDA_SEED=N` makes others. No coverage leads the way here, as it does for `scripts/fuzz`: building
//!    everything once more for that would take longer than all other tests of this crate.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use rotunda_fuzz::TARGETS;

/// How many inputs are made up for a target: some four seconds of them.
fn inputs(name: &str) -> usize {
    match name {
        "cookie_header" | "configuration" => 3_000,
        "json_body" | "oauth_form" | "jwt" => 10_000,
        _ => 150_000,
    }
}

/// The most bytes of an input, as for `scripts/fuzz`.
const MOST_BYTES: usize = 20_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").canonicalize().unwrap()
}

/// SplitMix64: any seed is as good as another.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }

    /// An input with one to four changes; some of them bring in a part of another.
    fn change(&mut self, input: &[u8], other: &[u8]) -> Vec<u8> {
        let mut changed = input.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(changed.len() + 1);
            let end = at + self.below((changed.len() - at).min(32) + 1);
            let byte = u8::try_from(self.next() % 256).unwrap();
            match self.below(6) {
                0 => changed.insert(at, byte),
                1 => drop(changed.drain(at..end)),
                2 => changed.extend_from_within(at..end),
                3 => changed.iter_mut().skip(at).take(1).for_each(|here| *here ^= 1 << (byte % 8)),
                4 => changed.iter_mut().skip(at).take(1).for_each(|here| *here = byte),
                _ => {
                    let from = self.below(other.len() + 1);
                    let until = from + self.below((other.len() - from).min(64) + 1);
                    changed.splice(at..end, other[from..until].iter().copied()).for_each(drop);
                }
            }
        }
        changed.truncate(MOST_BYTES);
        changed
    }
}

/// Feeds it, and keeps what does not hold where `scripts/fuzz` would.
fn feed(name: &str, check: fn(&[u8]), input: &[u8]) {
    if catch_unwind(|| check(input)).is_err() {
        let kept = folder().join("artifacts").join(name);
        fs::create_dir_all(&kept).unwrap();
        let kept = kept.join("found-by-the-tests");
        fs::write(&kept, input).unwrap();
        panic!(
            "{name} does not hold; the input is {}, and belongs into the corpus once it does",
            kept.display()
        );
    }
}

fn run(name: &str, check: fn(&[u8])) {
    let mut files: Vec<_> =
        fs::read_dir(folder().join("corpus").join(name)).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let corpus: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    assert!(corpus.len() >= 10, "{name}: the corpus is not there");
    corpus.iter().for_each(|input| feed(name, check, input));
    let seed = std::env::var("ROTUNDA_SEED").map_or(1, |seed| seed.parse().unwrap());
    let mut chance = Chance(seed);
    for _ in 0..inputs(name) {
        let [one, other] = [(); 2].map(|()| chance.below(corpus.len()));
        feed(name, check, &chance.change(&corpus[one], &corpus[other]));
    }
}

#[test]
fn no_fuzz_target_finds_anything_in_its_corpus_or_beside_it() {
    let mut folders: Vec<_> = fs::read_dir(folder().join("fuzz_targets"))
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    folders.sort();
    let mut names: Vec<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    names.sort();
    assert_eq!(folders, names, "every program has its place on the list");
    TARGETS.into_iter().for_each(|(name, check)| run(name, check));
}
