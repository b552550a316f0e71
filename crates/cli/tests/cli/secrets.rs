//! Nothing secret is found where it should not be: the database files, the log at its most verbose, the letters.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::json;

use crate::support::{Answer, PASSWORD, Place, holds, login, post, refresh, refresh_jar, register};

const LINK: &str = "link";
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
    let link = token_of_a_letter(place).await;
    let page = client.get(format!("{url}/report?token={link}")).send().await.unwrap();
    assert_eq!(page.status(), 200);
    secrets.push((LINK.to_owned(), link));
    server.kill();
    secrets
}

/// What is in the link of the letter that tells of the new password: in the letter, and nowhere else.
async fn token_of_a_letter(place: &Place) -> String {
    for _ in 0..200 {
        let letter =
            letters(place).into_iter().find(|path| path.to_str().unwrap().contains("password_changed"));
        if let Some(letter) = letter {
            // Quoted-printable: lines are broken, and `=` is written as `=3D`.
            let text = std::fs::read_to_string(letter).unwrap().replace("=\r\n", "").replace("=3D", "=");
            return text.split_once("?token=").unwrap().1.split_whitespace().next().unwrap().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no letter tells of the new password: {:?}", letters(place));
}

fn letters(place: &Place) -> Vec<PathBuf> {
    files(&place.path("rotunda-data/mail"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "eml"))
        .collect()
}

/// The files of a folder and all below it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// How a secret may hide: as it is, without its prefix, and as the bytes that it stands for.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let body =
        secret.split_once('_').filter(|(prefix, _)| prefix.len() == 3).map_or(secret, |(_, body)| body);
    let mut forms = vec![secret.as_bytes().to_vec(), body.as_bytes().to_vec()];
    if let Ok(bytes) = Base64UrlUnpadded::decode_vec(body)
        && bytes.len() >= 32
    {
        // Of a refresh token and of a link, the secret alone: ids, generation and purpose are no secret.
        let secret = match bytes.len() {
            70 => bytes[22..54].to_vec(),
            50 => bytes[18..].to_vec(),
            _ => bytes,
        };
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
    searched.extend(files(&place.path("rotunda-data")));
    searched.retain(|path| !path.ends_with("master.key"));
    assert!(
        searched.iter().any(|path| path.ends_with("rotunda.db"))
            && searched.iter().any(|p| p.ends_with("rotunda.db-wal"))
            && !letters(&place).is_empty(),
        "{searched:?}"
    );
    assert!(holds(&place.path("trace.log"), b"POST"), "the log is verbose, or this test looks at nothing");
    assert!(searched.iter().any(|path| holds(path, b"ada@example.com")), "the search finds what is there");
    // What any unsealed P-256 key in PKCS#8 contains: the names of its algorithm and its curve (RFC 5480 §2.1.1).
    let unsealed_key = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
    for path in &searched {
        assert!(!holds(path, unsealed_key), "a signing key is in {}", path.display());
        // Letters are where links go; no other secret does.
        let is_letter = path.extension().is_some_and(|ending| ending == "eml");
        for (name, secret) in secrets.iter().filter(|(name, _)| !(is_letter && name == LINK)) {
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
