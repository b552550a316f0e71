//! Users: found, added, changed, shut out, let in, deleted.

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::{Operator, add_user, at, claims, each, page_by_page, role};
use crate::support::{ADA, App, Ask, PASSWORD, Phone, delete, get, post, text};

#[tokio::test]
async fn a_users_day() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    let new =
        json!({"email": ADA, "password": PASSWORD, "username": "Ada", "name": "Ada", "email_verified": true});
    let added = root.post("users", &new).await;
    assert_eq!(added.status, 201, "{}", added.told());
    let id = text(&added.json["id"]);
    let seen = root.get(&format!("users/{id}")).await;
    assert_eq!(seen.json, added.json);
    assert_eq!(
        seen.json,
        json!({
            "id": id, "sub": id, "email": ADA, "email_verified": true, "username": "Ada", "name": "Ada",
            "state": "active", "roles": [], "created_at": "2026-01-01T00:00:00.000Z", "version": seen.json["version"],
        })
    );
    let mut ada = Phone::new(&app, "ada");
    ada.login(ADA, PASSWORD).await.session_on_phone(200);
    app.wait(Duration::from_secs(60));

    // Shut out, and let in again.
    let disabled = root.post(&format!("users/{id}/disable"), &json!({"reason": "Lost phone"})).await;
    assert_eq!((disabled.status, &disabled.json), (200, &json!({"sessions": 1})));
    ada.refresh().await.over("session_ended", "user_disabled");
    assert_eq!(root.get(&format!("users/{id}")).await.json["state"], "disabled");
    assert_eq!(each(&root.get("users?state=disabled").await, "id"), [id.as_str()]);
    root.post(&format!("users/{id}/enable"), &json!({})).await.no_content(&[]);
    ada.login(ADA, PASSWORD).await.session_on_phone(200);

    // Gone.
    let version = root.get(&format!("users/{id}")).await.header("etag").unwrap().to_owned();
    root.delete(&format!("users/{id}")).await.problem(428, "precondition_required");
    let stale = seen.header("etag").unwrap();
    root.change(Method::DELETE, &format!("users/{id}"), stale, &json!({}))
        .await
        .problem(412, "precondition_failed");
    let gone = root.ask(delete(&at(&format!("users/{id}"))).with("if-match", &version)).await;
    gone.no_content(&[]);
    root.get(&format!("users/{id}")).await.problem(404, "not_found");
    assert_eq!(ada.refresh().await.status, 401);
    // One's own account is for somebody else to end.
    for (method, path) in [(Method::DELETE, ""), (Method::POST, "/disable")] {
        let ask = Ask::new(method, &at(&format!("users/{}{path}", root.user)));
        root.ask(ask.with("if-match", "*")).await.problem(403, "access_denied");
    }
}

#[tokio::test]
async fn of_two_who_change_the_same_the_second_is_told() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    let path = format!("users/{}", add_user(&root, ADA).await);
    let first = root.get(&path).await;
    let tag = first.header("etag").unwrap();
    assert_eq!(tag, format!("\"{}\"", text(&first.json["version"])));
    let patch = |version: &str, body| {
        let (root, path, version) = (root.clone(), path.clone(), version.to_owned());
        async move { root.change(Method::PATCH, &path, &version, &body).await }
    };
    let changed = patch(tag, json!({"name": "Ada Lovelace", "username": "ada"})).await;
    assert_eq!((changed.status, &changed.json["name"]), (200, &json!("Ada Lovelace")), "{}", changed.told());
    assert_ne!(changed.header("etag"), Some(tag));
    patch(tag, json!({"name": "Somebody"})).await.problem(412, "precondition_failed");
    root.ask(Ask::new(Method::PATCH, &at(&path)).json(&json!({"name": "x"})))
        .await
        .problem(428, "precondition_required");
    for unreadable in ["", "x", "W/\"x\"", "\"a\", \"b\""] {
        patch(unreadable, json!({})).await.problem(400, "invalid_request");
    }
    // What is absent stays, what is null goes.
    let cleared = patch("*", json!({"username": null})).await;
    assert_eq!((&cleared.json["username"], &cleared.json["name"]), (&json!(null), &json!("Ada Lovelace")));
    // Another address is nobody's until it is shown, unless the operator says so.
    let moved = patch("*", json!({"email": "countess@example.com"})).await;
    assert_eq!(
        (&moved.json["email"], &moved.json["email_verified"]),
        (&json!("countess@example.com"), &json!(false))
    );
    patch("*", json!({"email": "root@example.com"})).await.problem(409, "email_taken");
    patch("*", json!({"email": "nobody"})).await.problem(400, "invalid_request");
    patch("*", json!({"nmae": "typo"})).await.problem(400, "invalid_request");
}

