//! The configuration, tried: what it comes to, and (in `refused.rs`) what it refuses.

mod backup;
mod documented;
mod mail;
mod pages;
mod presets;
mod refused;
mod store;
mod telemetry;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

use rotunda_core::limits::{Limits, Quota};
use rotunda_core::model::{AddressBinding, Client, ClientId, ClientKind, LateRetry};
use rotunda_core::policy::{Policy, Registration};
use rotunda_core::store::WhenFull;
use rotunda_outside::{ArgonParameters, PoolSize};
use rotunda_server::Language;
use tracing_subscriber::filter::LevelFilter;

use super::duration::show_duration;
use super::finding::Source;
use super::{
    ConfigError, LimitsStore, Loaded, LogFormat, MainStore, Overrides, file, load, load_text, names,
    parse_duration,
};

fn with(text: &str, environment: &[(&str, &str)], overrides: Overrides) -> Result<Loaded, ConfigError> {
    let environment = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    load_text("rotunda.toml", text, overrides, environment)
}

fn good(text: &str) -> Loaded {
    with(text, &[], Overrides::default()).unwrap()
}

fn env(environment: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    with("", environment, Overrides::default())
}

/// What is wrong, one finding a line.
fn bad(text: &str) -> String {
    with(text, &[], Overrides::default()).expect_err(text).to_string()
}

fn bad_env(environment: &[(&str, &str)]) -> String {
    env(environment).unwrap_err().to_string()
}

/// All that a configuration comes to.
fn outcome(loaded: &Loaded) -> String {
    format!("{:?}", loaded.settings)
}

fn client<'a>(policy: &'a Policy, name: &str) -> &'a Client {
    &policy.clients[&ClientId(name.to_owned())]
}

fn hours(n: u64) -> Duration {
    Duration::from_secs(n * 3600)
}

#[test]
fn nothing_configured_is_a_local_server() {
    let Loaded { settings, warnings, sources, .. } = good("");
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.public_url.as_str(), "http://localhost:8080/");
    assert_eq!(settings.policy.issuer, "http://localhost:8080");
    assert_eq!(settings.policy.audience, "http://localhost:8080");
    assert_eq!(settings.policy.registration, Registration::Unverified);
    assert_eq!(settings.policy.least_password_chars, 12);
    assert_eq!(
        (settings.policy.service_words.as_slice(), settings.breached_list),
        (&["localhost".to_owned()][..], None)
    );
    assert_eq!(settings.policy.keep_ended, hours(30 * 24));
    assert_eq!(settings.policy.limits, Limits::default());
    assert_eq!(settings.data, Path::new("./rotunda-data"));
    assert_eq!(settings.store.main, MainStore::Sqlite("./rotunda-data/rotunda.db".into()));
    assert_eq!((settings.store.sessions.is_none(), settings.store.limits), (true, LimitsStore::Memory));
    assert_eq!(settings.master_file, Path::new("./rotunda-data/master.key"));
    assert_eq!((settings.cookie_domain, settings.refresh_path), (None, None));
    assert!(settings.app_origins.is_empty() && settings.trusted_proxies.is_empty());
    assert!(!settings.proxy_protocol && settings.tls.is_none());
    assert_eq!(settings.argon, ArgonParameters::default());
    assert_eq!(settings.pool, PoolSize::default());
    assert_eq!((settings.log_level, settings.log_format), (LevelFilter::INFO, LogFormat::Text));
    assert_eq!(settings.policy.clients.len(), 2);
    let web = client(&settings.policy, "web");
    assert_eq!((web.kind, web.idle, web.absolute), (ClientKind::Web, hours(7 * 24), hours(30 * 24)));
    assert!(sources.is_empty());
}

