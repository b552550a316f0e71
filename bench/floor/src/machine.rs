//! What only the machine knows: the time, and what nobody can guess.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::error::Unspecified;

/// Seconds since 1970-01-01T00:00:00Z; 0 before that.
#[expect(clippy::disallowed_methods, reason = "a yardstick takes no part in the ports of what it measures")]
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Unpredictable bytes.
///
/// # Errors
/// When the system has none to give.
#[expect(clippy::disallowed_methods, reason = "a yardstick takes no part in the ports of what it measures")]
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Unspecified> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes)?;
    Ok(bytes)
}
