//! Writes what the fuzzer begins with: `cargo run --example seeds -- DIRECTORY`. `scripts/fuzz --seeds` calls it.
//!
//! Seeds are inputs of every kind that a target knows, valid ones first, then ones that are a little wrong. They are
//! committed with what the fuzzer found since, so this runs only when a target learns something new. A file's name says
//! what it is; what the fuzzer found is named by its hash.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use base64ct::{Base64UrlUnpadded, Encoding};
use rotunda_fuzz::{ADA_S_PASSWORD, json_body, jwt, refresh_token};

type Seeds = Vec<(&'static str, Vec<u8>)>;

/// The modulus of RFC 7515, appendix A.2.
const MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR\
    T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB\
    dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia\
    GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = PathBuf::from(std::env::args_os().nth(1).ok_or("the directory of all corpora is missing")?);
    write(&corpus.join("refresh_token"), refresh_tokens())?;
    write(&corpus.join("jwt"), jwts())?;
    write(&corpus.join("jwt"), forged_jwts())?;
    write(&corpus.join("jwk"), jwks())?;
    write(&corpus.join("jwk"), jwks_of_other_kinds())?;
    write(&corpus.join("cookie_header"), cookie_headers())?;
    write(&corpus.join("json_body"), json_bodies()?)?;
    write(&corpus.join("configuration"), configurations())?;
    write(&corpus.join("configuration"), refused_configurations())?;
    Ok(())
}

fn write(folder: &Path, seeds: Seeds) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    for (name, bytes) in seeds {
        fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}

