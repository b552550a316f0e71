//! What may be configured: one struct a section, one field a key. The file, the environment and the flags all end up
//! here; a key that is not set is `None`, and `settings.rs` says what holds then.
//!
//! The doc comments are the reference, the schema and the example that `docs/reference` has (`documented.rs` reads them).
//! Each ends with its default: "Default `10s`." is a value, "Default: in words." is none. A key without such a value has "For
//! instance `…`." What may have a password in it is `writeOnly`: it is never shown.

use std::collections::BTreeMap;

use rotunda_core::model::{AddressBinding, ClientKind, LateRetry};
use rotunda_core::policy::Registration;
use rotunda_core::store::WhenFull;
use rotunda_server::Language;
use rotunda_token::Algorithm;
use schemars::JsonSchema;
use serde::Deserialize;
use tracing_subscriber::filter::LevelFilter;

use super::limits::Rate;
use super::presets::Preset;
use super::settings::LogFormat;
use super::store::LimitsStore;
use super::values::{Chosen, List, Period, Ratio, Schedule, Spanned, Switch, Whole, Window};

/// A key's value if it is set, with the place that it came from.
pub(super) type Key<T> = Option<Spanned<T>>;

/// Everything that was configured.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Given {
    pub policy: Policy,
    pub server: Server,
    pub tls: Tls,
    pub cookies: Cookies,
    pub keys: Keys,
    pub store: Store,
    pub sessions: Sessions,
    pub tokens: Tokens,
    pub refresh: Refresh,
    /// By name.
    pub clients: BTreeMap<String, Spanned<Client>>,
    pub accounts: Accounts,
    pub password: Password,
    pub limits: Limits,
    pub mail: Mail,
    pub pages: Pages,
    pub webhooks: Webhooks,
    pub backup: Backup,
    pub log: Log,
    pub telemetry: Telemetry,
}

/// `[policy]`: what holds where nothing else is said.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Policy {
    /// Defaults for a purpose: `everyday`, `bank`, `nist-aal1` or `asvs`. Every other key overrides what it says.
    /// `rotunda config preset NAME` prints it, with what it cannot bring about. Default `everyday`.
    pub preset: Key<Chosen<Preset>>,
}

/// `[server]`: where it listens, and how others reach it.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Server {
    /// Address and port to listen on. Default `127.0.0.1:8080`.
    pub listen: Key<String>,
    /// The URL under which browsers reach this server. For instance `https://auth.example.com`. Default: `http://localhost`
    /// and the port of `listen`, or `https` with `[tls]`.
    pub public_url: Key<String>,
    /// Networks of reverse proxies whose `X-Forwarded-For` is believed. For instance `10.0.0.0/8`. Default none.
    pub trusted_proxies: Key<List>,
    /// Whether each connection begins with a PROXY header, version 1 or 2, that says whose it is. Connections are then taken from
    /// `trusted_proxies` only. Default `false`.
    pub proxy_protocol: Key<Switch>,
    /// Origins of the applications that may call from a browser. For instance `https://app.example.com`. Default none besides
    /// `public_url`.
    pub app_origins: Key<List>,
}

/// `[tls]`: HTTPS without a proxy in front. Both files are looked at again every ten seconds, and at SIGHUP.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Tls {
    /// A PEM file with the certificate of this server, then those between it and an authority. For instance
    /// `/etc/rotunda/tls/chain.pem`. Default none: plain HTTP.
    pub certificate_file: Key<String>,
    /// A PEM file with its private key, which others must not be able to read. Must be set with `certificate_file`. For
    /// instance `/etc/rotunda/tls/key.pem`. Default none.
    pub key_file: Key<String>,
}

/// `[cookies]`: widens what otherwise follows from `public_url`.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Cookies {
    /// A domain that the cookies are sent to with all its subdomains. For instance `example.com`. Default: only to the host
    /// of `public_url`.
    pub domain: Key<String>,
    /// The path that the refresh cookie is sent to. Default `/auth/refresh`.
    pub refresh_path: Key<String>,
}

/// `[keys]`: what all tokens rest on.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Keys {
    /// The file with the master keys, made at the first start. For instance `/etc/rotunda/master.key`. Default `master.key`
    /// in the data folder.
    pub master_file: Key<String>,
    /// How long a signing key signs before a new one takes over, a day at least; or `never`: only `rotunda key rotate` does it.
    /// Default `90d`.
    pub rotate_every: Key<Schedule>,
    /// How long a new signing key is published before it signs, 15 minutes to 7 days: longer than anybody caches the key set
    /// (ten minutes, as its `Cache-Control` says). Default `1h`.
    pub publish_ahead: Key<Period>,
}

