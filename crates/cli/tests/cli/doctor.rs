//! `rotunda doctor`, before real servers and real proxies that lose what browsers send. Whatever it says, it prints no secret.

mod certificates;
pub(crate) mod machine;
mod stores;

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use rotunda_grounds::Nginx;
use serde_json::Value;

use crate::support::{Place, free_port};

const QUICK: &str = "[password]\nmemory_mib = 19\niterations = 2\n";

/// What it found: each check with its grade, where, what and what to do.
struct Found {
    code: Option<i32>,
    report: Value,
}

impl Found {
    fn by(place: &Place) -> Self {
        Self::by_command(place, place.command(&["doctor", "--json"]))
    }

    /// By this command, which may stand in another world than ours.
    fn by_command(place: &Place, mut command: Command) -> Self {
        let Output { status, stdout, stderr } = command.output().unwrap();
        let said = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        for secret in ["hunter2-of-mail", &master_key(place)] {
            assert!(secret.is_empty() || !said.contains(secret), "{said}");
        }
        let report = serde_json::from_slice(&stdout).unwrap_or_else(|_| panic!("{said}"));
        Self { code: status.code(), report }
    }

    /// `check place` of everything of that grade.
    fn of(&self, grade: &str) -> Vec<String> {
        let all = self.report["findings"].as_array().unwrap().iter().filter(|it| it["grade"] == grade);
        all.map(|it| format!("{} {}", it["check"].as_str().unwrap(), it["where"].as_str().unwrap())).collect()
    }

    /// What stands under this check, of everything of that grade.
    fn what(&self, grade: &str, check: &str) -> Vec<&str> {
        let all = self.report["findings"].as_array().unwrap().iter();
        let ours = all.filter(|it| it["grade"] == grade && it["check"] == check);
        ours.map(|it| it["what"].as_str().unwrap()).collect()
    }

    /// One finding of that grade and check, which says this.
    fn has(&self, grade: &str, check: &str, words: &str) {
        let told = self.what(grade, check);
        assert!(told.iter().any(|what| what.contains(words)), "{grade} {check} {words:?}: {:#}", self.report);
    }

    /// The only thing that is bad, which says this, and what to do about it.
    fn only(&self, check: &str, words: &[&str]) {
        assert_eq!(self.code, Some(1), "{:#}", self.report);
        assert_eq!(self.report["ok"], false);
        let all = self.report["findings"].as_array().unwrap();
        let bad: Vec<_> = all.iter().filter(|it| it["grade"] == "bad").collect();
        let [one] = bad.as_slice() else { panic!("{:#}", self.report) };
        let told = one.to_string();
        assert_eq!(one["check"], check, "{told}");
        assert!(words.iter().all(|word| told.contains(word)), "{words:?} in {told}");
        assert!(one["do"].is_string(), "{told}");
    }

    fn is_good(&self) {
        let [bad, warnings] = ["bad", "warning"].map(|grade| self.of(grade));
        assert_eq!((self.code, bad, warnings), (Some(0), Vec::new(), Vec::new()), "{:#}", self.report);
    }
}

/// The secret of the master key file, as text; empty where there is no file that anybody reads.
fn master_key(place: &Place) -> String {
    let file = place.read("rotunda-data/master.key");
    file.lines().rfind(|line| line.starts_with("1 ")).map(|line| line[2..].to_owned()).unwrap_or_default()
}

/// A server that is called by the address of a proxy before it, which passes on what these directives say.
fn behind(directives: Option<&str>, scheme: &str, more: &str) -> (Place, Nginx) {
    let place = Place::new("");
    let nginx = match directives {
        Some(directives) => Nginx::passing(&[place.port], directives),
        None => Nginx::start(&[place.port]),
    };
    let config = format!("[server]\npublic_url = \"{scheme}://localhost:{}\"\n{more}\n{QUICK}", nginx.port());
    std::fs::write(place.path("rotunda.toml"), config).unwrap();
    (place, nginx)
}

