//! Vectors that others published.

use rotunda_token::{Algorithm, Invalid, KeySet, SharedSecret};
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

/// RFC 7515, appendix A.2: a JWS signed with RS256, and its key.
const RFC_7515_A2: &str = "eyJhbGciOiJSUzI1NiJ9\
    .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ\
    .cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujG\
    bds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0G\
    arZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgG\
    Y9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const RFC_7515_A2_MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4q\
    PCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSH\
    SXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXF\
    vUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

fn one_key(jwk: &serde_json::Value) -> KeySet {
    let keys = KeySet::from_jwks_json(json!({ "keys": [jwk] }).to_string().as_bytes()).unwrap();
    assert_eq!(keys.len(), 1);
    keys
}

/// It verifies, and after a change of any character it does not.
fn verifies_as_it_stands_only(keys: &KeySet, jws: &str, payload: &[u8]) {
    assert_eq!(keys.verify_signature(jws).unwrap().as_bytes(), payload);
    for at in 0..jws.len() {
        let (start, end) = jws.split_at(at);
        let other = if end.starts_with('A') { 'B' } else { 'A' };
        assert!(keys.verify_signature(&format!("{start}{other}{}", &end[1..])).is_err(), "{at}");
    }
}

#[test]
fn rfc_7515_appendix_a2_verifies_as_it_stands_only() {
    let keys = one_key(&json!({ "kty": "RSA", "n": RFC_7515_A2_MODULUS, "e": "AQAB" }));
    let payload = b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
    verifies_as_it_stands_only(&keys, RFC_7515_A2, payload);
}

/// RFC 8037, appendices A.2 and A.4: a JWS signed with Ed25519, and its key.
const RFC_8037_A4: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc\
    .hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn rfc_8037_a2() -> KeySet {
    one_key(&json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }))
}

#[test]
fn rfc_8037_appendix_a4_verifies_as_it_stands_only() {
    verifies_as_it_stands_only(&rfc_8037_a2(), RFC_8037_A4, b"Example of Ed25519 signing");
}

#[test]
fn the_ed25519_thumbprint_is_that_of_rfc_8037() {
    let keys = rfc_8037_a2();
    let key = keys.get("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k").unwrap();
    assert_eq!(key.algorithm(), Algorithm::EdDsa);
}

#[test]
fn the_rsa_thumbprint_is_that_of_rfc_7638() {
    // RFC 7638 §3.1.
    let modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWK\
        RXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJ\
        ZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw\
        0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let keys = one_key(&json!({ "kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256" }));
    let key = keys.get("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs").unwrap();
    assert_eq!(key.algorithm(), Algorithm::Rs256);
}

/// RFC 7520 §3.5: a secret of 256 bits. Its JWS (§4.4) has another `kid` than ours would, and that of RFC 7515 A.1 a
/// longer secret than ours are; so the two texts below are from Python's `hmac` and `hashlib`.
const RFC_7520_SECRET: &str = "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg";

#[test]
fn an_hs256_token_made_elsewhere_verifies_as_it_stands_only() {
    let keys = KeySet::from_shared_secret(&SharedSecret::from_text(RFC_7520_SECRET).unwrap());
    verifies_as_it_stands_only(&keys, HS256_JWS, b"Example of HS256 signing");
    assert_eq!(keys.get(HS256_KID).unwrap().algorithm(), Algorithm::Hs256);
}

const HS256_JWS: &str = "eyJhbGciOiJIUzI1NiJ9.RXhhbXBsZSBvZiBIUzI1NiBzaWduaW5n\
    .h_xH0q4VTR8sS0ctcnKcRfc3sCjD6ewMS6nxuJdUj-4";
const HS256_KID: &str = "RtoRur_1Dir5M4wuOfqNkDYOf9O_4RJ-aHkTA75RLA8";
