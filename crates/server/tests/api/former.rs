//! Cookies of before: what a browser has when `[cookies]` or the scheme changes under it. Whoever was signed in stays so
//! (but where `domain` is taken away), whoever signs in is signed in at the first try, whoever signs out is out, and in the end there is one cookie of each.

use std::sync::Arc;
use std::time::Duration;

use rotunda_testkit::MemoryStore;

use crate::support::{ADA, APP_ORIGIN, App, Browser, PASSWORD, Setup, get};

const AUTH: &str = "https://auth.example.com";
const HOUR: Duration = Duration::from_secs(3600);

/// `[cookies] domain` and `refresh_path`.
type Scope = (Option<&'static str>, Option<&'static str>);

const SCOPES: [Scope; 7] = [
    (None, None),
    (None, Some("/auth")),
    (None, Some("/")),
    (Some("example.com"), None),
    (Some("example.com"), Some("/auth/")),
    (Some("auth.example.com"), None),
    (Some("auth.example.com"), Some("/")),
];

async fn started(public_url: &str, (domain, path): Scope, store: &Arc<MemoryStore>) -> App {
    let own = |text: Option<&str>| text.map(str::to_owned);
    let mut setup = Setup::at(public_url).web(|web| web.with_cookies(own(domain), own(path)));
    setup.store = Some(store.clone());
    setup.start().await
}

/// The same store, once with the cookies of before and once with those of now.
async fn both(before: Scope, after: Scope) -> [App; 2] {
    let store = Arc::new(MemoryStore::new());
    [started(AUTH, before, &store).await, started(AUTH, after, &store).await]
}

/// Every change from one scope to another.
fn changes() -> impl Iterator<Item = (Scope, Scope)> {
    let pairs = SCOPES.into_iter().flat_map(|before| SCOPES.map(|after| (before, after)));
    pairs.filter(|(before, after)| before != after)
}

fn kinds(browser: &Browser<'_>) -> Vec<String> {
    let kind = |name: &str| name.rsplit('_').next().unwrap().to_owned();
    let mut kinds: Vec<_> = browser.jar.names().into_iter().map(kind).collect();
    kinds.sort();
    kinds
}

#[tokio::test]
async fn whoever_was_signed_in_stays_so_and_the_cookies_of_before_go() {
    for (before, after) in changes() {
        let [old, new] = both(before, after).await;
        let mut ada = Browser::new(&old);
        ada.register(ADA, PASSWORD).await;
        let mut ada = ada.served_by(&new);
        if before.0.is_some() && after.0.is_none() {
            // What any host of the domain could have set proves nothing any more.
            ada.refresh().await.refused("token_missing");
            continue;
        }
        for generation in 1..=3 {
            old.wait(HOUR);
            new.wait(HOUR);
            let answer = ada.refresh().await;
            assert_eq!(
                answer.json["session"]["generation"],
                generation,
                "{before:?} {after:?}: {}",
                answer.told()
            );
        }
        assert_eq!(kinds(&ada), ["device", "page", "refresh"], "{before:?} {after:?}");
        assert_eq!(new.send(ada.dress(get("/auth/me").bearer(&ada.access_token))).await.status, 200);
    }
}

#[tokio::test]
async fn a_sign_in_works_at_the_first_try_and_leaves_one_cookie_of_each() {
    for (before, after) in changes() {
        for signs_out in [false, true] {
            let [old, new] = both(before, after).await;
            let mut ada = Browser::new(&old);
            ada.register(ADA, PASSWORD).await;
            let mut ada = ada.served_by(&new);
            if signs_out {
                assert_eq!(ada.logout().await.status, 204);
            }
            let told = format!("{before:?} {after:?} {signs_out}");
            let session = ada.login(ADA, PASSWORD).await.json["session"]["id"].clone();
            for _ in 0..2 {
                new.wait(HOUR);
                let answer = ada.refresh().await;
                assert_eq!(answer.json["session"]["id"], session, "{told}: {}", answer.told());
            }
            let page = ada.dress(get("/auth/verify").with("x-forwarded-method", "GET"));
            let answer = new.send(page).await;
            assert_eq!(answer.header("x-auth-session"), session.as_str(), "{told}: {}", answer.told());
            ada.logout().await;
            ada.login(ADA, PASSWORD).await;
            assert_eq!(kinds(&ada), ["device", "page", "refresh"], "{told}");
        }
    }
}

/// Nothing that the browser has left opens anything.
#[tokio::test]
async fn a_sign_out_ends_the_session_of_before() {
    for (before, after) in changes() {
        let [old, new] = both(before, after).await;
        let mut ada = Browser::new(&old);
        ada.register(ADA, PASSWORD).await;
        let copy = ada.clone();
        let mut ada = ada.served_by(&new);
        assert_eq!(ada.logout().await.status, 204);
        for mut browser in [copy.clone(), copy.served_by(&new)] {
            let answer = browser.refresh().await;
            assert_eq!(answer.json["ended"], "logged_out", "{before:?} {after:?}: {}", answer.told());
        }
    }
}

/// From http to https the names change as well, and what has no prefix is not believed.
#[tokio::test]
async fn from_http_to_https_what_is_left_is_cleared_and_never_believed() {
    let store = Arc::new(MemoryStore::new());
    let old = started("http://localhost:8080", (None, None), &store).await;
    let new = started("https://localhost:8080", (None, None), &store).await;
    let mut ada = Browser::new(&old);
    ada.register(ADA, PASSWORD).await;
    let mut ada = ada.served_by(&new);
    ada.refresh().await.refused("token_missing");
    ada.login(ADA, PASSWORD).await;
    ada.refresh().await;
    let names = ["__Host-rotunda_page", "__Secure-rotunda_device", "__Secure-rotunda_refresh"];
    assert_eq!(ada.jar.names(), names);
}

/// Nobody pays for what did not happen.
#[tokio::test]
async fn without_a_sign_of_them_nothing_is_expired() {
    for scope in SCOPES {
        let store = Arc::new(MemoryStore::new());
        let app = started(AUTH, scope, &store).await;
        for page in [AUTH, APP_ORIGIN] {
            let mut ada = Browser::new(&app).on_page(page);
            let email = format!("ada@{}", page.trim_start_matches("https://"));
            let sets = [ada.register(&email, PASSWORD).await, ada.refresh().await, ada.logout().await];
            assert_eq!(sets.map(|answer| answer.cookies().len()), [3, 2, 2], "{scope:?}");
            assert_eq!(ada.login(&email, PASSWORD).await.cookies().len(), 3, "{scope:?}");
        }
    }
}

/// A proxy takes no endless headers: nginx 4 KiB, unless it is told otherwise.
#[tokio::test]
async fn what_is_expired_fits_through_a_proxy() {
    let store = Arc::new(MemoryStore::new());
    let deep = "https://auth.of.our.very.long-name-of-a-company.example.com";
    let mut setup = Setup::at(deep);
    setup.store = Some(store);
    let app = setup.start().await;
    let mut ada = Browser::new(&app);
    let cookies = "__Secure-rotunda_page=x; __Secure-rotunda_device=x; __Secure-rotunda_device=y";
    ada.register(ADA, PASSWORD).await;
    let login = serde_json::json!({"email": ADA, "password": PASSWORD});
    let answer = app.send(ada.dress(crate::support::post("/auth/login").json(&login)).cookies(cookies)).await;
    let bytes: usize = answer.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    assert!(
        answer.cookies().len() > 15 && bytes < 4_096,
        "{} cookies, {bytes} bytes",
        answer.cookies().len()
    );
}
