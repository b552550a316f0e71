//! A mail server as a process (the one that `crates/mail` is tried with), and the letters that it took.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::free_port;

/// Debian's Python: the one that python3-aiosmtpd is for.
const PYTHON: &str = "/usr/bin/python3";

/// All mailboxes at once: what the mail server took, in order. The server is killed when this is dropped.
pub(crate) struct Mailbox {
    server: Option<Child>,
    port: u16,
    folder: PathBuf,
    /// Its certificate and key, where it speaks TLS from the beginning.
    tls: Option<[PathBuf; 2]>,
    /// How many letters were taken out of it.
    taken: usize,
}

/// A letter, as a parser reads it that is not ours.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) id: String,
    pub(crate) text: String,
}

impl Mailbox {
    /// Starts a mail server that keeps what it gets in this folder.
    pub(crate) fn open(folder: PathBuf) -> Self {
        Self::open_at(folder, None)
    }

    /// The same with TLS.
    pub(crate) fn open_with_tls(folder: PathBuf, certificate: PathBuf, key: PathBuf) -> Self {
        Self::open_at(folder, Some([certificate, key]))
    }

    fn open_at(folder: PathBuf, tls: Option<[PathBuf; 2]>) -> Self {
        std::fs::create_dir_all(&folder).unwrap();
        let mut mailbox = Self { server: None, port: free_port(), folder, tls, taken: 0 };
        mailbox.reopen();
        mailbox
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What makes a Rotunda send its letters here.
    pub(crate) fn config(&self) -> String {
        let url = format!("smtp://127.0.0.1:{}?tls=none", self.port);
        format!("[mail]\nurl = \"{url}\"\nfrom = \"Acme <no-reply@acme.example>\"\nsite = \"Acme\"\n")
    }

    /// Kills the mail server. What it took is kept.
    pub(crate) fn close(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    /// Starts it again, on the same port.
    pub(crate) fn reopen(&mut self) {
        let mut given = json!({"log": self.folder.join("log"), "port": self.port});
        if let Some([certificate, key]) = &self.tls {
            given["tls"] = json!("implicit");
            given["certificate"] = json!(certificate);
            given["key"] = json!(key);
        }
        let mut child = Command::new(PYTHON)
            .arg(script("server.py"))
            .arg(given.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut says = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut says).unwrap();
        self.server = Some(child);
        assert_eq!(says.trim(), self.port.to_string(), "no mail server; is python3-aiosmtpd installed?");
    }

    /// Takes out the next letters, and waits for them; by recipient, because those of one moment come in any order.
    pub(crate) async fn take<const N: usize>(&mut self) -> [Mail; N] {
        for _ in 0..600 {
            if self.noted().len() >= self.taken + N {
                let mut next = self.all().split_off(self.taken);
                next.truncate(N);
                next.sort_by(|one, other| one.to.cmp(&other.to));
                self.taken += N;
                return next.try_into().unwrap();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("of {N} letters after {}, there came {:?}", self.taken, self.all());
    }

    /// Every letter that ever came.
    pub(crate) fn all(&self) -> Vec<Mail> {
        let noted = self.noted();
        let paths: Vec<PathBuf> = (0..noted.len()).map(|n| self.folder.join(format!("{n}.eml"))).collect();
        for (path, letter) in paths.iter().zip(&noted) {
            std::fs::write(path, letter["text"].as_str().unwrap()).unwrap();
        }
        let output = Command::new(PYTHON).arg(script("read.py")).args(paths).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let read: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        noted.iter().zip(read).map(|(noted, read)| mail(noted, &read)).collect()
    }

    fn noted(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        // A line that is being written is not there yet.
        let lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["what"] == "letter").collect()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.close();
    }
}

impl Mail {
    /// To whom, and about what.
    pub(crate) fn heading(&self) -> (&str, &str) {
        (&self.to, &self.subject)
    }

    /// The link in it.
    pub(crate) fn link(&self) -> String {
        let word = self.text.split_whitespace().find(|word| word.contains("?token="));
        word.unwrap_or_else(|| panic!("no link in {self:?}")).to_owned()
    }

    /// The token of its link.
    pub(crate) fn token(&self) -> String {
        self.link().split_once("?token=").unwrap().1.to_owned()
    }

    /// Says which device did it, and from where.
    pub(crate) fn names(&self, device: &str) {
        for part in [&format!("Device:  {device}"), "From:    127.0.0.1"] {
            assert!(self.text.contains(part), "{part:?} is not in {self:?}");
        }
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../mail/tests/mail").join(name)
}

fn mail(noted: &Value, read: &Value) -> Mail {
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{read}")).to_owned();
    assert_eq!(noted["to"].as_array().unwrap().len(), 1, "a letter is for one");
    assert_eq!(noted["sender"], "no-reply@acme.example");
    assert_eq!(read["defects"], json!([]));
    let header = |name: &str| text(&read["headers"][name]);
    assert!(header("To").contains(noted["to"][0].as_str().unwrap()), "{read}");
    Mail {
        to: text(&noted["to"][0]),
        subject: header("Subject"),
        id: header("Message-ID"),
        text: text(&read["plain"]),
    }
}
