//! The table of `docs/guide/scaling.md`: a test compares the two.

use super::{Habits, USUAL};

/// What one of each costs, as `scripts/measure-stores` found it on the machine that the guide names.
struct Costs {
    /// Bytes of a session in PostgreSQL: its row with the room that is kept for the next version, its indexes, and its share
    /// of users and devices.
    postgres: f64,
    /// Bytes of a session in Redis.
    redis: f64,
    /// Of these, the bytes of its row: on so many pages refreshes are spread.
    row: f64,
    /// Bytes of the write-ahead log for a refresh, without the page images after a checkpoint.
    wal: f64,
    /// Refreshes a second that one PostgreSQL is asked for at most: what two cores did together with everything else.
    per_primary: f64,
    /// Bytes that one PostgreSQL is given at most: what a backup, a vacuum and a new replica can still cope with.
    primary_bytes: f64,
}

const COSTS: Costs = Costs {
    postgres: 1_100.0,
    row: 660.0,
    redis: 700.0,
    wal: 450.0,
    per_primary: 10_000.0,
    primary_bytes: 1e12,
};

/// PostgreSQL's page, in bytes.
const PAGE: f64 = 8192.0;
/// Seconds between two checkpoints, as the guide sets it.
const CHECKPOINT: f64 = 900.0;

const HEAD: &str = "\
| live sessions | sign-ins/s | refreshes/s, mean | busiest hour | never resting | rows | PostgreSQL | log, busiest | Redis | feed/s | primaries |\n\
|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n";

/// From ten thousand to a billion sessions.
#[must_use]
pub fn table() -> String {
    (4..=9).fold(HEAD.to_owned(), |table, power| table + &line(&USUAL, 10_f64.powi(power)))
}

fn line(habits: &Habits, sessions: f64) -> String {
    let one = habits.per_session();
    let refreshes = sessions * one.refreshes;
    let busiest = refreshes * habits.peak;
    let rows = sessions * (1.0 + one.kept);
    let stored = rows * COSTS.postgres;
    let primaries = (busiest / COSTS.per_primary).max(stored / COSTS.primary_bytes).ceil();
    let cells = [
        plain(sessions),
        plain(sessions * one.sign_ins),
        plain(refreshes),
        plain(busiest),
        plain(sessions * habits.restless()),
        plain(rows),
        bytes(stored),
        bytes(log(busiest, rows)) + "/s",
        bytes(sessions * COSTS.redis),
        plain(sessions * one.sign_outs),
        plain(primaries),
    ];
    format!("| {} |\n", cells.join(" | "))
}

/// Bytes a second of the write-ahead log: each refresh, and each page that is changed for the first time since the last checkpoint.
/// Of P pages, n changes at random come to P (1 − e^(−n/P)).
fn log(refreshes: f64, rows: f64) -> f64 {
    let pages = (rows * COSTS.row / PAGE).max(1.0);
    let changed = pages * -(-refreshes * CHECKPOINT / pages).exp_m1();
    refreshes * COSTS.wal + changed * PAGE / CHECKPOINT
}

/// Two digits that count, with commas between thousands.
fn plain(figure: f64) -> String {
    let digits: f64 = if figure > 0.0 { 1.0 - figure.log10().floor() } else { 0.0 };
    #[expect(clippy::cast_possible_truncation, reason = "a small number")]
    let scale = 10_f64.powi(digits as i32);
    let rounded = (figure * scale).round() / scale;
    if rounded < 10.0 && rounded.fract() != 0.0 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 20")]
        let places = digits.clamp(0.0, 20.0) as usize;
        return format!("{rounded:.places$}").trim_end_matches('0').to_owned();
    }
    let text = format!("{rounded:.0}");
    let groups: Vec<&str> =
        text.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

fn bytes(figure: f64) -> String {
    let units = [(1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let unit = units.into_iter().find(|(size, _)| figure >= *size);
    unit.map_or_else(|| plain(figure) + " B", |(size, name)| format!("{} {name}", plain(figure / size)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        let told: Vec<String> =
            [0.0, 0.000_234, 0.26, 1.0, 2.44, 19.96, 1_234.0, 9_999_999.0].map(plain).into();
        assert_eq!(told, ["0", "0.00023", "0.26", "1", "2.4", "20", "1,200", "10,000,000"]);
        assert_eq!([15.0, 2_345.0, 1e12].map(bytes), ["15 B", "2.3 kB", "1 TB"]);
    }
}
