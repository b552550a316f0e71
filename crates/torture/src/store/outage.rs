//! What happens to a store while servers use it.

use std::sync::Arc;
use std::time::Duration;

use rotunda_grounds::{Postgres, Redis};

use super::{Moving, Sql, Store};
use crate::chance::Chance;
use crate::moment::now;
use crate::world::World;

/// The mean time between two outages, in units of that between two kills.
const RARER: u32 = 3;

/// Which part of the store is hit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Postgres,
    Redis,
    /// A node of the Redis Cluster.
    Node(usize),
}

/// What happens to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outage {
    /// Shut down and started: connections are cut.
    Restart,
    /// `kill -9`, and started again.
    Kill,
    /// SIGSTOP and SIGCONT: connections stay, and nobody answers meanwhile.
    Pause,
    /// Everything in it is gone.
    Flush,
}

/// An outage of a part, for so long.
#[derive(Clone, Copy, Debug)]
struct Blow {
    part: Part,
    outage: Outage,
    lasts: Duration,
}

/// Lets the store suffer again and again until the run is closing. The last outage is over when this returns.
pub(crate) async fn disturb(world: Arc<World>) -> anyhow::Result<()> {
    let mut chance = world.chance("outage", 0);
    while !world.is_closing() {
        world.rest(chance.part(world.config.kill_every * RARER, 40, 160)).await;
        if !world.is_closing() && !world.config.mixed && world.store.is_shared() {
            let blow = world.store.draw(&mut chance);
            suffer(&world, blow).await?;
        }
    }
    Ok(())
}

/// One outage, from its beginning to its end.
async fn suffer(world: &Arc<World>, blow: Blow) -> anyhow::Result<()> {
    let (struck, recovering, from) = (Arc::clone(world), Arc::clone(world), now());
    world.tell(format!("the store suffers: {blow:?}"));
    tokio::task::spawn_blocking(move || struck.store.strike(blow)).await?;
    tokio::time::sleep(blow.lasts).await;
    tokio::task::spawn_blocking(move || recovering.store.recover(blow)).await?;
    world.tell("the store is whole".to_owned());
    *world.whole_since.lock().unwrap() = Some(now());
    if world.store.lossy && blow.part != Part::Postgres {
        world.losses.lock().unwrap().push((from, now()));
        world.stats.losses.add(1);
    }
    world.stats.outages.add(1);
    Ok(())
}

impl Store {
    fn draw(&self, chance: &mut Chance) -> Blow {
        const HARMLESS: [Outage; 3] = [Outage::Restart, Outage::Kill, Outage::Pause];
        const LOSSY: [Outage; 2] = [Outage::Flush, Outage::Kill];
        let part = match (&self.sql, &self.moving) {
            (Sql::Postgres(_), _) if chance.permille(500) => Part::Postgres,
            (_, Some(Moving::Redis(_))) => Part::Redis,
            (_, Some(Moving::Cluster(cluster))) => {
                Part::Node(usize::try_from(chance.below(cluster.nodes().len() as u64)).unwrap_or(0))
            }
            (_, None) => Part::Postgres,
        };
        let outage = match part {
            Part::Redis | Part::Node(_) if self.lossy => chance.pick(&LOSSY),
            // What a node has acknowledged and not told its replica yet is lost when that takes over.
            Part::Node(_) => Outage::Pause,
            Part::Postgres | Part::Redis => chance.pick(&HARMLESS),
        };
        // Mostly shorter than a client waits, sometimes longer than a server does. A node is missed after two seconds.
        let lasts = match (outage, part) {
            (Outage::Restart | Outage::Flush, _) => Duration::ZERO,
            (Outage::Pause, Part::Node(_)) => Duration::from_millis(chance.between(50, 1_000)),
            (Outage::Kill, Part::Node(_)) => Duration::from_millis(chance.between(0, 5_000)),
            (Outage::Kill, _) => Duration::from_millis(chance.between(0, 600)),
            (Outage::Pause, _) if chance.permille(200) => Duration::from_millis(chance.between(5_500, 8_000)),
            (Outage::Pause, _) => Duration::from_millis(chance.between(50, 1_500)),
        };
        Blow { part, outage, lasts }
    }

    /// Blocks.
    fn strike(&self, Blow { part, outage, .. }: Blow) {
        match (part, &self.sql, &self.moving) {
            (Part::Postgres, Sql::Postgres(postgres), _) => strike_postgres(postgres, outage),
            (Part::Redis, _, Some(Moving::Redis(redis))) => strike_redis(redis, outage),
            (Part::Node(_), _, Some(Moving::Cluster(cluster))) if outage == Outage::Flush => {
                for node in cluster.nodes() {
                    // A replica refuses it.
                    if node.cli(&["ROLE"]).starts_with("master") {
                        drop(node.cli(&["FLUSHALL"]));
                    }
                }
            }
            (Part::Node(node), _, Some(Moving::Cluster(cluster))) => {
                strike_redis(&cluster.nodes()[node], outage);
            }
            _ => {}
        }
    }

    /// Undoes it. Blocks.
    fn recover(&self, Blow { part, outage, .. }: Blow) {
        match (part, &self.sql, &self.moving) {
            (Part::Postgres, Sql::Postgres(postgres), _) => match outage {
                Outage::Pause => postgres.resume(),
                Outage::Restart | Outage::Kill | Outage::Flush => postgres.start_again(),
            },
            (Part::Redis, _, Some(Moving::Redis(redis))) => recover_redis(redis, outage),
            (Part::Node(node), _, Some(Moving::Cluster(cluster))) => {
                recover_redis(&cluster.nodes()[node], outage);
                cluster.wait_until_ok();
            }
            _ => {}
        }
    }
}

fn strike_postgres(postgres: &Postgres, outage: Outage) {
    match outage {
        Outage::Restart | Outage::Flush => postgres.stop(),
        Outage::Kill => postgres.kill(),
        Outage::Pause => postgres.pause(),
    }
}

fn strike_redis(redis: &Redis, outage: Outage) {
    match outage {
        Outage::Restart => redis.stop(),
        Outage::Kill => redis.kill(),
        Outage::Pause => redis.pause(),
        Outage::Flush => drop(redis.cli(&["FLUSHALL"])),
    }
}

fn recover_redis(redis: &Redis, outage: Outage) {
    match outage {
        Outage::Pause => redis.resume(),
        Outage::Restart | Outage::Kill | Outage::Flush => redis.start_again(),
    }
}
