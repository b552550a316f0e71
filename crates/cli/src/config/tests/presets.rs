//! `[policy] preset`, tried.

use super::super::Preset;
use super::super::names::keys;
use super::super::tree::Tree;
use super::*;

fn of(preset: Preset) -> Loaded {
    good(&format!("[policy]\npreset = {:?}\n", preset.name()))
}

#[test]
fn each_preset_is_a_configuration_that_holds_by_itself() {
    for preset in Preset::ALL {
        let tree = Tree::parse(preset.name(), preset.text()).map_err(|_| preset).unwrap();
        assert!(tree.findings.is_empty(), "{preset:?}: {:?}", tree.findings);
        let values = preset.values();
        for (key, _) in &values {
            assert!(!key.starts_with("[policy]"), "{preset:?} chooses a preset");
        }
        let Loaded { sources, .. } = of(preset);
        let from_it = sources.values().filter(|source| **source == Source::Preset(preset.name()));
        // What it says of confidential clients waits for one.
        assert_eq!(from_it.count(), values.len() - 3, "{preset:?}");
        assert!(preset.text().contains("# What it cannot bring about"), "{preset:?} promises too much");
    }
    let names: Vec<_> = Preset::ALL.iter().map(|preset| preset.values().len()).collect();
    assert!(names.iter().all(|count| *count >= 19), "{names:?}");
    assert!(keys("clients").contains(&"bind_address"), "what presets say of clients are keys of clients");
}

#[test]
fn everyday_is_what_holds_without_a_preset() {
    assert_eq!(outcome(&of(Preset::Everyday)), outcome(&good("")));
    for other in [Preset::Bank, Preset::NistAal1, Preset::Asvs] {
        assert_ne!(outcome(&of(other)), outcome(&good("")), "{other:?}");
    }
}

#[test]
fn presets_set_what_they_are_named_for() {
    let lives = |preset| {
        let Loaded { settings, .. } = of(preset);
        ["web", "native"]
            .map(|name| (client(&settings.policy, name).idle, client(&settings.policy, name).absolute))
    };
    let days = |n: u64| hours(24 * n);
    assert_eq!(lives(Preset::NistAal1), [(days(7), days(30)), (days(30), days(30))], "SP 800-63B-4, 2.1.3");
    assert_eq!(lives(Preset::Asvs), [(hours(1), days(1)); 2], "SP 800-63B-4, 2.2.3");
    assert_eq!(lives(Preset::Bank), [(Duration::from_mins(5), hours(12)); 2]);
    let Loaded { settings, warnings, .. } = of(Preset::Bank);
    let policy = &settings.policy;
    let bound = ["web", "native"].map(|name| client(policy, name).bind_address);
    assert_eq!(bound, [AddressBinding::Network, AddressBinding::Off], "telephones change networks");
    assert_eq!((policy.least_password_chars, policy.max_per_user), (15, Some(5)));
    assert_eq!(policy.limits.login_per_account, Quota::new(5, Duration::from_mins(6)));
    assert_eq!(policy.reauthenticate_within, Duration::from_mins(2));
    assert_eq!(warnings, Vec::<String>::new());
    let Loaded { settings, warnings, .. } = of(Preset::NistAal1);
    assert_eq!(settings.policy.least_password_chars, 15, "SP 800-63B-4, 3.1.1.2");
    assert_eq!(
        warnings,
        [
            "rotunda.toml:2: [policy] preset: \"nist-aal1\" asks for long passwords that nobody has lost yet: common ones are built \
             in, breached ones take [password] breached_list"
        ]
    );
    let listed = "[policy]\npreset = \"asvs\"\n[password]\nbreached_list = \"list\"";
    assert_eq!(good(listed).warnings, Vec::<String>::new());
}

#[test]
fn single_keys_override_a_preset() {
    let text = "[policy]\npreset = \"bank\"\n[tokens]\naccess_ttl = \"1m\"\n[refresh]\nabsolute = \"6h\"\n\
                [clients.web]\nidle = \"10m\"\n[clients.kiosk]\nkind = \"web\"\n[clients.shop]\nkind = \"confidential\"\n\
                [clients.reports]\nkind = \"service\"\n[password]\nmin_length = 20\n";
    let environment = [("ROTUNDA_LIMITS__REAUTHENTICATE", "9, 1/m")];
    let Loaded { settings, sources, .. } = with(text, &environment, Overrides::default()).unwrap();
    let lives = |name| {
        let client = client(&settings.policy, name);
        (client.access_ttl.as_secs() / 60, client.idle.as_secs() / 60, client.absolute.as_secs() / 3600)
    };
    assert_eq!(lives("web"), (1, 10, 6), "its own idle, the absolute life for all");
    assert_eq!((lives("native"), lives("kiosk"), lives("shop")), ((1, 5, 6), (1, 5, 6), (1, 5, 6)));
    assert_eq!(client(&settings.policy, "kiosk").bind_address, AddressBinding::Network);
    assert_eq!(settings.policy.least_password_chars, 20);
    assert_eq!(settings.policy.limits.reauthenticate, Quota::new(9, Duration::from_mins(1)));
    let source = |key: &str| sources.get(key);
    assert_eq!(source("clients.kiosk.idle"), Some(&Source::Preset("bank")));
    assert_eq!(source("clients.web.idle"), Some(&Source::File(8)));
    assert_eq!((source("clients.web.absolute"), source("refresh.absolute")), (None, Some(&Source::File(6))));
    assert_eq!(source("limits.login_per_account"), Some(&Source::Preset("bank")));
    assert_eq!(source("clients.reports.idle"), None, "a service has no users");
}

#[test]
fn what_a_preset_says_gives_way_like_a_default_and_contradicts_like_one() {
    let text = "[policy]\npreset = \"bank\"\n[refresh]\nabsolute = \"1m\"\n";
    let policy = good(text).settings.policy;
    assert_eq!(client(&policy, "web").idle, Duration::from_mins(1));
    assert_eq!(
        bad("[policy]\npreset = \"bank\"\n[clients.web]\naccess_ttl = \"10m\""),
        "rotunda.toml:4: [clients.web] access_ttl: client \"web\" has access_ttl \"10m\" and idle \"5m\" (of the preset \
         \"bank\"); access_ttl must be shorter than idle"
    );
    assert_eq!(
        bad("[policy]\npreset = \"bnak\""),
        "rotunda.toml:2: [policy] preset: \"bnak\" is not a choice here; did you mean \"bank\"?"
    );
    assert_eq!(
        bad("preset = \"bank\""),
        "rotunda.toml:1: \"preset\" stands outside of its section; write it below [policy]"
    );
    let from_environment = env(&[("ROTUNDA_POLICY__PRESET", "bank")]).unwrap();
    assert_eq!(outcome(&from_environment), outcome(&of(Preset::Bank)));
}