fn refresh_tokens() -> Seeds {
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

fn jwts() -> Seeds {
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
fn forged_jwts() -> Seeds {
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

fn jwks() -> Seeds {
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
fn jwks_of_other_kinds() -> Seeds {
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

/// Requests and pages as `cookie_header` numbers them; the bytes from 0xf8 on are placeholders.
fn cookie_headers() -> Seeds {
    let seed = |request: u8, page: u8, header: &[u8]| [&[request, page], header].concat();
    vec![
        ("refresh", seed(0, 1, b"rotunda_refresh=\xf8; rotunda_device=\xf9; rotunda_page=\xfa")),
        ("refresh-two-headers", seed(0, 0, b"rotunda_refresh=\xf8\nrotunda_device=\xf9")),
        ("refresh-twice", seed(0, 0, b"rotunda_refresh=\xf8; rotunda_refresh=\xf8; rotunda_device=\xf9")),
        ("refresh-quoted", seed(0, 2, b"a=\"b; c\"; rotunda_refresh=\"\xf8\";rotunda_device=\"\xf9\"")),
        ("refresh-other-device", seed(0, 0, b"rotunda_refresh=\xf8; rotunda_device=rd1_AAAA")),
        ("refresh-empty", seed(0, 0, b"rotunda_refresh=; ;=;==; rotunda_device")),
        (
            "refresh-neighbour",
            seed(0, 0, b"name=\xe9\xff; rotunda_refresh=\xf8; rotunda_device=\xf9; Rotunda_refresh=x"),
        ),
        (
            "refresh-no-break-space",
            seed(0, 0, b"\xc2\xa0rotunda_refresh=rt1_x; rotunda_refresh=\xf8; rotunda_device=\xf9"),
        ),
        ("refresh-tab", seed(0, 0, b"\trotunda_refresh=\xf8\t;  rotunda_device=\xf9 ")),
        ("refresh-evil-page", seed(0, 3, b"rotunda_refresh=\xf8; rotunda_device=\xf9")),
        ("logout", seed(1, 1, b"rotunda_page=\xfa; rotunda_refresh=\xf8")),
        ("logout-pages", seed(1, 0, b"rotunda_page=rp1_AAAA; rotunda_page=\xfa")),
        ("logout-stranger", seed(1, 0, b"rotunda_page=rp1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
        ("login", seed(2, 1, b"rotunda_page=\xfa; rotunda_device=\xf9")),
        ("login-wrong", seed(3, 1, b"rotunda_page=\xfa; rotunda_device=\xf9")),
        ("login-on-phone", seed(4, 0, b"rotunda_page=\xfa; rotunda_device=\xf9")),
        ("register", seed(5, 1, b"rotunda_page=\xfa; rotunda_device=\xf9")),
        ("me", seed(6, 0, b"rotunda_page=\xfa")),
        ("logout-by-hand", seed(8, 1, b"rotunda_page=\xfa")),
        ("refresh-by-hand", seed(9, 1, b"rotunda_refresh=\xf8")),
    ]
}

/// Types and company as `json_body` numbers them.
fn json_bodies() -> Result<Seeds, Box<dyn Error>> {
    let route = |path: &str| -> Result<u8, Box<dyn Error>> {
        let at = json_body::routes().iter().position(|known| *known == path);
        Ok(u8::try_from(at.ok_or_else(|| format!("{path} is no route"))?)?)
    };
    let seed = |path: &str, kind: u8, company: u8, body: &[u8]| -> Result<Vec<u8>, Box<dyn Error>> {
        Ok([&[route(path)?, kind, company], body].concat())
    };
    let login =
        format!(r#"{{"email":"ada@example.com","password":"{ADA_S_PASSWORD}","client_id":"native"}}"#);
    let change =
        format!(r#"{{"current_password":"{ADA_S_PASSWORD}","new_password":"staple of four words"}}"#);
    let keys = b"{\"refresh_token\":\"\xfb\",\"device_secret\":\"\xfc\",\"retry_keys\":[\"AAAAAAAAAAAAAAAAAAAAAA\"],\"generation\":0}";
    Ok(vec![
        ("register", seed("/auth/register", 0, 3, br#"{"email":"new@example.com","password":"four words in a row","name":"New","username":"new","remember":true}"#)?),
        ("register-taken", seed("/auth/register", 0, 0, login.as_bytes())?),
        ("login", seed("/auth/login", 1, 0, login.as_bytes())?),
        ("login-escaped", seed("/auth/login", 0, 3, login.replace("email", "\\u0065mail").as_bytes())?),
        ("login-device", seed("/auth/login", 2, 0, login.replace('}', ",\"device_secret\":\"\u{0}\"}").as_bytes())?),
        ("login-as-a-form", seed("/auth/login", 5, 0, b"email=ada@example.com&password=x")?),
        ("login-no-type", seed("/auth/login", 3, 0, login.as_bytes())?),
        ("login-array", seed("/auth/login", 0, 0, br#"["ada@example.com","x"]"#)?),
        ("login-twice", seed("/auth/login", 0, 0, br#"{"email":"a@b.example","password":"x","email":"ada@example.com"}"#)?),
        ("login-deep", seed("/auth/login", 0, 0, &[b"{\"a\":".to_vec(), [b'['; 200].to_vec()].concat())?),
        ("login-lone-surrogate", seed("/auth/login", 0, 0, br#"{"email":"\ud800","password":"\u0000"}"#)?),
        ("refresh", seed("/auth/refresh", 0, 0, keys)?),
        ("refresh-cookies", seed("/auth/refresh", 0, 2, br#"{"generation":0}"#)?),
        ("refresh-other-generation", seed("/auth/refresh", 0, 2, br#"{"generation":4294967295}"#)?),
        ("refresh-nothing", seed("/auth/refresh", 3, 2, b"")?),
        ("refresh-nulls", seed("/auth/refresh", 0, 0, br#"{"refresh_token":null,"retry_keys":null,"client_id":null}"#)?),
        ("logout", seed("/auth/logout", 0, 0, b"{\"refresh_token\":\"\xfb\"}")?),
        ("logout-bearer", seed("/auth/logout", 3, 1, b"")?),
        ("logout-all", seed("/auth/logout-all", 0, 1, b"{}")?),
        ("change", seed("/auth/password/change", 0, 1, change.as_bytes())?),
        ("change-wrong", seed("/auth/password/change", 0, 1, br#"{"current_password":"x","new_password":"y"}"#)?),
        ("change-nobody", seed("/auth/password/change", 0, 5, change.as_bytes())?),
    ])
}

fn configurations() -> Seeds {
    let seed = |text: &str| text.as_bytes().to_vec();
    vec![
        ("empty", seed("")),
        (
            "public",
            seed(
                "[server]\nlisten = \"[::1]:9000\"\npublic_url = \"https://Auth.Example.com\"\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\napp_origins = [\"https://app.example.com\"]\n[cookies]\ndomain = \".example.com\"\nrefresh_path = \"/auth\"\n",
            ),
        ),
        (
            "lives",
            seed(
                "[tokens]\nissuer = \"https://issuer.example\"\naudience = \"api\"\nalgorithm = \"ES256\"\naccess_ttl = \"5m\"\n[refresh]\nwindow = \"0s\"\nlate_retry = \"device\"\nidle = \"2d\"\nabsolute = \"20d\"\n[sessions]\nkeep_ended = \"90d\"\n",
            ),
        ),
        (
            "clients",
            seed(
                "[clients.web]\nlate_retry = \"never\"\n[clients.kiosk-2]\nkind = \"native\"\nbind_address = \"network\"\nidle = \"1h30m\"\nabsolute = \"1h30m\"\n",
            ),
        ),
        (
            "places",
            seed(
                "keys.master_file = '/etc/master.key'\nstore.url = 'sqlite:users.db'\nlog = { level = \"debug\", format = \"json\" }\naccounts.registration = \"off\"\n",
            ),
        ),
        (
            "password",
            seed(
                "[password]\nmin_length = 16\nmemory_mib = 19\niterations = 2\nlanes = 1\nthreads = 2\nqueue = 0x10\n",
            ),
        ),
    ]
}

fn refused_configurations() -> Seeds {
    let seed = |text: &str| text.as_bytes().to_vec();
    vec![
        ("wrong-names", seed("listen = \"1\"\n[serve]\n[log]\nlevl = \"info\"\n[clients]\nweb = 1\n")),
        (
            "wrong-values",
            seed(
                "[refresh]\nidle = 7\nwindow = \"61s\"\n[password]\nqueue = 1.5\n[server]\napp_origins = 3\npublic_url = \"http://auth.example.com\"\n",
            ),
        ),
        (
            "contradiction",
            seed("[refresh]\nidle = \"30d\"\nabsolute = \"20d\"\n[clients.app]\naccess_ttl = \"1d\"\n"),
        ),
        ("not-toml", seed("[server]\nlisten = \n")),
        ("twice", seed("[log]\nlevel = \"info\"\nlevel = \"warn\"\n")),
        ("multi-line", seed("[tokens]\r\nissuer = \"\"\"\\\r\n  a\"\"\"\r\naudience = '''b'''\r\n")),
        (
            "variables",
            seed(
                "[clients.my-app]\nkind = \"web\"\n\0ROTUNDA_SERVER__LISTEN=127.0.0.1:2\0ROTUNDA_CLIENTS__MY_APP__IDLE=1d\0ROTUNDA_CLIENTS__KIOSK__KIND=native\0ROTUNDA_PASSWORD__MIN_LENGTH=16",
            ),
        ),
        (
            "variables-wrong",
            seed(
                "\0ROTUNDA_SERVER_LISTEN=x\0ROTUNDA_SERVR__LISTEN=x\0ROTUNDA_CLIENTS__WEB__KIND=native\0ROTUNDA_=\0ROTUNDA___=\0PATH=/bin",
            ),
        ),
        (
            "variables-over-the-file",
            seed(
                "[clients.a-b]\nkind=\"web\"\n[clients.\"a.b\"]\nkind=\"web\"\n\0ROTUNDA_CLIENTS__A_B__IDLE=1d",
            ),
        ),
    ]
}
