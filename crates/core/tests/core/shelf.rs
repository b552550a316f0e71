//! What is kept in memory follows the store, whatever is wrong with a part of it.

use rotunda_core::Rotunda;
use rotunda_core::clients::{AddedClient, ClientCredentials, ClientProof, NewClient};
use rotunda_core::denied::Denied;
use rotunda_core::login::Login;
use rotunda_core::logout::Logout;
use rotunda_core::model::{Caller, ClientId, ClientKind, SecretText, SessionId, TokenSecret};
use rotunda_core::policy::Policy;
use rotunda_core::refresh::{RefreshToken, Twice};
use rotunda_core::revoke_token::RevokeToken;

use crate::meddler::Write;
use crate::support::{HOUR, MINUTE, SECOND, World, caller, denied, failure, masters};

async fn added(w: &World, name: &str, kind: ClientKind) -> (AddedClient, ClientProof) {
    let scopes = if kind == ClientKind::Service { vec!["reports.read".to_owned()] } else { Vec::new() };
    let new = NewClient { id: name.to_owned(), kind: Some(kind), scopes };
    let added = w.rotunda.add_client(&new, &Caller::default()).await.unwrap();
    let id = ClientId(name.to_owned());
    let credentials = ClientCredentials { id, secret: added.secret.clone().unwrap() };
    let proof = w.rotunda.authenticate(&credentials, &caller("192.0.2.1")).await.unwrap();
    (added, proof)
}

#[tokio::test]
async fn a_key_that_does_not_open_here_keeps_no_revocation_out_and_signs_nobody_out() {
    let mut w = World::new().await;
    let mut tab = w.register("ada").await;
    // The master keys are rolled out one server at a time; the first one that has the new key revokes the signing key.
    let policy = w.rotunda.policy().clone();
    let other = Rotunda::start(w.outside(), masters(&[1, 2]), policy).await.unwrap();
    let old = w.rotunda.signing_keys().await.unwrap()[0].kid.clone();
    other.revoke_key(&old, &Caller::default()).await.unwrap();
    w.rotunda.look_at_shelf().await.unwrap();
    assert_eq!(w.rotunda.unopened_keys().len(), 1);

    // The revoked key signs no more and is not published; what it has signed may be anything, but is not let in.
    assert!(failure(w.rotunda.bearer(&tab.access).await).is_temporary());
    assert!(failure(w.rotunda.refresh(&tab.attempt()).await).is_temporary());
    assert_eq!(w.rotunda.jwks().keys.len(), 0);
    assert!(w.rotunda.ready().await.unwrap_err().is_temporary());
    // A good token of the other server is an outage here, and nobody is told that they are signed out.
    let grant = other.refresh(&tab.attempt()).await.unwrap();
    assert!(failure(w.rotunda.bearer(grant.access_token.expose()).await).is_temporary());
    let mut moved = tab.clone();
    moved.token = grant.refresh_token.expose().to_owned();
    assert!(failure(w.rotunda.refresh(&moved.attempt()).await).is_temporary());
    // Everything else is taken over, and tidied up.
    added(&w, "svc", ClientKind::Service).await;
    assert!(w.rotunda.sweep().await.is_ok());

    w.restart(&[1, 2]).await.unwrap();
    assert_eq!(w.rotunda.unopened_keys(), [""; 0]);
    w.rotunda.bearer(grant.access_token.expose()).await.unwrap();
    tab.token = grant.refresh_token.expose().to_owned();
    w.refreshes(&mut tab).await;
}

/// The file with the new master key came to all servers but this one.
#[tokio::test]
async fn a_token_under_a_master_key_of_other_servers_is_an_outage_wherever_it_is_shown() {
    let w = World::new().await;
    let old = w.register("ada").await;
    let policy = w.rotunda.policy().clone();
    let other = Rotunda::start(w.outside(), masters(&[1, 2]), policy.clone()).await.unwrap();
    w.rotunda.look_at_shelf().await.unwrap();
    assert_eq!(w.rotunda.unopened_keys(), [""; 0], "nothing is sealed anew yet");
    let mut tab = old.clone();
    tab.token = other.refresh(&tab.attempt()).await.unwrap().refresh_token.expose().to_owned();
    let token = || SecretText::new(tab.token.clone());

    assert!(failure(w.rotunda.refresh(&tab.attempt()).await).is_temporary());
    let logout = Logout { refresh_token: Some(token()), ..Logout::default() };
    assert!(failure(w.rotunda.logout(&logout).await).is_temporary());
    let revoke =
        RevokeToken { token: token(), client_id: ClientId::web(), proof: None, caller: Caller::default() };
    assert!(failure(w.rotunda.revoke_token(&revoke).await).is_temporary());
    let (_, shop) = added(&w, "shop", ClientKind::Confidential).await;
    assert!(failure(w.rotunda.introspect(&shop, &tab.token).await.map(|_| ())).is_temporary());
    // Beside it, the token that its session has left behind is not the newest.
    let tokens = vec![SecretText::new(old.token.clone()), token()];
    let picked = w.rotunda.pick(Twice { tokens, devices: Vec::new(), pages: None }).await;
    assert!(picked.is_err_and(|failure| failure.is_temporary()));
    // What else a logout names has ended all the same.
    let logout = Logout { bearer: Some(SecretText::new(old.access.clone())), ..logout };
    assert!(failure(w.rotunda.logout(&logout).await).is_temporary());
    assert!(matches!(denied(other.refresh(&tab.attempt()).await), Denied::SessionEnded(_)));

    // A key that was taken out of the file on purpose is none that others have, and nor is one that nobody has.
    let mut bob = w.register("bob").await;
    other.reseal(&Caller::default()).await.unwrap();
    let last = Rotunda::start(w.outside(), masters(&[2]), policy).await.unwrap();
    assert_eq!(denied(last.refresh(&bob.attempt()).await), Denied::TokenUnknown);
    bob.token = made_up_under(3);
    assert_eq!(denied(w.rotunda.refresh(&bob.attempt()).await), Denied::TokenUnknown);
}