/// Every key, set to something else than its default.
const EVERYTHING: &str = r##"
[server]
listen = "[::1]:9000"
public_url = "https://Auth.Example.com"
trusted_proxies = ["10.0.0.0/8", "192.0.2.7", "::1"]
proxy_protocol = true
app_origins = ["https://app.example.com", "https://example.com:8443/", "https://app.example.com"]
[tls]
certificate_file = "/etc/rotunda/tls.pem"
key_file = "tls.key"
[cookies]
domain = ".example.com"
refresh_path = "/auth"
[keys]
master_file = "/etc/rotunda/master.key"
[store]
url = "postgres://ada:secret@one:5433,two/rotunda?sslmode=require"
connections = 40
ca_file = "db.pem"
[sessions]
store = "rediss+cluster://ada:secret@r1:7000,r2:7000"
ca_file = "redis.pem"
keep_ended = "90d"
max_per_user = 7
when_full = "refuse"
[tokens]
issuer = "https://issuer.example"
audience = "api"
algorithm = "ES256"
access_ttl = "5m"
[refresh]
window = "0s"
late_retry = "device"
idle = "2d"
absolute = "20d"
[clients.web]
late_retry = "never"
return_urls = ["https://app.example.com/signed-in", "https://example.com/"]
[clients.kiosk-2]
kind = "native"
bind_address = "network"
access_ttl = "1m"
window = "1500ms"
idle = "1h30m"
absolute = "1h30m"
max_per_user = 1
when_full = "evict_oldest"
[accounts]
registration = "unverified"
link_life = "20m"
report_life = "2d"
reauthenticate_within = "10m"
[password]
min_length = 8
memory_mib = 64
iterations = 3
lanes = 2
threads = 3
queue = 5
breached_list = "breached.filter"
banned_words = ["Acme", "Wunderwerk"]
[pages]
name = "Acme"
logo = "acme.svg"
accent = "#0000cc"
accent_dark = "#ffcc00"
language = "de"
[webhooks]
private_networks = ["10.20.0.0/16"]
[log]
level = "debug"
format = "json"
[limits]
enabled = false
store = "database"
login_per_address = "1, 1/s"
login_per_account = "2,2/m"
login_per_device = " 3 , 3/h "
reauthenticate = "4, 7/m"
register_per_address = "10000, 1000/s"
forgot_per_address = "6, 1/h"
forgot_per_account = "7, 6/h"
codes_per_address = "8, 60/m"
refresh_per_session = "9, 1/m"
client_per_address = "10, 1/m"
"##;

/// The limits in it.
const EVERY_LIMIT: Limits = Limits {
    enabled: false,
    login_per_address: Quota::new(1, Duration::from_secs(1)),
    login_per_account: Quota::new(2, Duration::from_secs(30)),
    login_per_device: Quota::new(3, Duration::from_mins(20)),
    // A seventh of a minute, and a little more.
    reauthenticate: Quota::new(4, Duration::from_micros(8_571_429)),
    register_per_address: Quota::new(10_000, Duration::from_millis(1)),
    forgot_per_address: Quota::new(6, Duration::from_hours(1)),
    forgot_per_account: Quota::new(7, Duration::from_mins(10)),
    codes_per_address: Quota::new(8, Duration::from_secs(1)),
    refresh_per_session: Quota::new(9, Duration::from_mins(1)),
    client_per_address: Quota::new(10, Duration::from_mins(1)),
};

