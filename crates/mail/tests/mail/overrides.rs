//! An operator's own templates.

use std::fs;
use std::path::Path;

use rotunda_core::model::LetterKind;
use rotunda_core::outside::Mailer;
use rotunda_mail::{Mail, Templates};

use crate::support::{Read, clock, files, house, letter, link, read};

fn load(place: &Path) -> Result<Templates, String> {
    let loaded = Templates::with_overrides(place, &house());
    let here = format!("{}/", place.display());
    loaded.map_err(|error| error.findings().join("\n").replace(&here, ""))
}

/// What is wrong with this one file.
fn refusal(name: &str, text: &str) -> String {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join(name), text).unwrap();
    load(place.path()).unwrap_err()
}

async fn arrived(templates: Templates, kind: LetterKind) -> Read {
    let place = tempfile::tempdir().unwrap();
    let mail = Mail::folder(house(), templates, clock(), place.path()).unwrap();
    mail.send(&letter(kind), Some(&link())).await.unwrap();
    read(&files(place.path())[0])
}

#[tokio::test]
async fn one_file_is_overridden_and_the_others_stay() {
    let place = tempfile::tempdir().unwrap();
    let text =
        "Subject: Hallo von {{ site }}\n\nNeues Gerät: {{ device }}\n{% if link %}{{ link }}{% endif %}\n";
    fs::write(place.path().join("new_device.txt"), text).unwrap();
    fs::write(place.path().join(".swp"), "an editor's").unwrap();
    let ours = arrived(Templates::builtin().unwrap(), LetterKind::NewDevice).await;
    let theirs = arrived(load(place.path()).unwrap(), LetterKind::NewDevice).await;
    assert_eq!(theirs.header("Subject"), "Hallo von Acme");
    assert!(theirs.plain().starts_with("Neues Gerät: Firefox on Linux\nhttps://"), "{}", theirs.plain());
    assert_eq!(theirs.html(), ours.html());
    let other = arrived(load(place.path()).unwrap(), LetterKind::PasswordChanged).await;
    assert_eq!(
        other.plain(),
        arrived(Templates::builtin().unwrap(), LetterKind::PasswordChanged).await.plain()
    );
}

#[tokio::test]
async fn a_layout_is_overridden_for_all_letters() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("layout.html"), "<p>{{ site }}</p>{% block content %}{% endblock %}")
        .unwrap();
    let html = arrived(load(place.path()).unwrap(), LetterKind::TheftFound).await.html().to_owned();
    assert!(html.starts_with("<p>Acme</p>") && html.contains("signed that device out"), "{html}");
}

#[test]
fn what_is_wrong_is_told_with_file_and_line() {
    let table = [
        ("new_devise.txt", "", "new_devise.txt: no template has this name; did you mean \"new_device.txt\"?"),
        ("test.txt", "", "test.txt: must begin with a line \"Subject: …\", and more below it"),
        ("test.txt", "Hello", "must begin with a line \"Subject: …\""),
        ("test.txt", "Subject: \n\nHello", "must begin with a line \"Subject: …\""),
        ("test.txt", "Subject: x\n\n", "must begin with a line \"Subject: …\""),
        ("test.txt", "Subject: x\n\n{{ nmae }}", "test.txt:3: undefined value"),
        ("test.txt", "Subject: x\n\n{% if nmae %}x{% endif %}", "test.txt:3: undefined value"),
        (
            "test.txt",
            "Subject: x\n\nHello\n{{ name }}",
            "test.txt:4: invalid operation: prints what not every letter has",
        ),
        ("test.txt", "Subject: x\n\n{% if name %}x", "test.txt:3: syntax error"),
        ("test.txt", "Subject: x\n{% include \"secret.txt\" %}", "test.txt:2: template not found"),
        ("test.txt", "Subject: x\n{{ name|upper }}", "test.txt:2: unknown filter"),
        ("facts.html", "\n{{ nope }}", "facts.html:2: undefined value"),
        ("layout.html", "{% block content %}{% endblock %}{% extends \"layout.html\" %}", "layout.html"),
        ("facts.txt", "{% include \"facts.txt\" %}", "facts.txt"),
    ];
    for (name, text, expected) in table {
        let why = refusal(name, text);
        assert!(why.contains(expected), "{name} {text:?}: {why}");
    }
    assert!(refusal("test.html", &"x".repeat(70_000)).contains("test.html: is longer than 65536 bytes"));
    let missing = Templates::with_overrides(Path::new("/nowhere/at/all"), &house()).unwrap_err().to_string();
    assert!(missing.contains("/nowhere/at/all cannot be read"), "{missing}");
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("test.html"), [0xff, 0xfe]).unwrap();
    fs::write(place.path().join("tset.txt"), "").unwrap();
    let both = load(place.path()).unwrap_err();
    assert_eq!(both.lines().count(), 2, "{both}");
}

/// What only some letters would show is found before any of them is sent.
#[test]
fn a_part_that_is_seldom_rendered_is_tried_too() {
    let seldom =
        "Subject: x\n\nHello\n{% if not link %}{{ nope }}{% endif %}\n{% if address %}{{ nope }}{% endif %}";
    let why = refusal("new_device.txt", seldom);
    assert_eq!(why.lines().count(), 2, "{why}");
    assert!(why.contains("new_device.txt:4") && why.contains("new_device.txt:5"), "{why}");
}

#[tokio::test]
async fn a_template_that_fails_later_falls_back_to_our_words() {
    let place = tempfile::tempdir().unwrap();
    // No sample has this device; a letter has.
    let text = "Subject: x\n\nfine\n{% if device == \"curl\" %}{{ nope }}{% endif %}\n";
    fs::write(place.path().join("new_device.txt"), text).unwrap();
    let templates = load(place.path()).unwrap();
    let spool = tempfile::tempdir().unwrap();
    let mail = Mail::folder(house(), templates, clock(), spool.path()).unwrap();
    let caller = rotunda_core::model::Caller::new(None, Some("curl/8.5.0"));
    let letter = rotunda_core::model::Letter { caller, ..letter(LetterKind::NewDevice) };
    mail.send(&letter, Some(&link())).await.unwrap();
    let message = read(&files(spool.path())[0]);
    assert_eq!(message.header("Subject"), "New sign-in to Acme");
}
