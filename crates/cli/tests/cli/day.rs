//! A day in a user's life: with the real binary, a real mail server, and nothing but what a user has – a browser, a phone
//! and a mailbox.
//!
//! Whoever waits for a letter takes it out of the mailbox, so the order of letters is checked on the way; at the end the
//! whole mailbox is looked at, for one that is missing or came twice.

use std::time::Duration;

use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, SET_COOKIE};
use serde_json::{Value, json};

use crate::mailbox::{Mail, Mailbox};
use crate::support::{Answer, PASSWORD, Place, Server, get, post, refresh, refresh_jar};

const ADA: &str = "ada@example.com";
const ELSEWHERE: &str = "ada@elsewhere.example";
const BOB: &str = "bob@example.com";
const OPERATOR: &str = "operator@example.com";

const LAPTOP: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0";
const PHONE: &str = "AcmeApp/2.1 (iPhone)";
const STRANGER: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36";

const NEW_DEVICE: &str = "New sign-in to Acme";
const NEW_PASSWORD: &str = "A new password for Acme";
const REPLACED: &str = "Your password for Acme was replaced";

/// All that Ada's day consists of.
struct Day {
    place: Place,
    mailbox: Mailbox,
    server: Server,
    laptop: Client,
    phone: Client,
    stranger: Client,
}

#[tokio::test]
async fn a_day_in_a_users_life() {
    let mut day = Day::begin();
    day.registers_and_verifies_in_a_browser().await;
    let phone = day.signs_in_on_the_phone().await;
    day.forgets_the_password(&phone).await;
    day.reports_a_stranger().await;
    let session = day.is_written_to_when_the_mail_server_is_back().await;
    day.moves_to_another_address(&session).await;
    day.takes_the_data_and_leaves(&session).await;
    day.ends().await;
}

impl Day {
    fn begin() -> Self {
        let place = Place::new("");
        let mailbox = Mailbox::open(place.path("mailbox"));
        // Nothing is said of registration: with a mail server it is `verified`.
        std::fs::write(place.path("rotunda.toml"), mailbox.config()).unwrap();
        let server = place.serve();
        let [laptop, phone, stranger] =
            [LAPTOP, PHONE, STRANGER].map(|agent| Client::builder().user_agent(agent).build().unwrap());
        Self { place, mailbox, server, laptop, phone, stranger }
    }

    async fn registers_and_verifies_in_a_browser(&mut self) {
        let body = json!({"email": ADA, "password": PASSWORD, "name": "Ada", "client_id": "native"});
        assert_eq!(self.send(&self.laptop, "/auth/register", &body).await.status, 202);
        assert_eq!(self.login(&self.laptop, PASSWORD).await.status, 401, "nobody is signed in before");
        assert_eq!(self.place.json(&["user", "list"], ""), json!([]), "there is no account before");

        let letter = self.letter(ADA, "Please verify your address for Acme").await;
        let link = letter.link();
        assert!(link.starts_with(&format!("{}/verify?token=", self.server.url)), "{link}");
        for _ in 0..2 {
            let page = self.laptop.get(&link).send().await.unwrap();
            assert_eq!(page.status(), 200, "a mail scanner that opens the link uses nothing up");
            let page = page.text().await.unwrap();
            let hidden = format!("<input type=\"hidden\" name=\"token\" value=\"{}\">", letter.token());
            assert!(
                page.contains("<form method=\"post\" action=\"/verify\">") && page.contains(&hidden),
                "{page}"
            );
        }
        let (status, text, cookies) = self.submit("/verify", &letter, PASSWORD).await;
        assert!(status == 200 && text.contains("Your address is confirmed"), "{status} {text}");
        let cookie = |name: &str| {
            let start = format!("{name}=");
            let set = cookies.iter().find_map(|set| set.split(';').next()?.strip_prefix(&start));
            set.unwrap_or_else(|| panic!("{name} in {cookies:?}"))
        };
        let jar = ["rotunda_refresh", "rotunda_device"].map(|name| (name, cookie(name)));
        let signed_in = refresh_jar(&self.laptop, &self.server.url, &jar).await;
        assert_eq!((signed_in.status, signed_in.text("/user/email").as_str()), (200, ADA), "{signed_in:?}");
        let (status, again, _) = self.submit("/verify", &letter, PASSWORD).await;
        assert!(status == 400 && again.contains("This link is not good"), "{status} {again}");
    }

    async fn signs_in_on_the_phone(&mut self) -> Answer {
        let phone = self.login(&self.phone, PASSWORD).await;
        assert_eq!(phone.status, 200, "{phone:?}");
        self.letter(ADA, NEW_DEVICE).await.names("AcmeApp on iPhone");
        assert_eq!(self.place.json(&["session", "list", ADA], "").as_array().unwrap().len(), 2);
        phone
    }

