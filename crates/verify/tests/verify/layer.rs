//! The layer in front of a service of hyper, with its own kind of body.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use rotunda_verify::{AccessToken, AuthLayer};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::feed::followed;
use crate::issuer::{Issuer, key};
use crate::support::HandClock;

async fn hello(request: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    let token = request.extensions().get::<AccessToken>().expect("the layer puts it there");
    Ok(Response::new(Full::from(token.user().or(token.service()).unwrap().to_owned())))
}

/// Status, headers, body.
async fn ask(layer: &AuthLayer, authorization: &[&str]) -> (StatusCode, http::HeaderMap, String) {
    let mut request = Request::builder();
    for value in authorization {
        request = request.header("authorization", *value);
    }
    let mut service = layer.layer(service_fn(hello));
    let response = service.ready().await.unwrap().call(request.body(()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_good_token_comes_through_in_any_spelling_of_its_scheme_and_from_nowhere_else() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let layer = issuer.builder().clock(HandClock::new()).build().unwrap().layer();
    let token = key.sign(&issuer.claims()).unwrap();
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer  "] {
        let (status, _, body) = ask(&layer, &[&format!("{scheme} {token}")]).await;
        assert_eq!((status, body), (StatusCode::OK, issuer.claims().sub), "{scheme}");
    }
    let url = format!("/?access_token={token}");
    let request =
        Request::builder().uri(url).header("cookie", format!("access_token={token}")).body(()).unwrap();
    let answer = layer.layer(service_fn(hello)).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

/// Not tower in tower, but a connection: the body that comes in is hyper's own.
#[tokio::test]
async fn a_server_of_hyper_is_guarded() {
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let layer = issuer.builder().clock(HandClock::new()).build().unwrap().layer();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let inner =
                service_fn(async |request: Request<hyper::body::Incoming>| hello(request.map(drop)).await);
            let service = hyper_util::service::TowerToHyperService::new(layer.layer(inner));
            let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            tokio::spawn(
                async move { server.serve_connection(TokioIo::new(stream), service).await.unwrap() },
            );
        }
    });
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    assert_eq!(client.get(&url).send().await.unwrap().status(), 401);
    let bearer = format!("Bearer {}", key.sign(&issuer.claims()).unwrap());
    let answer = client.get(&url).header("authorization", bearer).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), issuer.claims().sub);
}

#[tokio::test]
async fn typed_claims_tell_users_from_services() {
    let service = followed(|builder| builder).await;
    let user = service.verify(&service.token(|_| ())).unwrap();
    assert_eq!(
        (user.user(), user.service(), user.client()),
        (Some(service.issuer.claims().sub.as_str()), None, "web")
    );
    assert_eq!(user.sid(), service.issuer.claims().sid.as_deref());
    assert_eq!(user.scopes().collect::<Vec<_>>(), ["reports.read", "notes"]);
    assert_eq!(user.roles().collect::<Vec<_>>(), ["editor"]);
    assert_eq!(user.expires(), service.issuer.claims().exp);
    let machine = service.token(|claims| {
        (claims.sid, claims.auth_time, claims.ep) = (None, None, None);
        "client:nightly".clone_into(&mut claims.sub);
        "nightly".clone_into(&mut claims.client_id);
        claims.scope = None;
        claims.roles = vec![];
    });
    let machine = service.verify(&machine).unwrap();
    assert_eq!((machine.user(), machine.service(), machine.sid()), (None, Some("nightly"), None));
    assert_eq!(machine.scopes().chain(machine.roles()).count(), 0);
}

#[tokio::test]
async fn scopes_and_roles_are_required_whole() {
    let key = key();
    let issuer = Issuer::with_keys(&[&key]).await;
    let verifier = issuer.builder().clock(HandClock::new()).build().unwrap();
    let bearer = format!("Bearer {}", key.sign(&issuer.claims()).unwrap());
    let layer = || verifier.layer();
    for (permits, layer) in [
        (true, layer().require_scope("reports.read")),
        (true, layer().require_scope("notes reports.read").require_role("editor")),
        (false, layer().require_scope("reports")),
        (false, layer().require_scope("reports.read reports.write")),
        (false, layer().require_scope("reports.read").require_scope("reports.write")),
        (false, layer().require_role("edit")),
        (false, layer().require_role("editor").require_role("admin")),
    ] {
        let expected = if permits { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!(ask(&layer, &[&bearer]).await.0, expected);
    }
    assert_eq!(verifier.health().refused.insufficient, 5);
}

#[tokio::test]
async fn every_refusal_is_counted_by_its_reason() {
    let service = followed(|builder| builder).await;
    let layer = service.verifier.layer();
    let expired = service.token(|claims| claims.exp = crate::support::NOW - 61);
    for authorization in [
        &[][..],
        &["Basic eDp5"],
        &["Bearer a.b.c"],
        &["Bearer x", "Bearer x"],
        &[&format!("Bearer {expired}")],
    ] {
        ask(&layer, authorization).await;
    }
    let refused = service.verifier.health().refused;
    assert_eq!((refused.missing, refused.expired, refused.invalid), (3, 1, 1));
}
