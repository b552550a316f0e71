//! Certificates: for how long they are still good, and why one is not believed.
//!
//! Whether the chain is whole and the name right has been found out when an answer is there: otherwise there is none.

use std::time::Duration;

use rotunda_core::model::UnixMillis;
use rotunda_core::outside::Clock;
use rotunda_outside::SystemClock;
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::report::{Fault, Report};
use crate::output::moment;

const A_DAY: Duration = Duration::from_hours(24);
/// Before its end, a certificate should long have been renewed. Those with a short life have a third of it.
const SOON: Duration = Duration::from_hours(14 * 24);
/// Of that time, the last quarter is an emergency.
const LAST: u32 = 4;

const RENEW: &str =
    "renew it, see why that did not happen by itself, and have whoever shows it read the new one";
const EXPIRED: &str =
    "renew the certificate, and have whoever shows it read the new one; see to this machine's clock";
const NOT_YET: &str = "see to this machine's clock, or wait until the certificate is valid";
const CHAIN: &str = "have the proxy send the whole chain, intermediate certificates included (often called fullchain.pem); for an \
                     authority of your own, let this machine believe it (SSL_CERT_FILE, or its store of certificates)";
const NAME: &str =
    "have a certificate made for the name in `public_url`, or set `public_url` to a name that it has";
const ANY: &str = "see to the certificate of whoever answers there";

/// Whether the certificate that was shown there, and believed, is good for a while. One that cannot be read is none of our business.
pub(super) fn of(at: (&'static str, &str), certificate: &[u8], report: &mut Report) {
    let Some((from, until)) = validity(certificate) else { return };
    let faults = expiry(from, until, SystemClock.now()).into_iter().collect();
    report.faults(at, faults, format!("the certificate is believed, and good until {}", moment(until)));
}

fn validity(certificate: &[u8]) -> Option<(UnixMillis, UnixMillis)> {
    let validity = Certificate::from_der(certificate).ok()?.tbs_certificate.validity;
    let at = |time: x509_cert::time::Time| UnixMillis(0).plus(time.to_unix_duration());
    Some((at(validity.not_before), at(validity.not_after)))
}

fn expiry(from: UnixMillis, until: UnixMillis, now: UnixMillis) -> Option<Fault> {
    let soon = SOON.min(from.until(until) / 3);
    let left = now.until(until);
    let days = left.as_secs() / A_DAY.as_secs();
    let what = || {
        format!(
            "the certificate is good until {} only, {days} days from now: then nobody comes through",
            moment(until)
        )
    };
    if left > soon {
        return None;
    }
    Some(if left > soon / LAST { Fault::warning(what(), RENEW) } else { Fault::bad(what(), RENEW) })
}

/// What to do about a certificate that was not believed; `None` where what was told is about something else. The words are those of
/// the library, which has no other way to tell through the one between.
pub(super) fn advice(told: &str) -> Option<&'static str> {
    let told = told.to_ascii_lowercase();
    let has = |word: &str| told.contains(word);
    let known = [
        ("expired", EXPIRED),
        ("not valid yet", NOT_YET),
        ("notvalidyet", NOT_YET),
        ("unknownissuer", CHAIN),
        ("for name", NAME),
    ];
    let advice = known.into_iter().find(|(word, _)| has(word)).map_or(ANY, |(_, advice)| advice);
    has("certificate").then_some(advice)
}

#[cfg(test)]
mod tests {
    use super::super::report::Grade;
    use super::*;

    #[test]
    fn a_certificate_that_ends_soon_is_told_and_a_short_one_has_a_third_of_its_life() {
        let days = |days: u64| UnixMillis(0).plus(A_DAY * u32::try_from(days).unwrap());
        let grade = |until, now| expiry(days(0), days(until), days(now)).map(|fault| fault.grade);
        assert_eq!(
            [75, 76, 86, 87, 95].map(|now| grade(90, now)),
            [None, Some(Grade::Warning), Some(Grade::Warning), Some(Grade::Bad), Some(Grade::Bad)]
        );
        assert_eq!([3, 4, 6].map(|now| grade(6, now)), [None, Some(Grade::Warning), Some(Grade::Bad)]);
    }
}
