//! nginx, Caddy and HAProxy as processes, with what the guide tells people to configure. Only addresses, ports and the
//! place of the script are others, and each of them must be in the guide as it is here.

use std::fs::File;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::free_port;
use crate::walk::{blocks, page};

/// Where the others are.
#[derive(Clone, Copy)]
pub(super) struct Around {
    pub(super) rotunda: u16,
    pub(super) behind: u16,
}

/// How a gateway is put into its folder: the command that runs it in the foreground, as whoever runs the tests.
pub(super) type Install = fn(&Path, Around, port: u16) -> Command;

/// A gateway; stopped when it goes out of scope.
pub(super) struct Gateway {
    child: Option<Child>,
    pub(super) port: u16,
    _folder: TempDir,
}

impl Gateway {
    /// Starts it and waits until it takes connections.
    pub(super) async fn start(install: Install, around: Around) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let log = folder.path().join("log");
        let output = || Stdio::from(File::options().create(true).append(true).open(&log).unwrap());
        let mut command = install(folder.path(), around, port);
        command.env("HOME", folder.path()).env("XDG_DATA_HOME", folder.path());
        command.env("XDG_CONFIG_HOME", folder.path()).current_dir(folder.path());
        let child = command.stdin(Stdio::null()).stdout(output()).stderr(output()).spawn();
        let child = child.unwrap_or_else(|error| panic!("{command:?}: {error}; ./scripts/test installs it"));
        let mut gateway = Self { child: Some(child), port, _folder: folder };
        let (mut tries, patience) = (0, 600);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            tries += 1;
            let lives = gateway.child.as_mut().unwrap().try_wait().unwrap().is_none() && tries < patience;
            assert!(lives, "{command:?}: {}", std::fs::read_to_string(&log).unwrap_or_default());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        gateway
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // A gateway with workers of its own ends them on SIGTERM, and they would outlive a SIGKILL.
        let Some(mut child) = self.child.take() else { return };
        let pid = child.id().to_string();
        let send = |signal: &str| Command::new("kill").args([signal, &pid]).status();
        let (ended, end) = mpsc::channel();
        std::thread::spawn(move || ended.send(child.wait()));
        let _ = send("-TERM");
        if end.recv_timeout(Duration::from_secs(10)).is_err() {
            let _ = send("-KILL");
        }
    }
}

/// The one block of the guide of this kind, with other addresses.
pub(super) fn block(kind: &str, others: &[(&str, String)]) -> String {
    let blocks = blocks(&page("docs/guide/gateways.md"), &format!("```{kind}"));
    let [text] = blocks.as_slice() else { panic!("{} blocks of {kind}", blocks.len()) };
    others.iter().fold(text.clone(), |text, (theirs, ours)| {
        assert_eq!(text.matches(theirs).count(), 1, "{theirs} in\n{text}");
        text.replace(theirs, ours)
    })
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

pub(super) fn nginx(folder: &Path, around: Around, port: u16) -> Command {
    let others = [
        ("listen 80;", format!("listen 127.0.0.1:{port};")),
        ("127.0.0.1:8080", format!("127.0.0.1:{}", around.rotunda)),
        ("127.0.0.1:9000", format!("127.0.0.1:{}", around.behind)),
    ];
    write(folder, "app.conf", &block("nginx", &others));
    // What Debian's /etc/nginx/nginx.conf does, in a folder of its own.
    let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {kind};\n"))
        .concat();
    let main = format!(
        "daemon off;\npid pid;\nerror_log stderr;\nevents {{}}\n\
         http {{\naccess_log off;\n{paths}include app.conf;\n}}\n"
    );
    write(folder, "nginx.conf", &main);
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-p").arg(folder).args(["-c", "nginx.conf", "-e", "stderr"]);
    command
}

pub(super) fn caddy(folder: &Path, around: Around, port: u16) -> Command {
    let others = [
        // Its certificate would come from the network.
        ("app.example.com {\n", format!("http://app.example.com:{port} {{\n\tbind 127.0.0.1\n")),
        ("127.0.0.1:8080", format!("127.0.0.1:{}", around.rotunda)),
        ("127.0.0.1:9000", format!("127.0.0.1:{}", around.behind)),
    ];
    write(folder, "Caddyfile", &format!("{{\n\tadmin off\n}}\n{}", block("caddyfile", &others)));
    let mut command = Command::new("/usr/bin/caddy");
    command.args(["run", "--config", "Caddyfile", "--adapter", "caddyfile"]);
    command
}

pub(super) fn haproxy(folder: &Path, around: Around, port: u16) -> Command {
    let script = folder.join("rotunda.lua");
    let others = [
        ("/etc/haproxy/rotunda.lua", script.display().to_string()),
        ("bind :80\n", format!("bind 127.0.0.1:{port}\n")),
        ("127.0.0.1:9000", format!("127.0.0.1:{}", around.behind)),
    ];
    write(folder, "haproxy.cfg", &block("haproxy", &others));
    let rotunda = ("127.0.0.1:8080", format!("127.0.0.1:{}", around.rotunda));
    write(folder, "rotunda.lua", &block("lua", &[rotunda]));
    let mut command = Command::new("/usr/sbin/haproxy");
    command.args(["-db", "-f", "haproxy.cfg"]);
    command
}
