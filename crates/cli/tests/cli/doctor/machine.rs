//! What is wrong on this machine: its clock, who may read the files, a damaged file.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::{Found, QUICK};
use crate::support::{Place, rotunda};

/// `rotunda doctor`, to whom it is earlier or later.
pub(super) fn with_clock(place: &Place, shift: &str) -> Command {
    with_clock_at(place, shift, &["doctor", "--json"])
}

/// A command whose clock is off by that.
pub(crate) fn with_clock_at(place: &Place, shift: &str, arguments: &[&str]) -> Command {
    let inner = place.command(arguments);
    let mut command = Command::new("faketime");
    command.args(["-f", shift]).arg(inner.get_program()).args(inner.get_args()).current_dir(place.dir.path());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

#[test]
fn a_clock_that_is_off_is_found() {
    let place = Place::new(QUICK);
    let _server = place.serve();
    Found::by_command(&place, with_clock(&place, "+10s")).only("clock", &["[refresh] window", "NTP"]);
    let found = Found::by_command(&place, with_clock(&place, "+4s"));
    found.has("warning", "clock", "seconds from this machine's: the window of a refresh");
    assert_eq!((found.code, found.of("bad")), (Some(0), Vec::new()), "{:#}", found.report);
}

pub(super) fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn files_and_folders_that_are_open_to_others_are_found() {
    let place = Place::new(QUICK);
    place.serve().kill();
    for (name, good, wrong, words) in [
        ("rotunda-data/rotunda.db", 0o600, 0o644, "may read addresses and hashes"),
        ("rotunda-data", 0o700, 0o777, "put other files in the place"),
        ("rotunda-data/mail", 0o700, 0o755, "may read the letters"),
    ] {
        let path = place.path(name);
        let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), good, "{name} as the server made it");
        set_mode(&path, wrong);
        let found = Found::by(&place);
        found.has("bad", "files", words);
        // What SQLite makes beside its file has the mode of that.
        let bad = found.of("bad");
        assert!(bad.iter().all(|it| it.starts_with("files ") && it.contains(name)), "{:#}", found.report);
        assert_eq!(found.code, Some(1));
        set_mode(&path, good);
    }
    set_mode(&place.path("rotunda-data"), 0o770);
    let found = Found::by(&place);
    found.has("warning", "files", "its group may put other files");
    assert_eq!(found.code, Some(0));
}

#[test]
fn a_password_that_everybody_may_read_is_found() {
    let place =
        Place::new(&format!("{QUICK}# url = \"postgres://rotunda:hunter2@db.example.com/rotunda\"\n"));
    place.serve().kill();
    let file = place.path("rotunda.toml");
    set_mode(&file, 0o640);
    Found::by(&place).is_good();
    set_mode(&file, 0o644);
    let found = Found::by(&place);
    found.has("warning", "files", "may read the password in it");
    assert_eq!(found.of("warning").len(), 1, "{:#}", found.report);
    assert!(!found.report.to_string().contains("hunter2"));
    let told = place.path("mail-url");
    std::fs::write(&told, "smtp://127.0.0.1:9").unwrap();
    set_mode(&told, 0o644);
    std::fs::write(
        &file,
        format!("{QUICK}[mail]\nurl_file = \"{}\"\nfrom = \"a@example.com\"\n", told.display()),
    )
    .unwrap();
    assert!(
        Found::by(&place).of("warning").iter().any(|it| it.starts_with("files ") && it.contains("mail-url"))
    );
}

#[test]
fn backups_that_are_not_taken_are_found() {
    let place = Place::new(QUICK);
    place.serve().kill();
    let (config, folder) = (format!("[backup]\nfolder = \"backups\"\n{QUICK}"), place.path("backups"));
    std::fs::write(place.path("rotunda.toml"), config).unwrap();
    Found::by(&place).has("warning", "backup", "not there yet");
    std::fs::create_dir(&folder).unwrap();
    set_mode(&folder, 0o700);
    Found::by(&place).has("warning", "backup", "there is no backup yet");
    Found::by_command(&place, with_clock(&place, "+26h")).only("backup", &["there is no backup yet"]);
    let now = Command::new("date").args(["--utc", "+rotunda-%Y%m%dT%H%M%SZ.db"]).output().unwrap();
    let newest = folder.join(String::from_utf8(now.stdout).unwrap().trim());
    std::fs::write(&newest, "").unwrap();
    Found::by(&place).only("backup", &["is no database", "see who else writes there"]);
    std::fs::write(&newest, "SQLite format 3\0").unwrap();
    let found = Found::by(&place);
    found.is_good();
    found.has("good", "backup", "and no other is due");
    let late = Found::by_command(&place, with_clock(&place, "+26h"));
    late.has("warning", "backup", "the next was due at");
    assert_eq!(late.code, Some(0), "{:#}", late.report);
    Found::by_command(&place, with_clock(&place, "+50h"))
        .only("backup", &["the next was due at", "a backup could not be taken"]);
    set_mode(&folder, 0o777);
    Found::by(&place).only("backup", &["others may write to it", "chmod go-w"]);
}

#[test]
fn a_damaged_database_is_found() {
    let place = Place::new(QUICK);
    place.serve().kill();
    let path = place.path("rotunda-data/rotunda.db");
    // A table of somebody else, so that nothing but a look through the whole file comes upon it.
    let script = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute('CREATE TABLE spoilt (text)'); db.commit(); \
                  print(db.execute(\"SELECT rootpage FROM sqlite_schema WHERE name = 'spoilt'\").fetchone()[0]); \
                  db.execute('PRAGMA wal_checkpoint(TRUNCATE)'); db.close()";
    let output = Command::new("python3").args(["-c", script]).arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page: usize = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    Found::by(&place).is_good();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[(page - 1) * 4096..page * 4096].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    Found::by(&place).only("database", &["the file is damaged", "put back a backup"]);
}

#[test]
fn a_file_that_is_not_there_is_not_said_to_be_good() {
    let place = tempfile::tempdir().unwrap();
    let said = || {
        let output = rotunda().current_dir(place.path()).arg("doctor").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let first = said();
    let line = first.lines().next().unwrap();
    assert!(line.ends_with("defaults and environment (there is no rotunda.toml in this folder)"), "{first}");
    std::fs::write(place.path().join("rotunda.toml"), QUICK).unwrap();
    let second = said();
    assert!(second.lines().next().unwrap().ends_with(" rotunda.toml"), "{second}");
}
