//! Vectors that others published.

use rotunda_token::{Invalid, KeySet};
use serde_json::json;

/// RFC 7515, appendix A.3: a JWS signed with ES256.
const RFC_7515_A3: &str = "eyJhbGciOiJFUzI1NiJ9\
    .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ\
    .DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

fn rfc_7515_a3_keys() -> KeySet {
    let keys = json!({ "keys": [{
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    }] });
    KeySet::from_jwks_json(keys.to_string().as_bytes()).unwrap()
}

#[test]
fn rfc_7515_appendix_a3_verifies() {
    let payload = rfc_7515_a3_keys().verify_signature(RFC_7515_A3).unwrap();
    let expected = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
    assert_eq!(payload.as_bytes(), expected.as_bytes());
}

#[test]
fn rfc_7515_appendix_a3_is_refused_after_any_change() {
    let keys = rfc_7515_a3_keys();
    for at in 0..RFC_7515_A3.len() {
        let (start, end) = RFC_7515_A3.split_at(at);
        let other = if end.starts_with('A') { 'B' } else { 'A' };
        assert!(keys.verify_signature(&format!("{start}{other}{}", &end[1..])).is_err(), "{at}");
    }
}

#[test]
fn rfc_7515_appendix_a3_is_no_access_token() {
    let verifier = rotunda_token::Verifier::new(rfc_7515_a3_keys(), "joe".to_owned(), vec!["joe".to_owned()]);
    assert_eq!(verifier.verify(RFC_7515_A3, 1_300_819_379_000), Err(Invalid::Type));
}

#[test]
fn the_thumbprint_is_that_of_rfc_9449() {
    // RFC 9449 (DPoP) shows one P-256 key in figure 2, and its RFC 7638 thumbprint as `jkt` in section 6.1.
    let keys = json!({ "keys": [{
        "kty": "EC",
        "crv": "P-256",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"
    }] });
    let keys = KeySet::from_jwks_json(keys.to_string().as_bytes()).unwrap();
    assert!(keys.get("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I").is_some());
}
