//! What makes a release: scripts, notes, the list of what it is built from.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::{VERSION, root, text};
use crate::support::Place;

#[test]
fn scripts_are_scripts() {
    for (shell, script) in [
        ("bash", "packaging/release"),
        ("bash", "packaging/release-notes"),
        ("bash", "packaging/container/lay-root"),
        ("bash", "packaging/compose/make-secrets"),
        ("sh", "packaging/debian/postinst"),
    ] {
        let path = root().join(script);
        assert!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o111 != 0, "{script}");
        for checked in [Command::new(shell).arg("-n"), &mut Command::new("shellcheck")] {
            let output = checked.arg(&path).output().unwrap_or_else(|error| panic!("{checked:?}: {error}"));
            assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
        }
    }
}

#[test]
fn the_notes_of_a_release_are_its_part_of_the_changelog() {
    let place = Place::new("");
    let changelog = "# Changelog\n\n## Unreleased\n\n- Coming.\n\n## [1.1.0] - 2026-05-01\n\n### Added\n\n- One.\n\n\
                     ### Fixed\n\n- Two.\n\n## 1.0.0\n\n- Three.\n\n[1.1.0]: https://example.invalid/1.1.0\n";
    std::fs::write(place.path("CHANGELOG.md"), changelog).unwrap();
    let notes = |version: &str, file: Option<PathBuf>| {
        let mut command = Command::new(root().join("packaging/release-notes"));
        let Output { status, stdout, stderr } = command.arg(version).args(file).output().unwrap();
        (status.code(), text(&stdout) + &text(&stderr))
    };
    let file = || Some(place.path("CHANGELOG.md"));
    assert_eq!(notes("1.1.0", file()), (Some(0), "### Added\n\n- One.\n\n### Fixed\n\n- Two.\n".to_owned()));
    assert_eq!(notes("1.0.0", file()), (Some(0), "- Three.\n".to_owned()));
    assert_eq!(notes("Unreleased", file()), (Some(0), "- Coming.\n".to_owned()));
    let (code, told) = notes("1.1", file());
    assert!(code == Some(1) && told.ends_with("says nothing of 1.1\n"), "{told}");
    let own = ["Unreleased", VERSION].map(|version| notes(version, None).0);
    assert!(own.contains(&Some(0)), "our own changelog says nothing of what is to come");
}

/// A repository that has in it what a release is made of, a cargo that builds nothing, and the tools that one may have.
struct Sources {
    place: Place,
}

/// Hands out what was made before, and writes down what it was asked for.
const CARGO: &str = r#"#!/bin/sh
printf '%s\n' "$*" >>"$STAND_IN/asked"
case "$1" in
  auditable)
    mkdir -p "$CARGO_TARGET_DIR/somewhere/dist"
    cp "$STAND_IN/binary" "$CARGO_TARGET_DIR/somewhere/dist/rotunda"
    ;;
  cyclonedx) sed "s|HERE|$PWD|" "$STAND_IN/sbom.json" >crates/cli/sbom.json ;;
  deb) for folder; do :; done; echo package >"$folder/rotunda.deb" ;;
esac
"#;

