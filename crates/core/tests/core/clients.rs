//! Clients authenticate, and act for themselves or for their users as far as they have.

use std::time::Duration;

use rotunda_core::clients::{AddedClient, ClientCredentials, ClientError, ClientProof, NewClient};
use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::introspect::Active;
use rotunda_core::login::Login;
use rotunda_core::model::{
    Caller, Client, ClientId, ClientKind, ClientSecret, Ending, EventKind, MOST_SCOPE_CHARS, SecretText,
    is_scope,
};
use rotunda_core::policy::Policy;
use rotunda_core::refresh::Attempt;
use rotunda_core::register::Register;
use rotunda_core::revoke_token::RevokeToken;
use rotunda_core::store::Clients;

use crate::support::{DAY, HOUR, Holder, MS, World, caller, denied, over};

fn id(name: &str) -> ClientId {
    ClientId(name.to_owned())
}

async fn add(w: &World, name: &str, kind: ClientKind, scopes: &[&str]) -> AddedClient {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    w.rotunda
        .add_client(&NewClient { id: name.to_owned(), kind: Some(kind), scopes }, &Caller::default())
        .await
        .unwrap()
}

async fn shows(w: &World, name: &str, secret: &ClientSecret) -> Result<ClientProof, Error> {
    let credentials = ClientCredentials { id: id(name), secret: secret.clone() };
    w.rotunda.authenticate(&credentials, &caller("192.0.2.1")).await
}

/// A confidential client that has just authenticated.
async fn proof(w: &World, name: &str) -> ClientProof {
    let added = add(w, name, ClientKind::Confidential, &[]).await;
    shows(w, name, &added.secret.unwrap()).await.unwrap()
}

/// Ada, signed in by the shop.
async fn at_shop(w: &World, shop: &ClientProof) -> Holder {
    w.register("ada").await;
    w.sign_in_with("ada", Login { proof: Some(shop.clone()), ..World::login_of("ada") }).await
}

#[tokio::test]
async fn a_secret_is_shown_once_and_only_its_hash_is_kept() {
    let w = World::new().await;
    let AddedClient { client, secret } = add(&w, "shop", ClientKind::Confidential, &[]).await;
    let secret = secret.unwrap();
    assert_eq!(w.store.clients().await.unwrap(), std::slice::from_ref(&client));
    assert_eq!((client.secrets.len(), client.secrets[0].hash), (1, secret.hash()));
    let again = ClientCredentials::new(id("shop"), &SecretText::new(secret.expose_text()));
    let proof = w.rotunda.authenticate(&again, &caller("192.0.2.1")).await.unwrap();
    assert_eq!(proof.client_id(), &id("shop"));
    let news: Vec<_> = w.news().await.into_iter().map(|event| event.kind).collect();
    assert_eq!(news, [EventKind::ClientAdded]);
    for name in ["web", "native", "nobody", ""] {
        assert_eq!(denied(shows(&w, name, &secret).await), Denied::ClientRefused, "{name}");
    }
    let nobodys = ClientCredentials::new(id("shop"), &SecretText::new("rubbish".to_owned()));
    assert_eq!(denied(w.rotunda.authenticate(&nobodys, &caller("192.0.2.1")).await), Denied::ClientRefused);
}

