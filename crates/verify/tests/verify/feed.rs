//! Revocations that arrive by the stream.

use rotunda_token::{Claims, SigningKey};
use rotunda_verify::{AccessToken, Limits, Refused, RevokedBy, Verifier};
use serde_json::{Value, json};

use crate::issuer::{Issuer, credentials, heartbeat, key, revocations};
use crate::support::{HandClock, NOW, NOW_MS, seconds, until};

/// So patient that no stream is opened anew for being silent.
pub(crate) const PATIENT: Limits = Limits { connect: seconds(5), answer: seconds(10), silence: seconds(60) };

pub(crate) struct Followed {
    pub(crate) issuer: Issuer,
    pub(crate) key: SigningKey,
    pub(crate) clock: std::sync::Arc<HandClock>,
    pub(crate) verifier: Verifier,
}

/// A verifier that follows, with an empty feed at cursor `c1`.
pub(crate) async fn followed(
    change: impl FnOnce(rotunda_verify::Builder) -> rotunda_verify::Builder,
) -> Followed {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    issuer.world().date = Some(crate::support::NOW_DATE.to_owned());
    let clock = HandClock::new();
    let builder = issuer.builder().cache(100).follow(credentials()).limits(PATIENT).clock(clock.clone());
    let verifier = change(builder).build().unwrap();
    let followed = Followed { issuer, key, clock, verifier };
    followed.opened(1).await;
    followed.page("c1", true, json!([])).await;
    followed.beat("c1").await;
    followed.verifier.ready().await;
    followed
}

impl Followed {
    pub(crate) async fn opened(&self, streams: usize) {
        let open = || {
            let world = self.issuer.world();
            world.streams.len() == streams && !world.open.is_empty()
        };
        until("a stream", open).await;
    }

    pub(crate) async fn page(&self, cursor: &str, full: bool, entries: Value) {
        self.issuer.send(&revocations(cursor, full, NOW_MS, entries)).await;
    }

    pub(crate) async fn beat(&self, cursor: &str) {
        self.issuer.send(&heartbeat(cursor, NOW_MS)).await;
    }

    pub(crate) fn token(&self, change: impl FnOnce(&mut Claims)) -> String {
        let mut claims = self.issuer.claims();
        change(&mut claims);
        self.key.sign(&claims).unwrap()
    }

    pub(crate) fn verify(&self, token: &str) -> Result<AccessToken, Refused> {
        self.verifier.verify(token)
    }

    pub(crate) async fn refused(&self, token: &str, by: RevokedBy) {
        until("the refusal", || self.verify(token) == Err(Refused::Revoked(by))).await;
    }
}

fn session(sid: &str) -> Value {
    json!({"type": "session", "sid": sid, "at": NOW, "exp": NOW + 660, "ending": "logged_out"})
}

#[tokio::test]
async fn a_session_that_ends_is_refused_although_its_token_was_remembered() {
    let service = followed(|builder| builder).await;
    let token = service.token(|_| ());
    let another = service.token(|claims| claims.sid = Some("another".to_owned()));
    let accepted = service.verify(&token).unwrap();
    assert!(service.verify(&token).is_ok());
    assert_eq!(service.verifier.health().cache_hits, 1);

    service.page("c2", false, json!([session(accepted.sid().unwrap())])).await;
    service.refused(&token, RevokedBy::Session).await;
    assert_eq!(service.verifier.still_good(&accepted), Err(Refused::Revoked(RevokedBy::Session)));
    assert!(service.verify(&another).is_ok());
    assert_eq!(service.verifier.health().feed.unwrap().entries, 1);
}

#[tokio::test]
async fn a_users_epoch_refuses_every_older_one_and_no_other() {
    let service = followed(|builder| builder).await;
    let of_epoch = |ep| service.token(|claims| claims.ep = Some(ep));
    let stranger = service.token(|claims| claims.sub = "stranger".to_owned());
    let as_a_service = service.token(|claims| (claims.sid, claims.auth_time, claims.ep) = (None, None, None));
    let sub = service.issuer.claims().sub;
    let user =
        |ep: u64| json!([{"type": "user", "sub": sub, "ep": ep, "at": NOW, "exp": NOW + 660, "ending": "x"}]);
    service.page("c2", false, user(5)).await;
    service.refused(&of_epoch(4), RevokedBy::User).await;
    // One that comes late takes nothing back.
    service.page("c3", false, user(2)).await;
    service.page("c4", false, json!([session("mark")])).await;
    until("the last page", || service.verifier.health().feed.unwrap().entries == 2).await;
    assert_eq!(service.verify(&of_epoch(0)), Err(Refused::Revoked(RevokedBy::User)));
    assert_eq!(service.verify(&of_epoch(4)), Err(Refused::Revoked(RevokedBy::User)));
    for good in [of_epoch(5), of_epoch(6), stranger, as_a_service] {
        assert!(service.verify(&good).is_ok());
    }
}

