//! What a mail server gets, and what becomes of what it does not take.

use rotunda_core::model::{LetterId, LetterKind, SecretText};
use rotunda_core::outside::{MailFailure, Mailer};
use rotunda_mail::{House, Sender, SmtpError, SmtpServer, SmtpSettings};
use serde_json::json;
use tokio::net::TcpListener;

use crate::server::{Server, authority};
use crate::support::{AT, LINK, house, letter, letter_to, link, read, smtp, smtp_from};

fn later(sent: Result<(), MailFailure>) -> String {
    match sent {
        Err(MailFailure::Later(why)) => why,
        other => panic!("not later: {other:?}"),
    }
}

fn never(sent: Result<(), MailFailure>) -> String {
    match sent {
        Err(MailFailure::Never(why)) => why,
        other => panic!("not never: {other:?}"),
    }
}

#[tokio::test]
async fn a_letter_arrives_whole() {
    let server = Server::start(json!({})).await;
    smtp(&server.url(), None).send(&letter(LetterKind::ResetPassword), Some(&link())).await.unwrap();
    let [arrived] = server.letters().try_into().unwrap();
    assert_eq!(arrived["sender"], "no-reply@acme.example");
    assert_eq!(arrived["to"], json!(["ada@example.com"]));
    assert_eq!(arrived["helo"], "auth.example.com");
    let path = server.folder().join("arrived.eml");
    std::fs::write(&path, arrived["text"].as_str().unwrap()).unwrap();
    let message = read(&path);
    assert_eq!(message.header("Subject"), "A new password for Acme");
    assert!(message.plain().contains(LINK), "{}", message.plain());
    assert!(message.list("defects").is_empty(), "{message:?}");
}

#[tokio::test]
async fn several_letters_share_one_connection() {
    let server = Server::start(json!({})).await;
    let mail = smtp(&server.url(), None);
    for _ in 0..3 {
        mail.send(&letter(LetterKind::Test), None).await.unwrap();
    }
    // A recipient who is refused costs no connection either.
    never(mail.send(&letter_to(LetterKind::Test, "nobody@example.com"), None).await);
    mail.send(&letter(LetterKind::Test), None).await.unwrap();
    assert_eq!((server.letters().len(), server.connections()), (4, 1));
}

