//! Strict, as the textbooks have it: no window, no late retry. Every refresh rotates, every used token ends its family.

use crate::support::{Answer, PASSWORD, Place, get, login, post, refresh, refresh_jar, register};
use serde_json::json;

const STRICT: &str = "[refresh]\nwindow = \"0s\"\nlate_retry = \"never\"\n";

fn why(place: &Place, session: &Answer) -> String {
    let output = place.run(&["session", "why", &session.text("/session/id")], "");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn a_used_token_of_a_phone_ends_its_session_and_no_other() {
    let place = Place::new(STRICT);
    let server = place.serve();
    let (client, url) = (reqwest::Client::new(), server.url.clone());
    let first = register(&client, &url, "ada@example.com").await;
    let other = login(&client, &url, "ada@example.com").await;

    let mut session = first.clone();
    for generation in 1..=5 {
        let next = refresh(&client, &url, &session, &["a-retry-key-that-does-not-help"]).await;
        assert_eq!(next.status, 200, "{next:?}");
        assert_eq!(next.body["session"]["generation"], generation, "every refresh rotates");
        assert_ne!(next.text("/refresh_token"), session.text("/refresh_token"));
        session = next;
    }
    let reused = refresh(&client, &url, &first, &["a-retry-key-that-does-not-help"]).await;
    assert_eq!((reused.status, reused.text("/reason").as_str()), (401, "token_reused"));
    assert_eq!(reused.text("/ended"), "reused");
    assert_eq!(reused.text("/error"), "invalid_grant");

    let dead = refresh(&client, &url, &session, &[]).await;
    assert_eq!((dead.status, dead.text("/reason").as_str()), (401, "session_ended"));
    let me = get(&client, &format!("{url}/auth/me"), &session.text("/access_token")).await;
    assert_eq!((me.status, me.text("/reason").as_str()), (401, "session_ended"));
    assert_eq!(refresh(&client, &url, &other, &[]).await.status, 200, "the other device lives on");

    let story = why(&place, &session);
    assert!(story.contains("reused") && story.contains("somebody has a copy"), "{story}");
    assert_eq!(story.matches("session.ended").count(), 1, "{story}");
    assert!(why(&place, &other).contains("is live"));
}

#[tokio::test]
async fn a_used_token_of_a_browser_with_its_full_jar_ends_its_session_and_no_other() {
    let place = Place::new(STRICT);
    let server = place.serve();
    let (client, url) = (reqwest::Client::new(), server.url.clone());
    let other = register(&client, &url, "ada@example.com").await;
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    let signed_in = post(&client, &format!("{url}/auth/login"), &body, &[("origin", &url)]).await;
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    assert!(signed_in.body.get("refresh_token").is_none());

    let cookie =
        |answer: &Answer, name: &str| answer.cookie(name).unwrap_or_else(|| panic!("{name} in {answer:?}"));
    let (device, page) = (cookie(&signed_in, "rotunda_device"), cookie(&signed_in, "rotunda_page"));
    let jar = |token: String| {
        let (client, url, device, page) = (client.clone(), url.clone(), device.clone(), page.clone());
        async move {
            let jar = [("rotunda_refresh", &*token), ("rotunda_device", &*device), ("rotunda_page", &*page)];
            refresh_jar(&client, &url, &jar).await
        }
    };
    let first = cookie(&signed_in, "rotunda_refresh");
    let one = jar(first.clone()).await;
    let second = cookie(&one, "rotunda_refresh");
    let two = jar(second.clone()).await;
    assert_eq!((one.status, two.status), (200, 200));
    assert_eq!(
        (&one.body["session"]["generation"], &two.body["session"]["generation"]),
        (&json!(1), &json!(2))
    );

    let reused = jar(second).await;
    assert_eq!((reused.status, reused.text("/reason").as_str()), (401, "token_reused"));
    assert_eq!(reused.cookies, [""; 0], "a refusal never touches cookies that another tab may have set");
    let dead = jar(cookie(&two, "rotunda_refresh")).await;
    assert_eq!((dead.status, dead.text("/ended").as_str()), (401, "reused"));
    assert_eq!(refresh(&client, &url, &other, &[]).await.status, 200, "the phone lives on");
    assert!(why(&place, &signed_in).contains("reused"));
}
