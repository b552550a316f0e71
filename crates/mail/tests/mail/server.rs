//! The mail server as a process, with what it wrote down.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::support::{PYTHON, script};

/// A running mail server; it is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    folder: TempDir,
    given: Value,
}

impl Server {
    /// With what `server.py` takes.
    pub(crate) async fn start(mut given: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        given["log"] = json!(folder.path().join("log"));
        let (child, port) = run(&given).await;
        Self { child, port, folder, given }
    }

    /// With TLS, by a certificate for `host` of an authority of its own: see [`Server::ca_file`].
    pub(crate) async fn start_with_tls(mut given: Value, host: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (ca, issuer) = authority();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let write = |name: &str, text: String| {
            std::fs::write(folder.path().join(name), text).unwrap();
            json!(folder.path().join(name))
        };
        write("ca.pem", ca);
        given["certificate"] = write("cert.pem", leaf.pem());
        given["key"] = write("key.pem", key.serialize_pem());
        given["log"] = json!(folder.path().join("log"));
        let (child, port) = run(&given).await;
        Self { child, port, folder, given }
    }

    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://localhost:{}?tls=none", self.port)
    }

    /// Stops it; its port stays the same when it comes back.
    pub(crate) async fn stop(&mut self) {
        self.child.kill().await.unwrap();
        self.given["port"] = json!(self.port);
    }

    pub(crate) async fn come_back(&mut self) {
        self.child = run(&self.given).await.0;
    }

    /// Everything of this kind that it wrote down.
    pub(crate) fn noted(&self, what: &str) -> Vec<Value> {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["what"] == what).collect()
    }

    pub(crate) fn letters(&self) -> Vec<Value> {
        self.noted("letter")
    }

    /// How many connections there were. STARTTLS makes aiosmtpd note one twice.
    pub(crate) fn connections(&self) -> usize {
        let mut ports: Vec<u64> =
            self.noted("connection").iter().map(|c| c["port"].as_u64().unwrap()).collect();
        ports.dedup();
        ports.len()
    }

    /// Waits until it has written this down so often.
    pub(crate) async fn wait_for(&self, what: &str, times: usize) {
        for _ in 0..400 {
            if self.noted(what).len() >= times {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{what} was not noted {times} times: {:?}", self.noted(what));
    }
}

async fn run(given: &Value) -> (Child, u16) {
    let mut child = Command::new(PYTHON)
        .arg(script("server.py"))
        .arg(given.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let port = lines.next_line().await.unwrap();
    let port = port.unwrap_or_else(|| panic!("no mail server; is python3-aiosmtpd installed?"));
    (child, port.parse().unwrap())
}

/// An authority: its certificate, and what it signs with.
pub(crate) fn authority() -> (String, Issuer<'static, KeyPair>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap();
    (certificate.pem(), Issuer::new(params, key))
}
