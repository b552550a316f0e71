//! How the pages look, in which language they are, and what is nowhere.

use http::Method;
use rotunda_core::limits::Limits;
use rotunda_server::{Accent, Brand, Colour, Language, Logo, Scheme};

use super::{AUTH, form};
use crate::support::{ADA, App, PASSWORD, Setup, get, post};

const CSS: [(&str, &str); 2] =
    [("cache-control", "public, max-age=86400"), ("content-type", "text/css; charset=utf-8")];

#[tokio::test]
async fn the_style_is_served_and_each_page_names_it() {
    let app = App::new().await;
    let answer = app.send(get("/pages.css?v=1")).await;
    answer.has(200, &CSS, &[]);
    assert!(answer.text().contains("prefers-color-scheme: dark"));
    let page = app.send(get("/login")).await.text();
    let style = page.split("<link rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    app.send(get(style)).await.has(200, &CSS, &[]);
    app.send(get("/pages/logo")).await.page(404, "There is nothing here", &[]);
}

#[tokio::test]
async fn an_operators_name_logo_and_colours_are_on_all_pages() {
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    let blue = Accent::on(Scheme::Light, Colour::parse("#0000cc").unwrap()).unwrap();
    let brand = Brand::default().named("A & <b>").unwrap().with_accents(blue, None);
    let brand = brand.with_logo(Logo::new(svg.to_vec()).unwrap());
    let app = Setup::at(AUTH).web(|web| web.with_pages(brand, None)).start().await;
    for path in ["/login", "/register", "/forgot", "/logout", "/verify", "/reset", "/report"] {
        let page = app.send(get(path)).await.text();
        let logo = "<img class=\"logo\" src=\"/pages/logo\" alt=\"A &#38; &#60;b&#62;\">";
        assert!(page.contains(logo) && page.contains(" · A &#38; &#60;b&#62;</title>"), "{page}");
    }
    let logo = app.send(get("/pages/logo")).await;
    let policy =
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; sandbox";
    let headers = [
        ("cache-control", "public, max-age=3600"),
        ("content-security-policy", policy),
        ("content-type", "image/svg+xml"),
    ];
    logo.has(200, &headers, &[]);
    assert_eq!(logo.bytes, svg);
    assert!(app.send(get("/pages.css")).await.text().contains("--accent: #0000cc; --on-accent: #ffffff;"));
}

#[tokio::test]
async fn a_browser_is_spoken_to_in_its_language_unless_there_is_only_one() {
    for (fixed, wish, heading) in [
        (None, None, "Sign in"),
        (None, Some("de-CH, en;q=0.5"), "Anmelden"),
        (None, Some("fr"), "Sign in"),
        (Some(Language::English), Some("de"), "Sign in"),
        (Some(Language::German), Some("en"), "Anmelden"),
        (Some(Language::German), None, "Anmelden"),
    ] {
        let app = Setup::new().web(|web| web.with_pages(Brand::default(), fixed)).start().await;
        let ask = |path: &str| match wish {
            Some(wish) => get(path).with("accept-language", wish),
            None => get(path),
        };
        let page = app.send(ask("/login")).await;
        page.page(200, heading, &[]);
        // What went wrong before anybody knew who asks is in the same language.
        let mut odd = ask("/login");
        odd.method = Method::PUT;
        let odd = app.send(odd).await;
        assert_eq!(odd.status, 405);
        assert_eq!(odd.header("content-language"), page.header("content-language"));
    }
}

#[tokio::test]
async fn what_is_nowhere_is_a_page_for_people_and_json_for_programs() {
    let app = App::new().await;
    let page = app.send(get("/nowhere").with("accept", "text/html,application/xhtml+xml,*/*;q=0.8")).await;
    page.page(404, "There is nothing here", &[]);
    app.send(get("/nowhere")).await.problem(404, "not_found");
    app.send(get("/nowhere").with("accept", "*/*, application/json")).await.problem(404, "not_found");
    app.send(get("/")).await.leads_to("/account", &[]);
}

/// As with the JSON routes: what is left of the time that the answer took ends on a beat.
#[tokio::test(start_paused = true)]
#[expect(clippy::disallowed_methods, reason = "how long an answer takes is what is measured here")]
async fn answers_about_accounts_leave_on_a_beat() {
    let app = Setup::at(AUTH).limits(Limits::off()).start().await;
    let fields = [("username", ADA), ("email", ADA), ("password", PASSWORD)];
    for path in ["/auth/pages/login", "/login", "/register", "/forgot"] {
        let start = tokio::time::Instant::now();
        app.send(form(path, &fields)).await;
        assert_eq!(start.elapsed().as_millis(), 2, "{path}");
    }
    let start = tokio::time::Instant::now();
    app.send(post("/logout")).await;
    app.send(get("/login")).await;
    assert_eq!(start.elapsed().as_millis(), 0);
}