#[tokio::test]
async fn users_are_found_by_what_they_are_called() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    let mut ids = Vec::new();
    for n in 1..=5 {
        let new = json!({"email": format!("user{n}@example.com"), "password": PASSWORD, "username": format!("U-{n}")});
        ids.push(text(&root.post("users", &new).await.json["id"]));
    }
    let (all, pages) = page_by_page(&root, "users", "id").await;
    // The store need not know that a page that is full is the last one.
    assert!(all.len() == 6 && (3..=4).contains(&pages), "each once, root among them: {all:?}, {pages} pages");
    assert_eq!(page_by_page(&root, "users?q=USER", "id").await.0, ids);
    assert_eq!(page_by_page(&root, "users?q=@u-", "id").await.0, ids);
    assert_eq!(each(&root.get("users?q=user3@").await, "id"), [ids[2].as_str()]);
    assert_eq!(each(&root.get("users?q=@U-4").await, "id"), [ids[3].as_str()]);
    assert_eq!(each(&root.get(&format!("users?q={}", ids[0])).await, "email"), ["user1@example.com"]);
    assert_eq!(each(&root.get("users?role=admin").await, "email"), ["root@example.com"]);
    assert_eq!(each(&root.get("users?q=sub:none").await, "id"), [""; 0]);
    for wrong in [
        "state=gone",
        "role=No",
        "limit=0",
        "limit=201",
        "limit=x",
        "after=x",
        "stat=active",
        "q=a&q=b",
        "after=bjo3",
    ] {
        root.get(&format!("users?{wrong}")).await.problem(400, "invalid_request");
    }
    root.get("users/x").await.problem(404, "not_found");
    root.get("users/%ff").await.problem(404, "not_found");
}

#[tokio::test]
async fn roles_reach_the_next_refresh_without_a_sign_out_and_the_feed_says_so() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    role(&app, "support", &["users.read", "tickets.write"]).await;
    let mut ada = Phone::new(&app, "ada");
    let answer = ada.register(ADA, PASSWORD).await;
    let id = text(&answer.json["user"]["id"]);
    let before = claims(&ada.access_token);
    assert_eq!((&before["roles"], &before["scope"], &before["ce"]), (&json!([]), &json!(null), &json!(null)));
    let held =
        root.change(Method::PUT, &format!("users/{id}/roles"), "*", &json!({"roles": ["support"]})).await;
    assert_eq!((held.status, &held.json["roles"]), (200, &json!(["support"])), "{}", held.told());

    // Nobody is signed out, and the old token is good for what it says.
    ada.me().await.user();
    let feed = Operator::service(&app, "reader", &["revocations.read"]).await.ask(get("/revocations")).await;
    let entries = feed.json["entries"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["type"] == "claims" && entry["sub"] == id.as_str());
    let ce = entry.unwrap_or_else(|| panic!("{}", feed.told()))["ce"].clone();
    app.wait(Duration::from_secs(60));
    ada.refresh().await.session_on_phone(200);
    let after = claims(&ada.access_token);
    assert_eq!((&after["roles"], &after["scope"]), (&json!(["support"]), &json!("tickets.write users.read")));
    assert_eq!(after["ce"], ce);
    assert_eq!(after["sid"], before["sid"]);

    let by_hand =
        root.change(Method::PUT, &format!("users/{id}/roles"), "*", &json!({"roles": ["nobody"]})).await;
    by_hand.problem(400, "invalid_request");
    let path = format!("users/{id}/roles");
    root.ask(Ask::new(Method::PUT, &at(&path)).json(&json!({"roles": []})))
        .await
        .problem(428, "precondition_required");
    let own = format!("users/{}/roles", root.user);
    root.change(Method::PUT, &own, "*", &json!({"roles": []})).await.problem(403, "access_denied");
}

/// Who may change users cannot give what they do not have, nor do anything to whoever has it.
#[tokio::test]
async fn nobody_reaches_above_themselves() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    role(&app, "desk", &["users.read", "users.write", "users.act", "sessions.revoke"]).await;
    let clerk = Operator::with_roles(&app, "clerk@example.com", &["desk"]).await;
    let admin = format!("users/{}", root.user);
    clerk
        .change(Method::PATCH, &admin, "*", &json!({"email": "mine@example.com"}))
        .await
        .problem(403, "access_denied");
    clerk.post(&format!("{admin}/disable"), &json!({})).await.problem(403, "access_denied");
    clerk.delete(&format!("{admin}/sessions")).await.problem(403, "access_denied");
    clerk.delete(&format!("sessions/{}", root.session)).await.problem(403, "access_denied");
    let taken = clerk.change(Method::DELETE, &admin, "*", &json!({})).await;
    taken.problem(403, "access_denied");
    // Roles are another permission altogether, on every way to them.
    let with_roles = json!({"email": ADA, "password": PASSWORD, "roles": ["admin"]});
    clerk.post("users", &with_roles).await.lacks("roles.write");
    let ada = add_user(&clerk, ADA).await;
    let raised =
        clerk.change(Method::PATCH, &format!("users/{ada}"), "*", &json!({"roles": ["admin"]})).await;
    raised.lacks("roles.write");
    clerk.get("roles").await.lacks("roles.read");
    root.get("me").await.ok(&["actor", "permissions", "proved_at", "session_id", "user_id"]);
}

