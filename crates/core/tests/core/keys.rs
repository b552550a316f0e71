//! Master keys and restarts: what must survive does.

use std::sync::Arc;

use rotunda_core::denied::Denied;
use rotunda_core::keys::{KeyError, MasterKey, MasterKeys, SealedSigningKey};
use rotunda_core::model::{Caller, Ending, EventKind};
use rotunda_core::policy::Policy;
use rotunda_core::reseal::{Needing, Needs, OUTLIVES_LINKS};
use rotunda_core::{Outside, Rotunda, StartError};
use rotunda_testkit::SeededEntropy;
use rotunda_testkit::fixtures::NOW;
use rotunda_token::{Algorithm, SigningKey};

use crate::meddler::Write;
use crate::support::{HOUR, ISSUER, W, World, masters, over};

async fn start(w: &World, keys: MasterKeys) -> Result<Rotunda, StartError> {
    Rotunda::start(w.outside(), keys, Policy::new(ISSUER)).await
}

#[tokio::test]
async fn sessions_go_on_after_a_restart_and_used_tokens_stay_used() {
    let mut w = World::new().await;
    let mut tab = w.register("ada").await;
    let mut other = w.sign_in("ada").await;
    let used = tab.clone();
    w.pass(HOUR);
    let answer = w.refreshes(&mut tab).await;
    w.restart(&[1]).await.unwrap();
    assert_eq!(w.refresh(&used).await.unwrap(), answer, "the window holds across a restart");
    w.bearer(&tab).await;
    w.pass(W);
    w.refreshes(&mut tab).await;
    w.restart(&[1]).await.unwrap();
    w.pass(W);
    assert_eq!(w.refused(&used).await, Denied::TokenReused, "and so does the memory of what was used");
    w.restart(&[1]).await.unwrap();
    assert_eq!(w.refused(&tab).await, over(Ending::Reused));
    assert_eq!(w.refreshes(&mut other).await.session.lineage.generation, 1);
    assert_eq!(w.news().await, [w.ended(Ending::Reused, &used)]);
}

#[tokio::test]
async fn sessions_of_the_first_master_key_go_on_under_the_second() {
    let mut w = World::new().await;
    let mut tab = w.register("ada").await;
    w.pass(HOUR);
    tab.make_key();
    let zero = tab.clone();
    let one = w.refreshes(&mut tab).await;
    assert_eq!(one.session.lineage.key_id, 1);
    w.restart(&[1, 2]).await.unwrap();
    assert_eq!(w.refresh(&zero).await.unwrap(), one, "a replay of a token made before");

    w.pass(HOUR);
    assert_eq!(w.refresh(&zero).await.unwrap().token, one.token, "a late retry of it");
    tab.make_key();
    let first = tab.clone();
    let two = w.refreshes(&mut tab).await;
    assert_eq!((two.session.lineage.key_id, two.session.lineage.previous_key_id), (2, 1));
    assert_eq!(w.refresh(&zero).await.unwrap(), two, "in flight, from the old key into the new one");
    assert_eq!(w.refresh(&first).await.unwrap(), two, "a replay from the old key into the new one");

    w.pass(HOUR);
    assert_eq!(
        w.refresh(&first).await.unwrap().token,
        two.token,
        "a late retry from the old key into the new one"
    );
    tab.make_key();
    let three = w.refreshes(&mut tab).await;
    assert_eq!((three.session.lineage.key_id, three.session.lineage.previous_key_id), (2, 2));
    assert_eq!(w.refresh(&first).await.unwrap(), three, "in flight, with the old key two generations behind");
    assert_eq!(w.refused(&zero).await, Denied::TokenStale);
    assert_eq!(
        w.refused(&zero.without_keys()).await,
        Denied::TokenReused,
        "an old key's token is provably ours still"
    );
    let mut news = w.news().await;
    news.retain(|event| event.kind != EventKind::LateRetry);
    assert_eq!(news, [w.ended(Ending::Reused, &zero)]);
}

