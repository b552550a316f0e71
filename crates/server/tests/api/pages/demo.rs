//! The demo: there for whoever runs the server on their own machine, and for nobody else.

use std::time::Duration;

use http::Method;
use http::header::ACCEPT_LANGUAGE;
use rotunda_core::model::ClientId;
use rotunda_core::policy::Registration;

use super::AUTH;
use crate::support::{App, Ask, Setup, get};

/// What goes with a file of the demo.
fn headers(media_type: &'static str) -> [(&'static str, &'static str); 3] {
    [
        ("cache-control", "no-store"),
        ("content-type", media_type),
        ("cross-origin-resource-policy", "same-origin"),
    ]
}

#[tokio::test]
async fn the_demo_is_told_what_it_plays_and_in_which_language() {
    let setup = Setup::new().policy(|policy| {
        let native = policy.clients.get_mut(&ClientId("native".to_owned())).unwrap();
        native.window = Duration::from_millis(2_500);
        policy.registration = Registration::Verified;
    });
    let app = setup.start().await;
    let told = "<div id=\"demo\" data-window=\"2500\" data-registration=\"verified\"></div>";
    for (language, heading) in
        [("en", "Watch refresh tokens rotate"), ("de", "Zusehen, wie Refresh-Tokens rotieren")]
    {
        let answer = app.send(get("/demo").with(ACCEPT_LANGUAGE, language)).await;
        answer.page(200, heading, &[]);
        assert_eq!(answer.header("content-language"), Some(language));
        assert!(answer.text().contains(told) && answer.text().contains("<noscript>"), "{}", answer.text());
    }
}

#[tokio::test]
async fn the_demos_files_are_served_and_nothing_beside_them() {
    let app = App::new().await;
    let main = app.send(get("/demo/main.js")).await;
    main.has(200, &headers("text/javascript; charset=utf-8"), &[]);
    // What the page names, and what its script loads: the rest is tested beside the table.
    for line in main.text().lines().filter(|line| line.contains(" from \"./")) {
        let name = line.rsplit('"').nth(1).unwrap().trim_start_matches("./");
        let file = app.send(get(&format!("/demo/{name}"))).await;
        file.has(200, &headers("text/javascript; charset=utf-8"), &[]);
    }
    app.send(get("/demo/demo.css")).await.has(200, &headers("text/css; charset=utf-8"), &[]);
    for nothing in [
        "/demo/",
        "/demo/words",
        "/demo/words/",
        "/demo/main.js/",
        "/demo/Main.js",
        "/demo//main.js",
        "/demo/../pages.css",
        "/demo/..%2fCargo.toml",
        "/demo/words/../main.js",
        "/demo/%00",
        "/demo/%ff",
    ] {
        let answer = app.send(get(nothing)).await;
        assert_eq!(answer.status, 404, "{nothing}: {}", answer.told());
    }
}

#[tokio::test]
async fn where_others_can_look_there_is_no_demo() {
    let app = Setup::at(AUTH).start().await;
    for path in ["/demo", "/demo/main.js", "/demo/demo.css"] {
        for method in [Method::GET, Method::HEAD] {
            let answer = app.send(Ask::new(method, path)).await;
            assert_eq!(answer.status, 404, "{path}: {}", answer.told());
        }
        app.send(get(path)).await.page(404, "There is nothing here", &[]);
    }
}
