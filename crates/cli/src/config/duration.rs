//! Durations as people write them: `"500ms"`, `"10s"`, `"1h30m"`, `"7d"`.

use std::time::Duration;

/// The units from the largest to the smallest, with their length in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
/// Ten years. Whatever is meant to last longer is meant to last forever, and nothing here does.
const LONGEST: Duration = Duration::from_secs(3650 * 24 * 3600);

/// Reads a duration: whole numbers, each with its unit, the larger units first; ten years at most.
///
/// # Errors
/// A sentence about what is wrong.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a duration, such as \"10s\", \"15m\", \"1h30m\" or \"7d\"");
    let too_long = || format!("{text:?} is longer than 10 years");
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (digits, after) = split(rest, |c| c.is_ascii_digit());
        let (unit, after) = split(after, |c| c.is_ascii_alphabetic());
        // The search goes on from the last unit: none comes twice, none before a larger one.
        let (_, millis) = units.find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        if digits.is_empty() {
            return Err(wrong());
        }
        let span = digits.parse::<u64>().ok().and_then(|n| n.checked_mul(*millis)).ok_or_else(too_long)?;
        total = total.checked_add(span).ok_or_else(too_long)?;
        rest = after;
    }
    let total = Duration::from_millis(total);
    match total {
        _ if text.is_empty() => Err(wrong()),
        _ if total > LONGEST => Err(too_long()),
        _ => Ok(total),
    }
}

/// The same duration as text, in as few units as it takes.
pub(crate) fn show_duration(span: Duration) -> String {
    let mut rest = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, millis) in UNITS {
        if rest >= millis {
            text += &format!("{}{unit}", rest / millis);
            rest %= millis;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}
