//! What raw input becomes, and what does not become anything; names that programs read; arithmetic that never panics.

use std::time::Duration;

use rotunda_core::model::{
    Carrier, ClientId, ClientKind, Email, Ending, EventKind, RetryKeys, Subject, UnixMillis, User, Username,
    device_label,
};
use rotunda_core::policy::Policy;

#[test]
fn an_address_is_one_at_sign_between_something_and_a_host() {
    let long = format!("{}@{}.example", "l".repeat(64), "h".repeat(181));
    assert_eq!(long.len(), 254);
    for good in ["a@b", "Ada.L+x@Example.COM", "ü@example", "a@[::1]x", &long] {
        let bracket = good.contains('[');
        assert_eq!(Email::parse(good).is_some(), !bracket, "{good}");
    }
    let too_long = format!("{}@{}.example", "l".repeat(64), "h".repeat(182));
    let local_too_long = format!("{}@example", "l".repeat(65));
    let bad = [
        "",
        "a",
        "@",
        "@b",
        "a@",
        "a@.b",
        "a@b.",
        "a@b..c",
        "a@b@c",
        "a b@c",
        "a@b c",
        "a\u{7}@b",
        "<a@b>",
        "a,b@c",
        "a;b@c",
        "\"a\"@b",
        "a\\@b",
        "a:b@c",
        "a@b%63",
        "a@m\u{fc}nchen.example",
        "a@exam\u{ad}ple.com",
        "a@b\u{3002}c",
        "a@b_c",
        "a\u{200b}@b",
        "a\u{ad}@b",
        "(a)@b",
        &too_long,
        &local_too_long,
    ];
    for bad in bad {
        assert!(Email::parse(bad).is_none(), "{bad:?}");
    }
    let email = Email::parse(" Ada@Example.COM ").unwrap();
    assert_eq!((email.as_str(), email.key()), ("Ada@Example.COM", "ada@example.com"));
    assert_eq!(email.to_string(), "Ada@Example.COM", "as it was written, without what surrounded it");
}

#[test]
fn a_user_name_is_2_to_64_plain_characters() {
    let longest = "n".repeat(64);
    for good in ["ab", "A.b_c-9", &longest] {
        assert_eq!(Username::parse(good).map(|name| name.as_str().to_owned()).as_deref(), Some(good));
    }
    let too_long = "n".repeat(65);
    for bad in ["", "a", "a b", "a@b", "äb", "a/b", " ab", &too_long] {
        assert!(Username::parse(bad).is_none(), "{bad:?}");
    }
    assert_eq!(Username::parse("Ada_L").unwrap().key(), "ada_l");
}

#[test]
fn a_subject_is_1_to_255_visible_characters_and_a_uri_if_it_has_a_colon_and_never_a_user_id() {
    let longest = "i".repeat(255);
    for good in [
        "4",
        "!",
        "~",
        "n0Qn3YCiO0rnSuisuKbOjYtxV6OF",
        "auth0|5f7c8ec7c33c6c004bbafe82",
        "ada@old.example",
        "urn:uuid:0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21",
        "https://old.example/users/7?a=b#c",
        "0193B2F4-7C1E-7A52-9D1C-5F0E8A4B6C21",
        "0193b2f47c1e7a529d1c5f0e8a4b6c21",
        &longest,
    ] {
        assert_eq!(Subject::parse(good).as_ref().map(Subject::as_str), Some(good));
    }
    let too_long = "i".repeat(256);
    let a_user_id = "0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21";
    for bad in [
        "", " ", "a b", "a\n", "ü", "\u{7f}", ":", "1:a", "a b:c", "a_b:c", "a:<b>", "a:|", &too_long,
        a_user_id,
    ] {
        assert_eq!(Subject::parse(bad), None, "{bad:?}");
    }
}

#[test]
fn a_display_name_is_1_to_128_characters_without_control() {
    let longest = "ü".repeat(128);
    for (text, name) in [(" Ada ", "Ada"), ("A", "A"), (&longest, &longest)] {
        assert_eq!(User::parse_name(text).as_deref(), Some(name));
    }
    for bad in ["", "  ", "a\nb", "a\u{1b}b", &"ü".repeat(129)] {
        assert_eq!(User::parse_name(bad), None, "{bad:?}");
    }
}

#[test]
fn retry_keys_are_1_to_4_of_22_to_64_visible_ascii_characters() {
    let key = |length| "k".repeat(length);
    let of = |keys: &[String]| RetryKeys::parse(keys).is_some();
    for count in 0..=6 {
        assert_eq!(of(&vec![key(22); count]), (1..=4).contains(&count), "{count} keys");
    }
    for length in [0, 1, 21, 22, 23, 63, 64, 65, 1_000] {
        assert_eq!(of(&[key(length)]), (22..=64).contains(&length), "{length} characters");
    }
    for odd in [" ", "\n", "\u{7f}", "ü"] {
        assert!(!of(&[key(22), format!("{}{odd}", key(30))]), "{odd:?}");
    }
    assert!(of(&["!~".repeat(11)]), "the first and the last visible ones");
}