#[test]
fn a_new_folder_has_nothing_wrong_with_it_and_stays_empty() {
    let place = Place::new(QUICK);
    let found = Found::by(&place);
    found.is_good();
    let skipped = found.of("skipped").join("\n");
    assert!(
        ["master_key", "store", "mail", "public_url"].iter().all(|check| skipped.contains(check)),
        "{skipped}"
    );
    let files: Vec<_> =
        std::fs::read_dir(place.dir.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(files, ["rotunda.toml"]);
}

#[test]
fn beside_a_server_and_behind_a_good_proxy_all_is_good() {
    let place = Place::new(QUICK);
    let server = place.serve();
    let found = Found::by(&place);
    found.is_good();
    assert_eq!(found.of("skipped"), [""; 0], "{:#}", found.report);
    let told = String::from_utf8(place.run(&["doctor"], "").stdout).unwrap();
    assert!(told.ends_with("\nNothing is wrong.\n") && told.contains("good     cookies"), "{told}");
    drop(server);

    let apps = "app_origins = [\"http://localhost:3000\", \"http://localhost:3001\"]";
    let (place, _nginx) = behind(None, "http", apps);
    let _server = place.serve();
    let found = Found::by(&place);
    found.is_good();
    let good = found.of("good");
    assert!(good.contains(&"app_origins http://localhost:3001".to_owned()), "{good:?}");
}

#[test]
fn a_proxy_that_puts_a_host_of_its_own_is_found() {
    let (place, _nginx) = behind(Some("# nginx then names the upstream."), "http", "");
    let _server = place.serve();
    Found::by(&place).only("public_url", &["421", "\\\"servers\\\"", "proxy_set_header Host $http_host"]);
}

#[test]
fn a_proxy_that_drops_https_is_found() {
    let (place, nginx) = behind(None, "https", "");
    let _server = place.serve();
    let there = format!("https://localhost:{}", nginx.port());
    Found::by(&place).only("public_url", &[&there, "speaks http where `public_url` says https"]);
}

#[test]
fn what_a_proxy_loses_on_the_way_is_found() {
    let host = "proxy_set_header Host $http_host;";
    for (directives, check, words) in [
        (
            "proxy_set_header Cookie \"\";",
            "cookies",
            &["rotunda_refresh", "every user would be signed out"][..],
        ),
        ("proxy_set_header Origin \"\";", "origin", &["cannot be told from yours"]),
        ("proxy_set_header Authorization \"\";", "bearer", &["no access token would be seen"]),
        ("proxy_cookie_flags rotunda_page nohttponly;", "set_cookie", &["rotunda_page", "without httponly"]),
        (
            "proxy_cookie_path /auth/refresh /;",
            "set_cookie",
            &["rotunda_refresh", "without path=/auth/refresh"],
        ),
        ("add_header Access-Control-Allow-Origin * always;", "app_origins", &["a page of anybody may read"]),
    ] {
        let (place, _nginx) = behind(Some(&format!("{host}\n{directives}")), "http", "");
        let _server = place.serve();
        Found::by(&place).only(check, words);
    }
}

#[test]
fn a_proxy_that_answers_in_the_servers_place_is_found() {
    let pages =
        "proxy_set_header Host $http_host; proxy_intercept_errors on; error_page 401 =401 /nothing-there;";
    let (place, _nginx) = behind(Some(pages), "http", "");
    let _server = place.serve();
    let found = Found::by(&place);
    assert_eq!(found.code, Some(1));
    let bad = found.report["findings"].as_array().unwrap().iter().filter(|it| it["grade"] == "bad");
    let told: Vec<_> = bad.map(|it| it["what"].as_str().unwrap()).collect();
    assert!(!told.is_empty() && told.iter().all(|it| !it.contains("signed out")), "{told:?}");
}

#[test]
fn another_server_at_our_address_is_found() {
    let stranger = Place::new(QUICK);
    let _server = stranger.serve();
    let place =
        Place::new(&format!("[server]\npublic_url = \"http://localhost:{}\"\n{QUICK}", stranger.port));
    place.serve().kill();
    Found::by(&place).only("identity", &["none of the signing keys of this store"]);
}

#[test]
fn a_server_that_runs_with_an_older_configuration_is_found() {
    let place = Place::new(QUICK);
    let _server = place.serve();
    std::fs::write(
        place.path("rotunda.toml"),
        format!("[tokens]\nissuer = \"https://new.example\"\n{QUICK}"),
    )
    .unwrap();
    Found::by(&place).only("identity", &["another configuration", "start it again"]);
}

#[test]
fn keys_that_are_open_to_others_missing_or_wrong_are_found() {
    let place = Place::new(QUICK);
    place.serve().kill();
    let file = place.path("rotunda-data/master.key");
    let open = |mode| std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
    Found::by(&place).is_good();
    open(0o644);
    Found::by(&place).only("master_key", &["mode 0644", "chmod 600"]);
    open(0o600);
    let right = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    Found::by(&place).only("master_key", &["is missing", "put back"]);
    let made = place.run(&["key", "master", "rotunda-data/master.key"], "");
    assert!(made.status.success());
    Found::by(&place).only("signing_keys", &["does not open under master key 1", "put back"]);
    std::fs::write(&file, right).unwrap();
    Found::by(&place).is_good();
}

#[test]
fn stores_and_mail_servers_that_are_away_are_found_without_their_passwords() {
    let port = free_port();
    let mail =
        format!("[mail]\nurl = \"smtps://ada:hunter2-of-mail@localhost:{port}\"\nfrom = \"a@example.com\"\n");
    let place = Place::new(&format!("{mail}{QUICK}"));
    Found::by(&place).only("mail", &[&format!("localhost:{port}"), "[mail] url"]);
    let url = format!("postgres://ada:hunter2-of-mail@127.0.0.1:{port}/rotunda");
    let place = Place::new(&format!("[store]\nurl = \"{url}\"\n{QUICK}"));
    assert!(place.run(&["key", "master", "rotunda-data-key"], "").status.success());
    let config = format!("[store]\nurl = \"{url}\"\n[keys]\nmaster_file = \"rotunda-data-key\"\n{QUICK}");
    std::fs::write(place.path("rotunda.toml"), config).unwrap();
    Found::by(&place).only("store", &["127.0.0.1", "does not open"]);
}

#[test]
fn a_configuration_that_is_not_good_is_told_line_by_line() {
    let place = Place::new("[server]\nlisten = \"here\"\n[mial]\n");
    let found = Found::by(&place);
    assert_eq!(found.code, Some(1));
    let bad = found.report.to_string();
    assert!(bad.contains("rotunda.toml:3") && bad.contains("mial") && found.of("good").is_empty(), "{bad}");
}
