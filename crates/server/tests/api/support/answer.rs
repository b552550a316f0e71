//! An answer, read whole; the assertions here name everything that it may carry.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::response::Response;
use cookie::Cookie;
use http::header::{
    CONTENT_LENGTH, PRAGMA, SET_COOKIE, STRICT_TRANSPORT_SECURITY, VARY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;

use super::Ask;

/// The fields of a session answer that every client gets.
const SESSION_FIELDS: [&str; 7] =
    ["access_token", "expires_in", "refresh_after", "refresh_expires_in", "session", "token_type", "user"];
const SESSION_BODY: [&str; 5] = ["created_at", "expires_at", "generation", "id", "idle_expires_at"];
const USER_BODY: [&str; 6] = ["created_at", "email", "email_verified", "id", "name", "username"];

/// What came back.
pub(crate) struct Answer {
    /// What was asked.
    pub(crate) asked: String,
    /// Where.
    pub(crate) path: String,
    pub(crate) status: u16,
    /// But for the id of the request.
    pub(crate) headers: HeaderMap,
    /// The id of the request, which no other answer has.
    pub(crate) request_id: String,
    pub(crate) bytes: Vec<u8>,
    /// The body, where it is JSON.
    pub(crate) json: Value,
}

/// What a session answer gave to its client.
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    pub(crate) session: String,
    pub(crate) generation: u64,
}