impl Sources {
    fn new() -> Self {
        let place = Place::new("");
        let (top, tools) = (place.path("top"), place.path("tools"));
        std::fs::create_dir_all(top.join("crates/cli")).unwrap();
        std::fs::create_dir(&tools).unwrap();
        let mut copy = Command::new("cp");
        copy.arg("-R");
        for name in
            ["packaging", "docs", "README.md", "LICENSE-MIT", "LICENSE-APACHE", "Cargo.toml", ".gitignore"]
        {
            copy.arg(root().join(name));
        }
        assert!(copy.arg(&top).status().unwrap().success());
        std::fs::write(top.join("crates/cli/Cargo.toml"), "").unwrap();
        std::fs::write(top.join("CHANGELOG.md"), "# Changelog\n\n## Unreleased\n\n- Coming.\n").unwrap();
        std::fs::write(top.join("Cargo.lock"), lock()).unwrap();
        let sources = Self { place };
        sources.git(&["init", "--quiet"]);
        sources.git(&["add", "--all"]);
        sources.git(&["commit", "--quiet", "--message", "All of it"]);

        for (name, script) in [
            ("cargo", CARGO),
            ("cargo-auditable", ""),
            ("cargo-cyclonedx", ""),
            ("cargo-deb", ""),
            ("rustc", "#!/bin/sh\necho host: somewhere\n"),
        ] {
            std::fs::write(tools.join(name), script).unwrap();
            std::fs::set_permissions(tools.join(name), PermissionsExt::from_mode(0o755)).unwrap();
        }
        std::fs::write(tools.join("sbom.json"), sbom("abcd").to_string()).unwrap();
        carrying(&tools.join("binary"), &["rotunda", "serde"]);
        sources
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.arg("-C").arg(self.place.path("top"));
        for setting in ["user.name=Somebody", "user.email=somebody@example.com", "commit.gpgsign=false"] {
            git.args(["-c", setting]);
        }
        let output = git.args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }

    fn release(&self, arguments: &[&str]) -> Output {
        let tools = self.place.path("tools");
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
        let mut release = Command::new(self.place.path("top/packaging/release"));
        release.args(arguments).env("PATH", path).env("STAND_IN", &tools).env("CARGO_HOME", "/nowhere");
        release.output().unwrap()
    }
}

fn lock() -> String {
    format!(
        "version = 4\n\n[[package]]\nname = \"rotunda\"\nversion = \"{VERSION}\"\n\n[[package]]\nname = \"serde\"\n\
         version = \"1.0.1\"\nchecksum = \"abcd\"\n"
    )
}

/// A list as cargo-cyclonedx writes it.
fn sbom(serde: &str) -> Value {
    json!({
        "bomFormat": "CycloneDX",
        "metadata": {"component": {
            "name": "rotunda", "version": VERSION, "bom-ref": "path+file://HERE/crates/cli#rotunda",
        }},
        "components": [{
            "name": "serde", "version": "1.0.1", "hashes": [{"alg": "SHA-256", "content": serde}],
        }],
    })
}

/// A program that carries a list of crates, as cargo-auditable has it.
fn carrying(path: &Path, crates: &[&str]) {
    let version = |name: &str| if name == "rotunda" { VERSION } else { "1.0.1" };
    let packages: Vec<Value> =
        crates.iter().map(|name| json!({"name": name, "version": version(name)})).collect();
    let list = path.with_extension("list");
    std::fs::write(&list, json!({ "packages": packages }).to_string()).unwrap();
    let pack =
        "import sys, zlib; p = sys.argv[1]; d = open(p, 'rb').read(); open(p, 'wb').write(zlib.compress(d))";
    assert!(Command::new("python3").args(["-c", pack]).arg(&list).status().unwrap().success());
    let section = format!(".dep-v0={}", list.display());
    let mut add = Command::new("objcopy");
    add.args(["--add-section", &section, "/bin/true"]).arg(path);
    assert!(add.status().unwrap().success());
}

