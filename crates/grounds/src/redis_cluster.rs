//! Redis Cluster.

use crate::patience::until;
use crate::port::free_port;
use crate::redis::Redis;

const PRIMARIES: usize = 3;
const SLOTS: usize = 16_384;

/// Three primaries with a replica each; gone with their data when it goes out of scope, or with the process.
pub struct RedisCluster {
    nodes: Vec<Redis>,
}

/// What a node knows of another: a line of `CLUSTER NODES`.
struct Known {
    port: Option<u16>,
    flags: String,
    owns_slots: bool,
}

impl RedisCluster {
    /// Starts the nodes, joins them and waits until all is well. The first three begin as primaries.
    ///
    /// # Panics
    /// When they do not find together within half a minute.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with more lines in each `redis.conf`.
    ///
    /// # Panics
    /// When they do not find together within half a minute.
    #[must_use]
    pub fn start_with(lines: &[&str]) -> Self {
        let node = |_| {
            let builder = Redis::builder()
                .line("cluster-enabled yes")
                .line(&format!("cluster-port {}", free_port()))
                // A primary counts as lost after that many milliseconds; the machine may be busy.
                .line("cluster-node-timeout 2000");
            lines.iter().fold(builder, |builder, line| builder.line(line)).start()
        };
        let cluster = Self { nodes: (0..2 * PRIMARIES).map(node).collect() };
        cluster.join();
        cluster.wait_until_ok();
        cluster
    }

    fn join(&self) {
        for (place, node) in self.nodes.iter().enumerate() {
            // Agreed on before they meet, so that they need not find out.
            node.cli(&["CLUSTER", "SET-CONFIG-EPOCH", &(place + 1).to_string()]);
            let bus = node.cli(&["CONFIG", "GET", "cluster-port"]);
            let bus = bus.lines().last().unwrap_or_default();
            self.nodes[0].cli(&["CLUSTER", "MEET", "127.0.0.1", &node.port().to_string(), bus]);
        }
        for (place, primary) in self.nodes[..PRIMARIES].iter().enumerate() {
            let (from, to) = (place * SLOTS / PRIMARIES, (place + 1) * SLOTS / PRIMARIES - 1);
            primary.cli(&["CLUSTER", "ADDSLOTSRANGE", &from.to_string(), &to.to_string()]);
        }
        let all_met = || {
            let mut known = self.nodes.iter().map(known_to);
            known.all(|known| {
                known.len() == self.nodes.len() && known.iter().all(|node| !node.flags.contains("handshake"))
            })
        };
        assert!(until(20, all_met), "the nodes do not meet:\n{}", self.nodes[0].log());
        for (place, replica) in self.nodes[PRIMARIES..].iter().enumerate() {
            let id = self.nodes[place].cli(&["CLUSTER", "MYID"]);
            replica.cli(&["CLUSTER", "REPLICATE", &id]);
        }
    }

    /// Its URL, with all nodes.
    #[must_use]
    pub fn url(&self) -> String {
        let nodes: Vec<String> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        format!("redis+cluster://{}", nodes.join(","))
    }

    /// The six nodes, to be asked and paused one by one.
    #[must_use]
    pub fn nodes(&self) -> &[Redis] {
        &self.nodes
    }

    /// Sends a command to whichever node is responsible; answers what `redis-cli` prints for it.
    ///
    /// # Panics
    /// When no node runs, or with an error.
    pub fn cli(&self, words: &[&str]) -> String {
        self.running().cli(&[&["-c"], words].concat())
    }

    /// The place among [`RedisCluster::nodes`] of the primary that has this key, by what a running node knows.
    ///
    /// # Panics
    /// When nobody has it.
    #[must_use]
    pub fn primary_of(&self, key: &str) -> usize {
        let slot = self.running().cli(&["CLUSTER", "KEYSLOT", key]);
        let nodes = self.running().cli(&["CLUSTER", "NODES"]);
        let slot: usize = slot.parse().unwrap_or(SLOTS);
        let owner = nodes.lines().find(|line| ranges(line).any(|(from, to)| (from..=to).contains(&slot)));
        let port = owner.and_then(|line| Known::read(line).port);
        let place = self.nodes.iter().position(|node| Some(node.port()) == port);
        place.unwrap_or_else(|| panic!("nobody has {key}:\n{nodes}"))
    }

    /// SIGKILL for one node. Its replica takes over when the others have missed it for two seconds.
    pub fn kill(&self, node: usize) {
        self.nodes[node].kill();
    }

    /// Starts a node that was killed. It joins as a replica, where another took over.
    pub fn start_again(&self, node: usize) {
        self.nodes[node].start_again();
    }

    /// Waits until all running nodes agree that each slot has a primary that runs, and each replica follows its own.
    ///
    /// # Panics
    /// When they do not within half a minute.
    pub fn wait_until_ok(&self) {
        let ok = until(30, || self.is_ok());
        assert!(ok, "the cluster is not well:\n{}", self.running().cli(&["CLUSTER", "NODES"]));
    }

    fn is_ok(&self) -> bool {
        let running: Vec<&Redis> = self.nodes.iter().filter(|node| node.pid().is_some()).collect();
        running.iter().all(|node| {
            let info = node.ask(&["CLUSTER", "INFO"]).unwrap_or_default();
            let well =
                info.contains("cluster_state:ok") && info.contains(&format!("cluster_slots_ok:{SLOTS}"));
            let known = known_to(node);
            let agreed = known.iter().all(|known| {
                let runs = running.iter().any(|node| Some(node.port()) == known.port);
                // Whoever runs is seen to, and whoever does not has nothing left to answer for.
                if runs { !known.flags.contains("fail") } else { !known.owns_slots }
            });
            let primaries = known.iter().filter(|known| known.owns_slots).count();
            let parts = known.iter().all(|known| {
                known.owns_slots || !known.flags.contains("master") || known.flags.contains("fail")
            });
            let follows = known.iter().any(|known| known.flags.contains("myself") && known.owns_slots)
                || node.is_linked();
            well && agreed && primaries == PRIMARIES && parts && follows
        })
    }

    fn running(&self) -> &Redis {
        let running = self.nodes.iter().find(|node| node.pid().is_some());
        running.unwrap_or_else(|| panic!("no node runs"))
    }
}

fn known_to(node: &Redis) -> Vec<Known> {
    node.ask(&["CLUSTER", "NODES"]).unwrap_or_default().lines().map(Known::read).collect()
}

impl Known {
    /// `<id> <ip:port@bus> <flags> <primary> <ping> <pong> <epoch> <link> <slot> <slot> …`
    fn read(line: &str) -> Self {
        let mut words = line.split(' ').skip(1);
        let port = words
            .next()
            .and_then(|address| address.split(['@', ',']).next()?.rsplit(':').next()?.parse().ok());
        let flags = words.next().unwrap_or_default().to_owned();
        Self { port, flags, owns_slots: ranges(line).next().is_some() }
    }
}

/// The slots at the end of a line of `CLUSTER NODES`: `5` or `0-5460`; those on the move are in brackets.
fn ranges(line: &str) -> impl Iterator<Item = (usize, usize)> {
    line.split(' ').skip(8).filter_map(|range| {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        Some((from.parse().ok()?, to.parse().ok()?))
    })
}