/// `[store]`: where users and sessions are kept.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Store {
    /// `sqlite:PATH`, or `postgres://USER:PASSWORD@HOST/DATABASE` for several servers; several hosts, with commas between them,
    /// are a database that may move from one to the other. For instance `postgres://rotunda@db.example.com/rotunda`. Default:
    /// SQLite, `rotunda.db` in the data folder.
    #[schemars(extend("writeOnly" = true))]
    pub url: Key<String>,
    /// A file with that URL in it, so that the password is not in this one. For instance `/run/secrets/store-url`. Default
    /// none.
    pub url_file: Key<String>,
    /// How many connections to PostgreSQL this server keeps, 1 to 1,000. Default 16.
    pub connections: Key<Whole<1, 1_000>>,
    /// A PEM file with the authorities that PostgreSQL's certificate may be from. For instance `/etc/rotunda/db-ca.pem`.
    /// Default: those that this machine trusts.
    pub ca_file: Key<String>,
}

/// `[sessions]`: where they are, how many there may be, and what becomes of those that are over.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Sessions {
    /// Where what each refresh changes is kept: `redis://USER:PASSWORD@HOST`, `rediss://…` with TLS, or
    /// `redis+cluster://HOST,HOST` and `rediss+cluster://…` for a cluster. For instance `rediss://redis.example.com`.
    /// Default: in the main store.
    #[schemars(extend("writeOnly" = true))]
    pub store: Key<String>,
    /// A file with that URL in it. For instance `/run/secrets/sessions-url`. Default none.
    pub store_file: Key<String>,
    /// A PEM file with the authorities that Redis's certificates may be from. For instance `/etc/rotunda/redis-ca.pem`.
    /// Default: those that this machine trusts.
    pub ca_file: Key<String>,
    /// For how long an ended session is kept, so that its late tokens learn why it ended. Default `30d`.
    pub keep_ended: Key<Period>,
    /// How many live sessions a user may have over all clients, 1 to 10,000. For instance `10`. Default: any number.
    pub max_per_user: Key<Whole<1, 10_000>>,
    /// What happens to a login when there are as many: `evict_oldest` or `refuse`. Default `evict_oldest`.
    pub when_full: Key<Chosen<WhenFull>>,
}

/// `[tokens]`: access tokens.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Tokens {
    /// `iss`. For instance `https://auth.example.com`. Default: `public_url`.
    pub issuer: Key<String>,
    /// `aud`. For instance `https://api.example.com`. Default: the issuer.
    pub audience: Key<String>,
    /// How they are signed: `ES256`, `EdDSA`, `RS256` (3072 bits), or `HS256` where services still share a secret. Another
    /// one than before takes over like any new key. Default `ES256`.
    pub algorithm: Key<Chosen<Algorithm>>,
    /// How long they live, for all clients that do not say otherwise. Default `15m`.
    pub access_ttl: Key<Period>,
}

/// `[refresh]`: refresh tokens and the life of a session, for all clients that do not say otherwise.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Refresh {
    /// For how long the same answer is given again to the same token, 0 to 60 seconds. Default `10s`.
    pub window: Key<Window>,
    /// What lets a used token through after that: `key`, `device` or `never`. Default `key`.
    pub late_retry: Key<Chosen<LateRetry>>,
    /// A session ends when it is not refreshed for this long. For instance `7d`. Default `7d` for web, `30d` for native
    /// clients.
    pub idle: Key<Period>,
    /// A session ends this long after the sign-in. For instance `30d`. Default `30d` for web, `90d` for native clients.
    pub absolute: Key<Period>,
}

/// `[clients.NAME]`: one client, with its own answers to what `[tokens]` and `[refresh]` say for all.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Client {
    /// `web`, `native`, `confidential` or `service`. The clients of the first two names exist anyway, and are what their names
    /// say. The last two need a secret: `rotunda client add NAME` makes it. For instance `web`. Default: as the name says, for
    /// `web` and `native`; for others it must be set.
    pub kind: Key<Chosen<ClientKind>>,
    /// Whether a session may move to another address: `off`, `address` or `network`. Default `off`: it may.
    pub bind_address: Key<Chosen<AddressBinding>>,
    /// Addresses that users may be sent back to after they have signed in on our pages, `https://app.example.com/signed-in`;
    /// each as it is, but that one without a query may be given one. For web clients. On a loopback `public_url`, addresses
    /// of this machine are good as well. For instance `https://app.example.com/signed-in`. Default none: they go to their
    /// account.
    pub return_urls: Key<List>,
    /// How many live sessions a user may have with this client, 1 to 10,000. For instance `5`. Default: any number.
    pub max_per_user: Key<Whole<1, 10_000>>,
    /// What happens to a login when there are as many: `evict_oldest` or `refuse`. For instance `evict_oldest`. Default: as in
    /// `[sessions]`.
    pub when_full: Key<Chosen<WhenFull>>,
    /// As in `[tokens]`. For instance `5m`. Default: what that says.
    pub access_ttl: Key<Period>,
    /// As in `[refresh]`. For instance `10s`. Default: what that says.
    pub window: Key<Window>,
    /// As in `[refresh]`. For instance `key`. Default: what that says.
    pub late_retry: Key<Chosen<LateRetry>>,
    /// As in `[refresh]`. For instance `7d`. Default: what that says.
    pub idle: Key<Period>,
    /// As in `[refresh]`. For instance `30d`. Default: what that says.
    pub absolute: Key<Period>,
}

