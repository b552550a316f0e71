use rotunda_core::outside::{Clock, random};
use rotunda_outside::{SystemClock, SystemEntropy};

#[test]
fn the_clock_tells_milliseconds_of_this_century() {
    let year_2026 = 1_767_225_600_000;
    let first = SystemClock.now();
    assert!((year_2026..2 * year_2026).contains(&first.0), "{first:?}");
}

#[test]
fn entropy_does_not_repeat_itself() {
    let draws: Vec<[u8; 16]> = (0..64).map(|_| random(&SystemEntropy).unwrap()).collect();
    let distinct: std::collections::BTreeSet<_> = draws.iter().collect();
    assert_eq!(distinct.len(), draws.len());
}