    async fn forgets_the_password(&mut self, phone: &Answer) {
        self.forgets().await;
        let letter = self.letter(ADA, NEW_PASSWORD).await;
        self.resets(&letter, "staple of four words").await;
        self.letter(ADA, REPLACED).await.names("Firefox on Linux");

        let dead = refresh(&self.phone, &self.server.url, phone, &[]).await;
        assert_eq!((dead.status, dead.text("/ended").as_str()), (401, "password_reset"));
        self.ended(phone, "password_reset");
        assert_eq!(self.login(&self.phone, PASSWORD).await.status, 401, "the old password is gone");
    }

    async fn reports_a_stranger(&mut self) {
        let stolen = self.login(&self.stranger, "staple of four words").await;
        assert_eq!(stolen.status, 200, "{stolen:?}");
        let letter = self.letter(ADA, NEW_DEVICE).await;
        letter.names("Chrome on Windows");
        let report = json!({"token": letter.token()});
        assert_eq!(self.send(&self.laptop, "/auth/report", &report).await.status, 204);
        let url = format!("{}/auth/me", self.server.url);
        let out = get(&self.stranger, &url, &stolen.text("/access_token")).await;
        assert_eq!((out.status, out.text("/ended").as_str()), (401, "reported"));
        self.ended(&stolen, "reported");
        assert_eq!(self.login(&self.stranger, "staple of four words").await.status, 401, "it is void");

        let letter = self.letter(ADA, "Your account at Acme is safe; choose a new password").await;
        self.resets(&letter, "another four good words").await;
        self.letter(ADA, REPLACED).await.names("Firefox on Linux");
    }

    /// The mail server is away, and then Rotunda is killed, with a letter waiting.
    async fn is_written_to_when_the_mail_server_is_back(&mut self) -> Answer {
        self.mailbox.close();
        self.forgets().await;
        let waiting = self.waiting().await;
        assert_eq!((&waiting["to"], &waiting["kind"]), (&json!(ADA), &json!("reset_password")));
        assert_eq!(waiting["attempts"], json!(1));
        assert!(waiting["last_error"].as_str().unwrap().contains("refused"), "{waiting}");

        self.server.kill_and_wait();
        self.server = self.place.serve();
        assert_eq!(self.waiting().await["id"], waiting["id"], "it survives a kill -9");
        self.mailbox.reopen();
        let letter = self.letter(ADA, NEW_PASSWORD).await;
        let id = waiting["id"].as_str().unwrap();
        assert!(letter.id.contains(id), "a letter that came twice would be seen to be one: {letter:?}");
        let session = self.resets(&letter, "and four words once more").await;
        self.letter(ADA, REPLACED).await;
        session
    }

    async fn moves_to_another_address(&mut self, session: &Answer) {
        let bearer = bearer(session);
        let (url, header) = (&self.server.url, [("authorization", bearer.as_str())]);
        let body = json!({"email": ELSEWHERE});
        let asked = post(&self.laptop, &format!("{url}/auth/email/change"), &body, &header).await;
        assert_eq!(asked.status, 202, "{asked:?}");
        let [confirm, told] = self.mailbox.take().await;
        assert_eq!(confirm.heading(), (ELSEWHERE, "Please confirm your new address for Acme"));
        assert_eq!(told.heading(), (ADA, "Your address at Acme is about to change"));
        assert!(told.text.contains(ELSEWHERE), "{told:?}");
        told.names("Firefox on Linux");

        let link = json!({"token": confirm.token(), "password": "and four words once more"});
        assert_eq!(self.send(&self.phone, "/auth/email/confirm", &link).await.status, 204);
        let me =
            get(&self.laptop, &format!("{}/auth/me", self.server.url), &session.text("/access_token")).await;
        assert_eq!((me.status, me.text("/email").as_str()), (200, ELSEWHERE));
        let [here, before] = self.mailbox.take().await;
        assert_eq!(here.heading(), (ELSEWHERE, "This is your address at Acme now"));
        assert_eq!(before.heading(), (ADA, "Your address at Acme was changed"));
        for letter in [here, before] {
            assert!(letter.text.contains(ELSEWHERE), "{letter:?}");
            letter.names("AcmeApp on iPhone");
        }
    }

    async fn takes_the_data_and_leaves(&mut self, session: &Answer) {
        let url = format!("{}/auth/me", self.server.url);
        let export = get(&self.laptop, &format!("{url}/export"), &session.text("/access_token")).await;
        assert_eq!((export.status, export.text("/user/email").as_str()), (200, ELSEWHERE), "{export:?}");
        let by_operator = self.place.json(&["user", "export", ELSEWHERE], "");
        assert_eq!(by_operator["user"], export.body["user"]);

        let gone = self.laptop.delete(&url).header("authorization", bearer(session)).send().await.unwrap();
        assert_eq!(gone.status(), 204);
        self.letter(ELSEWHERE, "Your account at Acme was deleted").await.names("Firefox on Linux");
        assert_eq!(self.place.json(&["user", "list"], ""), json!([]));
        self.ended(session, "user_deleted");
    }

