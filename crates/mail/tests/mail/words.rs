//! What letters say: every kind as it arrives, and what may not be in one.

use std::path::Path;

use rotunda_core::model::{Caller, Email, Letter, LetterKind, SecretText, UnixMillis};
use rotunda_core::outside::Mailer;

use crate::support::{AT, LINK, Read, files, folder, letter, letter_to, link, read, read_all};

/// Whether core gives this kind a link.
fn has_link(kind: LetterKind) -> bool {
    !matches!(
        kind,
        LetterKind::EmailInUse | LetterKind::EmailChangedTo | LetterKind::AccountDeleted | LetterKind::Test
    )
}

async fn arrived(letter: &Letter, link: Option<&SecretText>) -> Read {
    let place = tempfile::tempdir().unwrap();
    folder(place.path()).send(letter, link).await.unwrap();
    read(&files(place.path())[0])
}

async fn every_kind(place: &Path) -> Vec<(LetterKind, Read)> {
    let mail = folder(place);
    let link = link();
    for kind in LetterKind::ALL {
        mail.send(&letter(*kind), Some(&link).filter(|_| has_link(*kind))).await.unwrap();
    }
    let mut messages = Vec::new();
    for (path, read) in files(place).iter().zip(read_all(&files(place))) {
        let kind = path.file_name().unwrap().to_str().unwrap().split('-').nth(1).unwrap();
        messages.push((LetterKind::parse(kind).unwrap(), read));
    }
    messages
}

#[tokio::test]
async fn every_kind_of_letter_reads_well() {
    let place = tempfile::tempdir().unwrap();
    let messages = every_kind(place.path()).await;
    assert_eq!(messages.len(), LetterKind::ALL.len());
    for (kind, message) in messages {
        let all = format!("{}\n\n{}\n\n{}", message.header("Subject"), message.plain(), message.html());
        insta::with_settings!({prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(kind.as_str(), all);
        });
    }
    let newcomer = Letter { user_id: None, ..letter(LetterKind::VerifyEmail) };
    let newcomer = arrived(&newcomer, Some(&link())).await;
    insta::with_settings!({prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("verify_email_newcomer", newcomer.plain());
    });
}

#[tokio::test]
async fn every_message_is_sound_and_carries_its_link_whole() {
    let place = tempfile::tempdir().unwrap();
    for (kind, message) in every_kind(place.path()).await {
        assert!(message.list("defects").is_empty(), "{kind:?}: {message:?}");
        assert_eq!(message.list("types"), ["multipart/alternative", "text/plain", "text/html"], "{kind:?}");
        assert_eq!(message.list("charsets"), ["utf-8", "utf-8"], "{kind:?}");
        let escaped = LINK.replace('&', "&amp;").replace('/', "&#x2f;");
        let in_text = message.plain().lines().filter(|line| *line == LINK).count();
        let in_button = message.html().matches(&format!("<a href=\"{escaped}\" style")).count();
        let in_html = message.html().matches(&format!(">{escaped}</a>")).count();
        let expected = if has_link(kind) { (1, 2, 1) } else { (0, 0, 0) };
        assert_eq!((in_text, in_button, in_html), expected, "{kind:?}: {}", message.html());
        // Nothing is loaded from anywhere, and the one link is the letter's own.
        let html = message.html().to_lowercase();
        for loaded in ["<img", "<script", "<link", "<iframe", "src=", "url(", "@import"] {
            assert!(!html.contains(loaded), "{kind:?} has {loaded}");
        }
        assert_eq!(html.matches("href=").count(), expected.1, "{kind:?}");
        assert!(message.plain().lines().all(|line| line.chars().count() <= 76 || line == LINK), "{kind:?}");
    }
}