/// The second was brought nowhere: the first, which is deployed, must not end because it is replaced again.
#[tokio::test]
async fn of_a_clients_secrets_three_are_good_at_most_and_none_longer_than_was_said() {
    let w = World::new().await;
    let first = add(&w, "shop", ClientKind::Confidential, &[]).await.secret.unwrap();
    let rotate =
        async |keep| w.rotunda.rotate_client_secret(&id("shop"), keep, &Caller::default()).await.unwrap();
    let good = async |secret: &ClientSecret| shows(&w, "shop", secret).await.is_ok();
    let ends = async || {
        let kept = w.store.clients().await.unwrap().remove(0).secrets;
        kept.iter().map(|kept| kept.ends_at).collect::<Vec<_>>()
    };
    let now = w.clock_now();
    let [hour, soon, later] = [HOUR, DAY, 2 * DAY].map(|keep| now.plus(keep));
    let second = rotate(DAY).await;
    assert_eq!((second.old_until, ends().await), (vec![soon], vec![Some(soon), None]));
    let third = rotate(2 * DAY).await;
    assert_eq!((third.old_until, ends().await), (vec![soon, later], vec![Some(soon), Some(later), None]));
    assert!(good(&first).await && good(&second.secret).await && good(&third.secret).await);
    w.pass(DAY - MS);
    assert!(good(&first).await);
    w.pass(MS);
    assert!(!good(&first).await && good(&second.secret).await && good(&third.secret).await);
    // What has ended takes nobody's place.
    let fourth = rotate(DAY).await;
    assert_eq!(fourth.old_until, [later, later]);
    assert!(good(&second.secret).await && good(&third.secret).await && good(&fourth.secret).await);
    let fifth = rotate(HOUR).await;
    let soon = hour.plus(DAY);
    assert_eq!((fifth.old_until, ends().await), (vec![soon, soon], vec![Some(soon), Some(soon), None]));
    assert!(!good(&second.secret).await && good(&third.secret).await && good(&fourth.secret).await);
    let sixth = rotate(Duration::ZERO).await;
    assert_eq!((sixth.old_until, ends().await), (vec![], vec![None]));
    assert!(!good(&fourth.secret).await && !good(&fifth.secret).await && good(&sixth.secret).await);
}

/// Two operators at once: each gets a secret that is good, and what the first one got is the other's old one.
#[tokio::test]
async fn of_two_who_rotate_at_once_neither_gets_a_secret_that_is_good_for_nothing() {
    let w = World::new().await;
    add(&w, "shop", ClientKind::Confidential, &[]).await;
    let shop = id("shop");
    let nobody = Caller::default();
    let rotate = || w.rotunda.rotate_client_secret(&shop, HOUR, &nobody);
    let (one, other) = tokio::join!(rotate(), rotate());
    for rotated in [one, other] {
        assert!(shows(&w, "shop", &rotated.unwrap().secret).await.is_ok());
    }
}

#[tokio::test]
async fn a_name_is_nobody_elses_and_a_section_of_the_same_kind_holds_for_its_client() {
    let section = Client { access_ttl: HOUR / 2, ..Policy::builtin("shop", ClientKind::Confidential) };
    let w = World::with(|policy| drop(policy.clients.insert(id("shop"), section))).await;
    let add = async |name: &str, kind, scopes: &[&str]| {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        w.rotunda.add_client(&NewClient { id: name.to_owned(), kind, scopes }, &Caller::default()).await
    };
    let listed = w.rotunda.clients().await.unwrap();
    let of = |name: &str| listed.iter().find(|client| client.id == id(name)).unwrap();
    assert!(of("web").works && !of("shop").works, "a section alone has no secret");
    use ClientKind as K;
    assert!(matches!(add("web", Some(K::Web), &[]).await, Err(ClientError::BuiltIn(_))));
    assert!(matches!(add("shop", Some(K::Service), &[]).await, Err(ClientError::Configured { .. })));
    assert!(matches!(add("other", None, &[]).await, Err(ClientError::KindMissing(_))));
    assert!(matches!(add("a b", Some(K::Web), &[]).await, Err(ClientError::Name(_))));
    assert!(matches!(add("x", Some(K::Service), &["a b"]).await, Err(ClientError::Scope(_))));
    assert!(matches!(add("x", Some(K::Confidential), &["a"]).await, Err(ClientError::NoScopes)));
    let many: Vec<String> = (0..33).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(matches!(add("x", Some(K::Service), &many).await, Err(ClientError::ManyScopes)));
    assert_eq!(add("x", Some(K::Service), &many[..32]).await.unwrap().client.scopes.len(), 32);
    // Fifteen of 64 bytes, one of 49, and fifteen spaces.
    let long: Vec<String> =
        (0..16).map(|n| format!("{n:0width$}", width = if n < 15 { 64 } else { 49 })).collect();
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    let fifty = "x".repeat(50);
    let longer = [&long[..15], &[fifty.as_str()]].concat();
    let refused = add("z", Some(K::Service), &longer).await;
    assert!(matches!(refused, Err(ClientError::LongScopes(1025))));
    assert_eq!(add("z", Some(K::Service), &long).await.unwrap().client.scopes.join(" ").len(), 1024);
    assert_eq!(add("y", Some(K::Service), &["b", "a", "b"]).await.unwrap().client.scopes, ["a", "b"]);
    assert!(matches!(add("y", Some(K::Service), &[]).await, Err(ClientError::Taken(_))));
    let shop = add("shop", None, &[]).await.unwrap();
    assert_eq!(shop.client.kind, K::Confidential);
    let shop = shows(&w, "shop", &shop.secret.unwrap()).await.unwrap();
    let ada = at_shop(&w, &shop).await;
    assert_eq!(w.bearer(&ada).await.claims.exp, w.clock_now().seconds() + 1800, "as the section says");
    assert!(w.rotunda.clients().await.unwrap().iter().all(|client| client.works));
}

