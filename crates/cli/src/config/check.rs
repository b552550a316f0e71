//! From what was given to settings: what each value means, and whether all of them can hold at once.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use rotunda_core::policy::{Policy, Registration};
use rotunda_outside::{ArgonParameters, PoolSize};
use toml::Spanned;
use tracing_subscriber::filter::LevelFilter;
use url::Url;

use super::clients::clients;
use super::duration::show_duration;
use super::file::{self, Given, Key};
use super::finding::{Finding, Places, Source};
use super::limits::limits;
use super::mail::{has_server, mail};
use super::pages::pages;
use super::presets::Preset;
use super::settings::{LogFormat, Settings};
use super::site;
use super::store::store;
use super::telemetry::telemetry;
use super::tls::front;
use super::values::{Chosen, List, Period, Whole};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Collects what is wrong, and what is merely worth knowing.
pub(super) struct Check<'a> {
    places: &'a Places,
    pub(super) findings: Vec<Finding>,
    pub(super) warnings: Vec<Finding>,
}

impl<'a> Check<'a> {
    pub(super) fn new(places: &'a Places) -> Self {
        Self { places, findings: Vec::new(), warnings: Vec::new() }
    }

    /// Where a value came from.
    pub(super) fn source<T>(&self, value: &Spanned<T>) -> Source {
        self.places.source(value.span())
    }

    /// Refuses a value.
    pub(super) fn refuse<T>(&mut self, value: &Spanned<T>, key: &str, what: impl fmt::Display) {
        self.refuse_at(self.source(value), key, what);
    }

    /// Refuses what came from there.
    pub(super) fn refuse_at(&mut self, source: Source, key: &str, what: impl fmt::Display) {
        self.findings.push(self.places.finding(source, key, what));
    }

    /// Tells the operator something without refusing anything.
    pub(super) fn warn(&mut self, source: Source, key: &str, what: impl fmt::Display) {
        self.warnings.push(self.places.finding(source, key, what));
    }

    /// What a text means; `None` when it is not set, or wrong and therefore a finding.
    pub(super) fn text<T>(
        &mut self,
        value: &Key<String>,
        key: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = value.as_ref()?;
        read(value.get_ref()).map_err(|what| self.refuse(value, key, what)).ok()
    }

    /// What each text of a list means.
    fn list<T>(&mut self, value: &Key<List>, key: &str, read: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let Some(value) = value else { return Vec::new() };
        let (right, wrong): (Vec<_>, Vec<_>) =
            value.get_ref().0.iter().map(|item| read(item)).partition(Result::is_ok);
        for what in wrong.into_iter().filter_map(Result::err) {
            self.refuse(value, key, what);
        }
        right.into_iter().filter_map(Result::ok).collect()
    }

    /// A span between two bounds.
    pub(super) fn between(
        &mut self,
        value: &Key<Period>,
        key: &str,
        [least, most]: [Duration; 2],
        default: Duration,
    ) -> Duration {
        let Some(value) = value else { return default };
        let span = value.get_ref().0;
        if !(least..=most).contains(&span) {
            let (is, least, most) = (show_duration(span), show_duration(least), show_duration(most));
            let what = format!("{is:?} is not from {least:?} to {most:?}");
            self.refuse(value, key, what);
        }
        span
    }

    pub(super) fn source_of<T>(&self, key: &Key<T>) -> Source {
        key.as_ref().map_or(Source::Default, |value| self.source(value))
    }