/// `[accounts]`: who gets one.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Accounts {
    /// `off`; `unverified`: anybody, without showing that the address is theirs; or `verified`: anybody who follows a link in
    /// a letter. For instance `verified`. Default `verified` where a mail server is configured; otherwise `unverified` when
    /// `public_url` is on this machine, and `off` when it is not.
    pub registration: Key<Chosen<Registration>>,
    /// How long a link for a verification, a new password or another address is good once its letter is sent, 10 to 60
    /// minutes. Default `30m`.
    pub link_life: Key<Period>,
    /// How long the link "this was not me" is good, 1 hour to 30 days. Default `7d`.
    pub report_life: Key<Period>,
    /// For how long after a password was entered its session may do what is sensitive, up to 1 hour. Default `5m`.
    pub reauthenticate_within: Key<Period>,
}

/// `[password]`: which passwords are refused, and how much work the hash of one is.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Password {
    /// The fewest characters of a new password. Default 12.
    pub min_length: Key<Whole<8, 256>>,
    /// A file with breached passwords, made by `rotunda password-list build`: none of them may be chosen. For instance
    /// `/var/lib/rotunda/breached.filter`. Default: none; the common ones are built in.
    pub breached_list: Key<String>,
    /// Words that no password may consist of, such as the names of your company and its products. For instance `acme`. Default:
    /// only the host names of `public_url` and of the issuer.
    pub banned_words: Key<List>,
    /// Memory of one hash, in MiB. Default 46.
    pub memory_mib: Key<Whole<1, 1024>>,
    /// Passes over that memory. Default 1.
    pub iterations: Key<Whole<1, 16>>,
    /// Argon2's lanes. Default 1.
    pub lanes: Key<Whole<1, 16>>,
    /// How many hashes run at once. For instance `4`. Default: the processor cores of this machine.
    pub threads: Key<Whole<1, 256>>,
    /// How many may wait. Default 64.
    pub queue: Key<Whole<1, 65_536>>,
}

/// `[limits]`: how often somebody may try. `"10, 1/m"` is ten at once, then one a minute.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Limits {
    /// Whether there are limits. Default `true`.
    pub enabled: Key<Switch>,
    /// Where tries are counted: `memory`, each server by itself; `database`, all servers together in PostgreSQL, but for
    /// `refresh_per_session`; `sessions`, all together in the Redis of the sessions. For instance `sessions`. Default:
    /// `sessions` where there is one, else `database` with PostgreSQL and `memory` with SQLite.
    pub store: Key<Chosen<LimitsStore>>,
    /// Sign-ins from one address: of IPv6, one /64. Default `60, 10/m`.
    pub login_per_address: Key<Rate>,
    /// Sign-ins by one address or user name from devices that are new to its account. Default `8, 40/h`.
    pub login_per_account: Key<Rate>,
    /// Sign-ins to one account from a device that it was signed in on before. Default `10, 1/m`.
    pub login_per_device: Key<Rate>,
    /// Passwords asked for again, of one account on one device. Default `10, 1/m`.
    pub reauthenticate: Key<Rate>,
    /// Registrations from one address. Default `10, 1/m`.
    pub register_per_address: Key<Rate>,
    /// Forgotten passwords from one address. Default `10, 1/m`.
    pub forgot_per_address: Key<Rate>,
    /// Forgotten passwords of one account. Default `3, 6/h`.
    pub forgot_per_account: Key<Rate>,
    /// Codes out of links, from one address. Default `30, 6/m`.
    pub codes_per_address: Key<Rate>,
    /// Refreshes of one session. Default `60, 1/s`.
    pub refresh_per_session: Key<Rate>,
    /// Clients that did not show their secret, of one client from one address. Default `30, 6/m`.
    pub client_per_address: Key<Rate>,
}