#[tokio::test]
async fn without_its_master_key_a_token_is_unknown_and_nothing_is_touched() {
    let mut w = World::new().await;
    let mut old = w.register("ada").await;
    w.restart(&[1, 2]).await.unwrap();
    let mut new = w.sign_in("ada").await;
    // The signing key is sealed under key 1 too: its operator made a new one under key 2 first.
    let mut state = w.store.inner.snapshot();
    state.signing_keys.clear();
    w.store.inner.restore(state);
    w.restart(&[2]).await.unwrap();
    w.pass(HOUR);
    assert_eq!(w.refused(&old).await, Denied::TokenUnknown);
    w.assert_untouched(&old, &old.session).await;
    w.refreshes(&mut new).await;
    w.restart(&[1, 2]).await.unwrap();
    w.refreshes(&mut old).await;
}

#[tokio::test]
async fn a_signing_key_whose_master_key_is_gone_stops_the_start_and_says_so() {
    let w = World::new().await;
    let error = start(&w, masters(&[2])).await.err().unwrap();
    assert!(matches!(error, StartError::Key(KeyError::UnknownMaster(1))), "{error}");
}

#[tokio::test]
async fn a_wrong_master_key_is_refused_at_the_start() {
    let w = World::new().await;
    let wrong = || (1, MasterKey::from_bytes([0x66; 32]));
    for keys in [vec![wrong()], vec![wrong(), (2, MasterKey::from_bytes([2; 32]))]] {
        let error = start(&w, MasterKeys::new(keys).unwrap()).await.err().unwrap();
        assert!(matches!(error, StartError::WrongMasterKey(1)), "{error}");
    }
    start(&w, masters(&[1])).await.unwrap();
}

#[tokio::test]
async fn a_store_that_is_down_at_the_start_is_not_a_wrong_key() {
    let w = World::new().await;
    w.store.inner.set_out(true);
    let error = start(&w, masters(&[1])).await.err().unwrap();
    assert!(matches!(error, StartError::Store(_)), "{error}");
}

#[tokio::test]
async fn of_two_servers_that_start_at_once_one_makes_the_signing_key_and_both_use_it() {
    let mut w = World::new().await;
    let mut state = w.store.inner.snapshot();
    state.signing_keys.clear();
    w.store.inner.restore(state);
    let first = Outside { entropy: Arc::new(SeededEntropy::new(2)), ..w.outside() };
    w.store.before(Write::AddSigningKey, async move {
        Rotunda::start(first, masters(&[1]), Policy::new(ISSUER)).await.unwrap();
    });
    w.restart(&[1]).await.unwrap();
    let keys = w.store.inner.snapshot().signing_keys;
    assert_eq!(keys.len(), 1);
    let published: Vec<_> = w.rotunda.jwks().keys.into_iter().map(|key| key.kid).collect();
    assert_eq!(published, [Some(keys[0].kid.clone())], "the second published the winner's");
    let tab = w.register("ada").await;
    w.restart(&[1]).await.unwrap();
    w.bearer(&tab).await;
}

#[test]
fn master_keys_have_ids_from_1_to_255_and_the_highest_is_current() {
    let key = || MasterKey::from_bytes([1; 32]);
    assert_eq!(MasterKeys::new([]).err(), Some(KeyError::None));
    assert_eq!(MasterKeys::new([(0, key())]).err(), Some(KeyError::IdZero));
    assert_eq!(masters(&[3, 255, 7]).current_id(), 255);
    assert_eq!(masters(&[1]).checks().count(), 1);
    assert_ne!(
        masters(&[1]).checks().next(),
        MasterKeys::new([(1, MasterKey::from_bytes([9; 32]))]).unwrap().checks().next()
    );
}

/// Somebody who writes to the database cannot pass one key off as another: the seal covers whose it is.
#[test]
fn a_sealed_key_opens_as_itself_alone() {
    let masters = masters(&[1, 2]);
    let (key, secret) = SigningKey::generate(Algorithm::Es256).unwrap();
    let whole = (key.kid(), Algorithm::Es256, secret.expose());
    let sealed = SealedSigningKey::seal(&masters, whole, [7; 12], (NOW, NOW)).unwrap();
    assert_eq!(sealed.open(&masters).unwrap().kid(), key.kid());
    let mut sealed_byte = sealed.sealed.clone();
    sealed_byte[20] ^= 1;
    let changed = [
        SealedSigningKey { kid: "another".to_owned(), ..sealed.clone() },
        SealedSigningKey { algorithm: "EdDSA".to_owned(), ..sealed.clone() },
        SealedSigningKey { master_id: 1, ..sealed.clone() },
        SealedSigningKey { sealed: sealed_byte, ..sealed.clone() },
        SealedSigningKey { sealed: Vec::new(), ..sealed.clone() },
    ];
    for key in changed {
        assert_eq!(key.open(&masters).err(), Some(KeyError::Seal(key.master_id)), "{}", key.kid);
    }
    let elsewhere = SealedSigningKey { master_id: 3, ..sealed };
    assert_eq!(elsewhere.open(&masters).err(), Some(KeyError::UnknownMaster(3)));
}