#[test]
fn a_scope_is_a_token_of_the_rfc() {
    for good in ["a", "revocations.read", "https://x.example/a?b=c#d", "!#[]~", &"a".repeat(MOST_SCOPE_CHARS)]
    {
        assert!(is_scope(good), "{good}");
    }
    let long = "a".repeat(MOST_SCOPE_CHARS + 1);
    for bad in ["", " ", "a b", "a\"", "a\\", "a\n", "\u{7f}", "\u{e4}", &long] {
        assert!(!is_scope(bad), "{bad:?}");
    }
}

/// Nothing is hashed, looked up or written for somebody who only says that they are the shop.
#[tokio::test]
async fn who_signs_in_for_a_client_is_asked_first() {
    let w = World::new().await;
    w.register("ada").await;
    let (shop, other) = (proof(&w, "shop").await, proof(&w, "other").await);
    add(&w, "reports", ClientKind::Service, &[]).await;
    w.news().await;
    let hashed = w.hasher.verifications();
    let named = |name: &str| Some(id(name));
    for (client_id, proof, refused) in [
        (named("shop"), None, Denied::ClientRefused),
        (named("shop"), Some(&other), Denied::ClientMismatch),
        (named("web"), Some(&shop), Denied::ClientMismatch),
        (named("reports"), None, Denied::ClientMayNot),
        (named("reports"), Some(&shop), Denied::ClientMayNot),
        (named("nobody"), None, Denied::ClientUnknown),
    ] {
        let proof = proof.cloned();
        let login = Login { client_id: client_id.clone(), proof: proof.clone(), ..World::login_of("ada") };
        assert_eq!(denied(w.rotunda.login(&login).await), refused);
        let register = Register { client_id, proof, ..World::registration("bob") };
        assert_eq!(denied(w.rotunda.register(&register).await), refused);
    }
    assert_eq!((w.hasher.verifications(), w.news().await), (hashed, vec![]));
    assert_eq!(at_shop_again(&w, &shop).await.session.client_id, id("shop"));
}

async fn at_shop_again(w: &World, shop: &ClientProof) -> Holder {
    let login = Login { client_id: Some(id("shop")), proof: Some(shop.clone()), ..World::login_of("ada") };
    w.sign_in_with("ada", login).await
}

