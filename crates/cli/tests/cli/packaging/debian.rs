//! What the Debian package holds: the units, a configuration, a man page, documents, alerts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rotunda_server::serve::MOST_CONNECTIONS;

use super::{is_good, root, seconds, stop, text};
use crate::book::links;
use crate::support::{Place, rotunda};
use crate::walk::page;

const DOCUMENTS: &str = "usr/share/doc/rotunda/";

#[test]
fn the_configuration_of_the_package_is_read_with_what_is_there_to_be_taken_in() {
    let place = Place::new("");
    let shipped = page("packaging/debian/rotunda.toml");
    is_good(rotunda().arg("--config").arg(root().join("packaging/debian/rotunda.toml")));
    let store = place.path("store-url");
    std::fs::write(&store, "postgres://rotunda:hunter2@db.example.com/rotunda\n").unwrap();
    let is_key =
        |line: &&str| line.starts_with('#') && line[1..].starts_with(|c: char| c.is_ascii_lowercase());
    assert!(shipped.lines().filter(is_key).count() > 4, "{shipped}");
    // What a comment there says is to be taken away for it.
    let away = |line: &str| line.starts_with("url = \"sqlite:") || line.starts_with("folder = ");
    let taken_in: String = shipped
        .lines()
        .filter(|line| !away(line))
        .map(|line| format!("{}\n", if is_key(&line) { &line[1..] } else { line }))
        .collect();
    let taken_in = taken_in.replace("/etc/rotunda/store-url", store.to_str().unwrap());
    std::fs::write(place.path("all.toml"), &taken_in).unwrap();
    is_good(rotunda().arg("--config").arg(place.path("all.toml")));
    // The folders that the unit makes, and no other.
    for path in ["sqlite:/var/lib/rotunda/", "= \"/var/lib/rotunda-keys/", "= \"/var/lib/rotunda/"] {
        assert!(shipped.contains(path), "{path}");
    }
}

#[test]
fn the_unit_gives_the_server_two_folders_and_time_to_finish() {
    let unit = page("packaging/systemd/rotunda.service");
    let set: BTreeMap<&str, &str> =
        unit.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('=')).collect();
    for (key, wanted) in [
        ("Type", "notify"),
        ("User", "rotunda"),
        ("ExecStart", "/usr/bin/rotunda --config /etc/rotunda/rotunda.toml --data /var/lib/rotunda serve"),
        ("StateDirectory", "rotunda rotunda-keys"),
        ("StateDirectoryMode", "0700"),
        ("UMask", "0077"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("PrivateDevices", "yes"),
        ("PrivateUsers", "yes"),
        ("ProtectKernelTunables", "yes"),
        ("ProtectKernelModules", "yes"),
        ("ProtectControlGroups", "yes"),
        ("CapabilityBoundingSet", ""),
        ("NoNewPrivileges", "yes"),
        ("RestrictNamespaces", "yes"),
        ("MemoryDenyWriteExecute", "yes"),
        ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"),
        ("LimitCORE", "0"),
        ("WantedBy", "multi-user.target"),
    ] {
        assert_eq!(set.get(key), Some(&wanted), "{key}");
    }
    assert!(unit.contains("\nSystemCallFilter=@system-service\nSystemCallFilter=~@privileged "), "{unit}");
    assert!(seconds(set["TimeoutStopSec"]) > stop());
    // As many as it serves, and those that it keeps for its stores.
    // The most that `[store] connections` can be are among them.
    assert!(set["LimitNOFILE"].parse::<usize>().unwrap() >= MOST_CONNECTIONS + 128 + 1_000);
    // It says that it lives twice as often.
    assert!(seconds(set["WatchdogSec"]) >= 10);
    let users = page("packaging/systemd/rotunda.sysusers");
    assert!(users.lines().any(|line| line.starts_with("u rotunda ")), "{users}");
}

#[test]
fn the_socket_is_where_the_packages_configuration_listens() {
    let socket = page("packaging/systemd/rotunda.socket");
    let set: BTreeMap<&str, &str> = socket
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .collect();
    let shipped: toml::Table = toml::from_str(&page("packaging/debian/rotunda.toml")).unwrap();
    assert_eq!(Some(set["ListenStream"]), shipped["server"]["listen"].as_str());
    assert_eq!((set["Accept"], set["WantedBy"]), ("no", "sockets.target"));
}

