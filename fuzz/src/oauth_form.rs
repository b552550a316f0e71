//! The standard endpoints of OAuth, through the router: what clients show, and forms.
//!
//! The first byte chooses the route, the second the content type, the third how the first line of the rest is sent:
//! as the `Authorization` header, as name and secret of HTTP Basic, or not at all. What follows the line is the form; the
//! bytes of [`crate::PLACEHOLDERS`] stand for secrets in both.
//!
//! Who the client is, and whether what it asks for is its own, is told a second time here, from RFC 6749 §2.3 and the
//! contract.

use base64ct::{Base64, Encoding};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use url::form_urlencoded;

use crate::house::{House, SCOPE, SERVICE, with_house};
use crate::support::Answer;

const ROUTES: [&str; 3] = ["/oauth/token", "/oauth/revoke", "/oauth/introspect"];

/// What a body may say that it is, and whether that is a form.
const TYPES: [(Option<&str>, bool); 6] = [
    (Some("application/x-www-form-urlencoded"), true),
    (Some("Application/X-WWW-Form-URLEncoded ; charset=utf-8"), true),
    (None, false),
    (Some("application/json"), false),
    (Some("multipart/form-data; boundary=x"), false),
    (Some(""), false),
];

/// One input.
pub fn check(data: &[u8]) {
    let [route, kind, how, rest @ ..] = data else { return };
    let path = ROUTES[usize::from(*route) % ROUTES.len()];
    let (kind, is_form) = TYPES[usize::from(*kind) % TYPES.len()];
    let at = rest.iter().position(|byte| *byte == b'\n');
    let (line, form) = at.map_or((rest, b"".as_slice()), |at| (&rest[..at], &rest[at + 1..]));
    with_house(|house| {
        let header = match (how % 3, house.fill(line)) {
            (0, line) => Some(sendable(&line)),
            (1, line) => Some([b"Basic ", Base64::encode_string(&line).as_bytes()].concat()),
            _ => None,
        };
        let form = house.fill(form);
        let ask = house.ask("POST", path).body(&form);
        let ask = kind.into_iter().fold(ask, |ask, kind| ask.with(CONTENT_TYPE, kind));
        let ask = header.iter().fold(ask, |ask, header| ask.with_bytes(AUTHORIZATION, header));
        let answer = house.send(ask, house.opens_something(&form));
        let asked = if is_form { Asked::read(header.as_deref(), &form) } else { None };
        match path {
            "/oauth/token" => tokens_for_their_owner(house, asked.as_ref(), &answer),
            "/oauth/introspect" => told_to_services(house, asked.as_ref(), &answer),
            _ => ended_by_its_client(house, asked.as_ref(), &answer),
        }
    });
}

/// Without what no header has; and `Basic` in the one spelling by which the contract's checks know it.
fn sendable(line: &[u8]) -> Vec<u8> {
    let sendable = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
    let mut line: Vec<u8> = line.iter().copied().filter(sendable).collect();
    if let Some(scheme) = line.get_mut(..5).filter(|scheme| scheme.eq_ignore_ascii_case(b"Basic")) {
        scheme.copy_from_slice(b"Basic");
    }
    line
}

/// A request as another reader has it.
struct Asked {
    client: String,
    secret: Option<String>,
    fields: Vec<(String, String)>,
    /// Whether all of it was UTF-8; else nobody should have obeyed.
    is_text: bool,
}

impl Asked {
    /// `None` for a request that names no client in one way only, or a field twice.
    fn read(header: Option<&[u8]>, form: &[u8]) -> Option<Self> {
        let fields: Vec<_> = form_urlencoded::parse(form).into_owned().collect();
        let twice = |name: &str| fields.iter().filter(|(known, _)| known == name).count() > 1;
        if fields.iter().any(|(name, _)| twice(name)) {
            return None;
        }
        let field = |name: &str| value(&fields, name).map(str::to_owned);
        let (client, secret) = match (header.map(basic), field("client_id"), field("client_secret")) {
            // The header is Basic, and cannot be read.
            (Some(Some(None)), ..) => return None,
            (Some(Some(Some((name, secret)))), named, None)
                if named.as_ref().is_none_or(|it| *it == name) =>
            {
                (name, Some(secret))
            }
            (Some(Some(Some(_))), ..) => return None,
            (_, named, secret) => (named?, secret),
        };
        let is_text = |text: &str| !text.contains('\u{fffd}');
        let all = fields.iter().all(|(name, value)| is_text(name) && is_text(value));
        let is_text = all && is_text(&client) && secret.as_deref().is_none_or(is_text);
        Some(Self { client, secret, fields, is_text })
    }

