//! Certificates before the server and of the mail server, each made for its test by an authority of its own.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rotunda_core::outside::Clock;
use rotunda_grounds::Nginx;
use rotunda_outside::SystemClock;

use super::{Found, QUICK};
use crate::mailbox::Mailbox;
use crate::support::{Place, free_port};

const A_DAY: Duration = Duration::from_hours(24);

/// A certificate for this name that was made 90 days before it ends, so many days from now (or ago), and an hour later. Answers
/// where it, its key and its authority are.
fn certificate(place: &Place, name: &str, days: i64) -> [PathBuf; 3] {
    let paths = ["cert.pem", "key.pem", "ca.pem"].map(|name| place.path(name));
    let authority = KeyPair::generate().unwrap();
    let mut of_authority = CertificateParams::new(Vec::<String>::new()).unwrap();
    of_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = of_authority.self_signed(&authority).unwrap();
    let issuer = Issuer::new(of_authority, authority);
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let now = u64::try_from(SystemClock.now().0 / 1000).unwrap();
    let ends = now.checked_add_signed(days * 24 * 3600 + 3600).unwrap();
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_after = epoch + Duration::from_secs(ends);
    params.not_before = params.not_after - 90 * A_DAY;
    let leaf = params.signed_by(&key, &issuer).unwrap();
    let [cert_path, key_path, ca_path] = &paths;
    std::fs::write(cert_path, leaf.pem()).unwrap();
    std::fs::write(key_path, key.serialize_pem()).unwrap();
    std::fs::write(ca_path, ca.pem()).unwrap();
    paths
}

/// A proxy with such a certificate before a server that need not be there.
fn behind(name: &str, days: i64) -> (Place, Nginx) {
    let place = Place::new("");
    let [cert, key, _] = certificate(&place, name, days);
    let nginx = Nginx::with_tls(&[place.port], &cert, &key);
    let config = format!("[server]\npublic_url = \"https://localhost:{}\"\n{QUICK}", nginx.port());
    std::fs::write(place.path("rotunda.toml"), config).unwrap();
    (place, nginx)
}

/// What is found by one who believes the authority.
fn found(place: &Place) -> Found {
    let mut command = place.command(&["doctor", "--json"]);
    command.env("SSL_CERT_FILE", place.path("ca.pem"));
    Found::by_command(place, command)
}

#[test]
fn a_certificate_that_ends_soon_is_found_before_it_does() {
    let (place, _nginx) = behind("localhost", 60);
    let _server = place.serve();
    found(&place).is_good();
    found(&place).has("good", "tls", "the certificate is believed");

    let (place, _nginx) = behind("localhost", 10);
    let _server = place.serve();
    let soon = found(&place);
    soon.has("warning", "tls", "10 days from now");
    assert_eq!((soon.code, soon.of("bad")), (Some(0), Vec::new()), "{:#}", soon.report);

    let (place, _nginx) = behind("localhost", 2);
    let _server = place.serve();
    found(&place).only("tls", &["2 days from now", "renew it"]);
}

#[test]
fn a_certificate_that_no_browser_would_believe_is_found_with_the_reason() {
    let (place, nginx) = behind("localhost", 60);
    let there = format!("https://localhost:{}", nginx.port());
    Found::by(&place).only("tls", &[&there, "fullchain.pem"]);
    let (place, _nginx) = behind("elsewhere.example", 60);
    found(&place).only("tls", &["elsewhere.example", "public_url"]);
    let (place, _nginx) = behind("localhost", -2);
    found(&place).only("tls", &["expired", "renew the certificate"]);
}

#[test]
fn a_server_to_which_nobody_comes_through_is_asked_by_tls_and_with_a_proxy_header() {
    let place = Place::new("");
    let [_, key, _] = certificate(&place, "localhost", 30);
    std::fs::set_permissions(key, PermissionsExt::from_mode(0o600)).unwrap();
    let config = format!(
        "[server]\npublic_url = \"https://localhost:{}\"\ntrusted_proxies = [\"127.0.0.1/32\"]\nproxy_protocol = true\n\
         [tls]\ncertificate_file = \"cert.pem\"\nkey_file = \"key.pem\"\n{QUICK}",
        free_port()
    );
    std::fs::write(place.path("rotunda.toml"), config).unwrap();
    let _server = place.serve();
    let here = format!("a server listens at https://127.0.0.1:{}", place.port);
    Found::by(&place).has("bad", "public_url", &here);
}

#[test]
fn a_mail_servers_certificate_is_looked_at_as_well() {
    let place = Place::new("");
    let [cert, key, ca] = certificate(&place, "localhost", 10);
    let mailbox = Mailbox::open_with_tls(place.path("mailbox"), cert, key);
    let config = format!(
        "[mail]\nurl = \"smtps://localhost:{}\"\nca_file = {ca:?}\nfrom = \"a@example.com\"\n{QUICK}",
        mailbox.port()
    );
    std::fs::write(place.path("rotunda.toml"), config).unwrap();
    let found = Found::by(&place);
    found.has("warning", "tls", "10 days from now");
    found.has("good", "mail", "takes us in");
}
