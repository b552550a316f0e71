//! Many servers on one PostgreSQL: several processes of the real binary, a real database, and a real proxy where it matters.

mod contract;
mod keys;
mod levels;
mod limits;
mod operate;
mod race;
mod ready;
mod revocations;
mod rolling;

use std::time::Duration;

use reqwest::Client;
use rotunda_grounds::{Redis, one_postgres};

use crate::support::{Place, Server, free_port};

/// What the tests set beside the stores: the least work that a hash may be.
const QUICK: &str = "[password]\nmemory_mib = 19\niterations = 2\n";
/// The same, for tests that try more often than anybody may.
const UNLIMITED: &str = "[password]\nmemory_mib = 19\niterations = 2\n[limits]\nenabled = false\n";

/// Servers that share a database of their own, a master key and a configuration.
struct Fleet {
    servers: Vec<Server>,
    place: Place,
    database: &'static str,
    _redis: Option<Redis>,
}

impl Fleet {
    /// Three servers on a new database of that name.
    fn start(database: &'static str, config: &str) -> Self {
        Self::new(database, config, None).with_servers(3)
    }

    /// The same with sessions on a Redis of their own.
    fn start_on_redis(database: &'static str, config: &str) -> Self {
        Self::new(database, config, Some(Redis::start())).with_servers(3)
    }

    /// A database, a configuration and a master key, and no server yet.
    fn new(database: &'static str, config: &str, redis: Option<Redis>) -> Self {
        let mut stores = format!(
            "[store]\nurl = {:?}\nconnections = 4\n[keys]\nmaster_file = \"master.key\"\n",
            one_postgres().database(database)
        );
        if let Some(redis) = &redis {
            stores.push_str(&format!("[sessions]\nstore = {:?}\n", redis.url()));
        }
        let place = Place::new(&format!("{stores}{config}"));
        let made = place.run(&["key", "master", "master.key"], "");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self { servers: Vec::new(), place, database, _redis: redis }
    }

    /// All of them start at once: on an empty database, one makes the tables and the first key.
    fn with_servers(mut self, many: usize) -> Self {
        let place = &self.place;
        self.servers = std::thread::scope(|scope| {
            let starting: Vec<_> = (0..many).map(|_| scope.spawn(|| serve(place, free_port()))).collect();
            starting.into_iter().map(|server| server.join().unwrap()).collect()
        });
        self
    }

    /// One more server.
    fn serve(&self, port: u16) -> Server {
        serve(&self.place, port)
    }

    /// The URL of a server, each in turn.
    fn url(&self, turn: usize) -> &str {
        &self.servers[turn % self.servers.len()].url
    }

    fn urls(&self) -> Vec<String> {
        self.servers.iter().map(|server| server.url.clone()).collect()
    }

    /// Asks the database itself.
    fn sql(&self, sql: &str) -> String {
        one_postgres().sql_in(self.database, sql)
    }

    /// What all servers have logged.
    fn logs(&self) -> String {
        let logs = std::fs::read_dir(self.place.dir.path()).unwrap().map(|entry| entry.unwrap().path());
        logs.filter(|path| path.extension().is_some_and(|it| it == "log"))
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect()
    }
}

fn serve(place: &Place, port: u16) -> Server {
    place.serve_at(port, &format!("server-{port}.log"))
}

fn client() -> Client {
    Client::builder().pool_max_idle_per_host(64).timeout(Duration::from_secs(20)).build().unwrap()
}

/// Asks until the answer is there, at most about ten seconds; it panics with what was waited for.
async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    for _ in 0..200 {
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}: not within ten seconds");
}
