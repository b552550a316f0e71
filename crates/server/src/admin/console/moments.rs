//! Moments and spans in words. Moments are told in UTC: a server does not know its reader's time of day.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use rotunda_core::model::UnixMillis;

use crate::session::answer::rfc3339;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A moment, for programs and for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct At {
    pub iso: String,
    pub text: String,
}

impl At {
    /// This one, to the second: two things of one minute are told apart.
    pub(super) fn of(at: UnixMillis) -> Self {
        let time = utc(at);
        let text = format!(
            "{} {} {}, {:02}:{:02}:{:02}",
            time.day(),
            month(time),
            time.year(),
            time.hour(),
            time.minute(),
            time.second()
        );
        Self { iso: rfc3339(at), text }
    }
}

/// Where the year does not matter: `3 Jan 14:02`.
pub(super) fn short(at: UnixMillis) -> String {
    let time = utc(at);
    format!("{} {} {:02}:{:02}", time.day(), month(time), time.hour(), time.minute())
}

/// Where the day does not matter: `14:02:05`.
pub(super) fn clock(at: UnixMillis) -> String {
    let time = utc(at);
    format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

/// A span in its largest unit: `5 minutes`, `1 day`.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    counted(count, unit)
}

/// `1 user`, `10,000 users`.
pub(super) fn counted(count: u64, unit: &str) -> String {
    format!("{} {unit}{}", figure(count), if count == 1 { "" } else { "s" })
}

/// A figure, with its thousands told apart: `1,234,567`.
pub(super) fn figure(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A moment that somebody typed, as `2026-01-03`, `2026-01-03T14:02` or RFC 3339; in UTC where it does not say.
pub(super) fn parse(text: &str) -> Option<UnixMillis> {
    let text = text.trim();
    let stamp = text.parse::<Timestamp>().ok().or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        Offset::UTC.to_timestamp(civil).ok()
    })?;
    Some(UnixMillis(stamp.as_millisecond()))
}

fn utc(at: UnixMillis) -> DateTime {
    Offset::UTC.to_datetime(Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH))
}

fn month(time: DateTime) -> &'static str {
    let index = usize::try_from(time.month()).ok().and_then(|month| month.checked_sub(1));
    index.and_then(|index| MONTHS.get(index)).copied().unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-03 14:02:05 UTC
    const AT: UnixMillis = UnixMillis(1_767_448_925_000);

    #[test]
    fn moments_are_told_in_utc() {
        let told = At::of(AT);
        assert_eq!(told.text, "3 Jan 2026, 14:02:05");
        assert_eq!(told.iso, "2026-01-03T14:02:05.000Z");
        assert_eq!((short(AT).as_str(), clock(AT).as_str()), ("3 Jan 14:02", "14:02:05"));
        assert_eq!(At::of(UnixMillis(i64::MAX)).text, "1 Jan 1970, 00:00:00");
    }

    #[test]
    fn a_moment_is_read_as_it_is_typed() {
        for same in [
            "2026-01-03T14:02:05",
            "2026-01-03 14:02:05",
            "2026-01-03T15:02:05+01:00",
            " 2026-01-03T14:02:05Z ",
        ] {
            assert_eq!(parse(same), Some(AT), "{same}");
        }
        assert_eq!(parse("2026-01-03"), Some(UnixMillis(AT.0 - (14 * 3600 + 2 * 60 + 5) * 1000)));
        for bad in ["", "yesterday", "2026-13-01", "14:02", "2026-01-03T25:00", "9999999-01-01"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn figures_and_spans_are_for_people() {
        let figures = [0, 999, 1_000, 123_456, 1_234_567].map(figure);
        assert_eq!(figures, ["0", "999", "1,000", "123,456", "1,234,567"]);
        let spans = [1, 59, 60, 7_199, 172_799, 172_800].map(|s| span(Duration::from_secs(s)));
        assert_eq!(spans, ["1 second", "59 seconds", "1 minute", "1 hour", "47 hours", "2 days"]);
    }
}