#[test]
fn a_release_is_what_was_committed_and_the_same_when_it_is_made_again() {
    let sources = Sources::new();
    let (refused, top) = (sources.release(&["--version", "9.9.9"]), sources.place.path("top"));
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));

    // A change that nobody has committed is told of, and is in nothing.
    std::fs::write(top.join("SECURITY.md"), "changed").unwrap();
    let made = sources.release(&["--version", "Unreleased"]);
    let told = text(&made.stderr);
    assert!(made.status.success() && told.starts_with("what is not committed is not in it\n"), "{told}");
    assert!(told.contains("built from 1 crates"), "{told}");
    let asked = std::fs::read_to_string(sources.place.path("tools/asked")).unwrap();
    let out = top.join("target/packaging/out");
    assert_eq!(
        asked.lines().collect::<Vec<_>>(),
        [
            "auditable build --locked --profile dist --package rotunda --target somewhere".to_owned(),
            "cyclonedx --manifest-path crates/cli/Cargo.toml --target somewhere --format json --override-filename sbom --quiet"
                .to_owned(),
            format!(
                "deb --no-build --no-strip --locked --package rotunda --target somewhere --profile dist --deb-version \
                 {VERSION}~unreleased-1 --output {}",
                out.display()
            ),
        ]
    );
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    assert_eq!(read("NOTES.md"), "- Coming.\n");
    let list = read("rotunda-Unreleased-somewhere.cdx.json");
    assert!(list.contains("path+file:///rotunda/crates/cli#rotunda"), "no path of this machine: {list}");
    let sums = read("SHA256SUMS");
    assert_eq!(sums.lines().count(), 4, "{sums}");
    let mut check = Command::new("sha256sum");
    check.args(["--check", "--quiet", "SHA256SUMS"]).current_dir(&out);
    assert!(check.status().unwrap().success());

    let archive = out.join("rotunda-Unreleased-somewhere.tar.gz");
    let listed = Command::new("tar").arg("--list").arg("--file").arg(archive).output().unwrap();
    let (listed, folder) = (text(&listed.stdout), "rotunda-Unreleased-somewhere/");
    let listed: Vec<&str> = listed.lines().filter_map(|line| line.strip_prefix(folder)).collect();
    for wanted in [
        "rotunda",
        "README.md",
        "etc/rotunda/rotunda.toml",
        "lib/systemd/system/rotunda.service",
        "lib/sysusers.d/rotunda.conf",
        "share/man/man1/rotunda.1",
        "share/rotunda/prometheus/rotunda.rules.yml",
        "share/rotunda/grafana/rotunda.json",
        "docs/guide/install.md",
        "docs/reference/rotunda.toml",
    ] {
        assert!(listed.contains(&wanted), "{wanted} is not in {listed:?}");
    }
    assert!(!listed.contains(&"SECURITY.md"), "it was not committed");

    let again = sources.release(&["--version", "Unreleased"]);
    assert!(again.status.success(), "{}", text(&again.stderr));
    assert_eq!(read("SHA256SUMS"), sums, "the same from the same commit");
}

#[test]
fn a_list_that_says_something_else_than_the_binary_or_the_lock_file_is_found() {
    let place = Place::new("");
    let (list, binary) = (place.path("list.json"), place.path("binary"));
    std::fs::write(place.path("Cargo.lock"), lock()).unwrap();
    let checked = |sbom: &Value, crates: &[&str]| {
        std::fs::write(&list, sbom.to_string()).unwrap();
        carrying(&binary, crates);
        let mut check = Command::new(root().join("packaging/check-sbom"));
        check.arg(&list).arg("--binary").arg(&binary).arg("--lock").arg(place.path("Cargo.lock"));
        let Output { status, stderr, .. } = check.output().unwrap();
        (status.code(), text(&stderr))
    };
    let (code, told) = checked(&sbom("abcd"), &["rotunda", "serde"]);
    assert_eq!(code, Some(0), "{told}");
    for (sbom, crates, wrong) in [
        (sbom("abce"), &["rotunda", "serde"][..], "serde 1.0.1 is another source than"),
        (sbom("abcd"), &["rotunda", "serde", "evil"], "it does not name them: evil 1.0.1"),
        (sbom("abcd"), &["rotunda"], "the binary is not built from them: serde 1.0.1"),
    ] {
        let (code, told) = checked(&sbom, crates);
        assert!(code == Some(1) && told.contains(wrong), "{told}");
    }
    let mut twice = sbom("abcd");
    let serde = twice["components"][0].clone();
    twice["components"].as_array_mut().unwrap().push(serde);
    let (code, told) = checked(&twice, &["rotunda", "serde"]);
    assert!(code == Some(1) && told.contains("names a crate twice"), "{told}");
    let check = root().join("packaging/check-sbom");
    let output = Command::new(check).arg(&list).args(["--binary", "/bin/true"]).output().unwrap();
    let told = text(&output.stderr);
    assert!(output.status.code() == Some(1) && told.contains("carries no list of its crates"), "{told}");
}