    /// The settings; `None` when there are findings.
    pub(super) fn settings(&mut self, given: &Given, data: &Path) -> Option<Settings> {
        let listen = self.text(&given.server.listen, "[server] listen", listen_address);
        let listen = listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080)));
        let public_url = self.public_url(given, listen);
        // What hangs on the public URL is judged only if that is right itself.
        let web = public_url.map(|url| (self.web(given, &url), mail(given, data, &url, self), url));
        let refresh_path =
            self.text(&given.cookies.refresh_path, "[cookies] refresh_path", site::refresh_path).flatten();
        let trusted_proxies = self.trusted_proxies(&given.server);
        let store = store(given, data, self);
        let master_file = self.text(&given.keys.master_file, "[keys] master_file", file_path);
        let issuer = self.text(&given.tokens.issuer, "[tokens] issuer", identifier);
        let audience = self.text(&given.tokens.audience, "[tokens] audience", identifier);
        let breached_list = self.text(&given.password.breached_list, "[password] breached_list", file_path);
        let banned_words = self.list(&given.password.banned_words, "[password] banned_words", banned_word);
        let clients = clients(given, self);
        let argon = self.argon(&given.password);
        let spans = self.spans(given);
        let ((cookie_domain, app_origins, registration), mail, public_url) = web?;
        let (tls, proxy_protocol) = front(given, &public_url, &trusted_proxies, self);
        let pages = pages(given, &public_url, self);
        if !self.findings.is_empty() {
            return None;
        }
        let mut policy = Policy::new(&issuer.unwrap_or_else(|| public_url.origin().ascii_serialization()));
        policy.audience = audience.unwrap_or(policy.audience);
        policy.registration = registration;
        policy.clients = clients;
        policy.keep_ended = given.sessions.keep_ended.as_ref().map_or(policy.keep_ended, |p| p.get_ref().0);
        policy.public_url = public_url.origin().ascii_serialization();
        policy.max_per_user = given.sessions.max_per_user.as_ref().map(|most| most.get_ref().0);
        policy.when_full = chosen(&given.sessions.when_full, policy.when_full);
        spans.lay_on(&mut policy);
        policy.service_words = service_words(&public_url, &policy, banned_words);
        policy.least_password_chars = number(&given.password.min_length, policy.least_password_chars);
        policy.algorithm = chosen(&given.tokens.algorithm, policy.algorithm);
        policy.rotate_keys_every =
            given.keys.rotate_every.as_ref().map_or(policy.rotate_keys_every, |it| it.get_ref().0);
        policy.limits = limits(&given.limits, &public_url, self);
        Some(Settings {
            listen,
            public_url,
            app_origins,
            trusted_proxies,
            proxy_protocol,
            tls,
            cookie_domain,
            refresh_path,
            data: data.to_owned(),
            store: store?,
            master_file: master_file.unwrap_or_else(|| data.join("master.key")),
            policy,
            breached_list,
            argon: argon?,
            pool: pool(&given.password),
            mail: mail?,
            pages,
            private_networks: self.private_networks(given),
            log_level: chosen(&given.log.level, LevelFilter::INFO),
            log_format: chosen(&given.log.format, LogFormat::Text),
            telemetry: telemetry(given, listen, self),
        })
    }

    /// Says what a preset that bears the name of a standard lacks for want of a file.
    pub(super) fn preset(&mut self, given: &Given) {
        let is_standard = |preset: Preset| matches!(preset, Preset::NistAal1 | Preset::Asvs);
        let chosen = given.policy.preset.as_ref().filter(|chosen| is_standard(chosen.get_ref().0));
        if let Some(chosen) = chosen.filter(|_| given.password.breached_list.is_none()) {
            let name = chosen.get_ref().0.name();
            let what = format!(
                "{name:?} asks for long passwords that nobody has lost yet: common ones are built in, breached ones take [password] \
                 breached_list"
            );
            self.warn(self.source(chosen), "[policy] preset", what);
        }
    }

    fn spans(&mut self, given: &Given) -> Spans {
        let (keys, accounts) = (&given.keys, &given.accounts);
        let (link, report) = (&accounts.link_life, &accounts.report_life);
        let within = &accounts.reauthenticate_within;
        let ahead = [MINUTE * 15, DAY * 7];
        Spans {
            publish_ahead: self.between(&keys.publish_ahead, "[keys] publish_ahead", ahead, HOUR),
            link_life: self.between(link, "[accounts] link_life", [MINUTE * 10, HOUR], MINUTE * 30),
            report_life: self.between(report, "[accounts] report_life", [HOUR, DAY * 30], DAY * 7),
            reauthenticate_within: self.between(
                within,
                "[accounts] reauthenticate_within",
                [MINUTE, HOUR],
                MINUTE * 5,
            ),
        }
    }

    fn public_url(&mut self, given: &Given, listen: SocketAddr) -> Option<Url> {
        let server = &given.server;
        let key = "[server] public_url";
        let url = match &server.public_url {
            Some(_) => self.text(&server.public_url, key, site::public_url)?,
            None => {
                let scheme = if given.tls.certificate_file.is_some() { "https" } else { "http" };
                Url::parse(&format!("{scheme}://localhost:{}", listen.port())).ok()?
            }
        };
        let source = self.source_of(&server.listen);
        if listen.port() == 0 && server.public_url.is_none() {
            self.warn(
                source,
                "[server] listen",
                "any port may come of port 0; set public_url to the right one",
            );
        } else if site::is_loopback(&url) && !listen.ip().is_loopback() {
            let url = url.origin().ascii_serialization();
            let what = format!(
                "{listen} can be reached from other machines, but public_url is {url}; \
                 set public_url to what their browsers will call"
            );
            self.warn(source, "[server] listen", what);
        }
        Some(url)
    }

    fn web(&mut self, given: &Given, ours: &Url) -> (Option<String>, Vec<String>, Registration) {
        let domain =
            self.text(&given.cookies.domain, "[cookies] domain", |text| site::cookie_domain(text, ours));
        let origins = &given.server.app_origins;
        let apps = self.list(origins, "[server] app_origins", |text| app_origin(text, ours));
        for app in &apps {
            if let Err(why) = site::same_site(app, ours) {
                let app = app.origin().ascii_serialization();
                let what =
                    format!("{app:?} will not have its cookies sent: {why}; let them have one host name");
                self.warn(self.source_of(origins), "[server] app_origins", what);
            }
        }
        let mut apps: Vec<String> = apps.iter().map(|app| app.origin().ascii_serialization()).collect();
        apps.sort();
        apps.dedup();
        (domain, apps, self.registration(given, ours))
    }

    fn registration(&mut self, given: &Given, ours: &Url) -> Registration {
        match &given.accounts.registration {
            Some(chosen) => chosen.get_ref().0,
            None if has_server(given) => Registration::Verified,
            None if site::is_loopback(ours) => Registration::Unverified,
            None => {
                let what = "is off, because public_url is public and there is no mail server ([mail] url) to verify addresses with; \
                            \"unverified\" opens it all the same, \"off\" ends this warning";
                self.warn(Source::Default, "[accounts] registration", what);
                Registration::Off
            }
        }
    }

    fn trusted_proxies(&mut self, server: &file::Server) -> Vec<IpNet> {
        let key = "[server] trusted_proxies";
        let networks = self.list(&server.trusted_proxies, key, network);
        for everybody in networks.iter().filter(|network| network.prefix_len() == 0) {
            let what = format!("{everybody} is everybody: any client can pretend to have any address");
            self.warn(self.source_of(&server.trusted_proxies), key, what);
        }
        networks
    }

    fn private_networks(&mut self, given: &Given) -> Vec<IpNet> {
        self.list(&given.webhooks.private_networks, "[webhooks] private_networks", network)
    }

    fn argon(&mut self, password: &file::Password) -> Option<ArgonParameters> {
        let default = ArgonParameters::default();
        let memory_kib =
            password.memory_mib.as_ref().map_or(default.memory_kib(), |mib| mib.get_ref().0 * 1024);
        let iterations = password.iterations.as_ref().map_or(default.iterations(), |n| n.get_ref().0);
        let lanes = password.lanes.as_ref().map_or(default.lanes(), |n| n.get_ref().0);
        let made = ArgonParameters::new(memory_kib, iterations, lanes);
        made.map_err(|why| {
            let memory = self.source_of(&password.memory_mib);
            let (key, source) = match memory {
                Source::Default => ("[password] iterations", self.source_of(&password.iterations)),
                memory => ("[password] memory_mib", memory),
            };
            self.refuse_at(source, key, why);
        })
        .ok()
    }
}