impl Tokens {
    pub(crate) fn of(answer: &Answer) -> Self {
        Self {
            access_token: text(&answer.json["access_token"]),
            session: text(&answer.json["session"]["id"]),
            generation: answer.json["session"]["generation"].as_u64().unwrap(),
        }
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The names of an object's fields, sorted.
pub(crate) fn fields(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

impl Answer {
    pub(crate) async fn read(ask: &Ask, response: Response<Body>) -> Self {
        let (mut parts, body) = response.into_parts();
        let request_id = parts.headers.remove("x-request-id");
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Self {
            asked: format!("{} {}", ask.method, ask.path),
            path: ask.path.clone(),
            status: parts.status.as_u16(),
            headers: parts.headers,
            request_id: request_id.map(|id| id.to_str().unwrap().to_owned()).unwrap_or_default(),
            json: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            bytes,
        }
    }

    /// Status, answer and body in one line, for the reader of a failed test.
    pub(crate) fn told(&self) -> String {
        format!("{} -> {} {}", self.asked, self.status, String::from_utf8_lossy(&self.bytes))
    }

    /// A session answer in a browser: tokens in these cookies and nowhere else.
    pub(crate) fn session_in_browser(&self, status: u16, cookies: &[&str]) -> Tokens {
        self.session(status, &SESSION_FIELDS, cookies)
    }

    /// A session answer for an app: tokens in the body and nowhere else.
    pub(crate) fn session_on_phone(&self, status: u16) -> Tokens {
        self.session(status, &with(&["device_secret", "refresh_token"]), &[])
    }

    /// A session answer for an app that has shown no device secret, so that it gets none back.
    pub(crate) fn session_without_secret(&self, status: u16) -> Tokens {
        self.session(status, &with(&["refresh_token"]), &[])
    }

    fn session(&self, status: u16, names: &[&str], cookies: &[&str]) -> Tokens {
        self.has(status, &[("cache-control", "no-store"), ("content-type", "application/json")], cookies);
        let json = &self.json;
        assert_eq!(fields(json), names, "{}", self.told());
        assert_eq!(fields(&json["session"]), SESSION_BODY);
        assert_eq!(fields(&json["user"]), USER_BODY);
        assert_eq!(json["token_type"], "Bearer");
        let life = json["expires_in"].as_u64().unwrap();
        let pause = json["refresh_after"].as_u64().unwrap();
        assert!((life * 6 / 10..=life * 9 / 10).contains(&pause), "{pause} of {life}");
        Tokens::of(self)
    }

    /// A 200 with these fields and no cookie.
    pub(crate) fn ok(&self, names: &[&str]) {
        self.has(200, &[("cache-control", "no-store"), ("content-type", "application/json")], &[]);
        assert_eq!(fields(&self.json), names, "{}", self.told());
    }

    /// The user, alone.
    pub(crate) fn user(&self) {
        self.ok(&USER_BODY);
    }

    /// An empty 204 with these cookies.
    pub(crate) fn no_content(&self, cookies: &[&str]) {
        self.has(204, &[("cache-control", "no-store")], cookies);
        assert!(self.bytes.is_empty(), "{}", self.told());
    }

    /// A refusal of the rules: 401 with its reason.
    pub(crate) fn refused(&self, reason: &str) {
        self.error(401, "invalid_grant", Some(reason), None, &[]);
    }

    /// A refusal that says that the session is over, and why.
    pub(crate) fn over(&self, reason: &str, ended: &str) {
        self.error(401, "invalid_grant", Some(reason), Some(ended), &[]);
    }

    /// A refusal of a bearer token, with its challenge (RFC 6750 §3).
    pub(crate) fn challenged(&self, reason: &str, ended: Option<&str>) {
        let challenge = match reason {
            "token_missing" => r#"Bearer realm="rotunda""#,
            "token_expired" => {
                r#"Bearer realm="rotunda", error="invalid_token", error_description="The access token has expired""#
            }
            "session_ended" => {
                r#"Bearer realm="rotunda", error="invalid_token", error_description="The session has ended""#
            }
            _ => {
                r#"Bearer realm="rotunda", error="invalid_token", error_description="The access token is not good""#
            }
        };
        self.error(401, "invalid_token", Some(reason), ended, &[(WWW_AUTHENTICATE.as_str(), challenge)]);
    }

    /// A refusal at the token endpoint: 400 with its reason (RFC 6749 §5.2).
    pub(crate) fn grant_refused(&self, reason: &str, ended: Option<&str>) {
        self.error(400, "invalid_grant", Some(reason), ended, &[]);
    }

    /// A client that did not show its secret; challenged to HTTP Basic where it has tried that (RFC 6749 §5.2).
    pub(crate) fn client_refused(&self, by_basic: bool) {
        let challenge = (WWW_AUTHENTICATE.as_str(), r#"Basic realm="rotunda", charset="UTF-8""#);
        let challenges = if by_basic { vec![challenge] } else { Vec::new() };
        self.error(401, "invalid_client", None, None, &challenges);
    }

    /// A client that there is not.
    pub(crate) fn client_unknown(&self) {
        self.error(401, "invalid_client", None, None, &[]);
    }

    /// An empty 200: the token is good for nothing (RFC 7009 §2.2).
    pub(crate) fn revoked(&self) {
        self.has(200, &[("cache-control", "no-store")], &[]);
        assert!(self.bytes.is_empty(), "{}", self.told());
    }

    /// A token that is good for nothing, and not a word more (RFC 7662 §2.2).
    pub(crate) fn inactive(&self) {
        self.has(200, &[("cache-control", "no-store"), ("content-type", "application/json")], &[]);
        assert_eq!(self.json, serde_json::json!({"active": false}), "{}", self.told());
    }

    /// A page with this heading and these cookies; what is true of all pages is checked in `everywhere`.
    pub(crate) fn page(&self, status: u16, heading: &str, cookies: &[&str]) {
        assert_eq!(self.status, status, "{}", self.told());
        assert!(self.text().contains(&format!("<h1>{heading}</h1>")), "{}", self.told());
        assert_eq!(self.cookies(), cookies, "{}", self.told());
    }

    /// On to another place, with these cookies.
    pub(crate) fn leads_to(&self, place: &str, cookies: &[&str]) {
        assert_eq!((self.status, self.header("location")), (303, Some(place)), "{}", self.told());
        assert_eq!(self.cookies(), cookies, "{}", self.told());
    }

    /// The body, as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    /// A refusal that asks for the password once more (RFC 9470 §3).
    pub(crate) fn step_up(&self) {
        let challenge = r#"Bearer realm="rotunda", error="insufficient_user_authentication", error_description="Enter the password again", max_age=300"#;
        let code = "insufficient_user_authentication";
        let headers = [(WWW_AUTHENTICATE.as_str(), challenge)];
        self.error(401, code, Some("reauthentication_needed"), None, &headers);
    }

    /// A link that is not good, whatever is wrong with it.
    pub(crate) fn link_invalid(&self) {
        self.error(400, "link_invalid", Some("link_invalid"), None, &[]);
    }

    /// Asked too often: wait so many seconds, and no word about who you are.
    pub(crate) fn limited(&self, seconds: &str) {
        self.error(429, "rate_limited", Some("rate_limited"), None, &[("retry-after", seconds)]);
    }

    /// 202: a letter may be on its way, and nothing says whether it is.
    pub(crate) fn letter_sent(&self) {
        self.has(202, &[("cache-control", "no-store"), ("content-type", "application/json")], &[]);
        let message = "If this address can be written to, a letter is on its way. Look into the mailbox.";
        assert_eq!(self.json, serde_json::json!({"message": message}), "{}", self.told());
    }

    /// Any other refusal, which is on no list of reasons.
    pub(crate) fn problem(&self, status: u16, error: &str) {
        self.error(status, error, None, None, &[]);
    }

    /// A refusal of whoever has not this permission (RFC 6750 §3.1).
    pub(crate) fn lacks(&self, permission: &str) {
        let challenge =
            format!(r#"Bearer realm="rotunda", error="insufficient_scope", scope="{permission}""#);
        self.error(403, "insufficient_scope", None, None, &[(WWW_AUTHENTICATE.as_str(), &challenge)]);
    }

    /// An outage or an overload: never a statement about the user.
    pub(crate) fn unavailable(&self, retry_after: &str) {
        self.error(503, "temporarily_unavailable", None, None, &[("retry-after", retry_after)]);
    }

    pub(crate) fn error(
        &self,
        status: u16,
        error: &str,
        reason: Option<&str>,
        ended: Option<&str>,
        headers: &[(&str, &str)],
    ) {
        let mut expected = vec![("cache-control", "no-store"), ("content-type", "application/json")];
        expected.extend(headers);
        self.has(status, &expected, &[]);
        let found = ["error", "reason", "ended"].map(|field| self.json[field].as_str());
        assert_eq!(found, [Some(error), reason, ended], "{}", self.told());
        let mut names = vec!["error", "error_description"];
        names.extend(reason.map(|_| "reason"));
        names.extend(ended.map(|_| "ended"));
        names.extend((reason == Some("generation_mismatch")).then_some("generation"));
        names.sort_unstable();
        assert_eq!(fields(&self.json), names);
    }

    /// This status, these headers and these cookies, and no others; what `everywhere` checks is left out.
    pub(crate) fn has(&self, status: u16, headers: &[(&str, &str)], cookies: &[&str]) {
        assert_eq!(self.status, status, "{}", self.told());
        let mut expected = headers.to_vec();
        expected.sort_unstable();
        assert_eq!(self.own_headers(), expected, "{}", self.told());
        assert_eq!(self.cookies(), cookies, "{}", self.told());
    }

    fn own_headers(&self) -> Vec<(&str, &str)> {
        let checked_everywhere =
            [CONTENT_LENGTH, PRAGMA, SET_COOKIE, STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS];
        let ours = |name: &str| {
            checked_everywhere.iter().all(|known| known != name) && !name.starts_with("access-control-")
        };
        let all = self.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let mut own: Vec<_> = all.filter(|(name, _)| ours(name)).collect();
        own.sort_unstable();
        own
    }

    /// The cookies that it sets, attributes sorted and values cut down to their prefix:
    /// `rotunda_page=rp1_…; HttpOnly; Path=/; SameSite=Lax`.
    pub(crate) fn cookies(&self) -> Vec<String> {
        self.headers.get_all(SET_COOKIE).iter().map(|header| shape(header.to_str().unwrap())).collect()
    }

    /// The one value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.get_all(name).iter();
        let first = all.next().map(|value| value.to_str().unwrap());
        assert!(all.next().is_none(), "{name} stands twice: {}", self.told());
        first
    }

    /// Whatever of it opens something.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let fields = ["access_token", "refresh_token", "device_secret", "client_secret", "secret"];
        let in_body = fields.iter().filter_map(|field| self.json[field].as_str().map(str::to_owned));
        let cookies =
            self.headers.get_all(SET_COOKIE).iter().map(|header| header.to_str().unwrap().to_owned());
        let in_cookies = cookies.map(|header| Cookie::parse(header).unwrap().value().to_owned());
        in_body.chain(in_cookies).filter(|secret| !secret.is_empty()).collect()
    }

    pub(crate) fn is_error(&self) -> bool {
        self.status >= StatusCode::BAD_REQUEST.as_u16()
    }
}

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut names = SESSION_FIELDS.to_vec();
    names.extend(more);
    names.sort_unstable();
    names
}

fn shape(header: &str) -> String {
    let mut parts = header.split("; ");
    let (name, value) = parts.next().unwrap().split_once('=').unwrap();
    let value = if value.is_empty() { String::new() } else { format!("{}…", &value[..4]) };
    let attributes: BTreeMap<_, _> = parts.map(|part| (part, ())).collect();
    let attributes: Vec<_> = attributes.into_keys().collect();
    format!("{name}={value}; {}", attributes.join("; "))
}
