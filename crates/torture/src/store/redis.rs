//! Redis: how it is started, and the moving part of each session that lives.

use rotunda_grounds::Redis;

use crate::check::database::Rows;

/// What it has acknowledged is in its log on the disk. Where it may lose, it keeps nothing through a kill.
pub(super) fn start(lossy: bool) -> Redis {
    let builder = Redis::builder().line("maxmemory-policy noeviction");
    if lossy { builder.start() } else { builder.line("appendonly yes").line("appendfsync always").start() }
}

/// The generations of live sessions; of the others the rows in SQL tell none. `cli` is redis-cli.
pub(super) fn complete(rows: &mut Rows, cli: impl Fn(&[&str]) -> String) {
    for (id, row) in &mut rows.sessions {
        let key = format!("rotunda:s:{}", id.replace('-', ""));
        let live = row.ended.is_none();
        let generation = live.then(|| cli(&["HGET", &key, "g"]));
        row.generation = generation.and_then(|answer| answer.trim().parse().ok());
    }
}
