//! Cookies that a neighbour of the domain has put into a browser, to have its user go on as somebody else. Any host of a domain may
//! set them but the page cookie, whose prefix is `__Host-`: so that one says whose browser it is.

use std::time::Duration;

use crate::support::{ADA, Answer, App, Browser, PASSWORD, Setup, post};

const AUTH: &str = "https://auth.example.com";
const HOUR: Duration = Duration::from_secs(3600);

async fn signed_in<'a>(app: &'a App, email: &str) -> Browser<'a> {
    let mut browser = Browser::new(app);
    assert_eq!(browser.register(email, PASSWORD).await.status, 201);
    browser
}

fn cookie(browser: &Browser<'_>, name: &str) -> String {
    let prefix = if name == "rotunda_page" { "__Host-" } else { "__Secure-" };
    format!("{prefix}{name}={}", browser.jar.value(name).unwrap())
}

fn pair(browser: &Browser<'_>) -> [String; 2] {
    ["rotunda_refresh", "rotunda_device"].map(|name| cookie(browser, name))
}

async fn refresh(app: &App, cookies: &[String]) -> Answer {
    app.send(post("/auth/refresh").on_page(AUTH).cookies(&cookies.join("; "))).await
}

#[tokio::test]
async fn nobody_goes_on_as_whoever_planted_a_session() {
    let app = Setup::at(AUTH).start().await;
    let ada = signed_in(&app, ADA).await;
    let mut eve = signed_in(&app, "eve@example.com").await;
    app.wait(HOUR);
    let planted = pair(&eve);
    refresh(&app, &planted).await.refused("token_missing");
    refresh(&app, &[&planted[..], &[cookie(&ada, "rotunda_page")]].concat()).await.refused("token_missing");
    // Nothing was written, and in the browser that it began in it goes on.
    assert_eq!(eve.refresh().await.status, 200);
}

#[tokio::test]
async fn a_planted_session_keeps_nobody_from_their_own() {
    let app = Setup::at(AUTH).start().await;
    let ada = signed_in(&app, ADA).await;
    let eve = signed_in(&app, "eve@example.com").await;
    app.wait(HOUR);
    let page = [cookie(&ada, "rotunda_page")];
    let (own, planted) = (pair(&ada), pair(&eve));
    let answer = refresh(&app, &[&planted[..], &own, &page].concat()).await;
    assert_eq!((answer.status, &answer.json["user"]["email"]), (200, &ADA.into()));
}

/// Whoever comes with a token of a session that is over is told why, whatever page it is shown on.
#[tokio::test]
async fn an_ended_session_says_so_in_any_browser() {
    let app = Setup::at(AUTH).start().await;
    let mut ada = signed_in(&app, ADA).await;
    let before = pair(&ada);
    ada.logout().await;
    refresh(&app, &before).await.over("session_ended", "logged_out");
}