#[tokio::test]
async fn headers_are_those_that_mail_needs_and_no_other() {
    let letter = letter(LetterKind::NewDevice);
    let message = arrived(&letter, Some(&link())).await;
    let headers = message.headers();
    let mut names: Vec<&str> = headers.keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected =
        ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"];
    assert_eq!(names, expected);
    assert_eq!(headers["Auto-Submitted"], "auto-generated");
    assert_eq!(headers["From"], "Acme Mail <no-reply@acme.example>");
    assert_eq!(headers["To"], "ada@example.com");
    // Ninety seconds after it happened, by the clock that was handed in.
    assert_eq!(headers["Date"], "Sat, 21 Nov 2026 15:05:30 +0000");
    assert_eq!(headers["Message-ID"], format!("<{}@auth.example.com>", letter.id));
    assert!(message.plain().contains("2026-11-21 15:04 UTC"), "{}", message.plain());
}

#[tokio::test]
async fn a_letter_that_is_sent_twice_is_one_message() {
    let place = tempfile::tempdir().unwrap();
    let mail = folder(place.path());
    let letter = letter(LetterKind::NewDevice);
    mail.send(&letter, Some(&link())).await.unwrap();
    let once = std::fs::read(&files(place.path())[0]).unwrap();
    mail.send(&letter, Some(&link())).await.unwrap();
    assert_eq!(files(place.path()).len(), 1);
    assert_eq!(std::fs::read(&files(place.path())[0]).unwrap(), once);
}

/// A stranger registers with somebody's address, and would like to write to them in our name.
#[tokio::test]
async fn whoever_gives_a_strangers_address_writes_nothing_into_their_letter() {
    let to_strangers = [
        LetterKind::VerifyEmail,
        LetterKind::AlreadyRegistered,
        LetterKind::ConfirmEmail,
        LetterKind::EmailInUse,
        LetterKind::Invited,
    ];
    for kind in LetterKind::ALL {
        for user_id in [letter(*kind).user_id, None] {
            let letter = Letter {
                user_id,
                name: Some("Prizewinner".to_owned()),
                other: Email::parse("prize-at-evil@example.org"),
                ..letter(*kind)
            };
            let message = arrived(&letter, Some(&link())).await;
            let all = format!("{} {} {}", message.header("Subject"), message.plain(), message.html());
            let known = user_id.is_some() && !to_strangers.contains(kind);
            assert_eq!(all.contains("Prizewinner"), known, "{kind:?} {user_id:?}");
            let other = matches!(
                kind,
                LetterKind::EmailChangeAsked | LetterKind::EmailChanged | LetterKind::EmailChangedTo
            );
            assert_eq!(all.contains("prize-at-evil"), known && other, "{kind:?} {user_id:?}");
        }
    }
}

#[tokio::test]
async fn nothing_that_users_chose_becomes_a_header_a_tag_or_a_link() {
    let names = [
        "Ada\r\nBcc: eve@evil.example\r\n\r\n<b>Hello</b>",
        "<a href=\"https://evil.example\">Acme support</a>",
        "https://evil.example/login",
        "evil.example",
        "{{ link }}{% include 'layout.html' %}",
        "\u{202e}drowssap\u{200b}",
    ];
    for name in names {
        let letter = Letter {
            name: Some(name.to_owned()),
            other: Email::parse("www.evil.example/login?<b>=1@x.example").or(Email::parse("a/b?c@x.example")),
            caller: Caller::new(None, Some(&format!("{name}/1.0"))),
            ..letter(LetterKind::EmailChangeAsked)
        };
        let message = arrived(&letter, Some(&link())).await;
        assert_eq!(message.headers().len(), 8, "{name:?}: {:?}", message.headers());
        assert!(message.list("defects").is_empty(), "{message:?}");
        for text in [message.plain(), message.html()] {
            for bad in ["evil.example", "<b>", "Bcc:", "\u{202e}", "a/b", "{{", "/login"] {
                assert!(!text.contains(bad), "{name:?}: {bad:?} in {text}");
            }
            assert_eq!(text.matches("https:").count(), if text == message.plain() { 2 } else { 4 }, "{text}");
        }
    }
}

