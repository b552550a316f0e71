//! The gateways of `docs/guide/gateways.md`, run with the configurations of that page: the real nginx, Caddy and HAProxy
//! between a client and a service, and the real Rotunda beside them.

mod behind;
mod process;

use std::net::TcpListener;

use behind::{Behind, Headers};
use process::{Around, Gateway, Install};
use reqwest::header::{AUTHORIZATION, CONNECTION, COOKIE, ORIGIN, WWW_AUTHENTICATE};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::json;

use crate::support::{Answer, PASSWORD, Place, Server, login, post};

const ADA: &str = "ada@example.com";
const APP: &str = "https://app.example.com";
const EVIL: &str = "https://evil.example";
/// What clients send who want to be somebody else.
const FORGED: [(&str, &str); 10] = [
    ("X-Auth-User", "mallory"),
    ("x-auth-user", "mallory"),
    ("X-Auth-Session", "mallory"),
    ("X-Auth-Client", "mallory"),
    ("X-Auth-Roles", "mallory"),
    ("X-Auth-Scope", "mallory"),
    ("X-Auth-Actor", "mallory"),
    ("X_Auth_User", "mallory"),
    ("X-Auth_User", "mallory"),
    ("X_Auth-Roles", "mallory"),
];

#[tokio::test]
async fn nginx_as_the_guide_has_it() {
    a_day_at_the_gate(process::nginx).await;
}

#[tokio::test]
async fn caddy_as_the_guide_has_it() {
    a_day_at_the_gate(process::caddy).await;
}

#[tokio::test]
async fn haproxy_as_the_guide_has_it() {
    a_day_at_the_gate(process::haproxy).await;
}

async fn a_day_at_the_gate(install: Install) {
    let mut scene = Scene::set(install).await;
    scene.nobody_passes().await;
    scene.a_token_passes_and_its_user_is_told().await;
    scene.nobody_passes_as_somebody_else().await;
    scene.a_cookie_passes_but_not_from_a_foreign_page().await;
    scene.a_logout_holds_at_once().await;
    scene.an_outage_is_neither_a_logout_nor_an_open_gate().await;
}

/// Rotunda, a service, and a gateway before both.
struct Scene {
    place: Place,
    rotunda: Option<Server>,
    behind: Behind,
    gateway: Gateway,
    client: Client,
}

impl Scene {
    async fn set(install: Install) -> Self {
        let place = Place::new(&process::block("toml rotunda", &[]));
        let rotunda = place.serve();
        place.json(&["user", "add", ADA], PASSWORD);
        let behind = Behind::start();
        let around = Around { rotunda: place.port, behind: behind.port };
        let gateway = Gateway::start(install, around).await;
        let here = ([127, 0, 0, 1], gateway.port).into();
        let client = Client::builder().no_proxy().resolve("app.example.com", here).build().unwrap();
        Self { place, rotunda: Some(rotunda), behind, gateway, client }
    }

    fn asking(&self, method: Method) -> RequestBuilder {
        self.client.request(method, format!("http://app.example.com:{}/a/page?of=it", self.gateway.port))
    }

    fn get(&self) -> RequestBuilder {
        self.asking(Method::GET)
    }

    fn rotunda(&self) -> &str {
        &self.rotunda.as_ref().unwrap().url
    }

    async fn on_phone(&self) -> Answer {
        login(&self.client, self.rotunda(), ADA).await
    }

