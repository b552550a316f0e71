//! Forms that no page of ours has sent, or no browser.

use http::header::CONTENT_TYPE;
use rotunda_core::model::LinkPurpose;

use super::{Holder, kept};
use crate::origins::PAGES;
use crate::support::{Ask, Browser, post};

const FORM: &str = "application/x-www-form-urlencoded";
const REFUSED: &str = "That did not work";

#[tokio::test]
async fn only_our_pages_send_forms() {
    for purpose in LinkPurpose::ALL {
        for (page, passes) in PAGES {
            let holder = Holder::of(*purpose).await;
            let before = kept(&holder.app);
            let ask = Browser::new(&holder.app).bare(holder.filled()).with_all(page);
            let answer = holder.app.send(ask).await;
            assert_eq!(answer.status, if passes { 200 } else { 403 }, "{page:?}: {}", answer.told());
            assert_eq!(kept(&holder.app) == before, !passes, "{purpose:?} {page:?}");
            if !passes {
                answer.page(403, REFUSED, &[]);
            }
        }
    }
}

#[tokio::test]
async fn a_form_that_cannot_be_read_changes_nothing() {
    let holder = Holder::of(LinkPurpose::ResetPassword).await;
    let (app, token) = (&holder.app, &holder.token);
    let before = kept(app);
    let sent = |body: &[u8]| post("/reset").with(CONTENT_TYPE, FORM).body(body);
    let good = format!("token={token}&password=staple of four words");
    let huge = format!("{good}&more={}", "a".repeat(16 * 1024));
    let bad: [(Ask, u16); 13] = [
        (sent(format!("{good}&password=another one of mine").as_bytes()), 400),
        (sent(format!("{good}&%70assword=another one of mine").as_bytes()), 400),
        (sent(format!("token={token}&{good}").as_bytes()), 400),
        (sent(format!("{good}&x=1&x=2").as_bytes()), 400),
        (sent(format!("token={token}&password=staple%ffof four words").as_bytes()), 400),
        (sent(format!("{good}&%c3%28=1").as_bytes()), 400),
        (sent(&[good.as_bytes(), b"\xff"].concat()), 400),
        (sent(huge.as_bytes()), 413),
        (post("/reset").body(good.as_bytes()), 415),
        (post("/reset").with(CONTENT_TYPE, "application/json").body(good.as_bytes()), 415),
        (post("/reset").with(CONTENT_TYPE, "text/plain").body(good.as_bytes()), 415),
        (post("/reset").with(CONTENT_TYPE, "multipart/form-data; boundary=x").body(good.as_bytes()), 415),
        (post("/reset").with_bytes(CONTENT_TYPE, b"\xff").body(good.as_bytes()), 415),
    ];
    for (ask, status) in bad {
        let answer = app.send(Browser::new(app).dress(ask)).await;
        answer.page(status, REFUSED, &[]);
        assert!(!answer.text().contains("staple"), "{}", answer.told());
    }
    for nothing in [&b""[..], b"&&&", b"password=staple of four words", b"token=&password="] {
        let answer = app.send(Browser::new(app).dress(sent(nothing))).await;
        answer.page(400, "This link is not good", &[]);
    }
    assert!(kept(app) == before, "a form that cannot be read changed something");
    let odd = post("/reset").with(CONTENT_TYPE, "Application/X-WWW-Form-Urlencoded; charset=UTF-8");
    assert_eq!(app.send(Browser::new(app).dress(odd.body(good.as_bytes()))).await.status, 200);
}

#[tokio::test]
async fn methods_that_a_page_does_not_know() {
    let holder = Holder::of(LinkPurpose::Report).await;
    let before = kept(&holder.app);
    for method in ["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"] {
        for path in
            ["/verify", "/reset", "/report", "/login", "/register", "/forgot", "/logout", "/auth/pages/login"]
        {
            let ask = Ask::new(method.parse().unwrap(), &format!("{path}?token={}", holder.token));
            let answer = holder.app.send(Browser::new(&holder.app).dress(ask)).await;
            answer.page(405, REFUSED, &[]);
            assert_eq!(answer.header("allow"), Some("GET,HEAD,POST"));
        }
    }
    assert!(kept(&holder.app) == before, "a method that a page does not know changed something");
}
