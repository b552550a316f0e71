//! People who come and go, one after the other: each registers, and every other one signs out at once. What they are told holds.
//!
//! Whoever is told 503 does not know whether it was done, and leaves it at that. Told to stop, they go on until one has stayed and
//! one has left.

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::people::Heard;
use crate::support::{Answer, PASSWORD, refresh};

/// How many may still come when they are told to stop.
const STRAGGLERS: u32 = 100;

/// Visitors who come until they are counted.
pub(super) struct Visitors {
    url: String,
    client: Client,
    stop: watch::Sender<bool>,
    task: JoinHandle<Vec<Visitor>>,
}

/// Whom a registration was answered.
struct Visitor {
    session: Answer,
    is: Is,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Is {
    SignedIn,
    SignedOut,
    NotTold,
}

impl Visitors {
    pub(super) fn come(url: &str, client: &Client) -> Self {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(one_after_the_other(url.to_owned(), client.clone(), stopped));
        Self { url: url.to_owned(), client: client.clone(), stop, task }
    }

    /// Ends all of this, and looks whether all are signed in or out as they were told.
    pub(super) async fn are_as_they_were_told(self) {
        self.stop.send_replace(true);
        let visitors = self.task.await.unwrap();
        let of = |is| visitors.iter().filter(|visitor| visitor.is == is).count();
        let (stay, left, doubt) = (of(Is::SignedIn), of(Is::SignedOut), of(Is::NotTold));
        assert!(stay > 0 && left > 0, "nobody came: {stay} stay, {left} have left");
        println!("visitors: {stay} stay, {left} have left, {doubt} were not told whether they have");
        for Visitor { session, is } in &visitors {
            let answer = refresh(&self.client, &self.url, session, &[]).await;
            let found = match (answer.status, answer.body["ended"].as_str()) {
                (200, _) => Is::SignedIn,
                (401, Some("logged_out")) => Is::SignedOut,
                _ => panic!("{is:?}: {answer:?}"),
            };
            assert!(*is == Is::NotTold || *is == found, "told {is:?}: {answer:?}");
        }
    }
}

async fn one_after_the_other(url: String, client: Client, stopped: watch::Receiver<bool>) -> Vec<Visitor> {
    let ask = async |path: &str, body: Value| {
        let request = client.post(format!("{url}{path}")).header(CONTENT_TYPE, "application/json");
        Heard::of(request.body(body.to_string())).await
    };
    let mut visitors: Vec<Visitor> = Vec::new();
    let mut left_to_come = STRAGGLERS;
    for number in 0.. {
        let is_there = |is| visitors.iter().any(|visitor| visitor.is == is);
        if *stopped.borrow() {
            if left_to_come == 0 || (is_there(Is::SignedIn) && is_there(Is::SignedOut)) {
                break;
            }
            left_to_come -= 1;
        }
        let email = format!("visitor{number}@example.com");
        let body = json!({"email": email, "password": PASSWORD, "client_id": "native"});
        let heard = ask("/auth/register", body).await;
        if heard.is_not_now() {
            continue;
        }
        assert_eq!(heard.status, 201, "{heard:?}");
        let body: Value = serde_json::from_str(&heard.text).unwrap();
        let session = Answer { status: 201, cookies: Vec::new(), body };
        let mut is = Is::SignedIn;
        if visitors.len().is_multiple_of(2) {
            let heard = ask("/auth/logout", json!({"refresh_token": session.text("/refresh_token")})).await;
            is = if heard.is_not_now() { Is::NotTold } else { Is::SignedOut };
            assert!(heard.status == 204 || is == Is::NotTold, "{heard:?}");
        }
        visitors.push(Visitor { session, is });
    }
    visitors
}