    /// A session in a browser, and its `Cookie` header.
    async fn in_browser(&self) -> (Answer, String) {
        let (url, body) =
            (format!("{}/auth/login", self.rotunda()), json!({"email": ADA, "password": PASSWORD}));
        let answer = post(&self.client, &url, &body, &[(ORIGIN.as_str(), APP)]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let key = answer.cookie("__Secure-rotunda_page").unwrap();
        (answer, format!("theme=dark; __Secure-rotunda_page={key}"))
    }

    /// The request reaches the service, as this session's and nobody else's.
    async fn passes(&self, request: RequestBuilder, session: &Answer, client: &str) {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let mut arrived = self.behind.arrived();
        assert_eq!(arrived.len(), 1, "{arrived:?}");
        assert_eq!(told(&arrived.remove(0)), expected(session, client));
    }

    /// The request does not reach the service. Answers the status and the challenge.
    async fn is_stopped(&self, request: RequestBuilder) -> (u16, String) {
        let answer = request.send().await.unwrap();
        let challenge =
            answer.headers().get(WWW_AUTHENTICATE).map(|value| value.to_str().unwrap().to_owned());
        let arrived = self.behind.arrived();
        assert!(arrived.is_empty(), "{} {arrived:?}", answer.status());
        (answer.status().as_u16(), challenge.unwrap_or_default())
    }

    async fn is_asked_to_sign_in(&self, request: RequestBuilder) {
        let (status, challenge) = self.is_stopped(request).await;
        assert_eq!(status, 401);
        assert!(challenge.starts_with(r#"Bearer realm="rotunda""#), "{challenge:?}");
    }

    async fn nobody_passes(&self) {
        self.is_asked_to_sign_in(self.get()).await;
        self.is_asked_to_sign_in(forged(self.get())).await;
        self.is_asked_to_sign_in(self.asking(Method::OPTIONS)).await;
        self.is_asked_to_sign_in(self.asking(Method::POST).body("a body")).await;
        self.is_asked_to_sign_in(self.get().bearer_auth("x.y.z")).await;
        self.is_asked_to_sign_in(self.get().header(COOKIE, "__Secure-rotunda_page=rp1_x")).await;
    }

    async fn a_token_passes_and_its_user_is_told(&self) {
        let session = self.on_phone().await;
        let token = session.text("/access_token");
        for method in [Method::GET, Method::HEAD, Method::DELETE, Method::OPTIONS] {
            self.passes(self.asking(method).bearer_auth(&token), &session, "native").await;
        }
        let post = self.asking(Method::POST).bearer_auth(&token).body("a body");
        self.passes(post.header(ORIGIN, EVIL), &session, "native").await;
    }

    async fn nobody_passes_as_somebody_else(&self) {
        let session = self.on_phone().await;
        let token = session.text("/access_token");
        self.passes(forged(self.get().bearer_auth(&token)), &session, "native").await;
        // A gateway that obeyed this would drop the header that it has just set.
        for names in ["X-Auth-User", "close, x-auth-user, x_auth_roles"] {
            let request = self.get().bearer_auth(&token).header(CONNECTION, names);
            let status = request.send().await.unwrap().status().as_u16();
            let arrived = self.behind.arrived();
            match arrived.as_slice() {
                [] => assert_eq!(status, 400),
                [one] => {
                    assert_eq!(told(one), expected(&session, "native"));
                    let obeyed = values(one, "connection").iter().any(|value| value.contains("auth"));
                    assert!(!obeyed, "the next one on the way might obey: {one:?}");
                }
                several => panic!("{several:?}"),
            }
        }
    }

    async fn a_cookie_passes_but_not_from_a_foreign_page(&self) {
        let (session, cookies) = self.in_browser().await;
        let with = |method: Method| self.asking(method).header(COOKIE, &cookies);
        self.passes(with(Method::GET).header("sec-fetch-site", "cross-site"), &session, "web").await;
        self.passes(forged(with(Method::GET)), &session, "web").await;
        self.passes(with(Method::POST).header(ORIGIN, APP).body("a body"), &session, "web").await;
        let foreign = [
            with(Method::POST).header(ORIGIN, EVIL).body("a body"),
            with(Method::DELETE).header("sec-fetch-site", "same-site"),
            with(Method::GET).header(ORIGIN, EVIL),
            // The client's word about its method is nobody's.
            with(Method::POST).header(ORIGIN, EVIL).header("x-forwarded-method", "GET"),
            with(Method::POST).header("sec-fetch-site", "cross-site").header("x-forwarded-method", "GET"),
            with(Method::POST).header("sec-fetch-site", "cross-site").header("x-original-method", "GET"),
        ];
        for request in foreign {
            assert_eq!(self.is_stopped(request).await.0, 403);
        }
        self.is_asked_to_sign_in(with(Method::GET).bearer_auth("x.y.z")).await;
        // What a staging site asks for in front of everything is nobody's answer to who signed in.
        self.passes(with(Method::GET).header(AUTHORIZATION, "Basic YTpi"), &session, "web").await;
    }

    async fn a_logout_holds_at_once(&self) {
        let (session, cookies) = self.in_browser().await;
        let token = session.text("/access_token");
        let (by_token, by_cookie) =
            (|| self.get().bearer_auth(&token), || self.get().header(COOKIE, &cookies));
        self.passes(by_token(), &session, "web").await;
        self.passes(by_cookie(), &session, "web").await;
        let headers = [(COOKIE.as_str(), cookies.as_str()), (ORIGIN.as_str(), APP)];
        let out = post(&self.client, &format!("{}/auth/logout", self.rotunda()), &json!({}), &headers).await;
        assert_eq!(out.status, 204, "{out:?}");
        self.is_asked_to_sign_in(by_token()).await;
        self.is_asked_to_sign_in(by_cookie()).await;
    }

    async fn an_outage_is_neither_a_logout_nor_an_open_gate(&mut self) {
        let session = self.on_phone().await;
        let token = session.text("/access_token");
        self.rotunda.take().unwrap().kill();
        for request in [self.get().bearer_auth(&token), self.get(), forged(self.get())] {
            let (status, challenge) = self.is_stopped(request).await;
            assert!((502..=503).contains(&status), "{status}");
            assert_eq!(challenge, "");
        }
        self.rotunda = Some(self.place.serve());
        self.passes(self.get().bearer_auth(&token), &session, "native").await;
        // An outage that Rotunda tells of by itself.
        self.rotunda.take().unwrap().kill();
        let listener = TcpListener::bind(("127.0.0.1", self.place.port)).unwrap();
        let instead = Behind::answering("503 Service Unavailable", listener);
        let (status, _) = self.is_stopped(self.get().bearer_auth(&token)).await;
        assert_eq!((status, instead.arrived().len()), (503, 1));
    }
}

fn forged(request: RequestBuilder) -> RequestBuilder {
    FORGED.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

fn values<'a>(headers: &'a Headers, name: &str) -> Vec<&'a str> {
    let named = headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.as_str()).collect()
}

/// What a service is told about its caller, with names as frameworks read them. No value is as good as none.
fn told(headers: &Headers) -> Vec<(String, String)> {
    let read = headers.iter().map(|(name, value)| (name.to_lowercase().replace('_', "-"), value.clone()));
    let mut told: Vec<_> =
        read.filter(|(name, value)| name.starts_with("x-auth-") && !value.is_empty()).collect();
    told.sort();
    told
}

fn expected(session: &Answer, client: &str) -> Vec<(String, String)> {
    let told = [
        ("x-auth-client", client.to_owned()),
        ("x-auth-session", session.text("/session/id")),
        ("x-auth-user", session.text("/user/id")),
    ];
    told.map(|(name, value)| (name.to_owned(), value)).to_vec()
}
