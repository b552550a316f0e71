//! What a service links when it links this crate.

use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn a_service_links_no_database_no_password_hashing_and_nothing_of_the_server() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "-p",
            "rotunda-verify",
            "-e",
            "normal",
            "--all-features",
            "--prefix",
            "none",
            "--format",
            "{lib}",
        ])
        .args(["--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let packages: BTreeSet<&str> = text.split_whitespace().collect();
    let ours: Vec<_> = packages.iter().filter(|name| name.starts_with("rotunda")).collect();
    assert_eq!(ours, [&"rotunda_token", &"rotunda_verify"]);
    for absent in [
        "argon2",
        "bcrypt",
        "scrypt",
        "rusqlite",
        "libsqlite3_sys",
        "lettre",
        "askama",
        "axum",
        "ring",
        "openssl",
        "native_tls",
    ] {
        assert!(!packages.contains(absent), "{absent}");
    }
    assert!(packages.contains("aws_lc_rs"));
    println!("{} packages", packages.len());
}
