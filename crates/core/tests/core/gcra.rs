//! The rule of the rate limits, against what it promises, on random quotas and random times.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::test_runner::RngSeed;
use proptest::{prop_assert, prop_assert_eq};
use rotunda_core::limits::Quota;
use rotunda_core::limits::gcra::{FullAt, Verdict, give_back, take};
use rotunda_core::model::UnixMillis;

use crate::support::MS;

const NOW: i64 = 1_800_000_000_000;

/// A bucket, and the clock beside it.
#[derive(Clone)]
struct Bucket {
    quota: Quota,
    now: UnixMillis,
    full_at: Option<FullAt>,
}

impl Bucket {
    fn full(quota: Quota) -> Self {
        Self { quota, now: UnixMillis(NOW), full_at: None }
    }

    /// How long to wait, if it has to.
    fn take(&mut self) -> Option<Duration> {
        match take(self.full_at, self.quota, self.now) {
            Verdict::Taken(full_at) => {
                self.full_at = Some(full_at);
                None
            }
            Verdict::Wait(full_at, wait) => {
                self.full_at = Some(full_at);
                Some(wait)
            }
        }
    }

    /// Takes until there is nothing left; how many there were.
    fn drain(&mut self) -> u32 {
        (0..=self.quota.burst() * 2).take_while(|_| self.take().is_none()).count().try_into().unwrap()
    }

    fn wait(&mut self, span: Duration) {
        self.now = self.now.plus(span);
    }
}

fn span_of(quota: Quota) -> Duration {
    quota.per() * quota.burst()
}

/// The next moment of a clock of milliseconds that is as far away as this.
fn in_millis_up(span: Duration) -> Duration {
    Duration::from_millis(u64::try_from(span.as_micros().div_ceil(1_000)).unwrap())
}

/// Quotas of which several are regained in a millisecond, and quotas of which one takes minutes.
fn quotas() -> impl Strategy<Value = Quota> {
    let micros = prop_oneof![1..3_000_u64, 900_000..1_100_000_u64, 1..600_000_000_u64];
    (1..20_u32, micros).prop_map(|(burst, per)| Quota::new(burst, Duration::from_micros(per)))
}

/// Pauses in parts of the time in which a bucket fills, 1000 for the whole.
fn pauses() -> impl Strategy<Value = Vec<u32>> {
    vec(prop_oneof![3 => Just(0_u32), 3 => 0..100_u32, 1 => 0..1_500_u32], 1..60)
}

