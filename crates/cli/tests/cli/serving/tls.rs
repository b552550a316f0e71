//! TLS of the server's own, before real clients: curl, openssl, reqwest.

use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::{until, with_its_environment};
use crate::support::{Place, Server};

const CONFIG: &str = "[tls]\ncertificate_file = \"tls.pem\"\nkey_file = \"tls.key\"\n";

/// A certificate for localhost that vouches for itself, and its key; answers the certificate.
fn write_pair(place: &Place) -> String {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(place.path("tls.pem"), made.cert.pem()).unwrap();
    write_key(place, &made.signing_key.serialize_pem());
    made.cert.pem()
}

fn write_key(place: &Place, text: &str) {
    std::fs::write(place.path("tls.key"), text).unwrap();
    set_mode(&place.path("tls.key"), 0o640);
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// What curl makes of it, with this certificate as the only authority.
fn curl(place: &Place, authority: &str, more: &[&str]) -> (Option<i32>, String) {
    std::fs::write(place.path("authority.pem"), authority).unwrap();
    let mut command = Command::new("curl");
    command.args(["--silent", "--max-time", "30", "--cacert", "authority.pem", "--output", "/dev/null"]);
    command.args(["--write-out", "%{http_code} %{http_version}"]).args(more);
    command.arg(format!("https://localhost:{}/healthz", place.port)).current_dir(place.dir.path());
    let Output { status, stdout, .. } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap())
}

fn good(version: &str) -> (Option<i32>, String) {
    (Some(0), format!("200 {version}"))
}

/// Asks without trusting anybody but this certificate, and keeps the connection.
fn client(authority: &str) -> reqwest::Client {
    let authority = reqwest::Certificate::from_pem(authority.as_bytes()).unwrap();
    reqwest::Client::builder().tls_certs_only([authority]).build().unwrap()
}

fn serve(place: &Place) -> (Server, String) {
    let server = place.serve();
    let url = server.url.replace("http://", "https://");
    (server, url)
}

#[tokio::test]
async fn curl_and_openssl_speak_tls_with_it() {
    let place = Place::new(CONFIG);
    let authority = write_pair(&place);
    let (_server, url) = serve(&place);
    for (more, version) in [
        (&[][..], "2"),
        (&["--http1.1"][..], "1.1"),
        (&["--tls-max", "1.2"][..], "2"),
        (&["--tlsv1.3"][..], "2"),
    ] {
        assert_eq!(curl(&place, &authority, more), good(version), "{more:?}");
    }
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    assert_eq!(curl(&place, &other.cert.pem(), &[]).0, Some(60), "another authority does not vouch for it");
    let mut openssl = Command::new("openssl");
    openssl.args(["s_client", "-connect", &format!("localhost:{}", place.port), "-servername", "localhost"]);
    openssl.args(["-CAfile", "tls.pem", "-verify_return_error", "-brief", "-alpn", "h2"]);
    let output = openssl.current_dir(place.dir.path()).stdin(std::process::Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("Protocol version: TLSv1.3"), "{said}");
    // Who does not speak TLS is not answered; the log says why.
    assert!(reqwest::get(url.replace("https://", "http://")).await.is_err());
    assert!(place.read("server.log").contains("a client speaks http to this port"));
    let health = place.run(&["health", "--ready"], "");
    assert!(health.status.success(), "{health:?}");
}

