//! The clients: what each is held to, from its own section, the sections for all, and the defaults of its kind.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rotunda_core::model::{AddressBinding, Client, ClientId, ClientKind, LateRetry};
use rotunda_core::policy::Policy;

use super::check::Check;
use super::duration::show_duration;
use super::file::{self, Given, Key};
use super::finding::Source;
use super::values::Spanned;

/// The clients that always exist.
pub(super) const BUILTIN: [(&str, ClientKind); 2] =
    [("web", ClientKind::Web), ("native", ClientKind::Native)];

/// The section that holds a key of clients for all that do not say otherwise.
pub(super) fn for_all(key: &str) -> Option<&'static str> {
    match key {
        "access_ttl" => Some("tokens"),
        "window" | "late_retry" | "idle" | "absolute" => Some("refresh"),
        "when_full" => Some("sessions"),
        _ => None,
    }
}

/// All clients, the two that always exist among them.
pub(super) fn clients(given: &Given, check: &mut Check<'_>) -> BTreeMap<ClientId, Client> {
    let mut names: BTreeSet<&str> = given.clients.keys().map(String::as_str).collect();
    names.extend(BUILTIN.map(|(name, _)| name));
    let mut clients = BTreeMap::new();
    for name in names {
        let nothing = file::Client::default();
        let section = given.clients.get(name);
        if let Some(section) = section.filter(|_| ClientId::parse(name).is_none()) {
            let rule = "a client's name is 1 to 64 letters, digits, \".\", \"_\" or \"-\"";
            check.refuse(section, "", format_args!("client {name:?}: {rule}"));
        }
        if let Some(kind) = kind(name, section, check) {
            let own = section.map_or(&nothing, |section| section.get_ref());
            clients.insert(ClientId(name.to_owned()), client(name, kind, own, given, check));
        }
    }
    clients
}

fn kind(name: &str, section: Option<&Spanned<file::Client>>, check: &mut Check<'_>) -> Option<ClientKind> {
    let builtin = BUILTIN.iter().find(|(builtin, _)| *builtin == name).map(|(_, kind)| *kind);
    let key = format!("[clients.{name}] kind");
    match (builtin, section.and_then(|section| section.get_ref().kind.as_ref())) {
        (Some(builtin), Some(given)) if given.get_ref().0 != builtin => {
            check.refuse(given, &key, format_args!("client {name:?} is always of kind {name:?}"));
            None
        }
        (Some(builtin), _) => Some(builtin),
        (None, Some(given)) => Some(given.get_ref().0),
        (None, None) => {
            if let Some(section) = section {
                let what = format!(
                    "client {name:?} has no kind; set it to \"web\", \"native\", \"confidential\" or \"service\""
                );
                check.refuse(section, "", what);
            }
            None
        }
    }
}

fn client(name: &str, kind: ClientKind, own: &file::Client, given: &Given, check: &mut Check<'_>) -> Client {
    let default = Policy::builtin(name, kind);
    let layers = Layers { name, check };
    let (tokens, refresh) = (&given.tokens, &given.refresh);
    let access_ttl = layers.pick(
        "tokens",
        "access_ttl",
        [&own.access_ttl, &tokens.access_ttl],
        |p| p.0,
        default.access_ttl,
    );
    let window = layers.pick("refresh", "window", [&own.window, &refresh.window], |w| w.0, default.window);
    let absolute =
        layers.pick("refresh", "absolute", [&own.absolute, &refresh.absolute], |p| p.0, default.absolute);
    let mut idle = layers.pick("refresh", "idle", [&own.idle, &refresh.idle], |p| p.0, default.idle);
    // A default gives way: beyond `absolute` it would mean nothing anyway.
    if !idle.source.is_given() && idle.value > absolute.value {
        idle = Picked { name: "idle", ..absolute.clone() };
    }
    let late_retry = own.late_retry.as_ref().or(refresh.late_retry.as_ref());
    if let Some(chosen) = late_retry.filter(|chosen| chosen.get_ref().0 == LateRetry::Device) {
        let what = format!(
            "client {name:?}: a thief who copied everything that the client stores, and always stays one step behind it, \
             is not found with \"device\"; it is with \"key\""
        );
        let section = if own.late_retry.is_some() { format!("clients.{name}") } else { "refresh".to_owned() };
        check.warn(check.source(chosen), &format!("[{section}] late_retry"), what);
    }
    let bind_address = own.bind_address.as_ref().map_or(AddressBinding::Off, |chosen| chosen.get_ref().0);

    // An access token never outlives its session, so a default gives way here too.
    let too_long = access_ttl.source.is_given() && access_ttl.value >= idle.value;
    let wrong = [
        (too_long, &access_ttl, &idle, "must be shorter than"),
        (idle.value > absolute.value, &idle, &absolute, "must not be longer than"),
    ];
    for (wrong, one, other, rule) in wrong {
        if wrong {
            let at = if one.source.is_given() { one } else { other };
            let (first, second) = (one.shown(), other.shown());
            let what =
                format!("client {name:?} has {first} and {second}; {} {rule} {}", one.name, other.name);
            check.refuse_at(at.source.clone(), &at.key, what);
        }
    }
    let when_full = own.when_full.as_ref().or(given.sessions.when_full.as_ref());
    Client {
        access_ttl: access_ttl.value,
        window: window.value,
        late_retry: late_retry.map_or(default.late_retry, |chosen| chosen.get_ref().0),
        idle: idle.value,
        absolute: absolute.value,
        bind_address,
        max_per_user: own.max_per_user.as_ref().map(|most| most.get_ref().0),
        when_full: when_full.map_or(default.when_full, |chosen| chosen.get_ref().0),
        ..default
    }
}

/// Picks what holds for one client.
struct Layers<'a, 'b> {
    name: &'a str,
    check: &'a Check<'b>,
}

/// What was picked, and where it was set.
#[derive(Clone)]
struct Picked {
    name: &'static str,
    key: String,
    value: Duration,
    source: Source,
}

impl Layers<'_, '_> {
    fn pick<T: Copy>(
        &self,
        section: &str,
        name: &'static str,
        [own, all]: [&Key<T>; 2],
        value: impl Fn(T) -> Duration,
        default: Duration,
    ) -> Picked {
        let (key, set) = match own {
            Some(own) => (format!("[clients.{}] {name}", self.name), Some(own)),
            None => (format!("[{section}] {name}"), all.as_ref()),
        };
        match set {
            Some(set) => Picked { name, key, value: value(*set.get_ref()), source: self.check.source(set) },
            None => Picked { name, key, value: default, source: Source::Default },
        }
    }
}

impl Picked {
    fn shown(&self) -> String {
        let whose = match &self.source {
            Source::Default => " (the default)".to_owned(),
            Source::Preset(name) => format!(" (of the preset {name:?})"),
            _ => String::new(),
        };
        format!("{} {:?}{whose}", self.name, show_duration(self.value))
    }
}