#[tokio::test]
async fn what_is_sealed_anew_is_the_same_key_and_needs_the_old_master_key_no_more() {
    let mut w = World::new().await;
    let mut tab = w.register("ada").await;
    w.restart(&[1, 2]).await.unwrap();
    let before = w.store.inner.snapshot().signing_keys;
    let done = w.rotunda.reseal(&Caller::default()).await.unwrap();
    assert_eq!((done.master_id, done.signing_keys, done.webhooks), (2, 1, 0));
    let after = w.store.inner.snapshot().signing_keys;
    assert_eq!((after[0].master_id, &after[0].kid), (2, &before[0].kid));
    assert_ne!(after[0].sealed, before[0].sealed);
    w.bearer(&tab).await;
    let again = w.rotunda.reseal(&Caller::default()).await.unwrap();
    assert_eq!((again.signing_keys, again.webhooks), (0, 0), "there is nothing left to do");
    w.pass(HOUR);
    w.refreshes(&mut tab).await;
    w.restart(&[2]).await.unwrap();
    w.bearer(&tab).await;
    w.pass(HOUR);
    w.refreshes(&mut tab).await;
}

#[tokio::test]
async fn what_still_needs_an_old_master_key_is_counted_until_nothing_does() {
    let mut w = World::new().await;
    let mut tab = w.register("ada").await;
    let gone = w.sign_in("ada").await;
    w.rotunda.chain_audit().await.unwrap();
    let keep = w.rotunda.policy().keep_events;
    let signed = Needing { count: 2, until: Some(w.clock_now().plus(keep)) };
    w.restart(&[1, 2]).await.unwrap();
    let both = w.rotunda.needs_master(1).await.unwrap();
    assert_eq!((both.signing_keys, both.webhooks, both.sessions.count), (1, 0, 2));
    assert_eq!(both.places, signed, "the head, and the checkpoint beside it");
    assert!(both.sessions.until.is_some() && !both.is_empty());
    let nothing_yet = Needs { maybe_links: true, ..Needs::default() };
    assert_eq!(w.rotunda.needs_master(2).await.unwrap(), nothing_yet);

    w.rotunda.reseal(&Caller::default()).await.unwrap();
    w.logs_out(&gone).await;
    for left in [1, 1, 0] {
        let now = w.rotunda.needs_master(1).await.unwrap();
        assert_eq!(
            (now.signing_keys, now.sessions.count),
            (0, left),
            "the token before the current one counts"
        );
        w.pass(HOUR);
        w.refreshes(&mut tab).await;
    }
    w.rotunda.chain_audit().await.unwrap();
    let last = w.rotunda.needs_master(1).await.unwrap();
    assert_eq!(last.sessions, Needing::default());
    assert_eq!(last.places.count, 1, "the checkpoint");
    assert_eq!(last.places.until, signed.until);
    // What is not written down anywhere: how old the links are that letters have carried.
    w.pass(OUTLIVES_LINKS - HOUR);
    assert!(w.rotunda.needs_master(1).await.unwrap().maybe_links);
    w.pass(HOUR);
    let last = w.rotunda.needs_master(1).await.unwrap();
    assert_eq!((last.maybe_links, last.places.count, last.is_empty()), (false, 1, false));

    w.pass(keep);
    while w.rotunda.sweep().await.unwrap().is_full() {}
    w.pass(OUTLIVES_LINKS);
    assert!(w.rotunda.needs_master(1).await.unwrap().is_empty(), "its checkpoint was forgotten");
}
