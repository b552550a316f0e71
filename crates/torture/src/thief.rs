//! A thief: somebody who copies what a client has stored, and goes on with it beside the client.
//!
//! 1. The victim lives for a while, with pauses longer than W, as between two access tokens.
//! 2. At a random moment, in the middle of an attempt perhaps, the thief copies the token alone, or all that is stored.
//! 3. At once or later the thief uses the copy, and both go on until the session has ended or some cycles have passed.
//!
//! What must happen is not decided here: the table of rotation.md says for each refresh, by the record, whether it can only
//! be a reuse, and the checks ask that each of those was told so.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::calls::Seen;
use crate::chance::Chance;
use crate::history::{By, Device, Reason};
use crate::honest::Client;
use crate::moment::now;
use crate::pocket::{Keys, Pocket};
use crate::reply::read_token;
use crate::world::World;

/// How fast victim and thief come back, in percent of W: some of it within the window, most of it not.
const SLOW: (u64, u64) = (60, 350);

/// What the thief has, and what it shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Loot {
    /// The refresh token, leaked in a log.
    TokenAlone,
    /// The token beside a device secret of its own.
    OtherDevice,
    /// All that the client had stored; it shows no retry keys.
    Keyless,
    /// All that the client had stored, and it behaves as a client does.
    Everything,
}

/// A victim's session with a thief beside it.
pub(crate) async fn round(world: &Arc<World>, victim: &Arc<Client>, chance: &mut Chance) {
    let Some(session) = victim.session() else { return };
    let until = now().plus(chance.part(world.window(), 1_200, 2_500));
    let (mut own, living) = (chance.fork(), Arc::clone(victim));
    let living = tokio::spawn(async move { living.live(until, SLOW, &mut own).await });
    // Not the very first moment: most of what there is to steal is stolen later.
    tokio::time::sleep(chance.part(world.window(), 0, 500)).await;
    let loot = match chance.below(100) {
        0..15 => Loot::TokenAlone,
        15..25 => Loot::OtherDevice,
        25..55 => Loot::Keyless,
        _ => Loot::Everything,
    };
    session.copied.store(true, Ordering::SeqCst);
    let mut copy = victim.pocket.lock().unwrap().clone();
    let of_token = copy.token.as_deref().and_then(read_token).map_or(copy.generation, |(_, of)| of);
    session.note(format!("a thief copies {loot:?} at generation {}, token {of_token}", copy.generation));
    // One thief a session: the first copy is the only one.
    session.loot.get_or_init(|| (of_token, copy.generation));
    if loot == Loot::TokenAlone {
        copy.secret = None;
    }
    world.stats.thefts.add(1);
    if chance.permille(600) {
        tokio::time::sleep(chance.part(world.window(), 50, 900)).await;
    }
    while now() < until && !copy.over && !world.is_closing() {
        go_on(world, victim, &mut copy, loot, chance).await;
        tokio::time::sleep(chance.part(world.window(), SLOW.0, SLOW.1)).await;
    }
    drop(living.await);
}

/// One refresh of the thief, which wants in and therefore does as a client does.
async fn go_on(world: &Arc<World>, victim: &Client, copy: &mut Pocket, loot: Loot, chance: &mut Chance) {
    let mut keyless = loot == Loot::Keyless;
    for _ in 0..4 {
        let mut make = || world.new_key();
        let keys = if keyless || world.config.keyless { Keys::None } else { Keys::Send(&mut make) };
        let Some(mut ready) = copy.ready(keys) else { return };
        if loot == Loot::OtherDevice {
            ready.secret = Some(format!("rd1_{}", "A".repeat(43)));
            ready.refresh.device = Device::Different;
        }
        let patience = chance.part(world.window(), 50, 300);
        let seen = world.refresh(By::Thief, victim.kind, &ready, patience).await;
        match &seen {
            Seen::Reply(reply) => {
                copy.refreshed(victim.kind, reply);
                match reply.reason {
                    Some(Reason::TokenStale) => keyless = true,
                    Some(Reason::TokenReused | Reason::SessionEnded) => copy.over = true,
                    None if reply.status != 200 => {}
                    _ => return,
                }
            }
            Seen::Partial(reply) => copy.refreshed(victim.kind, reply),
            Seen::Nothing => {}
        }
        tokio::time::sleep(Duration::from_millis(chance.between(5, 100))).await;
    }
}