#[test]
fn every_key_has_its_effect() {
    let Loaded { settings, warnings, sources, .. } = good(EVERYTHING);
    assert!(
        warnings.len() == 3
            && warnings.iter().all(|w| w.contains("[refresh] late_retry") || w.contains("[limits]")),
        "{warnings:?}"
    );
    assert_eq!(settings.listen.to_string(), "[::1]:9000");
    assert_eq!(settings.public_url.as_str(), "https://auth.example.com/");
    assert!(settings.proxy_protocol);
    let tls = settings.tls.unwrap();
    assert_eq!([tls.certificate, tls.key], ["/etc/rotunda/tls.pem", "tls.key"].map(std::path::PathBuf::from));
    let proxies: Vec<String> = settings.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "192.0.2.7/32", "::1/128"]);
    assert_eq!(settings.private_networks, ["10.20.0.0/16".parse().unwrap()]);
    assert_eq!(settings.app_origins, ["https://app.example.com", "https://example.com:8443"]);
    assert_eq!(settings.cookie_domain.as_deref(), Some("example.com"));
    assert_eq!(settings.refresh_path.as_deref(), Some("/auth"));
    assert_eq!(settings.master_file, Path::new("/etc/rotunda/master.key"));
    let MainStore::Postgres(postgres) = &settings.store.main else { panic!("{:?}", settings.store) };
    assert_eq!(postgres.url.expose(), "postgres://ada:secret@one:5433,two/rotunda?sslmode=require");
    assert_eq!((postgres.connections, postgres.ca_file.as_deref()), (40, Some(Path::new("db.pem"))));
    let redis = settings.store.sessions.as_ref().unwrap();
    assert_eq!(redis.url.expose(), "rediss+cluster://ada:secret@r1:7000,r2:7000");
    assert_eq!(redis.ca_file.as_deref(), Some(Path::new("redis.pem")));
    assert_eq!(settings.store.limits, LimitsStore::Database);
    assert_eq!(settings.argon, ArgonParameters::new(65_536, 3, 2).unwrap());
    assert_eq!(settings.pool, PoolSize { threads: 3, queue: 5 });
    assert_eq!((settings.log_level, settings.log_format), (LevelFilter::DEBUG, LogFormat::Json));
    let pages = &settings.pages;
    assert_eq!((pages.brand.name(), pages.language), ("Acme", Some(Language::German)));
    assert_eq!(pages.logo.as_deref(), Some(Path::new("acme.svg")));
    let pages = format!("{pages:?}");
    for part in ["#0000cc", "#ffcc00", "app.example.com", "/signed-in"] {
        assert!(pages.contains(part), "{part} in {pages}");
    }
    let policy = &settings.policy;
    assert_eq!((policy.issuer.as_str(), policy.audience.as_str()), ("https://issuer.example", "api"));
    assert_eq!(policy.registration, Registration::Unverified);
    assert_eq!((policy.least_password_chars, policy.keep_ended), (8, hours(90 * 24)));
    assert_eq!((policy.max_per_user, policy.when_full), (Some(7), WhenFull::Refuse));
    assert_eq!((policy.link_life, policy.report_life), (Duration::from_mins(20), hours(48)));
    assert_eq!(policy.reauthenticate_within, Duration::from_mins(10));
    assert_eq!(policy.limits, EVERY_LIMIT);
    assert_eq!(settings.breached_list.as_deref(), Some(Path::new("breached.filter")));
    let words = "Acme Wunderwerk api auth auth.example.com example example.com issuer issuer.example";
    assert_eq!(policy.service_words.join(" "), words);
    let [web, native, kiosk] = ["web", "native", "kiosk-2"].map(|name| client(policy, name));
    assert_eq!((web.late_retry, native.late_retry), (LateRetry::Never, LateRetry::Device));
    assert_eq!((web.idle, native.absolute, native.window), (hours(48), hours(480), Duration::ZERO));
    assert_eq!((kiosk.kind, kiosk.bind_address), (ClientKind::Native, AddressBinding::Network));
    assert_eq!((kiosk.access_ttl, kiosk.window), (Duration::from_secs(60), Duration::from_millis(1500)));
    assert_eq!((kiosk.idle, kiosk.absolute), (Duration::from_secs(5400), Duration::from_secs(5400)));
    assert_eq!((kiosk.max_per_user, kiosk.when_full), (Some(1), WhenFull::EvictOldest));
    assert_eq!((web.max_per_user, web.when_full), (None, WhenFull::Refuse), "as for all");
    assert_eq!(sources["clients.kiosk-2.idle"], Source::File(44));
}

#[test]
fn the_hosts_of_the_service_are_its_words() {
    let words = |url: &str| {
        let text = format!("[server]\npublic_url = {url:?}\n[accounts]\nregistration = \"off\"\n");
        good(&text).settings.policy.service_words.join(" ")
    };
    assert_eq!(words("https://login.big-shop.co.uk"), "big big-shop.co.uk login login.big-shop.co.uk shop");
    assert_eq!(words("https://acme.com:8443"), "acme acme.com");
    assert_eq!(words("https://auth.local"), "auth auth.local");
    assert_eq!(words("http://127.0.0.1:8080"), "");
    assert_eq!(words("https://[2001:db8::1]"), "");
}

#[test]
fn a_default_idle_gives_way_to_absolute() {
    let policy = good("[refresh]\nabsolute = \"1d\"").settings.policy;
    assert_eq!((client(&policy, "native").idle, client(&policy, "web").idle), (hours(24), hours(24)));
}

