//! The folder: names, permissions, and that it does not grow for ever.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use rotunda_core::model::{Letter, LetterId, LetterKind};
use rotunda_core::outside::{MailFailure, Mailer};

use crate::support::{AT, files, folder, letter, link};

#[tokio::test]
async fn a_letter_is_a_file_for_its_owner_only() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("data/mail");
    folder(&path).send(&letter(LetterKind::ResetPassword), Some(&link())).await.unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let [file] = files(&path).try_into().unwrap();
    assert_eq!((mode(&path), mode(&file)), (0o700, 0o600));
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("20261121T150400.123Z-reset_password-") && name.ends_with(".eml"), "{name}");
}

#[tokio::test]
async fn what_a_crash_left_behind_is_in_nobodys_way() {
    let place = tempfile::tempdir().unwrap();
    let mail = folder(place.path());
    mail.send(&letter(LetterKind::Test), None).await.unwrap();
    let [file] = files(place.path()).try_into().unwrap();
    let draft = format!("{}.part", file.display());
    fs::rename(&file, &draft).unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o666)).unwrap();
    mail.send(&letter(LetterKind::Test), None).await.unwrap();
    assert_eq!(files(place.path()), std::slice::from_ref(&file));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn the_oldest_letters_go_and_other_files_stay() {
    let place = tempfile::tempdir().unwrap();
    let mail = folder(place.path());
    let at = |n: u64| AT.plus(Duration::from_secs(n));
    let numbered =
        |n: u64| Letter { id: LetterId::new(at(n), [7; 10]), at: at(n), ..letter(LetterKind::Test) };
    mail.send(&numbered(0), None).await.unwrap();
    let [first] = files(place.path()).try_into().unwrap();
    // The others, without a flush of the disk for each.
    let name = |n: u64| {
        let letter = numbered(n);
        let (minutes, seconds) = (4 + n / 60, n % 60);
        format!("20261121T15{minutes:02}{seconds:02}.123Z-test-{}.eml", letter.id)
    };
    assert_eq!(first.file_name().unwrap().to_str().unwrap(), name(0));
    for n in 1..1000 {
        fs::write(place.path().join(name(n)), "").unwrap();
    }
    for other in ["0-notes.txt", "0000.eml", "20261121T150400.123Z-test-mine.eml"] {
        fs::write(place.path().join(other), "").unwrap();
    }
    mail.send(&numbered(1000), None).await.unwrap();
    assert_eq!(files(place.path()).len(), 1000 + 3);
    assert!(!first.exists(), "the oldest has gone");
    assert!(place.path().join(name(1)).exists() && place.path().join(name(1000)).exists());
    assert!(place.path().join("20261121T150400.123Z-test-mine.eml").exists());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_is_told() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "").unwrap();
    let opened = rotunda_mail::Mail::folder(
        crate::support::house(),
        rotunda_mail::Templates::builtin().unwrap(),
        crate::support::clock(),
        &file,
    );
    let why = opened.map(drop).unwrap_err().to_string();
    assert!(why.contains("file, cannot be used"), "{why}");
    let gone = place.path().join("mail");
    let mail = folder(&gone);
    fs::remove_dir(&gone).unwrap();
    match mail.send(&letter(LetterKind::Test), None).await {
        Err(MailFailure::Later(why)) => assert!(why.contains("mail"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn processes_that_open_the_folder_at_once_are_in_nobodys_way() {
    let place = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..200).for_each(|_| drop(folder(place.path()))));
        }
    });
    assert_eq!(files(place.path()), Vec::<std::path::PathBuf>::new(), "nothing is left of the attempts");
}
