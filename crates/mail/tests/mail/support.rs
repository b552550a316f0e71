//! Letters to send, and what became of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rotunda_core::model::{Caller, Email, Letter, LetterId, LetterKind, SecretText, UnixMillis, UserId};
use rotunda_mail::{House, Mail, Sender, SmtpServer, SmtpSettings, Templates};
use rotunda_testkit::FixedClock;
use serde_json::Value;

/// When it happened: 2026-11-21 15:04 UTC. The letters go out ninety seconds later.
pub(crate) const AT: UnixMillis = UnixMillis(1_795_273_440_123);
/// As long as a real one, so that it does not fit into a line of quoted-printable.
pub(crate) const LINK: &str =
    "https://auth.example.com/link?a=1&b=2#rl1_AZp9-_Zz0123456789AZp9-_Zz0123456789AZp9-_Zz0123456789=";

pub(crate) fn house() -> House {
    let from = Sender::parse("Acme Mail <no-reply@acme.example>").unwrap();
    House::new("Acme", "https://auth.example.com", "auth.example.com", from).unwrap()
}

pub(crate) fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::at(AT.0 + 90_000))
}

pub(crate) fn smtp(url: &str, ca_file: Option<&Path>) -> Mail {
    smtp_from(url, ca_file, house())
}

pub(crate) fn smtp_from(url: &str, ca_file: Option<&Path>, house: House) -> Mail {
    let server = SmtpServer::parse(url).unwrap();
    let settings = SmtpSettings { server, ca_file: ca_file.map(Path::to_owned), pool: 4 };
    Mail::smtp(house, Templates::builtin().unwrap(), clock(), settings).unwrap()
}

pub(crate) fn folder(path: &Path) -> Mail {
    Mail::folder(house(), Templates::builtin().unwrap(), clock(), path).unwrap()
}

pub(crate) fn link() -> SecretText {
    SecretText::new(LINK.to_owned())
}

/// A letter of this kind to `ada@example.com`, with everything that it can tell.
pub(crate) fn letter(kind: LetterKind) -> Letter {
    letter_to(kind, "ada@example.com")
}

pub(crate) fn letter_to(kind: LetterKind, to: &str) -> Letter {
    const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0";
    Letter {
        id: LetterId::new(AT, [7; 10]),
        kind,
        to: Some(Email::parse(to).unwrap()),
        user_id: Some(UserId::new(AT, [1; 10])),
        name: Some("Ada Lovelace".to_owned()),
        at: AT,
        caller: Caller::new(Some("192.0.2.7".parse().unwrap()), Some(AGENT)),
        other: Some(Email::parse("other@example.org").unwrap()),
        link: None,
        expires_at: UnixMillis(AT.0 + 86_400_000),
    }
}

/// A message as Python's parser reads it.
#[derive(Debug)]
pub(crate) struct Read(Value);

impl Read {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.0["headers"][name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.0))
    }

    pub(crate) fn headers(&self) -> BTreeMap<String, String> {
        serde_json::from_value(self.0["headers"].clone()).unwrap()
    }

    pub(crate) fn plain(&self) -> &str {
        self.0["plain"].as_str().unwrap()
    }

    pub(crate) fn html(&self) -> &str {
        self.0["html"].as_str().unwrap()
    }

    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        self.0[name].as_array().unwrap().iter().map(|item| item.as_str().unwrap_or_default()).collect()
    }
}

/// Debian's Python: the one that python3-aiosmtpd is for.
pub(crate) const PYTHON: &str = "/usr/bin/python3";

pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail").join(name)
}

pub(crate) fn read_all(paths: &[PathBuf]) -> Vec<Read> {
    let output = Command::new(PYTHON).arg(script("read.py")).args(paths).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    messages.into_iter().map(Read).collect()
}

pub(crate) fn read(path: &Path) -> Read {
    read_all(&[path.to_owned()]).pop().unwrap()
}

/// The files of a folder, by name.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}