/// What must lie between two bounds.
struct Spans {
    publish_ahead: Duration,
    link_life: Duration,
    report_life: Duration,
    reauthenticate_within: Duration,
}

impl Spans {
    fn lay_on(&self, policy: &mut Policy) {
        policy.publish_ahead = self.publish_ahead;
        policy.link_life = self.link_life;
        policy.report_life = self.report_life;
        policy.reauthenticate_within = self.reauthenticate_within;
    }
}

fn pool(password: &file::Password) -> PoolSize {
    let default = PoolSize::default();
    PoolSize {
        threads: number(&password.threads, default.threads),
        queue: number(&password.queue, default.queue),
    }
}

pub(super) fn number<const LEAST: u32, const MOST: u32>(
    key: &Key<Whole<LEAST, MOST>>,
    default: usize,
) -> usize {
    key.as_ref().and_then(|value| usize::try_from(value.get_ref().0).ok()).unwrap_or(default)
}

fn chosen<T: Copy>(key: &Key<Chosen<T>>, default: T) -> T {
    key.as_ref().map_or(default, |value| value.get_ref().0)
}

pub(super) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("{text:?} is not an address with a port, such as \"127.0.0.1:8080\" or \"[::]:8080\"")
    })
}

fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse().or_else(|_| text.parse().map(|address: std::net::IpAddr| address.into()));
    network.map_err(|_| format!("{text:?} is not a network or an address, such as \"10.0.0.0/8\""))
}