#[test]
fn what_the_operator_should_know_is_a_warning() {
    let one = |text: &str| good(text).warnings.join("\n");
    let public = "[server]\npublic_url = \"https://auth.example.com\"\n";
    assert_eq!(
        one(public),
        "[accounts] registration: is off, because public_url is public and there is no mail server ([mail] url) to verify \
         addresses with; \"unverified\" opens it all the same, \"off\" ends this warning"
    );
    assert_eq!(good(public).settings.policy.registration, Registration::Off);
    let quiet = format!("{public}[accounts]\nregistration = \"off\"\n");
    assert_eq!(one(&quiet), "");
    assert_eq!(
        one("[server]\nlisten = \"0.0.0.0:80\""),
        "rotunda.toml:2: [server] listen: 0.0.0.0:80 can be reached from other machines, but public_url is \
         http://localhost; set public_url to what their browsers will call"
    );
    assert!(one("[server]\nlisten = \"127.0.0.1:0\"").contains("any port may come of port 0"));
    let local = good("[tls]\ncertificate_file = \"c\"\nkey_file = \"k\"");
    assert_eq!((local.settings.public_url.as_str(), local.warnings.len()), ("https://localhost:8080/", 0));
    assert!(one("[server]\ntrusted_proxies = [\"::/0\"]").contains("::/0 is everybody"));
    assert!(
        one("[server]\napp_origins = \"http://127.0.0.1:3000\"").contains("will not have its cookies sent")
    );
    assert_eq!(one("[server]\napp_origins = \"http://localhost:3000\""), "");
    assert!(one("[refresh]\nlate_retry = \"device\"").contains("is not found with \"device\""));
    let unlimited = "[limits]\nenabled = false";
    assert_eq!(one(unlimited), "");
    assert!(!good(unlimited).settings.policy.limits.enabled);
    assert_eq!(
        one(&format!("{quiet}{unlimited}")),
        "rotunda.toml:6: [limits] enabled: is false and public_url is public: whoever guesses passwords is not slowed \
         down; leave this away, or limit in front of this server"
    );
    assert_eq!(one(&format!("{quiet}[limits]\nenabled = true")), "");
    // Short lives are not contradictions: an access token ends with its session, and a window may outlast it.
    for quick in ["[tokens]\naccess_ttl = \"2s\"", "[refresh]\nidle = \"5s\"", "[refresh]\nabsolute = \"5s\""]
    {
        assert_eq!(one(quick), "", "{quick}");
    }
}