#[tokio::test]
async fn long_names_and_those_beyond_ascii_stay_names() {
    let greeting = async |name: &str| {
        let letter = Letter { name: Some(name.to_owned()), ..letter(LetterKind::NewDevice) };
        arrived(&letter, Some(&link())).await.plain().lines().next().unwrap().to_owned()
    };
    assert_eq!(greeting("Zoë Müller").await, "Hello Zoë Müller,");
    assert_eq!(greeting("山田太郎").await, "Hello 山田太郎,");
    assert_eq!(greeting("حمد بن محمد").await, "Hello حمد بن محمد,");
    assert_eq!(greeting(&"ä".repeat(128)).await, format!("Hello {}…,", "ä".repeat(48)));
    assert_eq!(greeting("://").await, "Hello,");
    let bare =
        Letter { name: None, other: None, caller: Caller::default(), ..letter(LetterKind::EmailChanged) };
    let bare = arrived(&bare, None).await;
    assert!(bare.plain().contains("Unknown device") && bare.plain().contains("an address that is not known"));
    assert!(!bare.plain().contains("none") && !bare.html().contains("none<"), "{}", bare.plain());
}

#[tokio::test]
async fn times_that_no_calendar_has_do_no_harm() {
    for at in [i64::MIN, -1, 0, i64::MAX] {
        let letter = Letter { at: UnixMillis(at), ..letter(LetterKind::NewDevice) };
        let message = arrived(&letter, None).await;
        assert!(message.plain().contains("When:"), "{}", message.plain());
        let place = tempfile::tempdir().unwrap();
        let clock = crate::support::clock();
        clock.set(UnixMillis(at));
        let templates = rotunda_mail::Templates::builtin().unwrap();
        let mail =
            rotunda_mail::Mail::folder(crate::support::house(), templates, clock, place.path()).unwrap();
        mail.send(&letter, None).await.unwrap();
        assert!(read(&files(place.path())[0]).header("Date").ends_with("+0000"));
    }
    assert_ne!(AT, UnixMillis(0));
}

#[tokio::test]
async fn an_address_beyond_ascii_goes_out_in_its_ascii_form() {
    let message = arrived(&letter_to(LetterKind::Test, "ada@xn--mller-kva.example"), None).await;
    assert_eq!(message.header("To"), "ada@xn--mller-kva.example");
}

#[test]
fn who_writes_is_understood_or_refused() {
    use rotunda_mail::{House, Sender};
    let shown = |text: &str| Sender::parse(text).map(|sender| sender.to_string());
    assert_eq!(shown("Acme <no-reply@acme.example>").unwrap(), "Acme <no-reply@acme.example>");
    assert_eq!(shown("no-reply@acme.example").unwrap(), "no-reply@acme.example");
    assert_eq!(shown("Zoë <zoe@müller.example>").unwrap(), "Zoë <zoe@xn--mller-kva.example>");
    for bad in [
        "",
        "Acme",
        "a@b@c",
        "zoë@example.com",
        "a@192.0.2.1",
        "A <a@b.example>\r\nBcc: c@d.example",
        "@b.example",
    ] {
        assert!(shown(bad).is_err(), "{bad:?}: {:?}", shown(bad));
    }
    assert!(shown(&format!("{} <a@b.example>", "x".repeat(65))).is_err());
    assert_eq!(Sender::no_reply("auth.example.com").to_string(), "no-reply@auth.example.com");
    assert_eq!(Sender::no_reply("[::1]").to_string(), "no-reply@localhost");
    let house = |site: &str| {
        House::new(site, "https://x.example", "x.example", Sender::no_reply("x.example")).map(drop)
    };
    assert!(house("Acme & Söhne").is_ok());
    for bad in ["", " ", "a\nb", "\u{202e}emcA", &"x".repeat(65)] {
        assert!(house(bad).unwrap_err().contains("1 to 64 characters"), "{bad:?}");
    }
}
