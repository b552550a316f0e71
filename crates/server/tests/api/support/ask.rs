//! A request, put together.

use std::net::SocketAddr;

use axum::body::Body;
use base64ct::{Base64, Encoding};
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderName, HeaderValue, ORIGIN, USER_AGENT};
use http::{Method, Request};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use rotunda_server::edge::Peer;
use serde_json::Value;

/// A request before it is sent.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    body: Vec<u8>,
    peer: Option<SocketAddr>,
}

pub(crate) fn get(path: &str) -> Ask {
    Ask::new(Method::GET, path)
}

pub(crate) fn post(path: &str) -> Ask {
    Ask::new(Method::POST, path)
}

pub(crate) fn delete(path: &str) -> Ask {
    Ask::new(Method::DELETE, path)
}

impl Ask {
    pub(crate) fn new(method: Method, path: &str) -> Self {
        Self { method, path: path.to_owned(), headers: Vec::new(), body: Vec::new(), peer: None }
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.json_text(&body.to_string())
    }

    /// What says that it is JSON, whatever it is.
    pub(crate) fn json_text(self, body: &str) -> Self {
        self.json_bytes(body.as_bytes())
    }

    pub(crate) fn json_bytes(self, body: &[u8]) -> Self {
        self.with(CONTENT_TYPE, "application/json").body(body)
    }

    /// A form, as programs send it.
    pub(crate) fn form(self, fields: &[(&str, &str)]) -> Self {
        let encoded = |text: &str| percent_encode(text.as_bytes(), NON_ALPHANUMERIC).to_string();
        let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.form_text(&pairs.join("&"))
    }

    /// What says that it is a form, whatever it is.
    pub(crate) fn form_text(self, text: &str) -> Self {
        self.with(CONTENT_TYPE, "application/x-www-form-urlencoded").body(text.as_bytes())
    }

    /// HTTP Basic, of a name and a secret that need no encoding.
    pub(crate) fn basic(self, id: &str, secret: &str) -> Self {
        let pair = format!("{id}:{secret}");
        self.with(AUTHORIZATION, &format!("Basic {}", Base64::encode_string(pair.as_bytes())))
    }

    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    /// One more header; headers that are there already stay.
    pub(crate) fn with(self, name: impl AsRef<str>, value: &str) -> Self {
        self.with_bytes(name, value.as_bytes())
    }

    pub(crate) fn with_bytes(mut self, name: impl AsRef<str>, value: &[u8]) -> Self {
        let name = HeaderName::from_bytes(name.as_ref().as_bytes()).unwrap();
        self.headers.push((name, HeaderValue::from_bytes(value).unwrap()));
        self
    }

    pub(crate) fn with_all(self, headers: &[(&str, &str)]) -> Self {
        headers.iter().fold(self, |ask, (name, value)| ask.with(name, value))
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.with(AUTHORIZATION, &format!("Bearer {token}"))
    }

    pub(crate) fn cookies(self, cookies: &str) -> Self {
        self.with(COOKIE, cookies)
    }

    pub(crate) fn on_page(self, origin: &str) -> Self {
        self.with(ORIGIN, origin)
    }

    pub(crate) fn user_agent(self, name: &str) -> Self {
        self.with(USER_AGENT, name)
    }

    /// The other end of the connection.
    pub(crate) fn peer(mut self, address: &str) -> Self {
        self.peer = Some(address.parse().unwrap());
        self
    }

    pub(crate) fn header(&self, name: &str) -> Option<&HeaderValue> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(crate) fn body_bytes(&self) -> &[u8] {
        &self.body
    }

    pub(crate) fn to_request(&self) -> Request<Body> {
        self.to_request_with(Body::from(self.body.clone()))
    }

    pub(crate) fn to_request_with(&self, body: Body) -> Request<Body> {
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.path.parse().unwrap();
        for (name, value) in &self.headers {
            request.headers_mut().append(name, value.clone());
        }
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(Peer(peer));
        }
        request
    }
}
