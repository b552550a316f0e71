//! When what Rotunda stands on goes away: PostgreSQL and Redis restarted, killed, paused, emptied, failing over, while people
//! refresh.
//!
//! What holds in every one of them, against the real binary and real servers:
//!
//! 1. Whoever asks meanwhile is told 503 with `Retry-After` within six seconds on a quiet machine, and never 401.
//! 2. Everybody goes on from the last token that they were given: no refresh that was answered is lost, where the database
//!    promises that, and where it does not (Redis), nobody with a device secret is signed out.
//! 3. Whoever was signed out before stays signed out.
//! 4. The server recovers by itself, within seconds.

mod failover;
mod people;
mod postgres;
mod redis;
mod redis_failover;
mod visitors;

use std::time::Duration;

use reqwest::Client;
use serde_json::json;

use crate::faults::{QUICK, nobody_was_called_a_thief};
use crate::support::{Answer, Place, Server, get, post, refresh, register};
use people::People;
use visitors::Visitors;

/// How many people refresh.
const MANY: usize = 8;

/// A server on stores that will go away.
struct Scene {
    place: Place,
    server: Server,
    client: Client,
}

impl Scene {
    /// On this PostgreSQL, and with sessions on this Redis where there is one.
    fn on_postgres(url: &str, sessions: Option<&str>) -> Self {
        let place = Place::new(&config(
            &format!("[store]\nurl = {url:?}\n[keys]\nmaster_file = \"master.key\"\n"),
            sessions,
        ));
        let made = place.run(&["key", "master", "master.key"], "");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self::serve(place)
    }

    /// On a file of SQLite, with sessions on this Redis.
    fn on_sqlite(sessions: &str) -> Self {
        Self::serve(Place::new(&config("", Some(sessions))))
    }

    fn serve(place: Place) -> Self {
        let server = place.serve();
        let client =
            Client::builder().timeout(people::patience()).pool_max_idle_per_host(256).build().unwrap();
        Self { place, server, client }
    }

    fn url(&self) -> &str {
        &self.server.url
    }

    /// People who have just registered, and begin to refresh.
    async fn people(&self) -> People {
        let mut sessions = Vec::new();
        for place in 0..MANY {
            sessions.push(self.somebody(&format!("person{place}@example.com")).await);
        }
        People::refresh(self.url(), &self.client, sessions)
    }

    /// People who come and go from now on.
    fn visitors(&self) -> Visitors {
        Visitors::come(self.url(), &self.client)
    }

    async fn somebody(&self, email: &str) -> Answer {
        register(&self.client, self.url(), email).await
    }

    /// Somebody whose sign-out was answered.
    async fn somebody_signed_out(&self) -> Answer {
        let session = self.somebody("gone@example.com").await;
        let session = refresh(&self.client, self.url(), &session, &[]).await;
        assert_eq!(session.status, 200, "{session:?}");
        self.signs_out(&session).await;
        session
    }

    async fn signs_out(&self, session: &Answer) {
        let body = json!({"refresh_token": session.text("/refresh_token")});
        let out = post(&self.client, &format!("{}/auth/logout", self.url()), &body, &[]).await;
        assert_eq!(out.status, 204, "{out:?}");
    }

    /// Somebody who has not refreshed meanwhile does now.
    async fn goes_on(&self, session: &Answer) {
        let next = refresh(&self.client, self.url(), session, &[]).await;
        assert_eq!(next.status, 200, "{next:?}");
    }

    /// They are still signed out, and told why.
    async fn stays_signed_out(&self, session: &Answer) {
        let refused = refresh(&self.client, self.url(), session, &[]).await;
        assert_eq!((refused.status, refused.text("/ended").as_str()), (401, "logged_out"), "{refused:?}");
        let me = get(&self.client, &format!("{}/auth/me", self.url()), &session.text("/access_token")).await;
        assert_eq!(me.status, 401, "{me:?}");
    }

    /// Asks for something else than a refresh, as often at once; everybody must be told 503, with what goes with it.
    async fn tells_all_to_come_back(&self, session: &Answer, at_once: usize) {
        let ask = || async {
            let request =
                self.client.get(format!("{}/auth/me", self.url())).bearer_auth(session.text("/access_token"));
            people::Heard::of(request).await
        };
        let heard = futures_util::future::join_all((0..at_once).map(|_| ask())).await;
        let wrong: Vec<_> = heard.iter().filter(|heard| !heard.is_not_now()).collect();
        assert!(wrong.is_empty(), "{} of {at_once}, such as {:?}", wrong.len(), wrong[0]);
    }

    /// The end of the scene: everybody is signed in, and nobody was called a thief.
    async fn ends_well(&self, people: People) -> Vec<Answer> {
        people.have_all_refreshed_again().await;
        let sessions = people.stop().await;
        for session in &sessions {
            let me =
                get(&self.client, &format!("{}/auth/me", self.url()), &session.text("/access_token")).await;
            assert_eq!(me.status, 200, "{me:?}");
        }
        nobody_was_called_a_thief(&self.place);
        sessions
    }
}

fn config(store: &str, sessions: Option<&str>) -> String {
    let sessions = sessions.map(|url| format!("[sessions]\nstore = {url:?}\n")).unwrap_or_default();
    // Each refresh that is answered rotates, and what is asked again is excused by its retry key alone.
    format!("{store}{sessions}{QUICK}[refresh]\nwindow = \"0s\"\n")
}

/// A pause that the outage itself has: a database that stands still for so long.
async fn stands_still_for(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}