#[tokio::test]
async fn one_token_can_be_revoked_by_its_id_and_unknown_kinds_are_ignored() {
    let service = followed(|builder| builder).await;
    let (token, sibling) = (service.token(|_| ()), service.token(|claims| claims.jti = "sibling".to_owned()));
    let jti = service.issuer.claims().jti;
    let entries = json!([
        {"type": "planet", "name": "Pluto", "exp": "whenever", "nested": {"type": "session"}},
        {"type": "token", "jti": jti, "at": NOW, "exp": NOW + 660, "since_when": "a later version"},
    ]);
    service.issuer.send("event: weather\ndata: {\"rain\": true}\n\n: a comment\n\n").await;
    service.page("c2", false, entries).await;
    service.refused(&token, RevokedBy::Token).await;
    assert!(service.verify(&sibling).is_ok());
    assert_eq!(service.issuer.world().streams.len(), 1);
}

#[tokio::test]
async fn entries_are_forgotten_after_their_end_and_the_leeway_and_never_before_their_token_dies() {
    let service = followed(|builder| builder.leeway_seconds(100)).await;
    let (short, long) = (service.token(|claims| claims.exp = NOW + 60), service.token(|_| ()));
    let sid = service.issuer.claims().sid.unwrap();
    service.page("c2", false, json!([{"type": "session", "sid": sid, "at": NOW, "exp": NOW + 60}])).await;
    service.refused(&short, RevokedBy::Session).await;
    let entries = || service.verifier.health().feed.unwrap().entries;
    for round in 1..=4 {
        service.clock.pass(seconds(40));
        // With each heartbeat it is looked for what has expired; a new mark shows that it has been.
        service.beat("c2").await;
        service.page("c2", false, json!([session(&format!("mark {round}"))])).await;
        until("the mark", || entries() == 1 + round).await;
        assert!(service.verify(&short).is_err());
    }
    service.clock.pass(seconds(40));
    service.beat("c2").await;
    until("only the marks are left", || entries() == 4).await;
    assert_eq!(service.verify(&short), Err(Refused::Expired));
    assert!(service.verify(&long).is_ok());
}

#[tokio::test]
async fn a_full_page_replaces_what_was_known_and_nothing_passes_while_it_arrives() {
    let service = followed(|builder| builder).await;
    let of = |sid: &str| service.token(|claims| claims.sid = Some(sid.to_owned()));
    let (gone, kept, new) = (of("gone"), of("kept"), of("new"));
    service.page("c2", false, json!([session("gone"), session("kept")])).await;
    service.refused(&kept, RevokedBy::Session).await;

    // In several events; between the first and the second, what comes with the second is in force as before.
    service.page("d1", true, json!([session("new")])).await;
    service.refused(&new, RevokedBy::Session).await;
    assert_eq!(service.verify(&kept), Err(Refused::Revoked(RevokedBy::Session)));
    assert_eq!(service.verify(&gone), Err(Refused::Revoked(RevokedBy::Session)));
    service.page("d1", false, json!([session("kept")])).await;
    service.beat("d1").await;
    until("the replacement", || service.verify(&gone).is_ok()).await;
    assert_eq!(service.verify(&kept), Err(Refused::Revoked(RevokedBy::Session)));
    assert_eq!(service.verify(&new), Err(Refused::Revoked(RevokedBy::Session)));
    assert_eq!(service.verifier.health().feed.unwrap().entries, 2);
}

#[tokio::test]
async fn the_token_for_the_feed_is_asked_for_by_the_book_and_renewed_before_it_ends() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    issuer.world().expires_in = 1;
    let verifier = issuer.builder().follow(credentials()).limits(PATIENT).build().unwrap();
    until("a stream", || !issuer.world().open.is_empty()).await;
    issuer.send(&(revocations("c1", true, NOW_MS, json!([])) + &heartbeat("c1", NOW_MS))).await;
    until("the second stream", || issuer.world().streams.len() == 2).await;
    let streams = issuer.world().streams.clone();
    assert_eq!(streams, [(None, "1".to_owned()), (Some("c1".to_owned()), "2".to_owned())]);
    assert_eq!(issuer.world().token_requests[0], "grant_type=client_credentials&scope=revocations.read");
    drop(verifier);
}

#[tokio::test]
async fn the_background_task_ends_with_the_last_handle() {
    let service = followed(|builder| builder).await;
    let open = service.issuer.world().open.back().unwrap().clone();
    let clone = service.verifier.clone();
    drop(service.verifier);
    assert!(!open.is_closed());
    drop(clone);
    until("the stream is closed by its reader", || open.is_closed()).await;
}
