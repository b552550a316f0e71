//! The backups that the server takes by itself.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::support::Place;

/// Waits until the log says this.
async fn says(place: &Place, text: &str) {
    for _ in 0..400 {
        if place.read("server.log").contains(text) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{text:?} is not in\n{}", place.read("server.log"));
}

fn names(place: &Place) -> Vec<String> {
    let entries = std::fs::read_dir(place.path("backups")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_server_takes_one_when_it_is_due_and_keeps_so_many() {
    let place = Place::new("[backup]\nfolder = \"backups\"\nkeep = 2\n");
    std::fs::create_dir(place.path("backups")).unwrap();
    std::fs::set_permissions(place.path("backups"), Permissions::from_mode(0o700)).unwrap();
    for name in ["rotunda-20200101T000000Z.db", "rotunda-20200102T000000Z.db", "of-somebody-else.db"] {
        std::fs::write(place.path("backups").join(name), "").unwrap();
    }
    let server = place.serve();
    says(&place, "a backup was taken, and is whole").await;
    for _ in 0..200 {
        if names(&place).len() == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let held = names(&place);
    assert_eq!(held.len(), 3, "{held:?}");
    assert_eq!((held[0].as_str(), held[1].as_str()), ("of-somebody-else.db", "rotunda-20200102T000000Z.db"));
    assert_eq!(server.stop(), Some(0));
    let newest = format!("backups/{}", held[2]);
    let told = place.json(&["restore", &newest, "--yes"], "");
    assert_eq!(told["users"], 0, "{told}");
}

#[tokio::test]
async fn a_backup_that_cannot_be_taken_is_an_error_in_the_log_and_the_server_serves() {
    let place = Place::new("[backup]\nfolder = \"backups\"\n");
    std::fs::write(place.path("backups"), "a file, where a folder should be").unwrap();
    let server = place.serve();
    says(&place, "a backup could not be taken; it will be tried again in ten minutes").await;
    let log = place.read("server.log");
    assert!(log.contains("ERROR") && log.contains("[backup] folder: backups"), "{log}");
    let ready = reqwest::get(format!("{}/readyz", server.url)).await.unwrap();
    assert_eq!(ready.status(), 200);
}

#[tokio::test]
async fn a_folder_that_others_may_write_to_is_refused() {
    let place = Place::new("[backup]\nfolder = \"backups\"\n");
    std::fs::create_dir(place.path("backups")).unwrap();
    std::fs::set_permissions(place.path("backups"), Permissions::from_mode(0o777)).unwrap();
    let server = place.serve();
    says(&place, "others may write to it").await;
    assert_eq!(names(&place), [""; 0]);
    assert_eq!(server.stop(), Some(0));
}
