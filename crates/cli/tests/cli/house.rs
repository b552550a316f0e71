//! The house itself: the arrows between crates, and documents that name only what is there.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every crate that `package` is built from, itself included.
fn tree(package: &str) -> Vec<String> {
    tree_with(package, "")
}

/// The same with a feature.
fn tree_with(package: &str, feature: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--package",
            package,
            "--features",
            feature,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
            "--locked",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).unwrap();
    let mut names: Vec<String> =
        names.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn the_arrows_point_down_only() {
    // Which of our own crates each may be built from.
    let allowed = [
        ("rotunda-token", &[][..]),
        ("rotunda-core", &["rotunda-token"]),
        ("rotunda-store-sqlite", &["rotunda-core", "rotunda-token"]),
        ("rotunda-store-postgres", &["rotunda-core", "rotunda-token"]),
        ("rotunda-store-redis", &["rotunda-core", "rotunda-token"]),
        ("rotunda-outside", &["rotunda-core", "rotunda-token"]),
        ("rotunda-mail", &["rotunda-core", "rotunda-token"]),
        ("rotunda-server", &["rotunda-core", "rotunda-token"]),
        ("rotunda-otel", &["rotunda-core", "rotunda-server", "rotunda-token"]),
    ];
    for (package, below) in allowed {
        for name in tree(package).iter().filter(|name| name.starts_with("rotunda") && *name != package) {
            assert!(below.contains(&name.as_str()), "{package} is built from {name}");
        }
    }
    let all = tree("rotunda");
    for store in ["rotunda-store-sqlite", "rotunda-store-postgres", "rotunda-store-redis"] {
        assert!(all.contains(&store.to_owned()), "the tree is read at all");
    }
    for for_tests in ["rotunda-testkit", "rotunda-grounds", "rotunda-proof", "rotunda-torture"] {
        assert!(!all.contains(&for_tests.to_owned()), "the binary is built from {for_tests}");
    }
}

#[test]
fn the_rules_know_no_runtime_database_http_or_clock() {
    let outside = [
        "tokio",
        "async-std",
        "mio",
        "hyper",
        "http",
        "axum",
        "reqwest",
        "rusqlite",
        "tokio-postgres",
        "redis",
        "argon2",
        "bcrypt",
        "scrypt",
        "getrandom",
        "rand",
        "tracing",
        "chrono",
        "jiff",
        "time",
    ];
    for package in ["rotunda-core", "rotunda-token"] {
        for name in tree(package) {
            assert!(!outside.contains(&name.as_str()), "{package} is built from {name}");
        }
    }
    assert!(!tree("rotunda-server").iter().any(|name| {
        ["rusqlite", "tokio-postgres", "redis", "argon2", "bcrypt", "scrypt"].contains(&name.as_str())
    }));
}

#[test]
fn one_crypto_provider_is_linked() {
    for names in [tree("rotunda"), tree_with("rotunda", "opentelemetry")] {
        assert!(names.contains(&"aws-lc-rs".to_owned()));
        for other in ["ring", "openssl", "openssl-sys", "native-tls"] {
            assert!(!names.contains(&other.to_owned()), "{other}");
        }
    }
}

#[test]
fn who_wants_no_traces_builds_nothing_for_them() {
    let (plain, traced) = (tree("rotunda"), tree_with("rotunda", "opentelemetry"));
    let more: Vec<&str> = traced.iter().filter(|name| !plain.contains(name)).map(String::as_str).collect();
    assert!(more.contains(&"rotunda-otel") && more.contains(&"prost"), "{more:?}");
    assert!(more.len() <= 5, "the feature has grown: {more:?}");
}

/// What stands between backticks and looks like a path.
fn paths_in(markdown: &str) -> Vec<String> {
    let spans = markdown.split('`').skip(1).step_by(2);
    let is_path = |span: &&str| {
        ["bench/", "crates/", "docs/", "packaging/", "scripts/"].iter().any(|top| span.starts_with(top))
            && !span.contains(['*', '{', ' ', '…'])
            && !span.chars().any(|c| c.is_ascii_uppercase() && span.contains("VERB"))
    };
    spans.filter(is_path).map(|span| span.trim_end_matches('/').to_owned()).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "most of them are a list")]