#[tokio::test]
async fn somebody_who_is_invited_chooses_their_own_password() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    let invited = root.post("users/invite", &json!({"email": ADA, "name": "Ada"})).await;
    assert_eq!((invited.status, &invited.json["email_verified"]), (201, &json!(false)), "{}", invited.told());
    assert_eq!((&invited.json["email"], &invited.json["name"]), (&json!(ADA), &json!("Ada")));
    let token = app.link(rotunda_core::model::LetterKind::Invited).await;
    let mut ada = Phone::new(&app, "ada");
    ada.login(ADA, PASSWORD).await.refused("credentials_invalid");
    ada.reset(&token, PASSWORD).await.session_on_phone(200);
    let seen = root.get(&format!("users/{}", text(&invited.json["id"]))).await;
    assert_eq!(seen.json["email_verified"], true);
    root.post("users/invite", &json!({"email": ADA})).await.problem(409, "email_taken");
}

#[tokio::test]
async fn whoever_acts_for_a_user_says_why_and_gets_no_further_than_the_user() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    let mut ada = Phone::new(&app, "ada");
    let id = text(&ada.register(ADA, PASSWORD).await.json["user"]["id"]);
    let act = format!("users/{id}/act");
    root.post(&act, &json!({})).await.problem(400, "invalid_request");
    let acting = root.post(&act, &json!({"reason": "Ticket 7", "client_id": "native"})).await;
    assert_eq!(acting.status, 201, "{}", acting.told());
    let token = text(&acting.json["access_token"]);
    assert_eq!(claims(&token)["act"], json!({"sub": root.user}));
    app.send(get("/auth/me").bearer(&token)).await.user();
    let denied = |path: &str| get(path).bearer(&token);
    app.send(denied("/auth/me/export")).await.error(
        403,
        "access_denied",
        Some("acting_for_another"),
        None,
        &[],
    );
    app.send(denied("/admin/api/me")).await.error(
        403,
        "access_denied",
        Some("acting_for_another"),
        None,
        &[],
    );
    // In a browser's session the tokens would be cookies, which this API has not.
    let in_browser = root.post(&act, &json!({"reason": "Ticket 7"})).await;
    assert!(in_browser.json["refresh_token"].is_null() && in_browser.cookies().is_empty());
    root.post(&format!("users/{}/act", root.user), &json!({"reason": "x"}))
        .await
        .problem(403, "access_denied");
    root.post(&act, &json!({"reason": "x", "client_id": "nobody"})).await.problem(400, "invalid_client");
    // Both sides can see it.
    let seen = root.get(&format!("audit?user={id}&kind=user.acted_for")).await;
    assert_eq!(each(&seen, "actor"), vec![format!("user:{}", root.user); 2]);
    assert_eq!(each(&seen, "reason"), ["Ticket 7"; 2]);
    let sessions = root.get(&format!("users/{id}/sessions?live=true")).await;
    assert_eq!(each(&sessions, "id").len(), 3);
    assert_eq!(ada.ask(post("/auth/logout-all")).await.status, 204);
    app.send(get("/auth/me").bearer(&token)).await.challenged("session_ended", Some("logged_out_everywhere"));
}

/// What is dangerous asks for the password again; looking does not.
#[tokio::test]
async fn a_password_grows_old() {
    let app = App::new().await;
    let root = Operator::admin(&app).await;
    let ada = add_user(&root, ADA).await;
    app.wait(Duration::from_secs(11 * 60));
    let needed = |answer: crate::support::Answer| {
        assert_eq!(
            (answer.status, &answer.json["reason"]),
            (401, &json!("reauthentication_needed")),
            "{}",
            answer.told()
        );
    };
    assert_eq!(root.get("users").await.status, 200);
    assert_eq!(root.delete("sessions?dry_run=true").await.status, 200);
    needed(root.delete("sessions?dry_run=false").await);
    needed(root.change(Method::DELETE, &format!("users/{ada}"), "*", &json!({})).await);
    needed(root.change(Method::PUT, &format!("users/{ada}/roles"), "*", &json!({"roles": []})).await);
    needed(root.post(&format!("users/{ada}/act"), &json!({"reason": "x"})).await);
    needed(root.post("clients", &json!({"id": "x", "kind": "service"})).await);
    needed(root.post("keys/rotate", &json!({})).await);
}
