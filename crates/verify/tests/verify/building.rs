//! What a verifier can be built from.

use std::time::Duration;

use rotunda_verify::{BuildError, Builder, ServiceCredentials, Verifier, WhenStale};

fn builder(issuer: &str) -> Builder {
    Verifier::builder(issuer).audience("a")
}

#[test]
fn an_issuer_without_tls_is_refused_unless_it_is_this_machine() {
    for good in [
        "https://auth.example",
        "http://localhost:8080",
        "http://127.0.0.1:1/",
        "http://[::1]:1",
        "http://a.localhost",
    ] {
        assert!(builder(good).build().is_ok(), "{good}");
    }
    for bad in
        ["http://auth.example", "http://127.0.0.1.example", "http://localhost.example", "http://10.0.0.1"]
    {
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
