//! Pages elsewhere, and what they cannot do with our forms: for each form, against every way in which a browser says where
//! its page is from.

use super::{AUTH, form, kept};
use crate::origins::PAGES;
use crate::support::{ADA, Ask, Browser, PASSWORD, Setup, post};

/// Every form that is filled in without a link, and what it answers where it may.
fn forms() -> [(Ask, u16); 5] {
    let sign_in = [("username", ADA), ("password", PASSWORD)];
    [
        (form("/auth/pages/login", &sign_in), 303),
        (form("/login", &sign_in), 303),
        (form("/register", &[("email", "bob@example.com"), ("password", PASSWORD)]), 303),
        (form("/forgot", &[("email", ADA)]), 200),
        (form("/logout", &[]), 200),
    ]
}

#[tokio::test]
async fn only_our_pages_send_our_forms() {
    for (page, passes) in PAGES {
        for (ask, status) in forms() {
            let app = Setup::at(AUTH).start().await;
            let mut ada = Browser::new(&app);
            ada.register(ADA, PASSWORD).await;
            let before = kept(&app);
            let path = ask.path.clone();
            let answer = app.send(ada.bare(ask).with_all(page)).await;
            assert_eq!(
                answer.status,
                if passes { status } else { 403 },
                "{path} {page:?}: {}",
                answer.told()
            );
            assert_eq!(kept(&app) == before, !passes, "{path} {page:?}");
            if !passes {
                answer.page(403, "That did not work", &[]);
            }
        }
    }
}

#[tokio::test]
async fn a_form_that_cannot_be_read_changes_nothing() {
    let app = Setup::at(AUTH).start().await;
    let mut ada = Browser::new(&app);
    ada.register(ADA, PASSWORD).await;
    let before = kept(&app);
    for path in ["/auth/pages/login", "/login", "/register", "/forgot", "/logout"] {
        let good = format!("username={ADA}&email={ADA}&password={PASSWORD}");
        let typed = |kind: &str, body: &str| post(path).with("content-type", kind).body(body.as_bytes());
        const FORM: &str = "application/x-www-form-urlencoded";
        for (ask, status) in [
            (typed(FORM, &format!("{good}&password=x")), 400),
            (typed(FORM, &format!("{good}&x=%ff")), 400),
            (typed(FORM, &format!("{good}&x={}", "a".repeat(17_000))), 413),
            (typed("text/plain", &good), 415),
            (typed("application/json", "{}"), 415),
            (post(path).body(good.as_bytes()), 415),
        ] {
            ada.send(ask).await.page(status, "That did not work", &[]);
        }
    }
    assert!(kept(&app) == before);
}