#[tokio::test]
async fn a_confidential_clients_token_is_nothing_without_its_client() {
    let w = World::new().await;
    let (shop, other) = (proof(&w, "shop").await, proof(&w, "other").await);
    let ada = at_shop(&w, &shop).await;
    let with =
        |holder: &Holder, proof: Option<&ClientProof>| Attempt { proof: proof.cloned(), ..holder.attempt() };
    w.pass(HOUR);
    let next = w.rotunda.refresh(&with(&ada, Some(&shop))).await.unwrap();
    w.pass(HOUR);
    w.news().await;
    let row = w.row(&ada).await;
    // A used token, which from the shop itself would end the session.
    let refused = async |attempt: Attempt| denied(w.rotunda.refresh(&attempt).await);
    assert_eq!(refused(with(&ada, None)).await, Denied::ClientRefused);
    assert_eq!(refused(with(&ada, None)).await, Denied::ClientRefused);
    assert_eq!(refused(with(&ada, Some(&other))).await, Denied::ClientMismatch);
    assert_eq!(w.row(&ada).await, row);
    let noted = [w.event(EventKind::ClientRefused, &ada)];
    assert_eq!(
        w.news().await.iter().map(|it| (it.kind, it.session_id)).collect::<Vec<_>>(),
        noted.iter().map(|it| (it.kind, it.session_id)).collect::<Vec<_>>(),
        "once in a minute"
    );
    let newest = Attempt { token: next.refresh_token.clone(), ..with(&ada, Some(&shop)) };
    assert!(w.rotunda.refresh(&newest).await.is_ok());
    w.pass(HOUR);
    assert_eq!(refused(with(&ada, Some(&shop))).await, Denied::TokenReused);
    // Nobody holds a session of a client that is there no more.
    let ada = at_shop_again(&w, &shop).await;
    w.rotunda.remove_client(&id("shop"), &Caller::default()).await.unwrap();
    assert_eq!(refused(with(&ada, Some(&shop))).await, Denied::ClientMismatch);
    assert_eq!(refused(with(&ada, None)).await, Denied::ClientMismatch);
    assert!(w.row(&ada).await.ending_at(w.clock_now()).is_none());
}

#[tokio::test]
async fn what_was_shown_before_a_client_was_removed_is_good_for_nothing_after() {
    let w = World::new().await;
    let added = add(&w, "reports", ClientKind::Service, &["a"]).await;
    let proof = shows(&w, "reports", &added.secret.unwrap()).await.unwrap();
    let grant = w.rotunda.client_credentials(&proof, None).await.unwrap();
    let active = w.rotunda.introspect(&proof, grant.access_token.expose()).await.unwrap();
    assert!(matches!(active, Some(Active::Access(claims)) if claims.scope.as_deref() == Some("a")));
    w.rotunda.remove_client(&id("reports"), &Caller::default()).await.unwrap();
    assert_eq!(denied(w.rotunda.client_credentials(&proof, None).await), Denied::ClientRefused);
    assert_eq!(denied(w.rotunda.introspect(&proof, "x").await), Denied::ClientRefused);
    assert_eq!(denied(w.rotunda.service(grant.access_token.expose()).await), Denied::TokenUnknown);
    let unknown = w.rotunda.remove_client(&id("reports"), &Caller::default()).await;
    assert!(matches!(unknown, Err(ClientError::Unknown(_))));
}

#[tokio::test]
async fn an_access_token_is_revoked_alone_and_a_refresh_token_with_its_session() {
    let w = World::new().await;
    let tab = w.register("ada").await;
    let revoke = async |token: &str, client: &str| {
        let (token, client_id) = (SecretText::new(token.to_owned()), id(client));
        let revoke = RevokeToken { token, client_id, proof: None, caller: caller("192.0.2.1") };
        w.rotunda.revoke_token(&revoke).await
    };
    w.news().await;
    assert_eq!(denied(revoke(&tab.access, "native").await), Denied::ClientMismatch);
    assert_eq!(denied(revoke(&tab.token, "native").await), Denied::ClientMismatch);
    assert_eq!(w.news().await, []);
    revoke(&tab.access, "web").await.unwrap();
    assert_eq!(denied(w.rotunda.bearer(&tab.access).await), Denied::TokenUnknown);
    let news = w.news().await;
    let told: Vec<_> = news.iter().map(|it| (it.kind, it.session_id, it.user_id)).collect();
    assert_eq!(told, [(EventKind::TokenRevoked, Some(tab.session.id), Some(tab.user.id))]);
    assert!(w.row(&tab).await.ending_at(w.clock_now()).is_none());
    revoke(&tab.token, "web").await.unwrap();
    assert_eq!(w.refused(&tab).await, over(Ending::LoggedOut));
    // Whoever only says that they are the shop does not get as far as the token.
    add(&w, "shop", ClientKind::Confidential, &[]).await;
    assert_eq!(denied(revoke(&tab.token, "shop").await), Denied::ClientRefused);
}
