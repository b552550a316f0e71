//! Refresh tokens, access tokens and what a forger makes of them.

use base64ct::{Base64UrlUnpadded, Encoding};
use rotunda_fuzz::{jwt, refresh_token};

use crate::Seeds;

pub(super) fn refresh_tokens() -> Seeds {
    let made = refresh_token::made();
    let (first, third) = (made[0].as_bytes(), made[2].as_bytes());
    let tag_changed = [&first[..first.len() - 2], b"AA"].concat();
    let secret = Base64UrlUnpadded::encode_string(&[7; 32]);
    let fields: Vec<u8> = [1, 7, 0, 0, 0, 9].into_iter().chain(0..80).collect();
    let last = [&[b'm', 7, 1], [0xff; 4].as_slice(), &[5; 80]].concat();
    vec![
        ("text-first", first.to_vec()),
        ("text-third", third.to_vec()),
        ("text-tag-changed", tag_changed),
        ("text-padded", [first, b"="].concat()),
        ("text-device", format!("rd1_{secret}").into_bytes()),
        ("text-page", format!("rp1_{secret}").into_bytes()),
        ("text-device-stray-bits", format!("rd1_{}h", &secret[..42]).into_bytes()),
        ("text-id", b"019a7d3c-2b1e-7c40-9f00-5d2c1a7be001".to_vec()),
        ("text-id-braces", b"{019A7D3C-2B1E-7C40-9F00-5D2C1A7BE001}".to_vec()),
        ("edit-nothing", b"e\x04".to_vec()),
        ("edit-one", b"e\x00\x06\x0a\x00\x01".to_vec()),
        ("edit-splice", b"e\x15\x04\x30\x00\x00".to_vec()),
        ("made-young", [b"m".to_vec(), fields].concat()),
        ("made-oldest", last),
        ("made-no-key", vec![b'm', 9, 9]),
        ("retry-one", b"kZk3v0aYJqf4m2pQ8sT1xWg".to_vec()),
        ("retry-four", [b"k".to_vec(), [b"Zk3v0aYJqf4m2pQ8sT1xWg".as_slice(); 4].join(&b'\n')].concat()),
        ("retry-five", [b"k".to_vec(), [b"Zk3v0aYJqf4m2pQ8sT1xWg".as_slice(); 5].join(&b'\n')].concat()),
    ]
}