    /// A field that has a value (RFC 6749 §3.2).
    fn field(&self, name: &str) -> Option<&str> {
        value(&self.fields, name)
    }

    /// Whether it is the service, and shows so.
    fn is_service(&self, house: &House) -> bool {
        self.is_text && self.client == SERVICE && self.secret.as_deref() == Some(house.service_s())
    }

    /// Whether it is the client in Ada's phone, which has nothing to show.
    fn is_phone(&self) -> bool {
        self.is_public("native")
    }

    /// Whether it is this client, and shows no secret.
    fn is_public(&self, client: &str) -> bool {
        self.is_text && self.client == client && self.secret.is_none()
    }
}

fn value<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
        .filter(|it| !it.is_empty())
}

/// `None` for another scheme; then name and secret, if they can be read (RFC 6749 §2.3.1, RFC 7617 §2).
fn basic(header: &[u8]) -> Option<Option<(String, String)>> {
    let (scheme, encoded) = std::str::from_utf8(header).ok().filter(|it| it.is_ascii())?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let read = || {
        let text = String::from_utf8(Base64::decode_vec(encoded.trim()).ok()?).ok()?;
        let (name, secret) = text.split_once(':')?;
        Some((decoded(name), decoded(secret)))
    };
    Some(read())
}

/// One value of a form, whatever is in it.
fn decoded(text: &str) -> String {
    let one = format!("x={}", text.replace('&', "%26"));
    form_urlencoded::parse(one.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// A token is for the service that shows its secret, or for the phone that shows its refresh token. They get it, too.
fn tokens_for_their_owner(house: &House, asked: Option<&Asked>, answer: &Answer) {
    let got = answer.status == 200;
    assert_eq!(got, answer.json.get("access_token").is_some(), "{}", answer.told());
    let field = |name| asked.and_then(|asked| asked.field(name));
    let (may, must) = match (asked, field("grant_type")) {
        (Some(asked), Some("client_credentials")) => {
            // Each of the service's own scopes, of which there is one; once or more.
            let own = field("scope").is_none_or(|scope| scope.split(' ').all(|scope| scope == SCOPE));
            (asked.is_service(house) && own, field("scope").is_none_or(|scope| scope == SCOPE))
        }
        (Some(asked), Some("refresh_token")) => {
            let [_, _, _, refresh, device, _] = &house.secrets;
            let own = asked.is_phone() && field("refresh_token") == Some(refresh) && field("scope").is_none();
            (own, field("device_secret") == Some(device) && field("retry_keys").is_none())
        }
        _ => (false, false),
    };
    assert!(may || !got, "a token for nobody: {}", answer.told());
    assert!(got || !(may && must), "no token for its owner: {}", answer.told());
    let is_service_s = got && field("grant_type") == Some("client_credentials");
    assert!(!is_service_s || answer.json.get("refresh_token").is_none(), "{}", answer.told());
    assert!(!is_service_s || answer.json["scope"] == SCOPE, "{}", answer.told());
}

/// Only a service that shows its secret is told anything, and only about the token that it has.
fn told_to_services(house: &House, asked: Option<&Asked>, answer: &Answer) {
    let token = asked.filter(|asked| asked.is_service(house)).and_then(|asked| asked.field("token"));
    assert_eq!(answer.status == 200, token.is_some(), "{}", answer.told());
    let is_active = answer.json["active"] == true;
    assert_eq!(is_active, token == Some(house.access()), "{}", answer.told());
    let says = answer.json.as_object().map_or(0, serde_json::Map::len);
    assert!(answer.status != 200 || is_active || says == 1, "{}", answer.told());
}

/// Whatever is no token is good for nothing already (RFC 7009 §2.2); a token ends by its own client.
fn ended_by_its_client(house: &House, asked: Option<&Asked>, answer: &Answer) {
    let token = asked.and_then(|asked| asked.field("token"));
    let is_client = asked.is_some_and(|asked| asked.is_service(house) || asked.is_phone());
    let ended = house.ended();
    assert!(!ended || answer.status == 200, "a refusal ended a session: {}", answer.told());
    let [in_browser, _, _, in_phone, ..] = &house.secrets;
    let is_own = [("web", in_browser), ("native", in_phone)]
        .into_iter()
        .any(|(client, its)| asked.is_some_and(|asked| asked.is_public(client)) && token == Some(its));
    assert_eq!(ended, is_own, "{}", answer.told());
    if is_client && token.is_some_and(|token| !house.opens_something(token.as_bytes())) {
        assert_eq!(answer.status, 200, "{}", answer.told());
    }
    assert!(answer.status != 200 || token.is_some(), "{}", answer.told());
}
