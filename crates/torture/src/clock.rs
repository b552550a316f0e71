//! The servers' clock, moved to and fro.
//!
//! libfaketime reads its offset from a file at every look at the time of day. The file is replaced by a rename, so that
//! nobody reads half of it. All servers read the same file. The monotonic clock is left alone, and so is that of a
//! database: what Rotunda decides must not rest on it.

use std::sync::Arc;
use std::time::Duration;

use crate::chance::Chance;
use crate::moment::{now, time_of_day_ahead};
use crate::world::World;

/// How far the clock may go astray: less than an access token lives, so that it is not about expiry.
const FARTHEST: i64 = 6 * 60 * 1000;

/// Moves the clock again and again until the run is closing, and watches the machine's own.
pub(crate) async fn disturb_clock(world: Arc<World>) -> anyhow::Result<()> {
    let mut chance = world.chance("clock", 0);
    let mut rest = 0;
    while !world.is_closing() {
        tokio::time::sleep(Duration::from_millis(100)).await;
        watch_clock(&world);
        if rest > 0 {
            rest -= 1;
        } else if world.place.faketime.is_some() {
            move_clock(&world, &mut chance)?;
            rest = chance.between(2, 25);
        }
    }
    Ok(())
}

/// Moves the clock by less or more than W, to and fro.
pub(crate) fn move_clock(world: &World, chance: &mut Chance) -> anyhow::Result<()> {
    if world.place.faketime.is_none() {
        return Ok(());
    }
    let window = i64::try_from(world.window().as_millis()).unwrap_or(i64::MAX);
    let share = i64::try_from(match chance.below(10) {
        0..5 => chance.between(5, 95),
        5..9 => chance.between(110, 600),
        _ => chance.between(1_000, 20_000),
    })?;
    let by = window * share / 100 * if chance.permille(500) { 1 } else { -1 };
    let faked = world.stats.clock.get();
    let next = if (faked + by).abs() > FARTHEST { 0 } else { faked + by };
    set_clock(world, next)
}

/// Sets the offset of the server's clock.
pub(crate) fn set_clock(world: &World, faked: i64) -> anyhow::Result<()> {
    let mut clock = world.clock.lock().unwrap();
    let from = now();
    world.place.write_offset(faked)?;
    let settled = now();
    let by = faked - world.stats.clock.get();
    world.stats.clock.set(faked);
    world.stats.clock_moves.add(1);
    clock.enter(from, settled, faked + time_of_day_ahead());
    drop(clock);
    world.tell(format!("the clock moves by {by} ms to {faked:+} ms"));
    Ok(())
}

/// Notices when the machine's own clock was moved: at some moment since the last look.
fn watch_clock(world: &World) {
    let mut clock = world.clock.lock().unwrap();
    let offset = world.stats.clock.get() + time_of_day_ahead();
    if (offset - clock.offset()).abs() > 2 {
        let since = clock.settled();
        clock.enter(since, now(), offset);
    }
}
