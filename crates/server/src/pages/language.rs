//! Which language a page speaks (RFC 9110 §12.5.4).
//!
//! 1. The operator has fixed one, or
//! 2. the browser's `Accept-Language` prefers one of ours, by its weights; of two with the same weight, the first.
//! 3. Where neither is so, English.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

use super::text::{DE, EN, Texts};

/// A language that the pages speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// `en`
    English,
    /// `de`
    German,
}

/// How many entries of the header are looked at; an honest one has fewer.
const MOST_ENTRIES: usize = 32;

impl Language {
    /// Every language, the one for everybody else first.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its tag (RFC 5646), for `<html lang>` and `Content-Language`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// Its texts.
    pub(crate) fn texts(self) -> &'static Texts {
        match self {
            Self::English => &EN,
            Self::German => &DE,
        }
    }

    /// The one that a browser would rather read.
    pub(crate) fn preferred(headers: &HeaderMap) -> Self {
        let texts = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        let entries: Vec<Range<'_>> =
            texts.flat_map(|text| text.split(',')).take(MOST_ENTRIES).filter_map(Range::parse).collect();
        let mut best = (Self::English, Wish::NONE);
        for language in Self::ALL {
            let wish = language.wish(&entries);
            if wish.is_more_than(best.1) {
                best = (language, wish);
            }
        }
        best.0
    }

    /// What the entries say about it: its own name counts, `*` where there is none.
    fn wish(self, entries: &[Range<'_>]) -> Wish {
        let named = |name: &str| {
            let found =
                entries.iter().enumerate().find(|(_, range)| range.primary.eq_ignore_ascii_case(name));
            found.map(|(place, range)| Wish { weight: range.weight, place })
        };
        named(self.tag()).or_else(|| named("*")).unwrap_or(Wish::NONE)
    }
}

/// How much a language is wished for, and where in the list.
#[derive(Clone, Copy)]
struct Wish {
    /// In thousandths.
    weight: u16,
    place: usize,
}

impl Wish {
    const NONE: Self = Self { weight: 0, place: usize::MAX };

    fn is_more_than(self, other: Self) -> bool {
        self.weight > other.weight
            || (self.weight == other.weight && self.weight > 0 && self.place < other.place)
    }
}

/// One entry: `de-AT;q=0.8`.
struct Range<'a> {
    primary: &'a str,
    weight: u16,
}

impl<'a> Range<'a> {
    fn parse(entry: &'a str) -> Option<Self> {
        let mut parts = entry.split(';').map(str::trim);
        let primary = parts.next()?.split('-').next()?;
        let weight = match parts.next() {
            None => 1_000,
            Some(parameter) => {
                thousandths(parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="))?)?
            }
        };
        Some(Self { primary, weight })
    }
}

/// RFC 9110 §12.4.2: `0` to `1` with at most three digits behind the point.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, digits) = text.split_once('.').unwrap_or((text, ""));
    if !matches!(whole, "0" | "1") || digits.len() > 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let weight: u16 = format!("{whole}{digits:0<3}").parse().ok()?;
    (weight <= 1_000).then_some(weight)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_browser_reads_what_it_would_rather_read() {
        let preferred = |text: &[u8]| {
            let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, HeaderValue::from_bytes(text).unwrap())]);
            Language::preferred(&headers).tag()
        };
        for german in [
            "de",
            "DE-at",
            "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7",
            "fr, de;q=0.3",
            "en;q=0.4, de;q=0.401",
            "de;q=0.5,en;q=0.5",
            "en;q=0, *",
            "*;q=0.5, en;q=0.1",
            "de ; q=1.000",
        ] {
            assert_eq!(preferred(german.as_bytes()), "de", "{german}");
        }
        for english in [
            "",
            "*",
            "fr",
            "en",
            "en-GB,de;q=0.9",
            "den",
            "d",
            "de;q=0",
            "de;q=0.0, fr",
            "de;q=2",
            "de;q=1.001",
            "de;q=0.1234",
            "de;q=-1",
            "de;q=",
            "de;x=1",
            ";;,,;q=1,",
            "en;q=0.5,de;q=0.5",
        ] {
            assert_eq!(preferred(english.as_bytes()), "en", "{english}");
        }
        assert_eq!(preferred(b"de\xff"), "en");
        assert_eq!(preferred(format!("{}de", "fr,".repeat(40)).as_bytes()), "en");
        assert_eq!(Language::preferred(&HeaderMap::new()).tag(), "en");
    }
}
