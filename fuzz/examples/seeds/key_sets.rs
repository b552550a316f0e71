//! Public keys, their sets, and what should not be among them.

use rotunda_fuzz::jwt;

use crate::Seeds;

/// The modulus of RFC 7515, appendix A.2.
const MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR\
    T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB\
    dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia\
    GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

pub(super) fn jwks() -> Seeds {
    let point = r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;
    // RFC 9449, figure 2.
    let other = r#""kty":"EC","crv":"P-256","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA""#;
    let set = |entries: &str| format!(r#"{{"keys":[{entries}]}}"#).into_bytes();
    vec![
        ("key", format!("{{{point}}}").into_bytes()),
        ("set-one", set(&format!("{{{point}}}"))),
        ("set-full", set(&format!(r#"{{{point},"kid":"a","alg":"ES256","use":"sig"}},{{{other}}}"#))),
        ("set-empty", set("")),
        (
            "set-other-kinds",
            set(
                r#"{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"OKP","crv":"Ed25519","x":"AA"},{"kty":"AKP"},7"#,
            ),
        ),
        ("set-private", set(&format!(r#"{{{point},"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}}"#))),
        ("set-for-encryption", set(&format!(r#"{{{point},"use":"enc"}}"#))),
        (
            "set-operations",
            set(&format!(r#"{{{point},"key_ops":["verify"]}},{{{other},"key_ops":["sign"]}}"#)),
        ),
        ("set-same-id-twice", set(&format!(r#"{{{point},"kid":"a"}},{{{other},"kid":"a"}}"#))),
        ("set-our-id-other-key", set(&format!(r#"{{{other},"kid":"{}"}}"#, jwt::known().1["ES256"]))),
        ("set-off-the-curve", set(&format!("{{{}}}", point.replace("x_FE", "x_FF")))),
        ("set-short-coordinate", set(&format!("{{{}}}", point.replace("VEU", "")))),
        ("set-null-id", set(&format!(r#"{{{point},"kid":null,"x5c":[]}}"#))),
        ("array", format!("[[{{{point}}}]]").into_bytes()),
    ]
}

/// OKP, RSA and oct, as `jwt` has them, and as nobody should take them.
pub(super) fn jwks_of_other_kinds() -> Seeds {
    let (_, kids) = jwt::known();
    // RFC 8037, appendix A.2; RFC 7515, appendix A.2.
    let okp = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
    let rsa = format!(r#""kty":"RSA","n":"{MODULUS}","e":"AQAB""#);
    let with = |key: &str, more: &str| format!("{{{key}{more}}}");
    let set = |entries: &[String]| format!(r#"{{"keys":[{}]}}"#, entries.join(",")).into_bytes();
    let beside = |alg: &str| format!(r#","kid":"{}","alg":"{alg}","use":"sig""#, kids[alg]);
    let private = |name: &str| format!(r#","{name}":"AQAB""#);
    vec![
        ("key-okp", with(okp, "").into_bytes()),
        ("key-rsa", with(&rsa, "").into_bytes()),
        ("key-oct", br#"{"kty":"oct","k":"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"}"#.to_vec()),
        ("set-okp", set(&[with(okp, &beside("EdDSA"))])),
        ("set-rsa", set(&[with(&rsa, &beside("RS256"))])),
        ("set-no-ids", set(&[with(okp, ""), with(&rsa, "")])),
        (
            "set-oct",
            set(&[format!(
                r#"{{"kty":"oct","k":"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"{}}}"#,
                beside("HS256")
            )]),
        ),
        ("set-oct-without-k", set(&[r#"{"kty":"oct","alg":"HS256"}"#.to_owned()])),
        ("set-okp-private", set(&[with(okp, &private("d"))])),
        (
            "set-rsa-private",
            set(&["d", "p", "q", "dp", "dq", "qi", "oth"].map(|it| with(&rsa, &private(it)))),
        ),
        ("set-okp-as-hs256", set(&[with(okp, r#","alg":"HS256""#)])),
        ("set-rsa-as-ps256", set(&[with(&rsa, r#","alg":"PS256""#)])),
        ("set-okp-448", set(&[with(&okp.replace("Ed25519", "Ed448"), "")])),
        ("set-okp-of-no-point", set(&[with(&okp.replace("11qY", "AAAA"), "")])),
        ("set-rsa-even", set(&[with(&rsa.replace("AQAB", "AQAC"), "")])),
        ("set-rsa-exponent-3", set(&[with(&rsa.replace("AQAB", "Aw"), "")])),
        ("set-rsa-exponent-1", set(&[with(&rsa.replace("AQAB", "AQ"), "")])),
        ("set-rsa-zero-before", set(&[with(&rsa.replace("AQAB", "AAEAAQ"), "")])),
        ("set-rsa-short", set(&[with(&rsa.replace("ofgWCuLj", ""), "")])),
        ("set-rsa-named-by-a-number", set(&[with(&rsa, "").replace(r#""RSA""#, "2")])),
        ("set-one-id-two-kinds", set(&[with(okp, r#","kid":"a""#), with(&rsa, r#","kid":"a""#)])),
        ("set-rsa-under-okp-s-id", set(&[with(&rsa, &format!(r#","kid":"{}""#, kids["EdDSA"]))])),
    ]
}
