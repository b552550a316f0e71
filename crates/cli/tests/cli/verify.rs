//! `rotunda verify`: the production verifier on the command line.

use serde_json::json;

use crate::support::{Place, register};

/// RFC 7515 appendix A.3: a JWS signed with ES256, and its key.
const RFC_7515_A_3: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const RFC_7515_KEY: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

#[tokio::test]
async fn a_token_is_verified_with_keys_from_the_store_a_file_or_an_address() {
    let place = Place::new("");
    let server = place.serve();
    let (client, url) = (reqwest::Client::new(), server.url.clone());
    let session = register(&client, &url, "ada@example.com").await;
    let token = session.text("/access_token");
    let jwks_url = format!("{url}/.well-known/jwks.json");
    let jwks = client.get(&jwks_url).send().await.unwrap().text().await.unwrap();
    std::fs::write(place.path("jwks.json"), &jwks).unwrap();

    for keys in [&[][..], &["--jwks", "jwks.json"], &["--jwks", &jwks_url]] {
        let claims = place.json(&[&["verify", &token], keys].concat(), "");
        assert_eq!(claims["sid"], session.body["session"]["id"], "{keys:?}");
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(url), &json!(url)));
        let refused = [&["verify", &token, "--issuer", "https://other.example"], keys].concat();
        assert_eq!(place.run(&refused, "").status.code(), Some(1));
        let refused = [&["verify", &token, "--audience", "https://other.example"], keys].concat();
        assert_eq!(place.run(&refused, "").status.code(), Some(1));
    }
    let from_stdin = place.json(&["verify", "-"], &token);
    assert_eq!(from_stdin["sub"], session.body["user"]["id"]);

    let (head, signature) = token.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { "B" } else { "A" };
    let tampered = format!("{head}.{first}{}", &signature[1..]);
    let output = place.run(&["verify", &tampered], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(!String::from_utf8_lossy(&output.stderr).contains(&tampered), "why, but not the token");
    let refresh_token = session.text("/refresh_token");
    assert_eq!(
        place.run(&["verify", &refresh_token], "").status.code(),
        Some(1),
        "a refresh token is no access token"
    );
}

#[test]
fn a_bare_jws_is_checked_for_its_signature_only() {
    let place = Place::new("");
    std::fs::write(place.path("rfc.json"), RFC_7515_KEY).unwrap();
    let payload = place.json(&["verify", RFC_7515_A_3, "--jwks", "rfc.json", "--signature-only"], "");
    assert_eq!(payload, json!({"iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true}));
    let whole = place.run(&["verify", RFC_7515_A_3, "--jwks", "rfc.json"], "");
    assert_eq!(whole.status.code(), Some(1), "it is no access token");
    let missing = place.run(&["verify", RFC_7515_A_3, "--jwks", "missing.json", "--signature-only"], "");
    assert_eq!(missing.status.code(), Some(1));
}
