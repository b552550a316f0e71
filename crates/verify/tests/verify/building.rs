//! What a verifier can be built from.

use std::time::Duration;

use rotunda_verify::{BuildError, Builder, ServiceCredentials, Verifier, WhenStale};

use crate::issuer::{Issuer, key};
use crate::support::until;

fn builder(issuer: &str) -> Builder {
    Verifier::builder(issuer).audience("a")
}

#[test]
fn an_issuer_without_tls_is_refused_unless_it_is_this_machine() {
    for good in ["https://auth.example", "http://localhost:8080", "http://127.0.0.1:1/", "http://[::1]:1"] {
        assert!(builder(good).build().is_ok(), "{good}");
    }
    for bad in [
        "http://auth.example",
        "http://127.0.0.1.example",
        "http://localhost.example",
        "http://10.0.0.1",
        "http://a.localhost",
    ] {
        let Err(error) = builder(bad).build() else { panic!("{bad}") };
        assert!(matches!(error, BuildError::NotHttps { .. }), "{bad}");
        assert!(error.to_string().contains("could replace the issuer's keys"));
        assert!(matches!(
            builder("https://a.example").jwks_url(bad).build(),
            Err(BuildError::NotHttps { .. })
        ));
    }
    for none in [
        "",
        "auth.example",
        "ftp://localhost",
        "https://u:p@auth.example",
        "https://a.example?x",
        "https://a.example#x",
    ] {
        assert!(matches!(builder(none).build(), Err(BuildError::Url { .. })), "{none}");
    }
}

#[test]
fn what_cannot_work_is_said_when_it_is_built() {
    let credentials = || ServiceCredentials::new("reports", "secret");
    let refuse = |after| WhenStale::Refuse { after };
    let issuer = "https://auth.example";
    assert!(matches!(Verifier::builder(issuer).build(), Err(BuildError::NoAudience)));
    assert!(matches!(builder(issuer).follow(credentials()).build(), Err(BuildError::NoRuntime)));
    let without = builder(issuer).when_stale(refuse(Duration::from_secs(30)));
    assert!(matches!(without.build(), Err(BuildError::NoFeed)));
    let without = builder(issuer).demand_current_roles();
    assert!(matches!(without.build(), Err(BuildError::NoFeedForRoles)));
    assert!(builder(issuer).poll(credentials()).demand_current_roles().build().is_ok());
    let soon = builder(issuer).poll(credentials()).when_stale(refuse(Duration::from_millis(1999)));
    assert!(matches!(soon.build(), Err(BuildError::StaleTooSoon)));
    assert!(builder(issuer).poll(credentials()).when_stale(refuse(Duration::from_secs(2))).build().is_ok());
}

/// The server keeps an entry for two minutes beyond the last token that it refuses.
#[test]
fn with_a_feed_the_leeway_is_no_longer_than_entries_are_kept() {
    let credentials = || ServiceCredentials::new("reports", "secret");
    let builder = |leeway| builder("https://auth.example").leeway_seconds(leeway);
    assert!(builder(121).build().is_ok());
    assert!(builder(120).poll(credentials()).build().is_ok());
    let Err(error) = builder(121).poll(credentials()).build() else { panic!("121 s") };
    assert!(error.to_string().contains("120 s"), "{error}");
}

/// The key set is on this very machine, the issuer is not: that proxy is for the issuer. Keys that came by it, without
/// TLS, would be the proxy's.
#[tokio::test]
async fn what_is_on_this_machine_is_never_asked_for_by_a_proxy() {
    let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let key = key();
    let keys = Issuer::with_keys(&[&key]).await;
    let mut service = std::process::Command::new(std::env::current_exe().unwrap());
    service.args(["--exact", "building::a_service_behind_a_proxy", "--ignored"]);
    service.env("http_proxy", format!("http://{}", proxy.local_addr().unwrap()));
    service.env("https_proxy", format!("http://{}", proxy.local_addr().unwrap()));
    service.env_remove("no_proxy").env_remove("NO_PROXY").env("ROTUNDA_TEST_KEYS", &keys.url);
    let service = tokio::task::spawn_blocking(move || service.output().unwrap());
    // Behind the proxy nobody answers; what goes there is closed.
    let closing = tokio::spawn(async move { while proxy.accept().await.is_ok() {} });
    let output = service.await.unwrap();
    closing.abort();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(keys.key_fetches(), 1);
}

/// The other process; does nothing on its own.
#[tokio::test]
#[ignore = "the test above runs this in a process of its own"]
async fn a_service_behind_a_proxy() {
    let Ok(keys) = std::env::var("ROTUNDA_TEST_KEYS") else { return };
    let builder = builder("https://auth.example.com").jwks_url(format!("{keys}/.well-known/jwks.json"));
    let verifier = builder.build().unwrap();
    until("the keys", || verifier.health().keys.count == 1).await;
}