/// Both, as systemd reads them: with the binary of this test in the place of the one that the package brings.
#[test]
fn systemd_reads_the_units_and_finds_them_hardened() {
    let place = Place::new("");
    let units: Vec<PathBuf> = ["rotunda.service", "rotunda.socket"]
        .into_iter()
        .map(|name| {
            let unit = page(&format!("packaging/systemd/{name}"));
            let path = place.path(name);
            std::fs::write(
                &path,
                unit.replace("/usr/bin/rotunda ", concat!(env!("CARGO_BIN_EXE_rotunda"), " ")),
            )
            .unwrap();
            path
        })
        .collect();
    let asked = |arguments: &[&str], units: &[PathBuf]| {
        let Output { status, stdout, stderr } =
            Command::new("systemd-analyze").args(arguments).args(units).output().unwrap();
        (status.success(), text(&stdout) + &text(&stderr))
    };
    // What it has to say of others' units is theirs.
    let (_, said) = asked(&["verify", "--man=no"], &units);
    let of_ours: Vec<&str> = said.lines().filter(|line| line.contains("rotunda")).collect();
    assert!(of_ours.is_empty(), "{of_ours:#?}");

    let (_, version) = asked(&["--version"], &[]);
    let version = version.split_whitespace().nth(1).and_then(|number| number.parse().ok());
    if version.is_none_or(|version: u32| version < 250) {
        eprintln!("not run: this systemd judges only what is installed");
        return;
    }
    let (is_well, said) = asked(&["security", "--offline=true", "--threshold=13"], &units[..1]);
    assert!(is_well && said.contains("Overall exposure level for rotunda.service"), "{said}");
}

/// The files of the package: where they are in the repository, where they come to lie, and with what mode.
fn assets(deb: &toml::Value) -> Vec<(PathBuf, String, String)> {
    let here = root().join("crates/cli");
    let mut found = Vec::new();
    for asset in deb["assets"].as_array().unwrap() {
        let [source, target, mode] = [0_usize, 1, 2].map(|place| asset[place].as_str().unwrap());
        assert!(target.ends_with('/'), "{target} is a folder");
        let (folder, name) = source.rsplit_once('/').unwrap();
        let names = match name.split_once('*') {
            None => vec![name.to_owned()],
            Some((begins, ends)) => names(&here.join(folder), begins, ends),
        };
        assert!(!names.is_empty(), "{source}");
        for name in names {
            let path = here.join(folder).join(&name);
            // cargo-deb puts the binary there.
            assert!(source == "target/release/rotunda" || path.is_file(), "{source}");
            found.push((path, format!("{target}{name}"), mode.to_owned()));
        }
    }
    found
}

/// The files of a folder that are called so; no folders, as with cargo-deb.
fn names(folder: &Path, begins: &str, ends: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.path().is_file());
    let names = files.map(|entry| entry.file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(begins) && name.ends_with(ends)).collect()
}

fn deb() -> toml::Value {
    let manifest: toml::Table = toml::from_str(&page("crates/cli/Cargo.toml")).unwrap();
    manifest["package"]["metadata"]["deb"].clone()
}

