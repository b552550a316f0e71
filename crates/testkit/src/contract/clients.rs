//! Clients that were added while running, and the version of what rarely changes.

use rotunda_core::keys::KeyCheck;
use rotunda_core::model::{ClientId, ClientKind, Ending, EventKind, RegisteredClient, UnixMillis};
use rotunda_core::store::RevokingKey;

use super::scene::{Shelf, a_signed_in_user, at_once, happened, journal, refresh, row, sign_in};
use crate::fixtures::{
    NOW, a_client, a_client_secret, a_key_event, a_revoking, a_sealed_key, a_session, a_user, an_end,
    an_event,
};

pub(super) async fn every_field_of_a_client_survives(store: Shelf) {
    assert_eq!(store.clients().await.unwrap(), []);
    let scopes = ["revocations.read", "a", "\"quoted\""].map(str::to_owned);
    let secrets = [1, 2, 3].map(a_client_secret);
    let mut wanted = Vec::new();
    let kinds = [ClientKind::Confidential, ClientKind::Native, ClientKind::Service, ClientKind::Web];
    for (many, kind) in kinds.into_iter().enumerate() {
        let mut client = RegisteredClient {
            id: ClientId(kind.as_str().to_owned()),
            kind,
            scopes: scopes[..many].to_vec(),
            secrets: secrets[..many].to_vec(),
            created_at: UnixMillis(253_402_300_799_999 - many as i64),
        };
        if let Some(oldest) = client.secrets.first_mut() {
            oldest.ends_at = Some(UnixMillis(NOW.0 + 1));
        }
        assert!(store.add_client(client.clone(), a_key_event(EventKind::ClientAdded)).await.unwrap());
        wanted.push(client);
    }
    assert_eq!(store.clients().await.unwrap(), wanted);
}

pub(super) async fn clients_come_by_id(store: Shelf) {
    let mut wanted = Vec::new();
    for id in ["b", "ab", "a", "B", "z-1", "a.b"] {
        let client = RegisteredClient { id: ClientId(id.to_owned()), ..a_client(1) };
        assert!(store.add_client(client.clone(), a_key_event(EventKind::ClientAdded)).await.unwrap());
        wanted.push(client);
    }
    wanted.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(store.clients().await.unwrap(), wanted);
}

pub(super) async fn the_id_of_a_client_is_given_once_however_many_ask(store: Shelf) {
    let id = a_client(0).id;
    let client = |number: usize| RegisteredClient { id: a_client(0).id, ..a_client(number as u64) };
    let answers = at_once(20, |number| {
        let (store, client) = (store.clone(), client(number));
        async move { store.add_client(client, a_key_event(EventKind::ClientAdded)).await.unwrap() }
    })
    .await;
    let winners: Vec<usize> = (0..20).filter(|number| answers[*number]).collect();
    assert_eq!(winners.len(), 1, "one wins");
    assert_eq!(store.clients().await.unwrap(), [client(winners[0])]);
    assert_eq!(happened(&store).await, [a_key_event(EventKind::ClientAdded)], "one event");
    assert_eq!(store.clients().await.unwrap()[0].id, id);
}

pub(super) async fn secrets_change_from_those_that_were_read(store: Shelf) {
    let (client, other) = (a_client(1), a_client(2));
    for added in [&client, &other] {
        assert!(store.add_client(added.clone(), a_key_event(EventKind::ClientAdded)).await.unwrap());
    }
    let event = a_key_event(EventKind::ClientSecretChanged);
    let (read, new) = (client.secrets.clone(), vec![a_client_secret(8), a_client_secret(9)]);
    let change = async |id: &ClientId, from: &[_], to: &[_]| {
        store.change_secrets(id.clone(), from.to_vec(), to.to_vec(), event.clone()).await.unwrap()
    };
    let before = journal(&store).await;
    let mut ending = read.clone();
    ending[0].ends_at = Some(NOW);
    for (id, from) in [
        (&client.id, &[][..]),
        (&client.id, &new),
        (&client.id, &ending),
        (&client.id, &[read[0].clone(), read[0].clone()]),
        (&ClientId("nobody".to_owned()), &read),
        (&ClientId("nobody".to_owned()), &[]),
    ] {
        assert!(!change(id, from, &new).await, "these are not its secrets");
        assert_eq!(store.clients().await.unwrap(), [client.clone(), other.clone()]);
        assert_eq!(journal(&store).await, before);
    }
    assert!(change(&client.id, &read, &new).await);
    let changed = RegisteredClient { secrets: new.clone(), ..client.clone() };
    assert_eq!(store.clients().await.unwrap(), [changed, other.clone()], "its own, and nobody else's");
    let turned = [new[1].clone(), new[0].clone()];
    assert!(!change(&client.id, &turned, &read).await, "their order counts");
    assert!(change(&client.id, &new, &[]).await);
    assert!(change(&client.id, &[], &read).await);
    assert_eq!(store.clients().await.unwrap(), [client, other]);
    assert_eq!(happened(&store).await.iter().filter(|known| **known == event).count(), 3);
}

