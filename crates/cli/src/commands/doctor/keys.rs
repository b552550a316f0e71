//! Signing keys: whether they are changed as often as the configuration says.

use std::time::Duration;

use rotunda_core::keys::SealedSigningKey;
use rotunda_core::keys::ring::{KeyPhase, phases};
use rotunda_core::model::UnixMillis;
use rotunda_core::policy::Policy;

use super::report::Fault;
use crate::output::moment;

const A_DAY: Duration = Duration::from_hours(24);
/// How old a key may grow where nothing changes it by itself.
const A_YEAR: Duration = Duration::from_hours(24 * 365);

/// What is wrong with these, oldest first; there is one at least.
pub(super) fn of(keys: &[SealedSigningKey], policy: &Policy, now: UnixMillis) -> Vec<Fault> {
    let phases = phases(keys, now, Duration::ZERO);
    let of_phase = |wanted: fn(&KeyPhase) -> bool| {
        keys.iter().zip(&phases).find(|(_, phase)| wanted(phase)).map(|(key, _)| key)
    };
    let Some(signing) = of_phase(|phase| *phase == KeyPhase::Signing) else {
        let what = "every signing key is revoked: nobody gets an access token";
        return vec![Fault::bad(what, "start a server, or run `rotunda key rotate`: either makes a key")];
    };
    // Whatever is wrong with the one that signs, its successor will mend it.
    if of_phase(|phase| matches!(phase, KeyPhase::Coming(_))).is_some() {
        return Vec::new();
    }
    let since = moment(signing.signs_from);
    let mut faults = Vec::new();
    match policy.rotate_keys_every {
        Some(every) if signing.signs_from.plus(every).plus(A_DAY) < now => {
            let days = every.as_secs() / A_DAY.as_secs();
            let what = format!(
                "the key that signs does so since {since}, longer than {days} days ([keys] rotate_every)"
            );
            let advice = "a server changes it within a minute of its start; where one runs, its log says why it could not";
            faults.push(Fault::warning(what, advice));
        }
        None if signing.signs_from.plus(A_YEAR) < now => {
            let what = format!(
                "the key that signs does so since {since}, and [keys] rotate_every = \"never\" changes none by itself"
            );
            faults.push(Fault::warning(
                what,
                "run `rotunda key rotate` now and then; nobody is signed out by it",
            ));
        }
        _ => {}
    }
    if signing.algorithm != policy.algorithm.as_str() {
        let (is, wanted) = (&signing.algorithm, policy.algorithm.as_str());
        let what = format!("the key that signs is one for {is}, and [tokens] algorithm says {wanted}");
        faults.push(Fault::warning(
            what,
            "start the servers again with this configuration: a key of that algorithm comes then",
        ));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::report::Grade;
    use super::*;

    fn key(signs_from: UnixMillis, algorithm: &str) -> SealedSigningKey {
        SealedSigningKey {
            kid: format!("{signs_from:?}"),
            algorithm: algorithm.to_owned(),
            master_id: 1,
            sealed: Vec::new(),
            created_at: signs_from,
            signs_from,
            revoked_at: None,
        }
    }

    fn day(day: u32) -> UnixMillis {
        UnixMillis(0).plus(A_DAY * day)
    }

    #[test]
    fn a_key_that_signs_for_too_long_is_told_unless_another_comes() {
        let mut policy = Policy::new("https://example.com");
        let told = |keys: &[SealedSigningKey], policy: &Policy, at| -> Vec<String> {
            of(keys, policy, day(at)).into_iter().map(|fault| fault.what).collect()
        };
        let one = [key(day(0), "ES256")];
        assert_eq!(told(&one, &policy, 91), [""; 0]);
        assert!(told(&one, &policy, 92)[0].contains("longer than 90 days"));
        assert_eq!(told(&[key(day(0), "ES256"), key(day(93), "ES256")], &policy, 92), [""; 0]);
        policy.rotate_keys_every = None;
        assert_eq!(told(&one, &policy, 365), [""; 0]);
        assert!(told(&one, &policy, 366)[0].contains("never"));
        assert!(told(&[key(day(0), "RS256")], &policy, 1)[0].contains("RS256"));
        let mut revoked = key(day(0), "ES256");
        revoked.revoked_at = Some(day(1));
        assert_eq!(of(&[revoked], &policy, day(2))[0].grade, Grade::Bad);
    }
}
