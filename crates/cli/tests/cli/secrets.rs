//! Nothing secret is found where it should not be: the database files, the log at its most verbose, the operator's output.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::json;

use crate::support::{Answer, PASSWORD, Place, holds, login, post, refresh, refresh_jar, register};

const RETRY_KEY: &str = "a-retry-key-like-no-other-9x";
const NEW_PASSWORD: &str = "staple of four other words";

/// A day with every kind of secret, and all of them.
async fn a_day(place: &Place) -> Vec<(String, String)> {
    let server = place.serve_logging_to("trace.log");
    let (client, url) = (reqwest::Client::new(), server.url.clone());
    let mut secrets =
        vec![("password".to_owned(), PASSWORD.to_owned()), ("retry key".to_owned(), RETRY_KEY.to_owned())];
    let mut keep = |answer: &Answer| {
        for pointer in ["/access_token", "/refresh_token", "/device_secret"] {
            if let Some(secret) = answer.body.pointer(pointer).and_then(|value| value.as_str()) {
                secrets.push((pointer.to_owned(), secret.to_owned()));
            }
        }
        for name in ["rotunda_refresh", "rotunda_device", "rotunda_page"] {
            secrets.extend(
                answer.cookie(name).filter(|c| !c.is_empty()).map(|cookie| (name.to_owned(), cookie)),
            );
        }
    };
    let first = register(&client, &url, "ada@example.com").await;
    let second = refresh(&client, &url, &first, &[RETRY_KEY]).await;
    let reused = refresh(
        &client,
        &url,
        &login(&client, &url, "ada@example.com").await,
        &["not-even-a-good-retry-key"],
    )
    .await;
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    let browser = post(&client, &format!("{url}/auth/login"), &body, &[("origin", &url)]).await;
    let cookie = |name| browser.cookie(name).unwrap();
    let jar = [("rotunda_refresh", cookie("rotunda_refresh")), ("rotunda_device", cookie("rotunda_device"))];
    let jar: Vec<(&str, &str)> = jar.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refreshed = refresh_jar(&client, &url, &jar).await;
    let wrong = json!({"email": "ada@example.com", "password": "a wrong but telling password"});
    let refused = post(&client, &format!("{url}/auth/login"), &wrong, &[("origin", &url)]).await;
    assert_eq!((second.status, browser.status, refreshed.status, refused.status), (200, 200, 200, 401));
    let bearer = format!("Bearer {}", second.text("/access_token"));
    let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    let changed =
        post(&client, &format!("{url}/auth/password/change"), &body, &[("authorization", &bearer)]).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    for answer in [&first, &second, &reused, &browser, &refreshed, &changed] {
        keep(answer);
    }
    secrets.push(("wrong password".to_owned(), "a wrong but telling password".to_owned()));
    secrets.push(("new password".to_owned(), NEW_PASSWORD.to_owned()));
    server.kill();
    secrets
}

/// How a secret may hide: as it is, without its prefix, and as the bytes that it stands for.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let body =
        secret.split_once('_').filter(|(prefix, _)| prefix.len() == 3).map_or(secret, |(_, body)| body);
    let mut forms = vec![secret.as_bytes().to_vec(), body.as_bytes().to_vec()];
    if let Ok(bytes) = Base64UrlUnpadded::decode_vec(body)
        && bytes.len() >= 32
    {
        // Of a refresh token, the secret alone: session id and generation are no secret.
        let secret = if bytes.len() == 70 { bytes[22..54].to_vec() } else { bytes };
        forms.push(secret.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect());
        forms.push(secret);
    }
    forms
}

#[tokio::test]
async fn no_secret_is_found_at_rest_or_in_the_log() {
    let place = Place::new("[log]\nlevel = \"trace\"\n");
    let mut secrets = a_day(&place).await;
    let master = place.read("rotunda-data/master.key");
    let master = master.lines().find(|line| !line.starts_with('#') && !line.is_empty()).unwrap();
    secrets.push(("master key".to_owned(), master.split_whitespace().nth(1).unwrap().to_owned()));
    assert!(secrets.len() > 15, "{}", secrets.len());

    let mut searched = vec![place.path("trace.log")];
    for entry in std::fs::read_dir(place.path("rotunda-data")).unwrap() {
        searched.push(entry.unwrap().path());
    }
    searched.retain(|path| !path.ends_with("master.key"));
    assert!(
        searched.iter().any(|path| path.ends_with("rotunda.db"))
            && searched.iter().any(|p| p.ends_with("rotunda.db-wal")),
        "{searched:?}"
    );
    assert!(holds(&place.path("trace.log"), b"POST"), "the log is verbose, or this test looks at nothing");
    assert!(searched.iter().any(|path| holds(path, b"ada@example.com")), "the search finds what is there");
    // What any unsealed P-256 key in PKCS#8 contains: the names of its algorithm and its curve (RFC 5480 §2.1.1).
    let unsealed_key = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
    for path in &searched {
        assert!(!holds(path, unsealed_key), "a signing key is in {}", path.display());
        for (name, secret) in &secrets {
            for form in forms(secret) {
                assert!(!holds(path, &form), "{name} is in {}", path.display());
            }
        }
    }
}

#[test]
fn files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new("");
    place.serve().kill();
    let mode = |name: &str| std::fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("rotunda-data"), 0o700);
    for file in ["rotunda-data/master.key", "rotunda-data/rotunda.db", "rotunda-data/rotunda.db-wal"] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
}