pub(super) async fn secrets_change_once_however_many_ask(store: Shelf) {
    let client = a_client(1);
    assert!(store.add_client(client.clone(), a_key_event(EventKind::ClientAdded)).await.unwrap());
    let answers = at_once(20, |number| {
        let (store, client) = (store.clone(), client.clone());
        let to = vec![a_client_secret(100 + number as u64)];
        let event = a_key_event(EventKind::ClientSecretChanged);
        async move { store.change_secrets(client.id, client.secrets, to, event).await.unwrap() }
    })
    .await;
    let winners: Vec<usize> = (0..20).filter(|number| answers[*number]).collect();
    assert_eq!(winners.len(), 1, "one wins");
    assert_eq!(store.clients().await.unwrap()[0].secrets, [a_client_secret(100 + winners[0] as u64)]);
}

pub(super) async fn a_removed_client_is_gone_and_its_sessions_stay(store: Shelf) {
    let (client, other) = (a_client(1), a_client(2));
    for added in [&client, &other] {
        assert!(store.add_client(added.clone(), a_key_event(EventKind::ClientAdded)).await.unwrap());
    }
    let (known, _) = a_signed_in_user(&store, 1).await;
    let session = rotunda_core::model::Session { client_id: client.id.clone(), ..a_session(&known.user, 2) };
    sign_in(&store, &known, &session).await;
    let event = a_key_event(EventKind::ClientRemoved);
    assert!(store.remove_client(client.id.clone(), event.clone()).await.unwrap());
    assert_eq!(store.clients().await.unwrap(), [other]);
    assert_eq!(row(&store, session.id).await, session);
    assert!(!store.remove_client(client.id.clone(), event.clone()).await.unwrap(), "there is none");
    assert_eq!(happened(&store).await.iter().filter(|known| **known == event).count(), 1);
    let again = RegisteredClient { secrets: Vec::new(), ..client };
    assert!(store.add_client(again.clone(), a_key_event(EventKind::ClientAdded)).await.unwrap());
    assert_eq!(store.clients().await.unwrap()[0], again, "without the secrets of the one before");
}

pub(super) async fn the_version_grows_with_each_change_of_keys_and_clients(store: Shelf) {
    let event = a_key_event(EventKind::ClientAdded);
    let client = a_client(1);
    let mut last = store.shelf_version().await.unwrap();
    let mut grown = async |what: &str, done: bool| {
        assert!(done, "{what}");
        let now = store.shelf_version().await.unwrap();
        assert!(now > last, "{what}: {now} comes after {last}");
        last = now;
    };
    let key = |seed: u64| Some(format!("kid-{seed}"));
    grown("a key", store.add_signing_key(a_sealed_key(1), None, None).await.unwrap()).await;
    grown("another", store.add_signing_key(a_sealed_key(2), key(1), None).await.unwrap()).await;
    grown("revoked", store.revoke_key(a_revoking(1, 2)).await.unwrap()).await;
    let succeeded = RevokingKey { successor: Some(a_sealed_key(3)), ..a_revoking(2, 2) };
    grown("with another", store.revoke_key(succeeded).await.unwrap()).await;
    grown("forgotten", store.forget_key("kid-1".to_owned(), NOW).await.unwrap()).await;
    grown("a client", store.add_client(client.clone(), event.clone()).await.unwrap()).await;
    let to = vec![a_client_secret(9)];
    let changed = store.change_secrets(client.id.clone(), client.secrets, to, event.clone()).await;
    grown("another secret", changed.unwrap()).await;
    grown("removed", store.remove_client(client.id, event).await.unwrap()).await;
}

pub(super) async fn the_version_stands_while_keys_and_clients_do(store: Shelf) {
    let event = a_key_event(EventKind::ClientAdded);
    let client = a_client(1);
    assert!(store.add_signing_key(a_sealed_key(1), None, None).await.unwrap());
    assert!(store.add_client(client.clone(), event.clone()).await.unwrap());
    store.key_check(1, KeyCheck([1; 16])).await.unwrap();
    let version = store.shelf_version().await.unwrap();

    let (known, session) = a_signed_in_user(&store, 1).await;
    sign_in(&store, &known, &a_session(&known.user, 2)).await;
    let session = refresh(&store, &session, NOW).await;
    assert!(store.end(an_end(&session, Ending::LoggedOut, NOW)).await.unwrap());
    store.revoke_token("jti".to_owned(), NOW, event.clone()).await.unwrap();
    store.forget_revocations(UnixMillis(i64::MAX), 10).await.unwrap();
    store.note(an_event(EventKind::SignInFailed, &a_user(1)), NOW).await.unwrap();
    store.key_check(1, KeyCheck([1; 16])).await.unwrap();
    store.ready().await.unwrap();
    assert_eq!(store.shelf_version().await.unwrap(), version, "other changes");

    assert!(!store.add_signing_key(a_sealed_key(2), None, None).await.unwrap());
    assert!(!store.revoke_key(a_revoking(2, 1)).await.unwrap());
    assert!(!store.forget_key("kid-2".to_owned(), NOW).await.unwrap());
    assert!(!store.add_client(client.clone(), event.clone()).await.unwrap());
    let to = vec![a_client_secret(9)];
    assert!(!store.change_secrets(client.id.clone(), to.clone(), to, event.clone()).await.unwrap());
    assert!(!store.remove_client(a_client(2).id, event).await.unwrap());
    assert_eq!(store.shelf_version().await.unwrap(), version, "changes that were refused");
}