fn app_origin(text: &str, ours: &Url) -> Result<Url, String> {
    let app = site::origin(text)?;
    if site::is_loopback(&app) && site::is_loopback(ours) {
        return Ok(app);
    }
    let why = match site::same_site(&app, ours) {
        Ok(()) => return Ok(app),
        Err(why) => why,
    };
    let ours = ours.origin().ascii_serialization();
    Err(format!(
        "{text:?} is another site than public_url, {ours:?}: {why}; browsers would not send it its cookies \
         (SameSite=Strict)"
    ))
}

pub(super) fn file_path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("is empty; give the path of a file".to_owned()) } else { Ok(text.into()) }
}

/// A word that the rule about passwords heeds.
fn banned_word(text: &str) -> Result<String, String> {
    let word = text.trim();
    match word.chars().count() {
        4..=64 => Ok(word.to_owned()),
        0..4 => Err(format!(
            "{text:?} has fewer than 4 characters; words so short are in too many others to be refused"
        )),
        _ => {
            Err("has a word of more than 64 characters; whole passwords belong into a breached_list"
                .to_owned())
        }
    }
}

/// What this service is called: its hosts, and what its operator says.
fn service_words(public_url: &Url, policy: &Policy, banned: Vec<String>) -> Vec<String> {
    let mut words = site::words(public_url);
    for identifier in [&policy.issuer, &policy.audience] {
        words.extend(
            Url::parse(identifier).map_or_else(|_| vec![identifier.clone()], |url| site::words(&url)),
        );
    }
    words.extend(banned);
    words.sort();
    words.dedup();
    words
}

/// `StringOrURI` of RFC 7519 §2, and nothing that only looks like one.
fn identifier(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!("{text:?} is empty or has spaces in it"));
    }
    if text.contains(':') && Url::parse(text).is_err() {
        return Err(format!("{text:?} has a colon in it, so it must be a URL (RFC 7519, section 2)"));
    }
    Ok(text.to_owned())
}
