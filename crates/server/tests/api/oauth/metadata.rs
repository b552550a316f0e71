//! The metadata (RFC 8414) says what is so: each thing that it names is tried.

use serde_json::json;

use super::{Client, ada_has_an_account};
use crate::support::{App, OWN_ORIGIN, Setup, get, post};

const PATH: &str = "/.well-known/oauth-authorization-server";

#[tokio::test]
async fn it_names_what_there_is_and_nothing_else() {
    let app = App::new().await;
    let answer = app.send(get(PATH)).await;
    answer.has(200, &[("cache-control", "public, max-age=3600"), ("content-type", "application/json")], &[]);
    let any = ["client_secret_basic", "client_secret_post", "none"];
    let expected = json!({
        "issuer": OWN_ORIGIN,
        "token_endpoint": format!("{OWN_ORIGIN}/oauth/token"),
        "revocation_endpoint": format!("{OWN_ORIGIN}/oauth/revoke"),
        "introspection_endpoint": format!("{OWN_ORIGIN}/oauth/introspect"),
        "jwks_uri": format!("{OWN_ORIGIN}/.well-known/jwks.json"),
        "response_types_supported": [],
        "grant_types_supported": ["refresh_token", "client_credentials"],
        "token_endpoint_auth_methods_supported": any,
        "revocation_endpoint_auth_methods_supported": any,
        "introspection_endpoint_auth_methods_supported": &any[..2],
        "scopes_supported": ["revocations.read"],
    });
    assert_eq!(answer.json, expected);
}

#[tokio::test]
async fn what_it_names_is_there() {
    let app = App::new().await;
    ada_has_an_account(&app).await;
    let reports = Client::reports(&app).await;
    let metadata = app.send(get(PATH)).await.json;
    let path = |name: &str| metadata[name].as_str().unwrap().strip_prefix(OWN_ORIGIN).unwrap().to_owned();
    assert_eq!(app.send(get(&path("jwks_uri"))).await.status, 200);
    for grant in metadata["grant_types_supported"].as_array().unwrap() {
        let answer =
            app.send(reports.form(&path("token_endpoint"), &[("grant_type", grant.as_str().unwrap())])).await;
        assert_ne!(answer.json["error"], "unsupported_grant_type", "{grant}");
    }
    let token = reports.token(&app).await;
    for name in ["token", "introspection", "revocation"] {
        let endpoint = path(&format!("{name}_endpoint"));
        let methods = &metadata[format!("{name}_endpoint_auth_methods_supported")];
        for method in methods.as_array().unwrap() {
            let fields = vec![("grant_type", "client_credentials"), ("token", token.as_str())];
            let (id, secret) = (("client_id", reports.id), ("client_secret", reports.secret.as_str()));
            let ask = match method.as_str().unwrap() {
                "client_secret_basic" => reports.form(&endpoint, &fields),
                "client_secret_post" => post(&endpoint).form(&[fields, vec![id, secret]].concat()),
                _ => post(&endpoint).form(&[fields, vec![("client_id", "native")]].concat()),
            };
            let answer = app.send(ask).await;
            assert!(answer.status == 200 || method == "none", "{endpoint} {method}: {}", answer.told());
        }
    }
}

#[tokio::test]
async fn the_issuer_is_the_configured_one_and_the_endpoints_are_where_browsers_reach_them() {
    let setup = Setup::at("https://auth.example.com")
        .policy(|policy| policy.issuer = "https://id.example.com".to_owned());
    let app = setup.start().await;
    let metadata = app.send(get(PATH)).await.json;
    assert_eq!(
        (&metadata["issuer"], &metadata["token_endpoint"]),
        (&json!("https://id.example.com"), &json!("https://auth.example.com/oauth/token"))
    );
}