#[tokio::test]
async fn another_certificate_is_read_while_people_are_connected() {
    let place = Place::new(CONFIG);
    let first = write_pair(&place);
    let (server, url) = serve(&place);
    let connected = client(&first);
    let get = async |client: &reqwest::Client| client.get(format!("{url}/healthz")).send().await;
    assert_eq!(get(&connected).await.unwrap().status(), 200);

    let second = write_pair(&place);
    server.signal("HUP");
    until("the new certificate", async || get(&client(&second)).await.is_ok()).await;
    assert!(get(&client(&first)).await.is_err(), "nobody is shown the old one");
    assert_eq!(get(&connected).await.unwrap().status(), 200, "who was connected stays");

    write_key(&place, "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
    server.signal("HUP");
    until("a word about it", async || place.read("server.log").contains("the certificate of before stays"))
        .await;
    let log = place.read("server.log");
    assert!(log.contains("[tls] key_file: tls.key: it cannot be used") && !log.contains("c2VjcmV0"), "{log}");
    assert_eq!(get(&client(&second)).await.unwrap().status(), 200);
    // Without a signal: the files are looked at by themselves.
    let third = write_pair(&place);
    until("the third certificate", async || get(&client(&third)).await.is_ok()).await;
    assert_eq!(server.stop(), Some(0));
}

#[tokio::test]
async fn where_there_is_nothing_to_read_again_a_signal_ends_nobody() {
    let place = Place::new("");
    let log = std::fs::File::create(place.path("server.log")).unwrap();
    let mut command = place.command(&["serve"]);
    command.stdin(Stdio::null()).stderr(log);
    let server = Server::started(&mut command, place.port, &place.path("server.log"));
    server.signal("HUP");
    until("a word about it", async || place.read("server.log").contains("nothing to reload")).await;
    assert_eq!(reqwest::get(format!("{}/healthz", server.url)).await.unwrap().status(), 200);
    assert_eq!(server.stop(), Some(0));
}

/// Ends what a failed test would leave behind.
struct LeftBehind(String);

impl Drop for LeftBehind {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = Command::new("kill").args(["-KILL", self.0.trim()]).status();
        }
    }
}

#[tokio::test]
async fn a_server_in_a_terminal_ends_when_that_is_closed() {
    let place = Place::new("");
    let serve = place.command(&["serve"]);
    let words = std::iter::once(serve.get_program()).chain(serve.get_args());
    let line: Vec<String> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    let mut terminal = Command::new("script");
    terminal.args(["-qfec", &format!("echo $$ >pid; exec {} 2>server.log", line.join(" ")), "/dev/null"]);
    with_its_environment(&mut terminal, &serve);
    // What is typed: nothing, for as long as this end is held.
    let (typed, _held) = UnixStream::pair().unwrap();
    terminal.stdin(OwnedFd::from(typed));
    let server = Server::started(&mut terminal, place.port, &place.path("server.log"));
    let _left_behind = LeftBehind(place.read("pid"));
    let status = std::fs::read_to_string(format!("/proc/{}/status", place.read("pid").trim())).unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    let ignored = u64::from_str_radix(ignored.trim(), 16).unwrap();
    assert_eq!(ignored & 1, 0, "whoever ran the tests has SIGHUP ignored, as nohup does");
    let url = format!("{}/healthz", server.url);
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 200);
    // The terminal goes with whoever holds its other end.
    server.kill();
    until("the end of it", async || reqwest::get(&url).await.is_err()).await;
}

#[test]
fn a_pair_that_cannot_be_used_is_told_at_the_start() {
    let place = Place::new(CONFIG);
    let refused = || {
        let output = place.run(&["serve"], "");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let says = |words: &str| {
        let said = refused();
        assert!(said.contains(words), "{said}");
    };
    says("[tls] certificate_file: tls.pem: No such file");
    let made = write_pair(&place);
    let key = place.read("tls.key");
    write_pair(&place);
    write_key(&place, &key);
    says("[tls] key_file: tls.key: the key is not the one of the first certificate in the file");
    std::fs::write(place.path("tls.pem"), &made).unwrap();
    set_mode(&place.path("tls.key"), 0o644);
    says("[tls] key_file: tls.key: it is open to others (mode 0644)");
    set_mode(&place.path("tls.key"), 0o600);
    std::fs::write(place.path("tls.pem"), &key).unwrap();
    says("[tls] certificate_file: tls.pem: there is no certificate in it");
    assert!(!place.path("rotunda-data").exists(), "nothing was made");
}