/// `[mail]`: how letters reach users.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Mail {
    /// The mail server: `smtps://USER:PASSWORD@HOST`, or `smtp://…` for STARTTLS. For instance `smtps://mail.example.com`.
    /// Default none: letters go into a folder.
    #[schemars(extend("writeOnly" = true))]
    pub url: Key<String>,
    /// A file with that URL in it, so that the password is not in this one. For instance `/run/secrets/mail-url`. Default none.
    pub url_file: Key<String>,
    /// Whom letters come from; it must be set with `url`. For instance `Acme <no-reply@acme.example>`. Default: `no-reply` at
    /// the host of `public_url`.
    pub from: Key<String>,
    /// What users call this service. For instance `Acme`. Default: the host of `public_url`.
    pub site: Key<String>,
    /// The folder for letters without `url`. For instance `/var/lib/rotunda/mail`. Default `mail` in the data folder.
    pub folder: Key<String>,
    /// A folder with templates that take the place of ours. For instance `/etc/rotunda/templates`. Default none.
    pub templates: Key<String>,
    /// A PEM file with authorities that the mail server's certificate may be from. For instance `/etc/rotunda/mail-ca.pem`.
    /// Default: those of this machine only.
    pub ca_file: Key<String>,
    /// How many letters are handed to the mail server at once. Default 4.
    pub pool: Key<Whole<1, 16>>,
}

/// `[pages]`: what users see of this server in their browsers.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Pages {
    /// What stands above each page, 1 to 64 characters. Default `Rotunda`.
    pub name: Key<String>,
    /// A picture in its place: the path of an SVG, PNG or WebP file of at most 64 KiB. Read when the server starts. For
    /// instance `/etc/rotunda/logo.svg`. Default none.
    pub logo: Key<String>,
    /// The colour of links and buttons on light pages, `#rrggbb`. It must be readable there: 4.5 to 1 (WCAG 2.2 AA). For
    /// instance `#1f4f8f`. Default: that one, with a dark one of its own.
    pub accent: Key<String>,
    /// The same on dark pages. For instance `#9cc3f5`. Default: `accent`, as much lighter as it must be; without it `#9cc3f5`.
    pub accent_dark: Key<String>,
    /// The language of all pages, `en` or `de`. For instance `en`. Default: whichever of them a browser prefers.
    pub language: Key<Chosen<Language>>,
}

/// `[webhooks]`: whom messages about events may be taken to.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Webhooks {
    /// Networks that are not public and may be connected to all the same, with `http` as well as `https`. Whoever may add
    /// webhooks reaches what is there. For instance `10.20.0.0/16`. Default none.
    pub private_networks: Key<List>,
}

/// `[backup]`: copies of the file of SQLite that the server takes by itself.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Backup {
    /// The folder that they go into, made if there is none; only this server's user may read what is in it. Keep it on another
    /// disk, or have it taken elsewhere. For instance `/var/backups/rotunda`. Default none: no backup is taken.
    pub folder: Key<String>,
    /// How long after one the next is taken, 10 minutes to 30 days. Default `24h`.
    pub every: Key<Period>,
    /// How many are kept, the newest ones, 1 to 1,000. Default 7.
    pub keep: Key<Whole<1, 1_000>>,
}

/// `[log]`: what is written to standard error.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`. Default `info`.
    pub level: Key<Chosen<LevelFilter>>,
    /// `text` or `json`. Default `text`.
    pub format: Key<Chosen<LogFormat>>,
    /// Whether each request gets a line, whatever the level: method, route, status, how long it took. Default `false`: only at
    /// the level `debug`.
    pub requests: Key<Switch>,
}

/// `[telemetry]`: what is told to those who watch.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Telemetry {
    /// Where metrics for Prometheus are served, at `/metrics` on a listener of their own: an address with a port, or `off`. Keep one
    /// that others can reach behind a firewall. For instance `127.0.0.1:9464`. Default: that one, or nowhere while another program
    /// has that port.
    pub metrics_listen: Key<String>,
    /// Where the spans of requests go, by OTLP over HTTP: the base URL of an OpenTelemetry collector, to which `/v1/traces` is added.
    /// Only in a build with the feature `opentelemetry`; others refuse it. For instance `http://127.0.0.1:4318`. Default none.
    pub otlp_endpoint: Key<String>,
    /// Of how many of the traces that begin here a span is told, from `0`, none, to `1`, all. Of a request with a `traceparent` of a
    /// trusted proxy that decides, for a hundred a second; of more than that this ratio does. Default 1.
    pub otlp_sample_ratio: Key<Ratio>,
}