/// A text of the form of a refresh token, under a master key of that id.
fn made_up_under(key_id: u8) -> String {
    let keys = masters(&[key_id]);
    RefreshToken::first(&keys, SessionId::from_bytes([7; 16]), TokenSecret::from_bytes([7; 32]))
        .and_then(|token| token.expose_text(&keys))
        .unwrap()
}

#[tokio::test]
async fn what_is_not_there_while_the_store_is_away_is_an_outage() {
    let w = World::new().await;
    let other = Rotunda::start(w.outside(), masters(&[1]), w.rotunda.policy().clone()).await.unwrap();
    let tab = w.register("ada").await;
    let kid = other.signing_keys().await.unwrap()[0].kid.clone();
    other.revoke_key(&kid, &Caller::default()).await.unwrap();
    let grant = other.refresh(&tab.attempt()).await.unwrap();
    w.store.inner.set_out(true);
    // Each of them, not only the first.
    for _ in 0..20 {
        assert!(failure(w.rotunda.bearer(grant.access_token.expose()).await).is_temporary());
    }
    w.store.inner.set_out(false);
    for _ in 0..20 {
        w.rotunda.bearer(grant.access_token.expose()).await.unwrap();
    }
}

#[tokio::test]
async fn a_client_that_was_removed_is_nobody_although_the_configuration_names_it() {
    let w = World::with(|policy| {
        for (name, kind) in [("shop", ClientKind::Confidential), ("svc", ClientKind::Service)] {
            policy.clients.insert(ClientId(name.to_owned()), Policy::builtin(name, kind));
        }
    })
    .await;
    w.register("ada").await;
    let (_, shop) = added(&w, "shop", ClientKind::Confidential).await;
    let (_, svc) = added(&w, "svc", ClientKind::Service).await;
    let tab = w.sign_in_with("ada", Login { proof: Some(shop.clone()), ..World::login_of("ada") }).await;
    let token = w.rotunda.client_credentials(&svc, None).await.unwrap().access_token.expose().to_owned();
    w.rotunda.service(&token).await.unwrap();
    w.bearer(&tab).await;
    for name in ["shop", "svc"] {
        w.rotunda.remove_client(&ClientId(name.to_owned()), &Caller::default()).await.unwrap();
    }
    assert_eq!(denied(w.rotunda.bearer(&tab.access).await), Denied::ClientMismatch);
    assert_eq!(denied(w.rotunda.service(&token).await), Denied::TokenUnknown);

    // Another one of that name does not inherit what the first one was given.
    w.pass(2 * MINUTE);
    added(&w, "shop", ClientKind::Confidential).await;
    added(&w, "svc", ClientKind::Service).await;
    assert_eq!(denied(w.rotunda.bearer(&tab.access).await), Denied::ClientMismatch);
    assert_eq!(denied(w.rotunda.service(&token).await), Denied::TokenUnknown);
}

#[tokio::test]
async fn two_servers_of_two_algorithms_do_not_rotate_against_each_other() {
    let w = World::new().await;
    let policy = Policy { algorithm: rotunda_token::Algorithm::EdDsa, ..w.rotunda.policy().clone() };
    let other = Rotunda::start(w.outside(), masters(&[1]), policy).await.unwrap();
    for _ in 0..10 {
        w.pass(HOUR + SECOND);
        w.rotunda.sweep().await.unwrap();
        other.sweep().await.unwrap();
    }
    let keys = w.rotunda.signing_keys().await.unwrap();
    assert!(keys.len() <= 2, "{keys:?}");
}

#[tokio::test]
async fn an_algorithm_that_an_outage_kept_from_taking_over_does_so_afterwards() {
    let w = World::new().await;
    let policy = Policy { algorithm: rotunda_token::Algorithm::EdDsa, ..w.rotunda.policy().clone() };
    let server = Rotunda::start(w.outside(), masters(&[1]), policy).await.unwrap();
    let store = w.store.clone();
    w.store.before(Write::AddSigningKey, async move { store.inner.set_out(true) });
    assert!(server.sweep().await.unwrap_err().is_temporary());
    w.store.inner.set_out(false);
    assert_eq!(server.signing_keys().await.unwrap().len(), 1);
    server.sweep().await.unwrap();
    assert_eq!(server.signing_keys().await.unwrap().len(), 2);
}

#[tokio::test]
async fn whoever_registers_a_public_client_of_the_configuration_signs_nobody_out() {
    let kiosk = ClientId("kiosk".to_owned());
    let w = World::with(|policy| {
        policy.clients.insert(kiosk.clone(), Policy::builtin("kiosk", ClientKind::Native));
    })
    .await;
    w.register("ada").await;
    let login = Login { client_id: Some(kiosk.clone()), ..World::login_of("ada") };
    let mut tab = w.sign_in_with("ada", login).await;
    w.pass(HOUR);
    w.refreshes(&mut tab).await;
    let new = NewClient { id: kiosk.0, kind: None, scopes: Vec::new() };
    w.rotunda.add_client(&new, &Caller::default()).await.unwrap();
    w.bearer(&tab).await;
    w.refreshes(&mut tab).await;
}
