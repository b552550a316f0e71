//! The device secret: a token that leaked alone is worth nothing.

use base64ct::{Base64UrlUnpadded, Encoding};
use rotunda_core::denied::Denied;
use rotunda_core::logout::Logout;
use rotunda_core::model::{DeviceSecret, Ending, EventKind};
use rotunda_core::refresh::Attempt;

use crate::support::{HOUR, MINUTE, MS, World, as_ended, denied, over};

fn another_secret() -> DeviceSecret {
    DeviceSecret::from_bytes([0x77; 32])
}

#[tokio::test]
async fn once_shown_the_device_secret_must_always_be_shown() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    w.pass(HOUR);
    w.refreshes(&mut tab).await;
    w.pass(HOUR);
    let leaked = tab.without_device();
    let row = w.row(&tab).await;
    assert!(row.device_shown);
    assert_eq!(w.refused(&leaked).await, Denied::ProofMissing);
    assert_eq!(w.news().await, [w.event(EventKind::ProofMissing, &leaked)]);
    assert_eq!(w.row(&tab).await, row, "a refusal that changes nothing");
    w.refreshes(&mut tab).await;
}

#[tokio::test]
async fn missing_proof_is_written_down_once_a_minute_for_each_address() {
    let w = World::new().await;
    let mut tab = w.register("ada").await;
    w.refreshes(&mut tab).await;
    let here = tab.without_device();
    let there = tab.copied_by("thief").without_device();
    for _ in 0..50 {
        assert_eq!(w.refused(&here).await, Denied::ProofMissing);
    }
    assert_eq!(w.news().await, [w.event(EventKind::ProofMissing, &here)]);
    assert_eq!(w.refused(&there).await, Denied::ProofMissing);
    assert_eq!(w.news().await, [w.event(EventKind::ProofMissing, &there)], "another address is news");
    w.pass(MINUTE);
    assert_eq!(w.refused(&here).await, Denied::ProofMissing);
    assert_eq!(w.news().await, [], "quiet for the minute, its last millisecond included");
    w.pass(MS);
    assert_eq!(w.refused(&here).await, Denied::ProofMissing);
    assert_eq!(w.news().await, [w.event(EventKind::ProofMissing, &here)]);
}

#[tokio::test]
async fn a_client_that_never_shows_its_secret_is_served_all_the_same() {
    let w = World::new().await;
    let mut plain = w.register("ada").await;
    plain.device = None;
    for _ in 0..3 {
        w.pass(HOUR);
        let answer = w.refreshes(&mut plain).await;
        assert_eq!((answer.device, answer.session.device_shown), (None, false), "absent is not different");
    }
    assert_eq!(w.news().await, []);
}

#[tokio::test]
async fn a_different_device_secret_shows_that_the_token_has_moved() {
    for shown_before in [false, true] {
        for generations_behind in 0..4_usize {
            let w = World::new().await;
            let mut tab = w.register("ada").await;
            let mut phone = w.sign_in_app("ada").await;
            tab.device = tab.device.filter(|_| shown_before);
            let mut tokens = vec![tab.clone()];
            for _ in 0..3 {
                w.pass(HOUR);
                tab.make_key();
                w.refreshes(&mut tab).await;
                tokens.push(tab.clone());
            }
            // Even inside the window and with every retry key.
            let moved = tokens[3 - generations_behind].with_device(another_secret());
            assert_eq!(w.refused(&moved).await, Denied::TokenReused, "{generations_behind} behind");
            assert_eq!(w.news().await, [w.ended(Ending::Reused, &moved)]);
            assert_eq!(w.row(&tab).await, as_ended(&tab.session, Ending::Reused, w.clock_now()));
            assert_eq!(w.refused(&tab).await, over(Ending::Reused));
            w.refreshes(&mut phone).await;
        }
    }
}

#[tokio::test]
async fn nothing_that_an_access_token_tells_can_end_a_session() {
    let w = World::new().await;
    let mut victim = w.register("ada").await;
    let attacker = w.register("eve").await;
    w.pass(MINUTE);
    let row = w.row(&victim).await;

    // The attacker knows the session's id, and has an authentic token of their own to cut it into.
    let mut bytes = Base64UrlUnpadded::decode_vec(attacker.token.strip_prefix("rt1_").unwrap()).unwrap();
    bytes[2..18].copy_from_slice(victim.session.id.as_bytes());
    for generation in 0..3_u32 {
        bytes[18..22].copy_from_slice(&generation.to_be_bytes());
        let token = format!("rt1_{}", Base64UrlUnpadded::encode_string(&bytes));
        let forged = Attempt { token: token.clone().into(), ..victim.without_device().attempt() };
        assert_eq!(denied(w.rotunda.refresh(&forged).await), Denied::TokenUnknown);
        let logout = Logout { refresh_token: Some(token.into()), ..Logout::default() };
        w.rotunda.logout(&logout).await.unwrap();
    }
    let sid_alone = Attempt { token: victim.session.id.to_string().into(), ..victim.attempt() };
    assert_eq!(denied(w.rotunda.refresh(&sid_alone).await), Denied::TokenUnknown);
    let access_token = Attempt { token: victim.access.clone().into(), ..victim.attempt() };
    assert_eq!(denied(w.rotunda.refresh(&access_token).await), Denied::TokenUnknown);
    let bearer = w.bearer(&attacker).await;
    let theirs = w.rotunda.end_session(&bearer, victim.session.id, &attacker.caller).await;
    assert_eq!(denied(theirs), Denied::NotFound);
    w.assert_untouched(&victim, &row).await;
    w.refreshes(&mut victim).await;
}
