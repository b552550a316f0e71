//! `[backup]`, tried.

use super::super::BackupSettings;
use super::*;

#[test]
fn backups_are_taken_where_a_folder_is_named_and_nowhere_else() {
    let of = |text: &str| good(text).settings.store.backup;
    assert_eq!(of(""), None);
    let folder = Path::new("/var/backups/rotunda").to_owned();
    let named = "[backup]\nfolder = \"/var/backups/rotunda\"\n";
    assert_eq!(of(named), Some(BackupSettings { folder: folder.clone(), every: hours(24), keep: 7 }));
    let all = format!("{named}every = \"6h\"\nkeep = 30\n");
    assert_eq!(of(&all), Some(BackupSettings { folder, every: hours(6), keep: 30 }));
}

#[test]
fn backups_that_cannot_be_are_refused() {
    let named = "[backup]\nfolder = \"b\"\n";
    for (text, refused) in [
        (
            "[backup]\nevery = \"6h\"\n".to_owned(),
            "rotunda.toml:2: [backup] every: is of no use without folder",
        ),
        ("[backup]\nkeep = 3\n".to_owned(), "rotunda.toml:2: [backup] keep: is of no use without folder"),
        (
            format!("{named}every = \"5m\"\n"),
            "rotunda.toml:3: [backup] every: \"5m\" is not from \"10m\" to \"30d\"",
        ),
        (format!("{named}keep = 0\n"), "0 is not a whole number from 1 to 1000"),
        ("[backup]\nfolder = \"\"\n".to_owned(), "rotunda.toml:2: [backup] folder: is empty"),
        (
            format!("{named}[store]\nurl = \"postgres://db/rotunda\"\n"),
            "rotunda.toml:2: [backup] folder: is for the file of SQLite",
        ),
    ] {
        assert!(bad(&text).contains(refused), "{text}: {}", bad(&text));
    }
}