fn pause(quota: Quota, thousandths: u32) -> Duration {
    let micros = span_of(quota).as_micros() * u128::from(thousandths) / 1_000;
    Duration::from_millis(u64::try_from(micros / 1_000).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn between_any_two_moments_no_more_go_through_than_burst_and_what_was_regained(
        (quota, pauses) in (quotas(), pauses()),
    ) {
        let mut bucket = Bucket::full(quota);
        let mut taken = Vec::new();
        for thousandths in pauses {
            bucket.wait(pause(quota, thousandths));
            taken.extend(bucket.take().is_none().then_some(bucket.now));
        }
        for (first, from) in taken.iter().enumerate() {
            for (last, to) in taken.iter().enumerate().skip(first) {
                let regained = from.distance(*to).as_micros() / quota.per().as_micros();
                let count = u128::try_from(last - first + 1).unwrap();
                prop_assert!(count <= u128::from(quota.burst()) + regained, "{count} from {from:?} to {to:?}");
            }
        }
    }

    /// The other way to say the same thing: a level that rises with time, a try that takes a unit of it.
    #[test]
    fn it_is_a_bucket_that_is_counted(
        (quota, pauses) in (quotas(), pauses()),
    ) {
        let (unit, most) = (quota.per().as_micros(), span_of(quota).as_micros());
        let mut bucket = Bucket::full(quota);
        let mut level = most;
        for thousandths in pauses {
            let span = pause(quota, thousandths);
            bucket.wait(span);
            level = most.min(level + span.as_micros());
            let missing = unit.saturating_sub(level);
            level = if missing == 0 { level - unit } else { level };
            let wait = in_millis_up(Duration::from_micros(u64::try_from(missing).unwrap()));
            prop_assert_eq!(bucket.take(), (missing > 0).then_some(wait));
        }
    }

    #[test]
    fn a_bucket_that_nobody_touches_is_full_again(
        (quota, pauses) in (quotas(), pauses()),
    ) {
        let mut bucket = Bucket::full(quota);
        for thousandths in pauses {
            bucket.wait(pause(quota, thousandths));
            bucket.take();
        }
        bucket.wait(in_millis_up(span_of(quota)));
        prop_assert!(bucket.full_at.unwrap().is_past(bucket.now));
        prop_assert_eq!(bucket.drain(), quota.burst());
        prop_assert!(!bucket.full_at.unwrap().is_past(bucket.now));
    }

    #[test]
    fn to_wait_as_long_as_told_suffices_and_a_millisecond_less_does_not(
        (quota, thousandths) in (quotas(), 0..1_500_u32),
    ) {
        let mut bucket = Bucket::full(quota);
        bucket.drain();
        bucket.wait(pause(quota, thousandths));
        bucket.drain();
        let wait = bucket.take().unwrap();
        prop_assert!(wait >= MS && wait <= in_millis_up(quota.per()), "{wait:?}");
        let mut hasty = bucket.clone();
        hasty.wait(wait - MS);
        prop_assert!(hasty.take().is_some());
        // To have asked too early costs nothing.
        hasty.wait(MS);
        prop_assert_eq!(hasty.take(), None);
        bucket.wait(wait);
        prop_assert_eq!(bucket.take(), None);
    }

    #[test]
    fn a_clock_that_goes_back_locks_nobody_out_for_longer_than_an_empty_bucket(
        (quota, pauses, back) in (quotas(), pauses(), 0..100_000_000_000_u64),
    ) {
        let mut bucket = Bucket::full(quota);
        for thousandths in pauses {
            bucket.wait(pause(quota, thousandths));
            bucket.take();
        }
        bucket.now = bucket.now.minus(Duration::from_millis(back));
        let wait = bucket.take();
        prop_assert!(wait.is_none_or(|wait| wait <= in_millis_up(quota.per())), "{wait:?}");
        let mut patient = bucket.clone();
        patient.wait(wait.unwrap_or_default());
        prop_assert!(wait.is_none() || patient.take().is_none());
        bucket.wait(in_millis_up(span_of(quota)));
        prop_assert_eq!(bucket.drain(), quota.burst());
    }

    /// An exhausted bucket is none the fuller for a clock that trembles.
    #[test]
    fn a_clock_that_goes_back_gives_nothing_away(
        (quota, back) in (quotas(), 0..100_000_000_000_u64),
    ) {
        let mut bucket = Bucket::full(quota);
        bucket.drain();
        bucket.now = bucket.now.minus(Duration::from_millis(back));
        prop_assert!(bucket.take().is_some());
    }

    #[test]
    fn what_is_given_back_was_never_taken(
        (quota, pauses, back_at_once) in (quotas(), pauses(), any::<bool>()),
    ) {
        let mut bucket = Bucket::full(quota);
        for thousandths in pauses {
            bucket.wait(pause(quota, thousandths));
            let before = bucket.clone();
            if bucket.take().is_none() && back_at_once {
                bucket.full_at = give_back(bucket.full_at, quota, bucket.now);
                let mut before = before;
                prop_assert_eq!(bucket.clone().drain(), before.drain());
                bucket.take();
            }
        }
        // However often something is given back, there is never more than a burst.
        for _ in 0..quota.burst() * 2 {
            bucket.full_at = give_back(bucket.full_at, quota, bucket.now);
        }
        prop_assert_eq!(bucket.full_at, None);
        prop_assert_eq!(bucket.drain(), quota.burst());
    }

    #[test]
    fn no_moment_is_too_much_for_it(
        (quota, at, then) in (quotas(), any::<i64>(), any::<i64>()),
    ) {
        for (at, then) in [(at, then), (i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (at, i64::MAX)] {
            let Verdict::Taken(full_at) = take(None, quota, UnixMillis(at)) else { panic!("it was full") };
            let _ = (take(Some(full_at), quota, UnixMillis(then)), give_back(Some(full_at), quota, UnixMillis(then)));
        }
    }
}

#[test]
fn a_quota_is_brought_into_its_bounds() {
    let table = [
        ((0, Duration::ZERO), (1, Duration::from_micros(1))),
        ((u32::MAX, Duration::MAX), (Quota::MOST_BURST, Quota::LONGEST)),
        ((7, Duration::from_nanos(1_001)), (7, Duration::from_micros(2))),
        ((7, Quota::LONGEST), (7, Quota::LONGEST)),
    ];
    for ((burst, per), expected) in table {
        let quota = Quota::new(burst, per);
        assert_eq!((quota.burst(), quota.per()), expected);
    }
    // The largest of all: nothing overflows.
    let mut bucket = Bucket::full(Quota::new(u32::MAX, Duration::MAX));
    assert_eq!(bucket.take(), None);
    bucket.wait(Quota::LONGEST);
    assert!(bucket.full_at.unwrap().is_past(bucket.now));
}