#[test]
fn the_environment_goes_over_the_file_and_flags_over_both() {
    let text = "[server]\nlisten = \"127.0.0.1:1\"\n[refresh]\nidle = \"3d\"\nwindow = \"1s\"\n[clients.my-app]\nkind = \"web\"";
    let environment = [
        ("ROTUNDA_SERVER__LISTEN", "127.0.0.1:2"),
        ("ROTUNDA_SERVER__PUBLIC_URL", "https://auth.example.com"),
        ("ROTUNDA_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1"),
        ("ROTUNDA_REFRESH__IDLE", "2d"),
        ("ROTUNDA_PASSWORD__MIN_LENGTH", "16"),
        ("ROTUNDA_CLIENTS__MY_APP__IDLE", "1d"),
        ("ROTUNDA_CLIENTS__KIOSK__KIND", "native"),
        ("ROTUNDA_ACCOUNTS__REGISTRATION", "off"),
        ("ROTUNDA_LIMITS__LOGIN_PER_ACCOUNT", "5, 1/h"),
        ("ROTUNDA_LIMITS__ENABLED", "true"),
        ("ROTUNDA_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("ROTUNDA_DATA", "ignored here"),
        ("PATH", "/bin"),
    ];
    let overrides = Overrides {
        data: Some("/data".into()),
        listen: Some("127.0.0.1:3".parse().unwrap()),
        public_url: None,
    };
    let Loaded { settings, warnings, sources, .. } = with(text, &environment, overrides).unwrap();
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!(settings.listen.port(), 3);
    assert_eq!(settings.public_url.host_str(), Some("auth.example.com"));
    assert_eq!(settings.trusted_proxies.len(), 2);
    assert_eq!(settings.policy.least_password_chars, 16);
    let limits = Limits { login_per_account: Quota::new(5, hours(1)), ..Limits::default() };
    assert_eq!(settings.policy.limits, limits);
    assert_eq!(settings.store.main, MainStore::Sqlite("/data/rotunda.db".into()));
    let idle = |name| client(&settings.policy, name).idle;
    assert_eq!((idle("web"), idle("my-app"), idle("kiosk")), (hours(48), hours(24), hours(48)));
    assert_eq!(client(&settings.policy, "web").window, Duration::from_secs(1));
    let sources: BTreeMap<&str, &Source> = sources.iter().map(|(k, s)| (k.as_str(), s)).collect();
    assert_eq!(sources["server.listen"], &Source::Flag("--listen"));
    assert_eq!(sources["refresh.idle"], &Source::Env("ROTUNDA_REFRESH__IDLE".to_owned()));
    assert_eq!(sources["refresh.window"], &Source::File(5));
    assert_eq!(sources["clients.my-app.idle"], &Source::Env("ROTUNDA_CLIENTS__MY_APP__IDLE".to_owned()));
}

#[test]
fn a_variable_with_one_underscore_too_few_is_warned_of() {
    let loaded = env(&[("ROTUNDA_SERVER_LISTEN", "0.0.0.0:80")]).unwrap();
    assert_eq!(
        loaded.warnings,
        [
            "ROTUNDA_SERVER_LISTEN: is not read; two underscores stand between section and key: ROTUNDA_SERVER__LISTEN"
        ]
    );
}

#[test]
fn a_value_can_be_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("issuer");
    fs::write(&path, "https://issuer.example\r\n").unwrap();
    let path = path.to_str().unwrap();
    let loaded = env(&[("ROTUNDA_TOKENS__ISSUER_FILE", path), ("ROTUNDA_KEYS__MASTER_FILE", "k")]).unwrap();
    assert_eq!(loaded.settings.policy.issuer, "https://issuer.example");
    assert_eq!(loaded.settings.master_file, Path::new("k"), "a key of its own, not the content of a file");
    let twice = [("ROTUNDA_TOKENS__ISSUER", "a"), ("ROTUNDA_TOKENS__ISSUER_FILE", path)];
    assert_eq!(
        bad_env(&twice),
        "ROTUNDA_TOKENS__ISSUER_FILE: ROTUNDA_TOKENS__ISSUER is set too; set one of the two"
    );
    let of_file = [("ROTUNDA_KEYS__MASTER_FILE_FILE", path)];
    assert_eq!(env(&of_file).unwrap().settings.master_file, Path::new("https://issuer.example"));
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("rotunda.toml");
    let refusal = load(Some(&missing), Overrides::default(), []).unwrap_err().to_string();
    assert!(
        refusal.ends_with("rotunda.toml cannot be read: No such file or directory (os error 2)"),
        "{refusal}"
    );
    fs::write(&missing, "[log]\nlevel = \"warn\"\n").unwrap();
    let loaded = load(Some(&missing), Overrides::default(), []).unwrap();
    assert_eq!(loaded.settings.log_level, LevelFilter::WARN);
}

#[test]
fn every_section_names_its_keys() {
    for section in names::sections() {
        assert!(!names::keys(section).is_empty(), "names::keys does not know [{section}]");
    }
    assert_eq!(names::sections().len(), 19);
    let _: file::Given = file::Given::default();
}

#[test]
fn durations_are_read_and_shown() {
    let table = [
        ("500ms", Duration::from_millis(500)),
        ("0s", Duration::ZERO),
        ("10m", Duration::from_secs(600)),
        ("1h30m", Duration::from_secs(5400)),
        ("1d2h3m4s5ms", Duration::from_millis(93_784_005)),
        ("3650d", hours(87_600)),
    ];
    for (text, span) in table {
        assert_eq!(parse_duration(text), Ok(span));
        assert_eq!(show_duration(span), text);
    }
    assert_eq!(parse_duration("90m"), Ok(Duration::from_secs(5400)));
    for wrong in ["", "10", "s", "1m1h", "1h1h", "-1s", "1.5h", " 1s", "1 s", "1S", "1w", "1h30", "1µs"] {
        assert!(parse_duration(wrong).is_err_and(|e| e.contains("is not a duration")), "{wrong:?}");
    }
    for long in ["3651d", "99999999999999999999s", "18446744073709551615d", "3650d1ms"] {
        assert!(parse_duration(long).is_err_and(|e| e.contains("longer than 10 years")), "{long:?}");
    }
}
