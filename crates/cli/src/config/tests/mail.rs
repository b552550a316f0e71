//! `[mail]`, tried.

use super::super::MailWay;
use super::super::mail::MailSettings;
use super::*;

fn settings(text: &str) -> MailSettings {
    good(text).settings.mail
}

#[test]
fn without_a_mail_server_letters_go_into_the_data_folder() {
    let mail = settings("");
    assert!(
        matches!(&mail.way, MailWay::Folder(path) if path == Path::new("./rotunda-data/mail")),
        "{mail:?}"
    );
    let house = format!("{:?}", mail.house);
    assert!(house.contains("site: \"localhost\"") && house.contains("no-reply@localhost"), "{house}");
    assert_eq!(mail.templates, None);
    let mail =
        settings("[mail]\nfolder = \"/var/spool/rotunda\"\nsite = \"Acme & Söhne\"\ntemplates = \"t\"");
    assert!(
        matches!(&mail.way, MailWay::Folder(path) if path == Path::new("/var/spool/rotunda")),
        "{mail:?}"
    );
    assert!(format!("{:?}", mail.house).contains("Acme & Söhne"), "{mail:?}");
    assert_eq!(mail.templates.as_deref(), Some(Path::new("t")));
    // Every host that a public URL can have makes a service, the longest too.
    let long = format!("{}.example.com", ["a".repeat(60), "b".repeat(60)].join("."));
    for host in ["127.0.0.1", "[::1]", "localhost"]
        .map(|host| format!("http://{host}"))
        .iter()
        .chain([&format!("https://{long}")])
    {
        settings(&format!("[server]\npublic_url = \"{host}\"\n[accounts]\nregistration = \"off\""));
    }
}

#[test]
fn a_mail_server_is_known_by_its_url_and_nothing_shows_its_password() {
    let text = "[mail]\nurl = \"smtps://ada:hunter2-secret@mail.example.com\"\nfrom = \"Acme <no-reply@acme.example>\"\n\
                ca_file = \"ca.pem\"\npool = 7";
    let loaded = good(text);
    assert_eq!(loaded.warnings, Vec::<String>::new());
    let MailWay::Smtp(smtp) = &loaded.settings.mail.way else { panic!("{:?}", loaded.settings.mail) };
    assert_eq!((smtp.server.to_string().as_str(), smtp.pool), ("mail.example.com:465", 7));
    assert_eq!(smtp.ca_file.as_deref(), Some(Path::new("ca.pem")));
    // What `judge` prints, and whatever else prints settings.
    let all = format!("{loaded:?}");
    assert!(all.contains("mail.example.com") && !all.contains("hunter2") && !all.contains("ada"), "{all}");
    let default = settings("[mail]\nurl = \"smtp://localhost?tls=none\"\nfrom = \"a@b.example\"");
    assert!(
        matches!(&default.way, MailWay::Smtp(smtp) if smtp.pool == 4 && smtp.ca_file.is_none()),
        "{default:?}"
    );
}

#[test]
fn the_url_of_a_mail_server_can_be_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("url");
    fs::write(&path, "smtp://ada:secret@mail.example.com\n").unwrap();
    let from = ("ROTUNDA_MAIL__FROM", "no-reply@acme.example");
    let url = ("ROTUNDA_MAIL__URL_FILE", path.to_str().unwrap());
    let ca_file = ("ROTUNDA_MAIL__CA_FILE", "/etc/ca.pem");
    let mail = env(&[from, url, ca_file]).unwrap().settings.mail;
    assert!(
        format!("{mail:?}").contains("port: 587") && format!("{mail:?}").contains("/etc/ca.pem"),
        "{mail:?}"
    );
    fs::write(&path, "smtp://ada:secret@mail.example.com?tls=off").unwrap();
    assert_eq!(
        bad_env(&[from, url]),
        "ROTUNDA_MAIL__URL_FILE: has something after \"?\" that is not known; there is only \"smtp://…?tls=none\""
    );
}

#[test]
fn wrong_mail_settings_are_told_without_the_password() {
    let table = [
        (
            "url = \"smtp://ada:secret@mail.example.com?tls=none\"\nfrom = \"a@b.example\"",
            "rotunda.toml:2: [mail] url: has tls=none, which is for this machine only, such as localhost: on a network, \
             everybody on the way reads the password and the links",
        ),
        (
            "url = \"https://ada:secret@mail.example.com\"\nfrom = \"a@b.example\"",
            "rotunda.toml:2: [mail] url: must begin with smtps: or smtp:, such as smtps://USER:PASSWORD@mail.example.com",
        ),
        (
            "url = \"mail.example.com\"\nfrom = \"a@b.example\"",
            "rotunda.toml:2: [mail] url: is not a URL, such as smtps://USER:PASSWORD@mail.example.com: relative URL without a base",
        ),
        (
            "url = \"smtps://ada:secret@mail.example.com\"",
            "rotunda.toml:2: [mail] url: with url, from must be set too, such as \"Acme <no-reply@acme.example>\"",
        ),
        (
            "from = \"Acme\"",
            "rotunda.toml:2: [mail] from: \"Acme\" is not an address, such as \"Acme <no-reply@acme.example>\"",
        ),
        ("site = \"\"", "rotunda.toml:2: [mail] site: \"\" is not a name of 1 to 64 characters, in one line"),
        ("folder = \"\"", "rotunda.toml:2: [mail] folder: is empty; give the path of a file"),
        ("pool = 17", "rotunda.toml:2: [mail] pool: 17 is not a whole number from 1 to 16"),
        ("form = \"a\"", "rotunda.toml:2: unknown key \"form\" in [mail]; did you mean \"from\"?"),
    ];
    for (text, finding) in table {
        assert_eq!(bad(&format!("[mail]\n{text}")), finding);
        assert!(!finding.contains("secret"));
    }
}

#[test]
fn what_is_set_in_vain_is_a_warning() {
    let warned = |text: &str| good(&format!("[mail]\n{text}")).warnings.join("\n");
    assert_eq!(
        warned("url = \"smtps://mail.example.com\"\nfrom = \"a@b.example\"\nfolder = \"mail\""),
        "rotunda.toml:4: [mail] folder: is not used: letters go to the mail server of url"
    );
    assert_eq!(
        warned("ca_file = \"ca.pem\""),
        "rotunda.toml:2: [mail] ca_file: is not used: without url, letters go into a folder"
    );
}

#[test]
fn with_a_mail_server_addresses_are_verified_unless_something_else_is_said() {
    const URL: &str = "[mail]\nurl = \"smtps://mail.example.com\"\nfrom = \"a@b.example\"\n";
    let registration = |text: &str| {
        let Loaded { settings, warnings, .. } = good(text);
        assert_eq!(warnings, Vec::<String>::new(), "{text}");
        settings.policy.registration
    };
    let public = format!("{URL}[server]\npublic_url = \"https://auth.example.com\"\n");
    assert_eq!(registration(URL), Registration::Verified);
    assert_eq!(registration(&public), Registration::Verified, "and nothing to be warned of");
    assert_eq!(registration("[mail]\nfolder = \"mail\""), Registration::Unverified, "nobody gets those");
    for (word, chosen) in [("off", Registration::Off), ("unverified", Registration::Unverified)] {
        assert_eq!(registration(&format!("{public}[accounts]\nregistration = {word:?}")), chosen);
    }
    assert_eq!(registration("[accounts]\nregistration = \"verified\""), Registration::Verified);
}
