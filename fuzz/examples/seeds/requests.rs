//! Requests: cookies, JSON and forms. The bytes from 0xf8 on are placeholders.

use std::error::Error;

use rotunda_fuzz::{ADA_S_PASSWORD, json_body};

use crate::Seeds;

/// Requests and pages as `cookie_header` numbers them.
pub(super) fn cookie_headers() -> Seeds {
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
pub(super) fn json_bodies() -> Result<Seeds, Box<dyn Error>> {
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

/// Routes, types and ways of sending the first line as `oauth_form` numbers them.
pub(super) fn oauth_forms() -> Seeds {
    let seed = |route: u8, kind: u8, how: u8, rest: &[u8]| [&[route, kind, how], rest].concat();
    let (token, revoke, introspect) = (0, 1, 2);
    let (header, basic, nothing) = (0, 1, 2);
    vec![
        ("service-basic", seed(token, 0, basic, b"reports:\xfe\ngrant_type=client_credentials")),
        ("service-form", seed(token, 1, nothing, b"\ngrant_type=client_credentials&client_id=reports&client_secret=\xfe&scope=revocations.read")),
        ("service-escaped", seed(token, 0, basic, b"re%70orts:\xfe\n%67rant_type=client_credentials&scope=")),
        ("service-same-name", seed(token, 0, basic, b"reports:\xfe\ngrant_type=client_credentials&client_id=reports")),
        ("service-two-ways", seed(token, 0, basic, b"reports:\xfe\ngrant_type=client_credentials&client_secret=\xfe")),
        ("service-two-names", seed(token, 0, basic, b"reports:\xfe\ngrant_type=client_credentials&client_id=native")),
        ("service-more-scope", seed(token, 0, basic, b"reports:\xfe\ngrant_type=client_credentials&scope=revocations.read+admin")),
        ("service-scope-twice", seed(token, 0, basic, b"reports:\xfe\ngrant_type=client_credentials&scope=revocations.read%20revocations.read")),
        ("service-wrong-secret", seed(token, 0, basic, b"reports:rc1_CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk\ngrant_type=client_credentials")),
        ("service-ada-s-secret", seed(token, 0, basic, b"reports:\xfc\ngrant_type=client_credentials")),
        ("service-no-secret", seed(token, 0, nothing, b"\ngrant_type=client_credentials&client_id=reports")),
        ("service-as-json", seed(token, 3, basic, b"reports:\xfe\n{\"grant_type\":\"client_credentials\"}")),
        ("service-field-twice", seed(token, 0, basic, b"reports:\xfe\ngrant_type=client_credentials&grant%5ftype=client_credentials")),
        ("service-not-utf8", seed(token, 0, basic, b"reports:\xfe\ngrant_type=client_credentials&x=%ff")),
        ("header-not-base64", seed(token, 0, header, b"Basic ?\ngrant_type=client_credentials&client_id=native")),
        ("header-bearer", seed(token, 0, header, b"Bearer \xfd\ngrant_type=refresh_token&client_id=native&refresh_token=\xfb&device_secret=\xfc")),
        ("refresh", seed(token, 0, nothing, b"\ngrant_type=refresh_token&client_id=native&refresh_token=\xfb&device_secret=\xfc")),
        ("refresh-no-device", seed(token, 0, nothing, b"\ngrant_type=refresh_token&client_id=native&refresh_token=\xfb")),
        ("refresh-keys", seed(token, 0, nothing, b"\ngrant_type=refresh_token&client_id=native&refresh_token=\xfb&device_secret=\xfc&retry_keys=AAAAAAAAAAAAAAAAAAAAAA+BBBBBBBBBBBBBBBBBBBBBB")),
        ("refresh-of-a-browser", seed(token, 0, nothing, b"\ngrant_type=refresh_token&client_id=web&refresh_token=\xf8&device_secret=\xf9")),
        ("refresh-by-the-service", seed(token, 0, basic, b"reports:\xfe\ngrant_type=refresh_token&refresh_token=\xfb&device_secret=\xfc")),
        ("refresh-scope", seed(token, 0, nothing, b"\ngrant_type=refresh_token&client_id=native&refresh_token=\xfb&scope=admin")),
        ("other-grant", seed(token, 0, nothing, b"\ngrant_type=password&username=ada@example.com&client_id=native")),
        ("nothing", seed(token, 2, nothing, b"")),
        ("revoke-refresh", seed(revoke, 0, nothing, b"\ntoken=\xfb&client_id=native&token_type_hint=access_token")),
        ("revoke-access", seed(revoke, 0, nothing, b"\ntoken=\xfd&client_id=native")),
        ("revoke-by-the-service", seed(revoke, 0, basic, b"reports:\xfe\ntoken=\xfb")),
        ("revoke-of-a-browser", seed(revoke, 0, nothing, b"\ntoken=\xf8&client_id=native")),
        ("revoke-nothing-known", seed(revoke, 0, nothing, b"\ntoken=rt1_x&client_id=native")),
        ("revoke-nobody", seed(revoke, 0, nothing, b"\ntoken=\xfb")),
        ("introspect", seed(introspect, 0, basic, b"reports:\xfe\ntoken=\xfd")),
        ("introspect-refresh", seed(introspect, 0, basic, b"reports:\xfe\ntoken=\xfb")),
        ("introspect-unknown", seed(introspect, 0, basic, b"reports:\xfe\ntoken=eyJhbGciOiJub25lIn0.e30.")),
        ("introspect-public", seed(introspect, 0, nothing, b"\ntoken=\xfd&client_id=native")),
        ("introspect-no-token", seed(introspect, 0, basic, b"reports:\xfe\n")),
    ]
}