fn documents_name_only_paths_that_exist() {
    let (mut found, mut functions) = (0, 0);
    let decisions =
        std::fs::read_dir(root().join("docs/decisions")).unwrap().map(|entry| entry.unwrap().path());
    let pages = [
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "README.md",
        "bench/peers/README.md",
        "docs/reference/performance.md",
        "docs/guide/README.md",
        "docs/guide/accounts.md",
        "docs/guide/acting.md",
        "docs/guide/admin-api.md",
        "docs/guide/browsers.md",
        "docs/guide/comparisons.md",
        "docs/guide/concepts.md",
        "docs/guide/configuration.md",
        "docs/guide/console.md",
        "docs/guide/doctor.md",
        "docs/guide/embedding.md",
        "docs/guide/from-the-tutorials.md",
        "docs/guide/gateways.md",
        "docs/guide/install.md",
        "docs/guide/mobile.md",
        "docs/guide/moving.md",
        "docs/guide/operating.md",
        "docs/guide/passwords.md",
        "docs/guide/roles.md",
        "docs/guide/rotation.md",
        "docs/guide/scaling.md",
        "docs/guide/server-rendered.md",
        "docs/guide/serverless.md",
        "docs/guide/services.md",
        "docs/guide/start.md",
        "docs/guide/threat-model.md",
        "docs/guide/upgrading.md",
        "docs/guide/verify/README.md",
        "docs/guide/webhooks.md",
        "docs/reference/asvs.md",
        "docs/reference/audit.md",
        "docs/reference/metrics.md",
        "docs/reference/configuration.md",
        "docs/reference/proof.md",
        "docs/reference/stores.md",
        "packaging/README.md",
    ];
    for page in pages.into_iter().map(|page| root().join(page)).chain(decisions) {
        for path in paths_in(&std::fs::read_to_string(&page).unwrap()) {
            let (path, function) = path.split_once("::").map_or((&*path, None), |(p, f)| (p, Some(f)));
            assert!(root().join(path).exists(), "{} names {path}, which is not there", page.display());
            if let Some(function) = function {
                let code = std::fs::read_to_string(root().join(path)).unwrap();
                let there = code.contains(&format!("fn {function}("));
                assert!(there, "{} names {function} in {path}, which is not there", page.display());
                functions += 1;
            }
            found += 1;
        }
    }
    assert!(found > 20, "only {found} paths were found: is this test still looking?");
    assert!(functions > 15, "only {functions} functions were found");
}

#[test]
fn the_way_of_a_refresh_is_found_by_listing_file_names() {
    for path in [
        "crates/server/src/session/refresh.rs",
        "crates/core/src/refresh/mod.rs",
        "crates/core/src/refresh/decide.rs",
        "crates/core/src/refresh/token.rs",
        "crates/store-sqlite/src/refresh.rs",
        "crates/store-postgres/src/refresh.rs",
        "crates/store-redis/src/refresh.rs",
    ] {
        assert!(root().join(path).is_file(), "{path}");
    }
}

#[test]
fn each_long_part_is_known_to_what_reads_its_figures() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let (long, figures) = (read("scripts/long"), read("scripts/figures"));
    let between = |text: &str, before: &str, after: &str| {
        let (_, rest) = text.split_once(before).unwrap();
        rest.split_once(after).unwrap().0.to_owned()
    };
    let quoted = |text: &str| text.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let parts = between(&long, "|| parts=(", ")");
    let parts: Vec<&str> = parts.split(' ').collect();
    assert!(parts.len() > 9, "{parts:?}");
    assert_eq!(quoted(&between(&figures, "PARTS = [", "]")), parts);
    let readers = between(&figures, "READ = {\n", "\n}");
    let readers: Vec<String> = readers.lines().flat_map(|line| quoted(line).into_iter().take(1)).collect();
    assert_eq!(readers, parts);
}