    /// The operator's part, and a look at the whole mailbox.
    async fn ends(mut self) {
        assert_eq!(self.place.json(&["mail", "test", OPERATOR], "")["sent"], json!(true));
        self.letter(OPERATOR, "Mail from Acme works").await;
        self.place.json(&["user", "add", BOB], PASSWORD);
        assert_eq!(self.place.json(&["user", "export", BOB], "")["user"]["email"], json!(BOB));
        assert_eq!(self.place.json(&["user", "delete", BOB, "--yes"], "")["deleted"], json!(true));
        self.letter(BOB, "Your account at Acme was deleted").await;

        assert_eq!(self.place.json(&["mail", "list"], ""), json!([]), "no letter is left");
        assert_eq!(self.server.stop(), Some(0));
        let all = self.mailbox.all();
        let mut subjects: Vec<(&str, &str)> = all.iter().map(Mail::heading).collect();
        // The two of one moment come in any order.
        subjects[9..11].sort_unstable();
        subjects[11..13].sort_unstable();
        assert_eq!(subjects, WHOLE_MAILBOX);
        let mut ids: Vec<&str> = all.iter().map(|letter| letter.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all.len(), "each letter is one of its own");
    }
}

/// What came, to whom, in order.
const WHOLE_MAILBOX: [(&str, &str); 16] = [
    (ADA, "Please verify your address for Acme"),
    (ADA, NEW_DEVICE),
    (ADA, NEW_PASSWORD),
    (ADA, REPLACED),
    (ADA, NEW_DEVICE),
    (ADA, "Your account at Acme is safe; choose a new password"),
    (ADA, REPLACED),
    (ADA, NEW_PASSWORD),
    (ADA, REPLACED),
    (ELSEWHERE, "Please confirm your new address for Acme"),
    (ADA, "Your address at Acme is about to change"),
    (ELSEWHERE, "This is your address at Acme now"),
    (ADA, "Your address at Acme was changed"),
    (ELSEWHERE, "Your account at Acme was deleted"),
    (OPERATOR, "Mail from Acme works"),
    (BOB, "Your account at Acme was deleted"),
];

/// What she does again and again.
impl Day {
    async fn send(&self, device: &Client, path: &str, body: &Value) -> Answer {
        post(device, &format!("{}{path}", self.server.url), body, &[]).await
    }

    async fn login(&self, device: &Client, password: &str) -> Answer {
        let body = json!({"email": ADA, "password": password, "client_id": "native"});
        self.send(device, "/auth/login", &body).await
    }

    /// The same answer whether or not the mail server is there.
    async fn forgets(&self) {
        let answer = self.send(&self.laptop, "/auth/password/forgot", &json!({"email": ADA})).await;
        assert_eq!(answer.status, 202, "{answer:?}");
    }

    async fn resets(&self, letter: &Mail, password: &str) -> Answer {
        let body = json!({"token": letter.token(), "new_password": password, "client_id": "native"});
        let answer = self.send(&self.laptop, "/auth/password/reset", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let again = self.send(&self.laptop, "/auth/password/reset", &body).await;
        assert_eq!((again.status, again.text("/reason").as_str()), (400, "link_invalid"));
        answer
    }

    /// Takes the next letter out of the mailbox.
    async fn letter(&mut self, to: &str, subject: &str) -> Mail {
        let [letter] = self.mailbox.take().await;
        assert_eq!(letter.heading(), (to, subject), "{letter:?}");
        letter
    }

    /// Sends the form of a page, as the browser on the laptop does.
    async fn submit(&self, path: &str, letter: &Mail, password: &str) -> (u16, String, Vec<String>) {
        let form = format!("token={}&password={}", letter.token(), password.replace(' ', "+"));
        let request = self
            .laptop
            .post(format!("{}{path}", self.server.url))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("origin", &self.server.url)
            .body(form);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let cookies = response.headers().get_all(SET_COOKIE);
        let cookies = cookies.iter().map(|value| value.to_str().unwrap().to_owned()).collect();
        (status, response.text().await.unwrap(), cookies)
    }

    /// The one letter that waits, once the mail server has not taken it.
    async fn waiting(&self) -> Value {
        for _ in 0..100 {
            let letters = self.place.json(&["mail", "list"], "");
            if let [letter] = letters.as_array().unwrap().as_slice()
                && !letter["last_error"].is_null()
            {
                return letter.clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no letter waits: {}", self.place.json(&["mail", "list"], ""));
    }

    /// What the operator is told of a session.
    fn ended(&self, session: &Answer, ending: &str) {
        let why = self.place.json(&["session", "why", &session.text("/session/id")], "");
        assert_eq!(why["ended"], json!(ending), "{why}");
    }
}

fn bearer(session: &Answer) -> String {
    format!("Bearer {}", session.text("/access_token"))
}
