//! A disk that is really full: a file system of a few megabytes, where the test may mount one.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{DATA, Disk, QUICK, Shaken, generation, nobody_was_called_a_thief};
use crate::support::{Place, register};

/// More refreshes than fit on what is left.
const BOUND: usize = 500;

#[tokio::test]
async fn a_really_full_disk_is_503_until_there_is_room_again() {
    let place = Place::new(&format!("[refresh]\nwindow = \"0s\"\n{QUICK}"));
    let Some(_mounted) = Mounted::at(place.path(DATA)) else {
        return println!("SKIPPED: no file system could be mounted here (not root?); the injection has run");
    };
    let disk = Disk::under(&place, "server");
    let server = Shaken::start(&place, &disk);
    register(&server.client, &server.url, "ada@example.com").await;
    let mut staying = server.login().await.session();
    let leaving = server.login().await.session();

    let filler = place.path(DATA).join("filler");
    let filled = fill(&filler);
    // What the log already has room for still goes through, and is durable.
    let mut through = 0;
    loop {
        let heard = server.refresh(&staying, "the-one-key").await;
        if heard.status == 503 {
            break;
        }
        staying = heard.session();
        through += 1;
        assert!(through < BOUND, "the disk never filled up");
    }
    for _ in 0..3 {
        server.refresh(&staying, "the-one-key").await.is_not_now();
        server.login().await.is_not_now();
        server.logout(&leaving).await.is_not_now();
        assert_eq!((server.me(&staying).await, server.me(&leaving).await), (200, 200));
    }
    // A backup goes to another disk, and is wanted above all now.
    place.json(&["backup", "backup.db"], "");
    println!("{filled} bytes filled it; {through} refreshes went through before the first 503");

    std::fs::remove_file(&filler).unwrap();
    let next = server.refresh(&staying, "the-one-key").await.session();
    assert_eq!(generation(&next), generation(&staying) + 1);
    assert_eq!(server.logout(&leaving).await.status, 204);
    fill(&filler);
    server.kill();
    std::fs::remove_file(&filler).unwrap();

    let server = Shaken::start(&place, &disk);
    let last = server.refresh(&next, "the-next-key").await.session();
    assert_eq!(generation(&last), generation(&next) + 1, "what was answered is there");
    server.refresh(&leaving, "k").await.is_refused("session_ended");
    nobody_was_called_a_thief(&place);
}

/// Writes until nothing more fits, and says how much that was.
fn fill(path: &Path) -> usize {
    let mut file = std::fs::File::create(path).unwrap();
    let mut written = 0;
    loop {
        match file.write(&[0; 4096]) {
            Ok(fits) => written += fits,
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::StorageFull, "{error}");
                return written;
            }
        }
    }
}

/// A file system of 4 MB in memory; gone when it goes out of scope.
struct Mounted(PathBuf);

impl Mounted {
    fn at(path: PathBuf) -> Option<Self> {
        std::fs::create_dir(&path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m,mode=700", "rotunda-test"]).arg(&path);
        mount.output().is_ok_and(|output| output.status.success()).then_some(Self(path))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
