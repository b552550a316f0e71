//! What is told of a copy: to people as a table and what to do next, to programs as JSON. Never a password.

use rotunda_core::copy::{Compared, MovedParts};
use serde_json::json;

use crate::args::Global;
use crate::config::NamedStore;
use crate::output;

/// How much of a checksum people see.
const SHOWN: usize = 16;

pub(super) fn everything(
    global: &Global,
    from: &NamedStore,
    to: &NamedStore,
    found: &[Compared],
) -> anyhow::Result<()> {
    let same = found.iter().all(Compared::is_same);
    if global.json {
        let parts = found.iter().map(|part| {
            json!({
                "part": part.part.as_str(),
                "same": part.is_same(),
                "from": {"rows": part.source.rows, "checksum": part.source.checksum.to_string()},
                "to": {"rows": part.target.rows, "checksum": part.target.checksum.to_string()},
                "differs_at": part.differs_at.as_ref().map(ToString::to_string),
            })
        });
        return output::json(&json!({
            "from": from.to_string(),
            "to": to.to_string(),
            "same": same,
            "parts": parts.collect::<Vec<_>>(),
        }));
    }
    let rows: Vec<[String; 4]> = found.iter().map(row).collect();
    output::table(["part", "rows", "sha-256", "compared"], &rows)?;
    output::print(&match same {
        true => format!(
            "\n{to} holds everything that {from} does. What to change:\n\
             - [store] url names the new one; the master key file stays the same\n\
             - every server has to use it: keep the old store, and let nobody start on it again\n"
        ),
        false => format!(
            "\n{to} is not the same as {from}, and no server will open it. Something wrote to one of them meanwhile: \
             stop every server and command, remove the target or make another empty one, and copy again\n"
        ),
    })
}

fn row(part: &Compared) -> [String; 4] {
    let (source, target) = (&part.source, &part.target);
    let checksum = source.checksum.to_string().chars().take(SHOWN).collect();
    let compared = match &part.differs_at {
        _ if part.is_same() => "the same".to_owned(),
        Some(key) => format!("{} rows there; the first that differs: {key}", target.rows),
        None => format!("{} rows there; not the same", target.rows),
    };
    [part.part.to_string(), source.rows.to_string(), checksum, compared]
}

pub(super) fn sessions(
    global: &Global,
    from: &NamedStore,
    to: &NamedStore,
    found: &MovedParts,
) -> anyhow::Result<()> {
    let MovedParts { sessions, same, lost, differs_at } = *found;
    if global.json {
        return output::json(&json!({
            "from": from.to_string(),
            "to": to.to_string(),
            "same": found.is_same(),
            "sessions": sessions,
            "copied": same,
            "lost": lost,
            "differs_at": differs_at.map(|id| id.to_string()),
        }));
    }
    let mut text = format!("{sessions} live sessions: {same} are the same in {from} and {to}\n");
    if lost > 0 {
        text.push_str(&format!(
            "{lost} of them are not known to Redis. Their tokens may be newer than their rows: `rotunda store accept-ahead` \
             has them believed for a while, beside their device secrets\n"
        ));
    }
    text.push_str(&match differs_at {
        Some(id) => format!(
            "some are not the same, the first of them {id}: something was written meanwhile, or the target has newer ones. \
             Stop every server and command, and copy again\n"
        ),
        None if matches!(to, NamedStore::Redis(_)) => {
            "What to change: [sessions] store names the Redis, for every server\n".to_owned()
        }
        None => "What to change: leave [sessions] store away, for every server. What Redis still has is old from then on: \
                 remove it\n"
            .to_owned(),
    });
    output::print(&text)
}