pub(super) fn jwts() -> Seeds {
    let (tokens, _) = jwt::known();
    let [token, twin, eddsa, rs256, hs256, service] = tokens[..] else { return Vec::new() };
    let unsigned =
        format!("{}.{}.", encoded(r#"{"alg":"none"}"#), token.split('.').nth(1).unwrap_or_default());
    // Splices the end of one token into another, from that place on.
    let splice = |which: u8, at: u16| [&[b'e', which, 4], at.to_le_bytes().as_slice(), &[0]].concat();
    vec![
        ("text-token", token.as_bytes().to_vec()),
        ("text-twin", twin.as_bytes().to_vec()),
        ("text-eddsa", eddsa.as_bytes().to_vec()),
        ("text-rs256", rs256.as_bytes().to_vec()),
        ("text-hs256", hs256.as_bytes().to_vec()),
        ("text-service", service.as_bytes().to_vec()),
        ("text-unsigned", unsigned.into_bytes()),
        ("text-encrypted", format!("{token}.AAAA.AAAA").into_bytes()),
        ("text-padded", format!("{token}=").into_bytes()),
        ("edit-nothing", b"e\x00".to_vec()),
        ("edit-bit-of-signature", b"e\x01\x06\x80\x02\x00".to_vec()),
        ("edit-twin-spliced", splice(0, 0x250)),
        ("edit-eddsa-rs256-spliced", splice(2, 150)),
        ("edit-rs256-hs256-spliced", splice(3, 150)),
        ("edit-hs256-service-spliced", splice(4, 150)),
        ("edit-rs256-shortened", b"e\x03\x03\x00\x03\x00".to_vec()),
    ]
}

/// Claims of a forger's, as `jwt` reads them.
pub(super) fn forged_jwts() -> Seeds {
    let (tokens, kids) = jwt::known();
    let header = format!(r#"{{"typ":"at+jwt","alg":"ES256","kid":"{}"}}"#, kids["ES256"]);
    let claims_of = |token: &str| String::from_utf8(decoded(token, 1)).unwrap_or_default();
    let claims = claims_of(tokens[0]);
    let forged = |now: &str, header: &str, claims: &str| format!("f{now}\n{header}\n{claims}").into_bytes();
    let other = |from: &str, to: &str| forged("", &header, &claims.replacen(from, to, 1));
    let mut seeds = vec![
        ("forged-good", forged("1800000000000", &header, &claims)),
        ("forged-last-moment", forged("1800000659999", &header, &claims)),
        ("forged-too-late", forged("1800000660000", &header, &claims)),
        (
            "forged-audiences",
            other(r#""aud":"https://auth.example.com""#, r#""aud":["a","https://auth.example.com"]"#),
        ),
        ("forged-other-issuer", other("auth.example", "auth.evil")),
        ("forged-claim-twice", other(r#""ep":3"#, r#""ep":3,"e\u0070":4"#)),
        ("forged-unlisted-twice", other(r#""ep":3"#, r#""ep":3,"acr":"1","acr":"2""#)),
        ("forged-not-before", other(r#""iat""#, r#""nbf":1800000060,"iat""#)),
        ("forged-end-of-time", other("1800000600", "9223372036854775807")),
        ("forged-fraction", other("1800000600", "1.8e9")),
        ("forged-no-sid", other(r#""sid""#, r#""sit""#)),
        ("forged-no-auth-time", other(r#""auth_time""#, r#""auth""#)),
        ("forged-no-epoch", other(r#""ep":3,"#, "")),
        ("forged-epoch-null", other(r#""ep":3"#, r#""ep":null"#)),
        ("forged-epoch-below-zero", other(r#""ep":3"#, r#""ep":-1"#)),
        ("forged-no-roles", other(r#","roles":["editor"]"#, "")),
        ("forged-no-methods", other(r#""amr":["pwd"],"#, "")),
        ("forged-methods-empty", other(r#"["pwd"]"#, "[]")),
        ("forged-roles-null", other(r#"["editor"]"#, "null")),
        ("forged-scope-null", other(r#""ep":3"#, r#""ep":3,"scope":null,"nbf":null"#)),
        ("forged-crit", forged("", &header.replacen('{', r#"{"crit":["exp"],"#, 1), &claims)),
        ("forged-brings-key", forged("", &header.replacen('{', r#"{"jwk":{},"#, 1), &claims)),
        ("forged-header-twice", forged("", &header.replacen('{', r#"{"alg":"HS256","#, 1), &claims)),
        ("forged-long-type", forged("", &header.replace("at+jwt", "Application/AT+JWT"), &claims)),
        ("forged-array", forged("", &header, &format!("[{claims}]"))),
    ];
    let service = claims_of(tokens[5]);
    let of = |by: &str| header.replace("ES256", by).replace(kids["ES256"], kids[by]);
    let by = |by: &str, header: &str, claims: &str| forged(&format!("1800000000000 {by}"), header, claims);
    seeds.extend([
        ("forged-eddsa", by("EdDSA", &of("EdDSA"), &claims)),
        ("forged-rs256", by("RS256", &of("RS256"), &claims)),
        ("forged-hs256", by("HS256", &of("HS256"), &claims)),
        ("forged-service", by("EdDSA", &of("EdDSA"), &service)),
        ("forged-service-hs256", by("HS256", &of("HS256"), &service)),
        ("forged-service-epoch", by("RS256", &of("RS256"), &service.replacen('{', r#"{"ep":0,"#, 1))),
        ("forged-service-session", by("ES256", &header, &service.replacen('{', r#"{"sid":"x","#, 1))),
        ("forged-hs256-es256-s-id", by("HS256", &of("HS256").replace(kids["HS256"], kids["ES256"]), &claims)),
        ("forged-public-hs256", by("PUBLIC", &of("EdDSA").replace("EdDSA", "HS256"), &claims)),
        ("forged-public-eddsa", by("PUBLIC", &of("EdDSA"), &claims)),
        ("forged-eddsa-says-es256", by("EdDSA", &of("EdDSA").replace("EdDSA", "ES256"), &claims)),
    ]);
    seeds
}

fn encoded(text: &str) -> String {
    Base64UrlUnpadded::encode_string(text.as_bytes())
}

fn decoded(token: &str, part: usize) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(token.split('.').nth(part).unwrap_or_default()).unwrap_or_default()
}
