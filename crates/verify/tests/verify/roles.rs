//! Roles that have changed, and everyone who was signed out.

use rotunda_token::Claims;
use rotunda_verify::{Refused, RevokedBy, WhenStale};
use serde_json::{Value, json};

use crate::feed::{Followed, followed};
use crate::issuer::{Issuer, credentials, key};
use crate::support::{HandClock, NOW, seconds, until};

fn everyone(rv: u64) -> Value {
    json!({"type": "everyone", "rv": rv, "at": NOW, "exp": NOW + 660})
}

fn claims(sub: &str, ce: u64) -> Value {
    json!({"type": "claims", "sub": sub, "ce": ce, "at": NOW, "exp": NOW + 660})
}

fn role(role: &str, rv: u64) -> Value {
    json!({"type": "role", "role": role, "rv": rv, "at": NOW, "exp": NOW + 660})
}

/// A service's own token, whatever it says of epochs and roles.
fn of_a_service(claims: &mut Claims) {
    (claims.sid, claims.auth_time, claims.ep, claims.ce, claims.rv) = (None, None, None, None, None);
}

impl Followed {
    /// These have been heard: they came before a mark that has.
    async fn heard(&self, entries: &[Value]) {
        let before = self.verifier.health().feed.unwrap().entries;
        let mark = json!({"type": "token", "jti": format!("mark {before}"), "at": NOW, "exp": NOW + 660});
        let entries: Vec<_> = entries.iter().cloned().chain([mark]).collect();
        let token = self.token(|claims| {
            of_a_service(claims);
            claims.jti = format!("mark {before}");
        });
        self.page(&format!("m{before}"), false, json!(entries)).await;
        self.refused(&token, RevokedBy::Token).await;
    }
}

#[tokio::test]
async fn everyone_of_a_lower_revision_is_refused_whatever_a_service_has_chosen() {
    let service = followed(|builder| builder).await;
    let of = |rv: Option<u64>| service.token(|claims| claims.rv = rv);
    let (without, before, now, later) = (of(None), of(Some(7)), of(Some(8)), of(Some(9)));
    assert!(service.verify(&without).is_ok() && service.verify(&before).is_ok(), "and remembered");
    service.heard(&[everyone(8), everyone(3)]).await;
    for old in [&without, &before] {
        assert_eq!(service.verify(old), Err(Refused::Revoked(RevokedBy::Everyone)));
    }
    for good in [&now, &later, &service.token(of_a_service)] {
        assert!(service.verify(good).is_ok());
    }
    assert_eq!(service.verifier.health().refused.revoked, 3, "the mark and the two");
}

#[tokio::test]
async fn outdated_roles_are_refused_where_current_ones_are_demanded_and_only_there() {
    let demands = followed(|builder| builder.demand_current_roles()).await;
    let does_not = followed(|builder| builder).await;
    for service in [&demands, &does_not] {
        let sub = service.issuer.claims().sub;
        let entries = [claims(&sub, 3), role("viewer", 9), claims("somebody else", 99)];
        // Those that are outdated are remembered as good before.
        let with = |ce: Option<u64>, rv: Option<u64>, role: &str| {
            service.token(|claims| {
                (claims.ce, claims.rv, claims.roles) = (ce, rv, vec!["editor".to_owned(), role.to_owned()]);
            })
        };
        let outdated = [
            with(Some(2), Some(9), "author"),
            with(None, Some(9), "author"),
            with(Some(3), Some(8), "viewer"),
            with(Some(3), None, "viewer"),
        ];
        let current = [
            with(Some(3), Some(9), "viewer"),
            with(Some(4), Some(10), "viewer"),
            // A role that the token does not have may have changed as it likes.
            with(Some(3), None, "author"),
            service.token(of_a_service),
        ];
        for token in outdated.iter().chain(&current) {
            assert!(service.verify(token).is_ok());
        }
        service.heard(&entries).await;
        for token in &current {
            assert!(service.verify(token).is_ok());
        }
        let is_demanded = std::ptr::eq(service, &raw const demands);
        for token in &outdated {
            let judged = service.verify(token);
            assert_eq!(judged.err(), is_demanded.then_some(Refused::Outdated));
        }
        let counted = service.verifier.health().refused.outdated;
        assert_eq!(counted, if is_demanded { 4 } else { 0 });
    }
}

#[tokio::test]
async fn a_connection_that_goes_on_hears_of_it_and_a_session_that_ended_is_no_matter_of_roles() {
    let service = followed(|builder| builder.demand_current_roles()).await;
    let issued = service.issuer.claims();
    let connection = service.verify(&service.token(|_| ())).unwrap();
    service.heard(&[claims(&issued.sub, 3)]).await;
    assert_eq!(service.verifier.still_good(&connection), Err(Refused::Outdated));
    let ended = json!({"type": "session", "sid": issued.sid, "at": NOW, "exp": NOW + 660});
    service.heard(&[ended]).await;
    let judged = service.verifier.still_good(&connection);
    assert_eq!(judged, Err(Refused::Revoked(RevokedBy::Session)));
}

#[tokio::test]
async fn what_is_outdated_counts_before_a_feed_that_is_stale_and_is_forgotten_after_its_end() {
    let refuse = WhenStale::Refuse { after: seconds(30) };
    let service =
        followed(|builder| builder.demand_current_roles().leeway_seconds(0).when_stale(refuse)).await;
    let sub = service.issuer.claims().sub;
    let (old, new) =
        (service.token(|_| ()), service.token(|claims| (claims.ce, claims.rv) = (Some(3), Some(9))));
    service.page("c2", false, json!([claims(&sub, 3), role("editor", 9), everyone(1)])).await;
    until("it is heard", || service.verify(&old) == Err(Refused::Outdated)).await;
    let entries = || service.verifier.health().feed.unwrap().entries;
    assert_eq!(entries(), 3);
    service.clock.pass(seconds(31));
    assert_eq!(service.verify(&old), Err(Refused::Outdated), "refreshing helps, waiting does not");
    assert!(matches!(service.verify(&new), Err(Refused::Unavailable(_))));
    service.clock.pass(seconds(660));
    service.beat("c2").await;
    until("it is forgotten", || entries() == 0).await;
}

/// To skip what cannot be understood would be to accept what was revoked; unknown kinds are another matter.
#[tokio::test]
async fn an_entry_without_its_number_is_an_error_of_the_whole_page() {
    let key = key();
    for (entry, is_good) in [
        (everyone(1), true),
        (json!({"type": "everyone", "at": NOW, "exp": NOW + 660}), false),
        (json!({"type": "everyone", "rv": -1, "at": NOW, "exp": NOW + 660}), false),
        (json!({"type": "claims", "sub": "s", "at": NOW, "exp": NOW + 660}), false),
        (json!({"type": "claims", "sub": "s".repeat(257), "ce": 1, "at": NOW, "exp": NOW + 660}), false),
        (json!({"type": "role", "role": "r", "exp": NOW + 660}), false),
        (json!({"type": "role", "role": "r".repeat(257), "rv": 1, "exp": NOW + 660}), false),
        (json!({"type": "role", "role": "r", "rv": 1, "exp": NOW + 660}), true),
    ] {
        let issuer = Issuer::with_keys(&[&key]).await;
        issuer.world().page["entries"] = json!([entry]);
        let builder = issuer.builder().poll(credentials()).clock(HandClock::new());
        let polled = builder.build().unwrap().poll_revocations().await;
        assert_eq!(polled.is_ok(), is_good, "{entry}");
    }
}