#[tokio::test]
async fn a_letter_to_nobody_goes_nowhere() {
    let server = Server::start(json!({})).await;
    let nobody = rotunda_core::model::Letter { to: None, ..letter(LetterKind::ResetPassword) };
    smtp(&server.url(), None).send(&nobody, Some(&link())).await.unwrap();
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn starttls_and_tls_from_the_start_are_trusted_through_the_ca_file() {
    for (tls, scheme) in [("starttls", "smtp"), ("implicit", "smtps")] {
        let server = Server::start_with_tls(json!({"tls": tls}), "localhost").await;
        let mail = smtp(&format!("{scheme}://localhost:{}", server.port), Some(&server.ca_file()));
        mail.send(&letter(LetterKind::Test), None).await.unwrap();
        mail.send(&letter(LetterKind::Test), None).await.unwrap();
        let letters = server.letters();
        assert_eq!(letters.len(), 2, "{tls}");
        assert!(letters.iter().all(|letter| letter["tls"] == true), "{tls}");
        assert_eq!(server.connections(), 1, "{tls}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_sends_nothing() {
    let others = tempfile::tempdir().unwrap();
    let others = others.path().join("ca.pem");
    std::fs::write(&others, authority().0).unwrap();
    for (tls, scheme) in [("starttls", "smtp"), ("implicit", "smtps")] {
        let server = Server::start_with_tls(json!({"tls": tls}), "localhost").await;
        let url = format!("{scheme}://localhost:{}", server.port);
        for ca_file in [None, Some(others.as_path())] {
            let why = later(smtp(&url, ca_file).send(&letter(LetterKind::Test), None).await);
            assert!(why.contains("certificate"), "{why}");
        }
        let elsewhere = Server::start_with_tls(json!({"tls": tls}), "mail.example.com").await;
        let url = format!("{scheme}://localhost:{}", elsewhere.port);
        let why = later(smtp(&url, Some(&elsewhere.ca_file())).send(&letter(LetterKind::Test), None).await);
        assert!(why.contains("certificate"), "another host's: {why}");
        assert!(server.letters().is_empty() && elsewhere.letters().is_empty());
    }
}

#[tokio::test]
async fn without_starttls_nothing_is_sent() {
    let server = Server::start(json!({})).await;
    let mail = smtp(&format!("smtp://ada:secret@localhost:{}", server.port), None);
    let why = later(mail.send(&letter(LetterKind::Test), None).await);
    assert!(why.contains("STARTTLS"), "{why}");
    assert!(server.letters().is_empty());
}

#[tokio::test]
async fn signing_in_works_and_a_wrong_password_loses_no_letter() {
    let given = json!({"tls": "implicit", "user": "mail@acme.example", "password": "s:e/c@r%t ü"});
    let server = Server::start_with_tls(given, "localhost").await;
    let url = |login: &str| format!("smtps://{login}localhost:{}", server.port);
    let send = async |login: &str| {
        smtp(&url(login), Some(&server.ca_file())).send(&letter(LetterKind::Test), None).await
    };
    send("mail%40acme.example:s%3Ae%2Fc%40r%25t%20%C3%BC@").await.unwrap();
    assert_eq!(server.letters()[0]["user"], "mail@acme.example");
    let why = later(send("mail%40acme.example:wrong-password@").await);
    assert!(why.contains("REFUSES US") && why.contains("535") && why.contains("[mail] url"), "{why}");
    assert!(!why.contains("wrong-password") && !why.contains("d3Jvbmct"), "{why}");
    let why = later(send("").await);
    assert!(why.contains("REFUSES US") && why.contains("530"), "{why}");
    assert_eq!(server.letters().len(), 1);
}

#[tokio::test]
async fn a_server_that_is_away_gets_the_letter_when_it_is_back() {
    let mut server = Server::start(json!({})).await;
    let mail = smtp(&server.url(), None);
    mail.send(&letter(LetterKind::Test), None).await.unwrap();
    server.stop().await;
    let why = later(mail.send(&letter(LetterKind::Test), None).await);
    assert!(why.contains("refused") && why.contains(&server.port.to_string()), "{why}");
    server.come_back().await;
    mail.send(&letter(LetterKind::Test), None).await.unwrap();
    assert_eq!(server.letters().len(), 2);
}

#[tokio::test]
async fn a_conversation_that_died_while_it_rested_is_replaced() {
    let mut server = Server::start(json!({})).await;
    let mail = smtp(&server.url(), None);
    mail.send(&letter(LetterKind::Test), None).await.unwrap();
    server.stop().await;
    server.come_back().await;
    mail.send(&letter(LetterKind::Test), None).await.unwrap();
    assert_eq!((server.letters().len(), server.connections()), (2, 2));
}

#[tokio::test]
async fn refusals_say_whether_to_come_again() {
    let server = Server::start(json!({})).await;
    let mail = smtp(&server.url(), None);
    let to = async |address: &str| mail.send(&letter_to(LetterKind::Test, address), None).await;
    let why = later(to("busy@example.com").await);
    assert!(why.contains("450") && why.contains("Greylisted") && !why.contains("REFUSES"), "{why}");
    let why = never(to("nobody@example.com").await);
    assert!(why.contains("550") && why.contains("no such mailbox"), "{why}");
    let why = later(to("far@example.com").await);
    assert!(why.contains("REFUSES US") && why.contains("Relay access denied"), "{why}");
    let banned = Sender::parse("banned@acme.example").unwrap();
    let banned = House::new("Acme", "https://auth.example.com", "auth.example.com", banned).unwrap();
    let why = later(smtp_from(&server.url(), None, banned).send(&letter(LetterKind::Test), None).await);
    assert!(why.contains("REFUSES US") && why.contains("[mail] from"), "{why}");
}

#[tokio::test]
async fn what_a_server_quotes_does_not_tell_the_link() {
    let server = Server::start(json!({})).await;
    // Short, so that quoted-printable leaves it in one piece for the server to quote.
    let link = SecretText::new("https://a.example/l/rl1_0123456789abcdef".to_owned());
    let letter = letter_to(LetterKind::ResetPassword, "quote@example.com");
    let why = never(smtp(&server.url(), None).send(&letter, Some(&link)).await);
    assert!(why.contains("I do not like") && why.contains("[link]"), "{why}");
    assert!(!why.contains("0123456789abcdef"), "{why}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://127.0.0.1:{}?tls=none", listener.local_addr().unwrap().port());
    let mail = smtp(&url, None);
    // With nothing left to do but wait, the clock of this runtime jumps ahead.
    tokio::time::pause();
    let why = later(mail.send(&letter(LetterKind::Test), None).await);
    assert!(why.contains("it said nothing for 30 s"), "{why}");
}

#[tokio::test]
async fn a_conversation_that_was_cut_off_is_not_gone_on_with() {
    let server = Server::start(json!({})).await;
    let mail = smtp(&server.url(), None);
    let slow = letter_to(LetterKind::Test, "slow@example.com");
    let given_up = async {
        // The server has the whole letter and does not answer; only then does the clock jump.
        server.wait_for("stalls", 1).await;
        tokio::time::pause();
        tokio::time::advance(std::time::Duration::from_secs(31)).await;
        tokio::time::resume();
    };
    let (sent, ()) = tokio::join!(mail.send(&slow, None), given_up);
    let why = later(sent);
    assert!(why.contains("nothing for 30 s") && why.contains("the letter"), "{why}");
    // Now comes the answer, too late: to whoever asks next in this conversation, it would be theirs.
    std::fs::write(server.folder().join("log.go"), "").unwrap();
    mail.send(&letter(LetterKind::Test), None).await.unwrap();
    assert_eq!((server.letters().len(), server.connections()), (1, 2));
}

#[tokio::test]
async fn a_conversation_that_rests_too_long_is_closed() {
    let server = Server::start(json!({})).await;
    let mail = smtp(&server.url(), None);
    mail.send(&letter(LetterKind::Test), None).await.unwrap();
    assert_eq!(server.noted("gone").len(), 0);
    tokio::time::pause();
    tokio::time::sleep(std::time::Duration::from_secs(61)).await;
    tokio::time::resume();
    server.wait_for("gone", 1).await;
    mail.send(&letter(LetterKind::Test), None).await.unwrap();
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn many_letters_at_once_take_as_many_connections_as_were_allowed() {
    let server = Server::start(json!({})).await;
    let mail = std::sync::Arc::new(smtp(&server.url(), None));
    let sends: Vec<_> = (0..20u8)
        .map(|n| {
            let mail = std::sync::Arc::clone(&mail);
            let letter =
                rotunda_core::model::Letter { id: LetterId::new(AT, [n; 10]), ..letter(LetterKind::Test) };
            tokio::spawn(async move { mail.send(&letter, None).await })
        })
        .collect();
    for send in sends {
        send.await.unwrap().unwrap();
    }
    assert_eq!(server.letters().len(), 20);
    assert!((1..=4).contains(&server.connections()), "{}", server.connections());
}

#[tokio::test]
async fn an_address_that_no_server_takes_is_refused_at_once() {
    let server = Server::start(json!({})).await;
    let mail = smtp(&server.url(), None);
    let to = async |address: &str| mail.send(&letter_to(LetterKind::Test, address), None).await;
    for (address, why) in [
        ("zoë@example.com", "beyond ASCII"),
        ("ada@192.0.2.1", "network address"),
        (".ada.@example.com", "RFC 5321"),
    ] {
        let told = never(to(address).await);
        assert!(told.contains(why), "{address}: {told}");
    }
    assert_eq!(server.connections(), 0);
    to("ada@xn--mller-kva.example").await.unwrap();
    assert_eq!(server.letters()[0]["to"], json!(["ada@xn--mller-kva.example"]));
}

#[test]
fn a_url_is_understood_or_refused_without_its_password() {
    let shown = |url: &str| SmtpServer::parse(url).map(|server| format!("{server:?}"));
    let server = |host: &str, port: u16, security: &str, signs_in: bool| {
        let shown = "SmtpServer { host: \"HOST\", port: PORT, security: TLS, signs_in: IN }";
        let shown = shown.replace("HOST", host).replace("PORT", &port.to_string());
        Ok(shown.replace("TLS", security).replace("IN", &signs_in.to_string()))
    };
    let good = [
        ("smtps://u:secret@Mail.Example.com", server("mail.example.com", 465, "Implicit", true)),
        ("smtp://u:secret@mail.example.com/", server("mail.example.com", 587, "StartTls", true)),
        ("smtp://mail.example.com:2525", server("mail.example.com", 2525, "StartTls", false)),
        ("smtps://müller.example", server("xn--mller-kva.example", 465, "Implicit", false)),
        ("smtp://localhost?tls=none", server("localhost", 25, "None", false)),
        ("smtp://u:secret@[::1]:1025?tls=none", server("::1", 1025, "None", true)),
        ("smtp://127.0.0.2?tls=none", server("127.0.0.2", 25, "None", false)),
    ];
    for (url, expected) in good {
        assert_eq!(shown(url), expected, "{url}");
    }
    let bad = [
        ("secret", "is not a URL"),
        ("https://u:secret@mail.example.com", "must begin with smtps: or smtp:"),
        ("smtp://u:secret@mail.example.com?tls=none", "this machine only"),
        ("smtp://u:secret@192.0.2.1?tls=none", "this machine only"),
        ("smtp://u:secret@localhost.example.com?tls=none", "this machine only"),
        ("smtps://u:secret@localhost?tls=none", "after \"?\""),
        ("smtp://u:secret@localhost?tls=nome", "after \"?\""),
        ("smtp://u:secret@localhost/secret", "has a path"),
        ("smtp://u:secret@localhost#secret", "has a path"),
        ("smtps://", "has no host"),
        ("smtps://secret@mail.example.com", "no password"),
        ("smtps://:secret@mail.example.com", "no user name"),
        ("smtps://u:secret%00@mail.example.com", "NUL"),
        ("smtps://u:secret%FF@mail.example.com", "UTF-8"),
        ("smtps://u:secret@mail.example.com:0", "port 0"),
        ("smtps://u:secret@mail.example.com:99999", "is not a URL"),
    ];
    for (url, expected) in bad {
        let why = shown(url).unwrap_err();
        assert!(why.contains(expected) && !why.contains("secret"), "{url}: {why}");
    }
}

#[test]
fn a_ca_file_without_certificates_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let tried = || {
        let server = SmtpServer::parse("smtps://mail.example.com").unwrap();
        let settings = SmtpSettings { server, ca_file: Some(path.clone()), pool: 1 };
        let templates = rotunda_mail::Templates::builtin().unwrap();
        rotunda_mail::Mail::smtp(house(), templates, crate::support::clock(), settings).map(drop)
    };
    assert!(matches!(tried(), Err(SmtpError::Read { .. })));
    for no_certificate in
        ["", "hello", "-----BEGIN CERTIFICATE-----\nnot base64\n-----END CERTIFICATE-----\n"]
    {
        std::fs::write(&path, no_certificate).unwrap();
        let why = tried().unwrap_err().to_string();
        assert!(why.contains("ca.pem"), "{no_certificate:?}: {why}");
    }
    std::fs::write(&path, authority().0).unwrap();
    tried().unwrap();
}