#[test]
fn the_package_holds_what_is_there_and_starts_nothing() {
    let deb = deb();
    let workspace: toml::Table = toml::from_str(&page("Cargo.toml")).unwrap();
    assert!(workspace["profile"].get(deb["profile"].as_str().unwrap()).is_some());
    let here = root().join("crates/cli");
    let assets = assets(&deb);
    let kept: Vec<_> = assets.iter().filter(|(_, target, _)| target.starts_with("etc/")).collect();
    let [(source, target, mode)] = &kept[..] else { panic!("{kept:?}") };
    assert!(source.ends_with("packaging/debian/rotunda.toml"), "{source:?}");
    assert_eq!((&**target, &**mode), ("etc/rotunda/rotunda.toml", "640"));
    let targets: BTreeSet<&str> = assets.iter().map(|(_, target, _)| target.as_str()).collect();
    assert_eq!(targets.len(), assets.len(), "no file takes another's place");
    for wanted in [
        "usr/bin/rotunda",
        "usr/share/man/man1/rotunda.1",
        "usr/share/rotunda/prometheus/rotunda.rules.yml",
        "usr/share/rotunda/grafana/rotunda.json",
        "usr/share/doc/rotunda/docs/reference/rotunda.toml",
        "usr/share/doc/rotunda/LICENSE-APACHE",
    ] {
        assert!(targets.contains(wanted), "{wanted}");
    }
    let units = &deb["systemd-units"];
    assert_eq!((units["enable"].as_bool(), units["start"].as_bool()), (Some(false), Some(false)));
    let folder = here.join(units["unit-scripts"].as_str().unwrap());
    // cargo-deb finds them by these names.
    for unit in ["rotunda.service", "rotunda.socket", "rotunda.sysusers"] {
        assert!(folder.join(unit).is_file(), "{unit}");
    }
    let script = here.join(deb["maintainer-scripts"].as_str().unwrap()).join("postinst");
    let script = std::fs::read_to_string(script).unwrap();
    assert!(script.starts_with("#!/bin/sh\n") && script.contains("\n#DEBHELPER#\n"), "{script}");
    let needed: Vec<&str> =
        deb["depends"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert!(needed.contains(&"$auto") && needed.contains(&"ca-certificates"), "{needed:?}");
}

/// They lie as in the repository, so that a link between two of them leads where it leads here.
#[test]
fn the_documents_of_the_package_lead_to_each_other() {
    let all = assets(&deb());
    let documents: BTreeMap<PathBuf, &str> = all
        .iter()
        .filter_map(|(source, target, _)| {
            Some((source.canonicalize().ok()?, target.strip_prefix(DOCUMENTS)?))
        })
        .collect();
    let mut followed = 0;
    for (source, target) in &documents {
        assert_eq!(source.strip_prefix(root()).unwrap(), Path::new(target));
        if source.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        for link in links(&std::fs::read_to_string(source).unwrap()) {
            let path = link.split('#').next().unwrap();
            if path.is_empty() || link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let there = source.parent().unwrap().join(path).canonicalize().unwrap();
            let within = there.strip_prefix(root()).unwrap();
            // What is no document is in the sources.
            if within.starts_with("docs") || within.parent() == Some(Path::new("")) {
                assert!(
                    there.is_dir() || documents.contains_key(&there),
                    "{target}: {link} is not in the package"
                );
                followed += 1;
            }
        }
    }
    assert!(followed > 200, "only {followed} links were followed: is this test still looking?");
    // What the units and the configuration name.
    let targets: BTreeSet<&str> = all.iter().map(|(_, target, _)| target.as_str()).collect();
    let mut named = 0;
    for file in ["systemd/rotunda.service", "systemd/rotunda.socket", "debian/rotunda.toml", "man/rotunda.1"]
    {
        let file = page(&format!("packaging/{file}"));
        for path in file.split(|c: char| c.is_whitespace() || "=;,".contains(c)) {
            let path = path.trim_start_matches("file://").trim_end_matches('.');
            let Some(path) = path.strip_prefix("/usr/share/") else { continue };
            let is_there = |target: &&str| {
                let rest = target.strip_prefix("usr/share/").and_then(|target| target.strip_prefix(path));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            assert!(targets.iter().any(is_there), "/usr/share/{path} is not in the package");
            named += 1;
        }
    }
    assert!(named > 5, "{named}");
}

#[test]
fn the_man_page_has_every_command_and_no_other() {
    let page = page("packaging/man/rotunda.1");
    let (_, commands) = page.split_once("\n.SH COMMANDS\n").unwrap();
    let (commands, _) = commands.split_once("\n.SH ").unwrap();
    let told: BTreeSet<String> = commands
        .split("\n.TP\n")
        .skip(1)
        .map(|part| part.lines().next().unwrap().strip_prefix(".B ").unwrap().replace("\\-", "-"))
        .collect();
    let help = text(&rotunda().arg("--help").output().unwrap().stdout);
    let (_, listed) = help.split_once("Commands:\n").unwrap();
    let (listed, options) = listed.split_once("\n\nOptions:\n").unwrap();
    let names = listed.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let there: BTreeSet<String> =
        names.filter(|name| !["", "help"].contains(name)).map(str::to_owned).collect();
    assert!(there.len() > 15, "{there:?}");
    assert_eq!(told, there);
    let (options, _) = options.split_once("\n\n").unwrap();
    let options = options.split_whitespace().filter(|word| word.starts_with("--"));
    for option in options {
        assert!(page.contains(&option.replace('-', "\\-")), "{option}");
    }
}
