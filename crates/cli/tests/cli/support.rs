//! A server as a process, and clients that behave as the contract asks of them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "correct horse battery";

/// The binary that was built for this test.
pub(crate) fn rotunda() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rotunda"));
    // Nothing of the machine's own settings reaches the tests.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ROTUNDA_")) {
        command.env_remove(name);
    }
    command
}

/// A folder with a configuration, in which servers come and go.
pub(crate) struct Place {
    pub(crate) dir: TempDir,
    pub(crate) port: u16,
}

impl Place {
    pub(crate) fn new(config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("rotunda.toml"), config).unwrap();
        Self { dir, port: free_port() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A command of the operator, beside the server.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = rotunda();
        command.current_dir(self.dir.path()).arg("--config").arg("rotunda.toml").args(arguments);
        command.env("ROTUNDA_SERVER__LISTEN", format!("127.0.0.1:{}", self.port));
        command
    }

    /// Runs a command to its end, with something on standard input.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that reads nothing closes its end early, and that is fine.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().unwrap()
    }

    /// Runs a command that must succeed and print JSON.
    pub(crate) fn json(&self, arguments: &[&str], input: &str) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat(), input);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Starts the server and waits until it says that it is ready.
    pub(crate) fn serve(&self) -> Server {
        self.serve_logging_to("server.log")
    }

    pub(crate) fn serve_logging_to(&self, log: &str) -> Server {
        self.serve_at(self.port, log)
    }

    /// Another server of the same name on the same database.
    pub(crate) fn serve_beside(&self) -> Server {
        self.serve_at(free_port(), "beside.log")
    }

    /// The same on a port of its own.
    pub(crate) fn serve_at(&self, port: u16, log: &str) -> Server {
        let out = std::fs::File::options().create(true).append(true).open(self.path(log)).unwrap();
        let mut command = self.command(&["serve"]);
        command.env("ROTUNDA_SERVER__LISTEN", format!("127.0.0.1:{port}"));
        if port != self.port {
            command.env("ROTUNDA_SERVER__PUBLIC_URL", format!("http://localhost:{}", self.port));
        }
        Server::started(command.stderr(out), port, &self.path(log))
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }
}

/// A built example of another package; built now, where only this package's tests were.
pub(crate) fn example(package: &str, name: &str, features: Option<&str>) -> PathBuf {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_rotunda"));
    let path = binary.with_file_name("examples").join(name);
    if !path.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--locked", "-p", package, "--example", name]);
        build.args(features.map(|features| ["--features", features]).into_iter().flatten());
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        let target = binary.parent().and_then(|profile| profile.parent()).unwrap();
        assert!(build.env("CARGO_TARGET_DIR", target).status().unwrap().success());
    }
    path
}

/// A port that is free, and stays so: below those that the kernel hands out to connections, and given to one test only.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        // Two runs at once begin in different places.
        let port = u16::try_from(12_000 + (std::process::id() * 37 + step) % 18_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A server process; killed when it goes out of scope.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    /// Its first line.
    banner: String,
    /// The rest of it.
    pub(crate) stdout: Box<dyn Read + Send>,
}

impl Server {
    /// Starts what serves at this port, and waits until it says that it is ready.
    pub(crate) fn started(command: &mut Command, port: u16, log: &Path) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut banner = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut banner).unwrap();
        let log = || std::fs::read_to_string(log).unwrap_or_default();
        assert!(banner.contains("is ready at"), "{banner:?}\n{}", log());
        // The rest of the banner is left in the pipe, which holds it.
        Self { child, url: format!("http://localhost:{port}"), banner, stdout: Box::new(stdout) }
    }

    /// Tells it something by a signal, such as `HUP`.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(format!("-{signal}")).arg(&pid).status().unwrap().success());
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it, and answers all that it has printed.
    pub(crate) fn banner(mut self) -> String {
        self.kill_and_wait();
        let mut banner = std::mem::take(&mut self.banner);
        self.stdout.read_to_string(&mut banner).unwrap();
        banner
    }

    /// `kill -9`: no drain, no goodbye.
    pub(crate) fn kill(mut self) {
        self.kill_and_wait();
    }

    /// The same, for whoever puts another one in its place.
    pub(crate) fn kill_and_wait(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and the exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) cookies: Vec<String>,
    pub(crate) body: Value,
}

impl Answer {
    /// The text of a field, by JSON pointer.
    pub(crate) fn text(&self, pointer: &str) -> String {
        self.body
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{pointer} in {self:?}"))
            .to_owned()
    }

    /// The value of a cookie that was set.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let start = format!("{name}=");
        let set = self.cookies.iter().find(|cookie| cookie.starts_with(&start))?;
        set.split(';').next()?.strip_prefix(&start).map(str::to_owned)
    }
}

/// Sends JSON, with whatever headers.
pub(crate) async fn post(
    client: &reqwest::Client,
    url: &str,
    body: &Value,
    headers: &[(&str, &str)],
) -> Answer {
    let mut request = client.post(url).header(CONTENT_TYPE, "application/json").body(body.to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    read(request.send().await.unwrap()).await
}

/// Asks with a bearer token.
pub(crate) async fn get(client: &reqwest::Client, url: &str, access_token: &str) -> Answer {
    read(client.get(url).header("authorization", format!("Bearer {access_token}")).send().await.unwrap())
        .await
}

async fn read(response: reqwest::Response) -> Answer {
    let status = response.status().as_u16();
    let cookies = response
        .headers()
        .get_all(SET_COOKIE)
        .iter()
        .map(|value| value.to_str().unwrap().to_owned())
        .collect();
    let text = response.text().await.unwrap();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
    Answer { status, cookies, body }
}

/// Registers a native user and answers the session.
pub(crate) async fn register(client: &reqwest::Client, url: &str, email: &str) -> Answer {
    let body = json!({"email": email, "password": PASSWORD, "client_id": "native"});
    let answer = post(client, &format!("{url}/auth/register"), &body, &[]).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer
}

/// Signs a native user in.
pub(crate) async fn login(client: &reqwest::Client, url: &str, email: &str) -> Answer {
    let body = json!({"email": email, "password": PASSWORD, "client_id": "native"});
    let answer = post(client, &format!("{url}/auth/login"), &body, &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

/// A native refresh with what a session answer holds.
pub(crate) async fn refresh(
    client: &reqwest::Client,
    url: &str,
    session: &Answer,
    retry_keys: &[&str],
) -> Answer {
    let mut body = json!({"refresh_token": session.text("/refresh_token")});
    if let Some(secret) = session.body.get("device_secret") {
        body["device_secret"] = secret.clone();
    }
    if !retry_keys.is_empty() {
        body["retry_keys"] = json!(retry_keys);
    }
    post(client, &format!("{url}/auth/refresh"), &body, &[]).await
}

/// A browser's refresh with the cookies of a session answer.
pub(crate) async fn refresh_jar(client: &reqwest::Client, url: &str, jar: &[(&str, &str)]) -> Answer {
    let cookies: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let headers = [(COOKIE.as_str(), cookies.join("; ")), ("origin", url.to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    post(client, &format!("{url}/auth/refresh"), &json!({}), &headers).await
}

/// Whether a file holds these bytes anywhere.
pub(crate) fn holds(path: &Path, needle: &[u8]) -> bool {
    let bytes = std::fs::read(path).unwrap();
    bytes.windows(needle.len()).any(|window| window == needle)
}
