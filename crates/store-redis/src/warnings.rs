//! What an operator should know of the Redis that sessions are kept in, as far as it tells.
//!
//! Nothing here stops a server: a session that Redis loses is brought back beside its device secret. But each such
//! loss costs users without one their session, so they should be rare.

use redis::{Cmd, Value};
use rotunda_core::failure::Failure;

use crate::connection::Redis;

/// What is wrong with this Redis, in words for the log.
pub(crate) async fn of(redis: &Redis) -> Vec<String> {
    let lines = match info(redis).await {
        Ok(lines) => lines,
        Err(failure) => {
            return vec![format!(
                "Redis did not say how it is set up ({failure}): see to it that maxmemory-policy is noeviction and \
                 appendonly is yes"
            )];
        }
    };
    let mut warnings = wrong(&lines);
    if lines.iter().any(|line| line == "cluster_enabled:1") {
        let mut ask = Cmd::new();
        ask.arg("CLUSTER").arg("INFO");
        if let Ok(state) = redis.ask::<Value>("asking Redis about its cluster", &ask).await {
            let mut ok = true;
            each_text(&state, &mut |text| ok &= !text.contains("cluster_state:fail"));
            if !ok {
                warnings.push("the Redis Cluster is not whole (cluster_state is not ok)".to_owned());
            }
        }
    }
    warnings
}

/// The lines of `INFO`; of a cluster, of all its nodes.
pub(crate) async fn info(redis: &Redis) -> Result<Vec<String>, Failure> {
    let mut ask = Cmd::new();
    ask.arg("INFO");
    let info = redis.ask::<Value>("asking Redis about itself", &ask).await?;
    let mut lines = Vec::new();
    each_text(&info, &mut |text| lines.extend(text.lines().map(|line| line.trim().to_owned())));
    Ok(lines)
}

/// The values of that name, of each node one.
pub(crate) fn values<'l>(lines: &'l [String], name: &str) -> Vec<&'l str> {
    let of_line =
        |line: &'l String| line.split_once(':').filter(|(it, _)| *it == name).map(|(_, value)| value);
    lines.iter().filter_map(of_line).collect()
}

fn wrong(lines: &[String]) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(policy) = values(lines, "maxmemory_policy").into_iter().find(|policy| *policy != "noeviction")
    {
        warnings.push(format!(
            "Redis may drop sessions when its memory is full (maxmemory-policy {policy}): set it to noeviction"
        ));
    }
    if values(lines, "aof_enabled").contains(&"0") {
        warnings.push(
            "Redis forgets what it was told since its last snapshot when it stops (appendonly no): set appendonly to \
             yes, with appendfsync everysec or always"
                .to_owned(),
        );
    }
    warnings
}

/// In a cluster each node answers for itself.
pub(crate) fn each_text(value: &Value, see: &mut impl FnMut(&str)) {
    match value {
        Value::BulkString(bytes) => see(&String::from_utf8_lossy(bytes)),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => see(text),
        Value::Array(values) => values.iter().for_each(|value| each_text(value, see)),
        Value::Map(pairs) => pairs.iter().for_each(|(_, value)| each_text(value, see)),
        _ => {}
    }
}
