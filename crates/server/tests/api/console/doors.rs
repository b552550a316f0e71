//! Who gets in.

use super::{FORMS, PAGES, Scene, at, form, leads, says, shows};
use crate::support::{ADA, APP_ORIGIN, App, Browser, PASSWORD, Setup, get};

#[tokio::test]
async fn whoever_is_not_signed_in_is_led_to_the_sign_in_and_back() {
    let app = App::new().await;
    let scene = Scene::of(&app).await;
    let mut stranger = Browser::new(&app);
    for (template, _) in PAGES {
        let path = scene.path(template).await;
        // No role is called so, and a plus is no letter of a path that one is led back to.
        let back = if path.ends_with('+') { "/admin".to_owned() } else { path.clone() };
        let to = format!("/login?return_to={}", back.replace('/', "%2F"));
        leads(&at(&mut stranger, &path).await, &to);
    }
    for template in FORMS.iter().filter(|path| **path != "/admin/first") {
        let answer = stranger.send(form(&scene.path(template).await, &[("password", PASSWORD)])).await;
        leads(&answer, "/login?return_to=%2Fadmin");
    }
    let shown = at(&mut stranger, "/login?return_to=%2Fadmin%2Fusers").await;
    assert_eq!(says(&shown, "name=\"return_to\" value=\"/admin/users\""), 1, "{}", shown.told());
    let fields = [("username", super::OTTO), ("password", PASSWORD), ("return_to", "/admin/users")];
    leads(&stranger.send(form("/auth/pages/login", &fields)).await, "/admin/users");
    shows(&at(&mut stranger, "/admin/users").await, 200, "Users");
}

#[tokio::test]
async fn the_way_back_is_the_console_and_nowhere_else() {
    let app = Setup::at("https://auth.example.com").start().await;
    let _scene = Scene::of(&app).await;
    for evil in [
        "/admin//evil.example",
        "//evil.example/admin",
        "/admin/../account",
        "/admin@evil.example",
        "/account",
    ] {
        let mut stranger = Browser::new(&app);
        let fields = [("username", super::OTTO), ("password", PASSWORD), ("return_to", evil)];
        let answer = stranger.send(form("/auth/pages/login", &fields)).await;
        assert_eq!((answer.status, answer.cookies().len()), (400, 0), "{evil}: {}", answer.told());
    }
}

#[tokio::test]
async fn whoever_has_no_permission_here_is_told_so() {
    let app = App::new().await;
    let mut scene = Scene::of(&app).await;
    for (template, _) in PAGES {
        let path = scene.path(template).await;
        shows(&scene.ada.send(get(&path)).await, 403, "You may do nothing here");
    }
    for template in FORMS.iter().filter(|path| **path != "/admin/first") {
        let path = scene.path(template).await;
        shows(&scene.ada.send(form(&path, &[("password", PASSWORD)])).await, 403, "You may do nothing here");
    }
    assert_eq!(app.news().await, [""; 0]);
}

#[tokio::test]
async fn a_form_of_another_origin_changes_nothing() {
    let app = Setup::at("https://auth.example.com").start().await;
    let scene = Scene::of(&app).await;
    let fields = [("password", PASSWORD), ("reason", "because"), ("name", "x"), ("email", ADA)];
    for template in FORMS {
        let path = scene.path(template).await;
        // An application that may use our cookies is no part of the console.
        for elsewhere in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", APP_ORIGIN),
            ("sec-fetch-site", "same-site"),
        ] {
            // Whoever has the token of the first start has brought it along, and no cookie counts.
            if elsewhere.1 == APP_ORIGIN && path == "/admin/first" {
                continue;
            }
            let answer = app.send(scene.otto.bare(form(&path, &fields)).with_all(&[elsewhere])).await;
            assert_eq!((answer.status, answer.cookies().len()), (403, 0), "{path}: {}", answer.told());
        }
    }
    assert_eq!(app.news().await, [""; 0]);
}

#[tokio::test]
async fn an_outage_signs_nobody_out() {
    let app = App::new().await;
    let mut scene = Scene::of(&app).await;
    let mut paths = Vec::new();
    for (template, _) in PAGES {
        paths.push(scene.path(template).await);
    }
    app.memory.set_out(true);
    for path in &paths {
        let answer = scene.otto.send(get(path)).await;
        assert_eq!(answer.status, 503, "{path}: {}", answer.told());
    }
    app.memory.set_out(false);
    shows(&at(&mut scene.otto, "/admin/users").await, 200, "Users");
}
