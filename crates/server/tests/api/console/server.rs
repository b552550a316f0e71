//! Roles, clients, keys, webhooks and the audit log.

use rotunda_core::desk::{Operator, PutRole};
use rotunda_core::model::RoleName;

use super::{Scene, at, form, leads, says, shows};
use crate::support::{App, PASSWORD};

fn version(text: &str) -> String {
    text.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_role_is_added_changed_given_and_removed() {
    let app = App::new().await;
    let mut scene = Scene::of(&app).await;
    let fields = [("name", "support"), ("permissions", "users.read shop.refund"), ("password", PASSWORD)];
    leads(&scene.otto.send(form("/admin/roles/+", &fields)).await, "/admin/roles?done=added");
    let asked = at(&mut scene.otto, "/admin/roles/support").await.text();
    assert!(asked.contains("value=\"shop.refund users.read\""), "{asked}");
    let of = version(&asked);
    let fields = [("permissions", "users.read"), ("version", of.as_str()), ("password", PASSWORD)];
    leads(&scene.otto.send(form("/admin/roles/support", &fields)).await, "/admin/roles?done=changed");
    let late = scene.otto.send(form("/admin/roles/support", &fields)).await;
    assert_eq!(late.status, 412, "{}", late.told());
    let roles = scene.path("/admin/users/{user}/roles").await;
    let user = version(&at(&mut scene.otto, &roles).await.text());
    let fields = [("roles", "support"), ("version", user.as_str()), ("password", PASSWORD)];
    let home = scene.path("/admin/users/{user}").await;
    leads(&scene.otto.send(form(&roles, &fields)).await, &format!("{home}?done=changed"));
    let held = at(&mut scene.otto, "/admin/users?role=support").await;
    assert_eq!(says(&held, &home), 1, "{}", held.told());
    shows(&at(&mut scene.ada, "/admin/users").await, 200, "Users");
    let remove = "/admin/roles/support/remove";
    let of = version(&at(&mut scene.otto, remove).await.text());
    let fields = [("version", of.as_str()), ("password", PASSWORD)];
    let in_the_way = scene.otto.send(form(remove, &fields)).await;
    assert_eq!(in_the_way.status, 409, "{}", in_the_way.told());
    assert_eq!(at(&mut scene.otto, "/admin/roles/admin").await.status, 409, "the built-in role");
}

#[tokio::test]
async fn what_a_role_permits_stays_as_it_is_written() {
    let app = App::new().await;
    let mut scene = Scene::of(&app).await;
    let permits = async |name: &str| {
        let name = RoleName::parse(name).unwrap();
        let role = app.rotunda.desk(Operator::command_line()).role(&name).await.unwrap().role;
        role.permissions.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    // One word of a service's with a comma in it, and none at all.
    for (name, permissions) in [("notes", vec!["notes,keys.manage"]), ("nothing", vec![])] {
        let given = permissions.iter().copied().map(str::to_owned).collect();
        let put = PutRole { name: name.to_owned(), permissions: given, description: None };
        app.rotunda.desk(Operator::command_line()).put_role(put, None).await.unwrap();
        let path = format!("/admin/roles/{name}");
        let asked = at(&mut scene.otto, &path).await.text();
        let shown = asked
            .split("name=\"permissions\" value=\"")
            .nth(1)
            .map_or("", |rest| rest.split('"').next().unwrap());
        assert_eq!(shown, permissions.join(" "), "{asked}");
        let of = version(&asked);
        let fields = [
            ("permissions", shown),
            ("description", "new"),
            ("version", of.as_str()),
            ("password", PASSWORD),
        ];
        leads(&scene.otto.send(form(&path, &fields)).await, "/admin/roles?done=changed");
        assert_eq!(permits(name).await, permissions, "the description alone was changed");
    }
}

#[tokio::test]
async fn a_clients_secret_is_shown_once() {
    let app = App::new().await;
    let mut scene = Scene::of(&app).await;
    let fields = [("name", "billing"), ("kind", "service"), ("scopes", "invoices"), ("password", PASSWORD)];
    let added = scene.otto.send(form("/admin/clients/new", &fields)).await;
    shows(&added, 200, "The client&#39;s secret");
    let secret = added.text().split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let list = at(&mut scene.otto, "/admin/clients").await;
    assert_eq!((says(&list, "billing") > 0, says(&list, &secret)), (true, 0), "{}", list.told());
    let fields = [("keep", "0"), ("password", PASSWORD)];
    let rotated = scene.otto.send(form("/admin/clients/billing/secret", &fields)).await;
    shows(&rotated, 200, "The client&#39;s new secret");
    assert_eq!(says(&rotated, &secret), 0);
    let removed = scene.otto.send(form("/admin/clients/billing/remove", &[("password", PASSWORD)])).await;
    leads(&removed, "/admin/clients?done=removed");
    assert_eq!(at(&mut scene.otto, "/admin/clients/billing/other").await.status, 404);
}

#[tokio::test]
async fn keys_are_rotated_and_revoked() {
    let app = App::new().await;
    let mut scene = Scene::of(&app).await;
    let before = at(&mut scene.otto, "/admin/keys").await;
    let revoke = before.text().split("href=\"/admin/keys/").find_map(|rest| {
        rest.split('"')
            .next()
            .filter(|path| path.ends_with("/revoke"))
            .map(|path| format!("/admin/keys/{path}"))
    });
    let revoke = revoke.unwrap();
    let rotated = scene.otto.send(form("/admin/keys/rotate", &[("password", PASSWORD)])).await;
    leads(&rotated, "/admin/keys?done=keys-rotated");
    let list = at(&mut scene.otto, "/admin/keys").await;
    assert_eq!(says(&list, "Published, signs later"), 1, "{}", list.told());
    leads(&scene.otto.send(form(&revoke, &[("password", PASSWORD)])).await, "/admin/keys?done=key-revoked");
    let again = scene.otto.send(form(&revoke, &[("password", PASSWORD)])).await;
    assert_eq!((again.status, again.cookies().len()), (404, 3), "{}", again.told());
    let audit = at(&mut scene.otto, "/admin/audit?kind=key.revoked").await;
    assert_eq!(says(&audit, "An operator"), 1, "{}", audit.told());
}

#[tokio::test]
async fn a_webhook_is_added_and_removed() {
    let app = App::new().await;
    let mut scene = Scene::of(&app).await;
    let fields = [("url", "https://hooks.example.com/x"), ("filters", "session.*"), ("password", PASSWORD)];
    let added = scene.otto.send(form("/admin/webhooks/new", &fields)).await;
    shows(&added, 200, "The webhook&#39;s secret");
    assert_eq!(says(&added, "whsec_"), 1, "{}", added.told());
    let list = at(&mut scene.otto, "/admin/webhooks").await.text();
    let path = list.split("href=\"").find(|rest| rest.starts_with("/admin/webhooks/0")).unwrap();
    let path = path.split('"').next().unwrap().to_owned();
    let shown = at(&mut scene.otto, &path).await;
    assert_eq!((says(&shown, "Everything has arrived."), says(&shown, "whsec_")), (1, 0), "{}", shown.told());
    let edit = format!("{path}/edit");
    let of = version(&at(&mut scene.otto, &edit).await.text());
    let fields = [
        ("url", "https://hooks.example.com/y"),
        ("filters", ""),
        ("enabled", "no"),
        ("version", of.as_str()),
        ("password", PASSWORD),
    ];
    leads(&scene.otto.send(form(&edit, &fields)).await, &format!("{path}?done=changed"));
    let removed = scene.otto.send(form(&format!("{path}/remove"), &[("password", PASSWORD)])).await;
    leads(&removed, "/admin/webhooks?done=removed");
    assert_eq!(at(&mut scene.otto, &path).await.status, 404);
}

#[tokio::test]
async fn what_was_done_is_a_code_and_never_a_text() {
    let app = App::new().await;
    let mut scene = Scene::of(&app).await;
    for (query, told) in [("done=changed", 1), ("done=Your+bank", 0), ("done=%3Cscript%3E", 0), ("", 0)] {
        let answer = at(&mut scene.otto, &format!("/admin/roles?{query}")).await;
        assert_eq!((says(&answer, "role=\"status\""), says(&answer, "bank")), (told, 0), "{}", answer.told());
    }
}
