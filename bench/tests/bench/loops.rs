//! Closed and open loops.

use std::time::Duration;

use rotunda_bench::latency::{Latencies, median};
use rotunda_bench::load::drive::{Load, Measured, drive};
use rotunda_bench::load::schedule::{Pace, Schedule};

use crate::stall::{End, server};

const SECOND: Duration = Duration::from_secs(1);
const NEVER: u64 = u64::MAX;

fn run(at: u64, stall: u64, end: End, pace: Pace) -> Measured {
    let contender = server(at, Duration::from_millis(stall), end);
    let mut load = Load::new(pace, contender.rotations(4).unwrap());
    drive(contender.address(), &mut [&mut load], SECOND).unwrap().remove(0)
}

#[test]
fn a_schedule_keeps_its_rate_and_does_not_drift() {
    let schedule = Schedule::per_second(1000.0);
    assert_eq!(schedule.moment(0), Duration::ZERO);
    assert_eq!(schedule.moment(1), Duration::from_millis(1));
    assert_eq!(schedule.moment(3_600_000), Duration::from_secs(3600));
    assert_eq!(schedule.within(SECOND), 1000);
    assert_eq!(schedule.within(SECOND + Duration::from_nanos(1)), 1001);
    assert_eq!((schedule.within(Duration::from_nanos(1)), schedule.within(Duration::ZERO)), (1, 0));
    assert_eq!(Schedule::per_second(0.5).within(Duration::from_secs(10)), 5);
    // What makes no sense does no harm.
    for rate in [0.0, -1.0, f64::INFINITY, f64::NAN] {
        let count = Schedule::per_second(rate).within(SECOND);
        assert_eq!(count, if rate == f64::INFINITY { 1_000_000_000 } else { 1 }, "{rate}");
    }
}

/// 500 a second are due, and for 400 ms nobody gets an answer: two of five wait for up to that long, although only four
/// requests were on their way.
#[test]
fn an_open_loop_sees_a_stall_in_all_that_were_due_meanwhile() {
    let measured = run(100, 400, End::Length, Pace::Open(Schedule::per_second(500.0)));
    assert!(measured.statuses.is_empty(), "{:?}", measured.statuses);
    assert_eq!(measured.latencies.len(), 500, "all that were due were sent");
    let [p80, p99] = [0.80, 0.99].map(|share| measured.latencies.quantile(share));
    assert!(p80 >= 150.0 && p99 >= 350.0, "p80 {p80} ms, p99 {p99} ms");
}

/// The same stall, and the figures look as if nothing had been: why the other loop exists.
#[test]
fn a_closed_loop_hardly_notices_a_stall() {
    let measured = run(100, 400, End::Length, Pace::Closed);
    let count = measured.latencies.len();
    assert!(count >= 200, "{count}");
    let p95 = measured.latencies.quantile(0.95);
    assert!(p95 < 150.0, "p95 {p95} ms");
    assert!(measured.latencies.quantile(1.0) >= 390.0, "it was there");
}

#[test]
fn a_server_that_closes_its_connections_is_connected_to_again() {
    let measured = run(NEVER, 0, End::Close, Pace::Closed);
    assert!(measured.statuses.is_empty(), "{:?}", measured.statuses);
    assert!(measured.rate > 4.0, "more than one reply a client: {}", measured.rate);
}

/// Signs in at a server that works, and then speaks to another one: 250 requests, of which it answers two thirds.
fn two_thirds(end: End) -> Measured {
    let talks = server(NEVER, Duration::ZERO, End::Length).rotations(4).unwrap();
    let other = server(NEVER, Duration::ZERO, end);
    let mut load = Load::new(Pace::Open(Schedule::per_second(250.0)), talks);
    let measured = drive(other.address(), &mut [&mut load], SECOND).unwrap().remove(0);
    assert_eq!((measured.latencies.len(), measured.refused.len()), (166, 84));
    assert!(measured.rate <= 166.0, "refusals are in no rate: {}", measured.rate);
    measured
}

#[test]
fn a_request_without_a_reply_is_told_and_no_success() {
    assert_eq!(two_thirds(End::Lose).statuses.into_iter().collect::<Vec<_>>(), [(0, 84)]);
}

#[test]
fn a_refusal_is_told_and_no_success() {
    let measured = two_thirds(End::Refuse);
    assert_eq!(measured.statuses.into_iter().collect::<Vec<_>>(), [(503, 84)]);
    assert_eq!(measured.sample.unwrap(), "body");
}

#[test]
fn two_loads_run_beside_each_other_at_their_own_pace() {
    let contender = server(NEVER, Duration::ZERO, End::Length);
    let load = |rate| Load::new(Pace::Open(Schedule::per_second(rate)), contender.rotations(2).unwrap());
    let (mut many, mut few) = (load(400.0), load(20.0));
    let measured = drive(contender.address(), &mut [&mut many, &mut few], SECOND).unwrap();
    assert_eq!(measured.iter().map(|it| it.latencies.len()).collect::<Vec<_>>(), [400, 20]);
}

#[test]
fn times_are_kept_to_a_thousandth() {
    let mut times = Latencies::new().unwrap();
    (1..=1000).for_each(|n| times.add(Duration::from_micros(n * 100)));
    let [p50, p99] = [0.5, 0.99].map(|share| times.quantile(share));
    assert!((49.9..50.1).contains(&p50) && (98.9..99.2).contains(&p99), "{p50} {p99}");
    let mut more = Latencies::new().unwrap();
    more.add(Duration::from_secs(3600));
    times.join(&more);
    assert_eq!(times.len(), 1001);
    assert!(times.quantile(1.0) >= 599_000.0, "ten minutes at most, and not forgotten");
    assert_eq!(median(&[3.0, 1.0, 2.0]).to_bits(), 2.0_f64.to_bits());
}

/// While nobody answers there is nothing to do: the generator takes no processor from the server that it measures.
#[test]
fn a_generator_that_waits_takes_no_processor_time() {
    let contender = server(4, Duration::from_millis(900), End::Length);
    let mut load = Load::new(Pace::Open(Schedule::per_second(1000.0)), contender.rotations(4).unwrap());
    let own = || {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let ticks = stat.rsplit_once(") ").unwrap().1.split(' ').skip(11).take(2);
        ticks.map(|ticks| ticks.parse::<u64>().unwrap()).sum::<u64>()
    };
    let before = own();
    drive(contender.address(), &mut [&mut load], SECOND).unwrap();
    // A tick is ten milliseconds; a thousand requests take a few.
    let took = own() - before;
    assert!(took < 10, "{took} ticks");
}
