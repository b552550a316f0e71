//! Signing keys: what the operator does beside one server, all servers do.

use reqwest::Client;
use serde_json::Value;

use super::{Fleet, UNLIMITED, client, until};
use crate::support::{get, refresh, register};

async fn published(client: &Client, url: &str) -> Vec<String> {
    let answer = client.get(format!("{url}/.well-known/jwks.json")).send().await.unwrap();
    let keys: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// The key that signed a token, as its header says.
fn signer(token: &str) -> String {
    use base64ct::{Base64UrlUnpadded, Encoding};
    let header = Base64UrlUnpadded::decode_vec(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_and_an_emergency_reach_every_server() {
    let fleet = Fleet::start("keys", UNLIMITED);
    let client = client();
    let session = register(&client, fleet.url(0), "ada@example.com").await;
    let old = signer(&session.text("/access_token"));
    for url in fleet.urls() {
        assert_eq!(
            published(&client, &url).await,
            std::slice::from_ref(&old),
            "three servers that start at once have one key"
        );
    }

    let rotated = fleet.place.json(&["key", "rotate"], "");
    let coming = rotated["key"]["kid"].as_str().unwrap().to_owned();
    for url in fleet.urls() {
        until("the coming key is published everywhere", || async {
            published(&client, &url).await.contains(&coming)
        })
        .await;
    }

    fleet.place.json(&["key", "revoke", &old], "");
    for url in fleet.urls() {
        until("what the revoked key has signed is refused everywhere", || async {
            get(&client, &format!("{url}/auth/me"), &session.text("/access_token")).await.status == 401
        })
        .await;
        assert!(!published(&client, &url).await.contains(&old));
    }
    // Sessions go on, with tokens that every server accepts.
    let mut session = session;
    for turn in 0..3 {
        session = refresh(&client, fleet.url(turn), &session, &[]).await;
        assert_eq!(session.status, 200, "{session:?}");
        let token = session.text("/access_token");
        assert_ne!(signer(&token), old);
        for url in fleet.urls() {
            let me = get(&client, &format!("{url}/auth/me"), &token).await;
            assert_eq!(me.status, 200, "{me:?}");
        }
    }
}