#[test]
fn every_event_comes_back_from_its_stored_name() {
    let plain = [
        (EventKind::UserRegistered, "user.registered"),
        (EventKind::SignedIn, "user.signed_in"),
        (EventKind::SignInFailed, "user.sign_in_failed"),
        (EventKind::AddressMismatch, "session.address_mismatch"),
        (EventKind::ProofMissing, "session.proof_missing"),
        (EventKind::TokenAheadRefused, "session.token_ahead_refused"),
        (EventKind::TokenAheadAccepted, "session.token_ahead_accepted"),
        (EventKind::PasswordChanged, "user.password_changed"),
        (EventKind::UserDisabled, "user.disabled"),
        (EventKind::UserEnabled, "user.enabled"),
    ];
    for (kind, name) in plain {
        assert_eq!((kind.as_str(), kind.to_string().as_str(), kind.ending()), (name, name, None));
        assert_eq!(EventKind::parse(name, None), Some(kind));
        assert_eq!(EventKind::parse(name, Some("logged_out")), None, "it ends nothing");
    }
    for ending in Ending::ALL {
        let told = Some(ending.as_str());
        for (kind, name) in [
            (EventKind::SessionEnded(*ending), "session.ended"),
            (EventKind::EpochRaised(*ending), "user.epoch_raised"),
        ] {
            assert_eq!((kind.as_str(), kind.ending()), (name, Some(*ending)));
            assert_eq!(EventKind::parse(name, told), Some(kind));
            assert_eq!(EventKind::parse(name, None), None, "an end has a reason");
        }
        assert_eq!(ending.as_str().parse::<Ending>().ok(), Some(*ending));
        assert_eq!(ending.to_string(), ending.as_str());
    }
    assert_eq!(EventKind::parse("session.ended", Some("by_magic")), None);
    assert_eq!(EventKind::parse("user.dreamt", None), None);
    assert!("by_magic".parse::<Ending>().is_err());
}

#[test]
fn moments_add_up_and_never_overflow() {
    let (ms, second) = (Duration::from_millis, UnixMillis(1_000));
    assert_eq!(second.plus(ms(1)), UnixMillis(1_001));
    assert_eq!(second.minus(ms(1)), UnixMillis(999));
    assert_eq!(UnixMillis(i64::MAX).plus(ms(1)), UnixMillis(i64::MAX));
    assert_eq!(UnixMillis(i64::MIN).minus(Duration::MAX), UnixMillis(i64::MIN));
    assert_eq!(second.distance(UnixMillis(1_250)), ms(250));
    assert_eq!(UnixMillis(1_250).distance(second), ms(250));
    assert_eq!(UnixMillis(i64::MIN).distance(UnixMillis(i64::MAX)), ms(u64::MAX));
    assert_eq!(second.until(UnixMillis(1_250)), ms(250));
    assert_eq!(second.until(UnixMillis(999)), ms(0), "it has passed");
    for (at, down, up) in
        [(0, 0, 0), (1, 0, 1), (999, 0, 1), (1_000, 1, 1), (1_001, 1, 2), (-1, -1, 0), (5_500, 5, 6)]
    {
        assert_eq!((UnixMillis(at).seconds(), UnixMillis(at).seconds_up()), (down, up), "{at}");
    }
}

#[test]
fn the_defaults_are_what_the_documents_say() {
    let policy = Policy::new("https://auth.example");
    let day = Duration::from_hours(24);
    let of = |name: &str| {
        let client = &policy.clients[&ClientId(name.to_owned())];
        (client.idle, client.absolute, client.access_ttl, client.window, client.kind.carrier())
    };
    let (minutes, window) = (Duration::from_mins(15), Duration::from_secs(10));
    assert_eq!(of("web"), (7 * day, 30 * day, minutes, window, Carrier::Cookie));
    assert_eq!(of("native"), (30 * day, 90 * day, minutes, window, Carrier::Body));
    assert_eq!((policy.keep_ended, policy.keep_events), (30 * day, 400 * day));
    assert_eq!(Policy::UNREMEMBERED, day);
    assert_eq!(ClientId::web().to_string(), "web");
    assert_eq!(Policy::builtin("app", ClientKind::Native).id, ClientId("app".to_owned()));
}

#[test]
fn a_device_is_called_what_its_user_would_call_it() {
    let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
    let table = [
        (windows.to_owned(), "Chrome on Windows"),
        (format!("{windows} Edg/140.0"), "Edge on Windows"),
        (format!("{windows} OPR/120.0"), "Opera on Windows"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0".to_owned(),
            "Firefox on Linux",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Safari/604"
                .to_owned(),
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0".to_owned(), "Chrome on Android"),
        ("Firefox/128.0".to_owned(), "Firefox"),
        ("okhttp/4.12.0".to_owned(), "okhttp"),
        ("MyApp/2.1 (iPhone)".to_owned(), "MyApp on iPhone"),
        (format!("{}/1", "x".repeat(40)), "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        ("   ".to_owned(), "Unknown device"),
    ];
    for (agent, label) in &table {
        assert_eq!(device_label(Some(agent)), *label, "{agent}");
    }
    assert_eq!(device_label(None), "Unknown device");
}
