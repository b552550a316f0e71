//! A disk whose `fsync` fails, whose writes fail, that is full, or read-only: by injection, so that it always runs.

use tokio::task::JoinSet;

use super::{DATA, Disk, Heard, QUICK, Shaken, generation, nobody_was_called_a_thief};
use crate::support::{Answer, Place, register};

/// What a disk does: the orders, as `disk.c` reads them.
const FAULTS: [(&str, &str); 5] = [
    ("fsync fails", "fsync EIO"),
    ("writes fail", "write EIO"),
    ("the disk is full", "write ENOSPC"),
    ("the file system turned read-only", "write EROFS\nfsync EROFS\nopen EROFS"),
    ("everything fails", "write EIO\nfsync EIO\nopen EIO"),
];

#[tokio::test]
async fn no_token_while_the_disk_fails_and_the_same_request_goes_through_when_it_is_well() {
    let place = Place::new(QUICK);
    let disk = Disk::under(&place, "server");
    let server = Shaken::start(&place, &disk);
    register(&server.client, &server.url, "ada@example.com").await;
    for (what, orders) in FAULTS {
        let before = disk.faults();
        let staying = server.login().await.session();
        let leaving = server.login().await.session();
        let mut many = Vec::new();
        for _ in 0..6 {
            many.push(server.login().await.session());
        }
        disk.fails(orders);
        for _ in 0..3 {
            server.refresh(&staying, "the-one-key").await.is_not_now();
            server.login().await.is_not_now();
            server.logout(&leaving).await.is_not_now();
            server.becomes(503).await;
            assert_eq!(server.me(&staying).await, 200, "{what}: reads go on");
            assert_eq!(server.me(&leaving).await, 200, "{what}: not signed out, as it was told");
        }
        all_at_once(&server, &many, |heard| heard.is_not_now()).await;
        let met = disk.faults() - before;
        assert!(met > 0, "{what}: nothing failed, so nothing was shown");

        disk.is_well();
        let next = server.refresh(&staying, "the-one-key").await.session();
        assert_eq!(generation(&next), 1, "{what}: what was answered 503 was not done");
        assert_ne!(next.text("/refresh_token"), staying.text("/refresh_token"));
        assert_eq!(server.me(&next).await, 200, "{what}");
        let again = server.refresh(&staying, "the-one-key").await.session();
        assert_eq!(again.text("/refresh_token"), next.text("/refresh_token"), "{what}: one successor");
        assert_eq!(server.logout(&leaving).await.status, 204, "{what}");
        server.refresh(&leaving, "k").await.is_refused("session_ended");
        all_at_once(&server, &many, |heard| assert_eq!(heard.status, 200, "{heard:?}")).await;
        server.login().await.session();
        server.becomes(200).await;
        println!("{what}: {met} calls failed, 18 answers of 503; then all went through without a restart");
    }
    nobody_was_called_a_thief(&place);
}

/// So that they share a transaction, and its fate.
async fn all_at_once(server: &Shaken, sessions: &[Answer], check: impl Fn(&Heard)) {
    let mut attempts = JoinSet::new();
    for session in sessions {
        let (server, session) = (server.line.clone(), session.clone());
        attempts.spawn(async move { server.refresh(&session, "the-key-of-many").await });
    }
    attempts.join_all().await.iter().for_each(check);
}

#[tokio::test]
async fn killed_right_after_the_fault_what_was_answered_is_there_and_nobody_is_signed_out() {
    for (what, orders) in FAULTS {
        let place = Place::new(QUICK);
        let disk = Disk::under(&place, "server");
        let server = Shaken::start(&place, &disk);
        register(&server.client, &server.url, "ada@example.com").await;
        let [moved, asking, leaving] = [(); 3].map(|()| server.login());
        let (moved, asking, leaving) =
            (moved.await.session(), asking.await.session(), leaving.await.session());
        let moved_on = server.refresh(&moved, "the-first-key").await.session();
        disk.fails(orders);
        server.login().await.is_not_now();
        server.logout(&leaving).await.is_not_now();
        // Each group of writes takes the place of the one that failed before it in the log, so only the last may come
        // alive after a crash. It is this one: the client that asks again gets its successor, whichever way it went.
        server.refresh(&asking, "the-one-key").await.is_not_now();
        server.kill();

        disk.is_well();
        let server = Shaken::start(&place, &disk);
        let kept = server.refresh(&moved_on, "the-second-key").await.session();
        assert!(generation(&kept) >= 1, "{what}: the rotation that was answered is there");
        let next = server.refresh(&asking, "the-one-key").await.session();
        assert_eq!(generation(&next), 1, "{what}");
        assert_eq!(server.refresh(&leaving, "k").await.status, 200, "{what}: it was not told that it ended");
        let listed = place.json(&["session", "list", "ada@example.com"], "");
        let sessions = listed.as_array().unwrap().len();
        println!("{what}: after kill -9 {sessions} sessions; 4 were answered");
        assert_eq!(sessions, 4, "{what}: the login that was answered 503 is not there");
        nobody_was_called_a_thief(&place);
    }
}

/// A rotation whose `fsync` failed may still stand in the system's memory. Until it is on the disk it is not done, and
/// its token is not given out: not by the next process either.
#[tokio::test]
async fn a_restart_on_a_disk_that_still_fails_gives_out_no_token_that_is_not_durable() {
    let place = Place::new(QUICK);
    let disk = Disk::under(&place, "server");
    let server = Shaken::start(&place, &disk);
    let session = register(&server.client, &server.url, "ada@example.com").await;
    disk.fails("fsync EIO");
    server.refresh(&session, "the-one-key").await.is_not_now();
    server.kill();

    match Shaken::try_start(&place, &disk) {
        Ok(server) => {
            let heard = server.refresh(&session, "the-one-key").await;
            panic!("it started, and answered {heard:?}");
        }
        Err((code, said)) => {
            println!("with fsync still failing, the start says: {said}");
            assert_eq!(code, Some(1));
            assert!(said.contains(DATA) && said.contains("disk I/O error"), "{said}");
        }
    }

    disk.is_well();
    let server = Shaken::start(&place, &disk);
    assert_eq!(generation(&server.refresh(&session, "the-one-key").await.session()), 1);
    server.login().await.session();
}

/// When its last connection closes, SQLite forgets where the log ended, and reads it anew: with what failed at its end.
#[tokio::test]
async fn when_every_connection_was_lost_what_failed_does_not_come_alive() {
    let place = Place::new(QUICK);
    let disk = Disk::under(&place, "server");
    let server = Shaken::start(&place, &disk);
    let session = register(&server.client, &server.url, "ada@example.com").await;
    let mut last = session.clone();
    // So many that the last one's row is on another page.
    for _ in 0..20 {
        last = server.login().await.session();
    }
    disk.fails("fsync EIO");
    server.refresh(&session, "the-one-key").await.is_not_now();
    disk.fails("fsync EIO\nread EIO");
    let mut rounds = 0;
    while rounds < 20 && files_open(server.pid(), "rotunda.db") > 0 {
        let mut asked = JoinSet::new();
        for _ in 0..16 {
            let (line, last) = (server.line.clone(), last.clone());
            asked.spawn(async move { line.me(&last).await });
        }
        assert!(asked.join_all().await.iter().all(|status| [200, 503].contains(status)));
        rounds += 1;
    }
    assert_eq!(server.me(&last).await, 503, "the disk cannot be read");
    disk.fails("fsync EIO");
    server.refresh(&session, "the-one-key").await.is_not_now();
    assert_eq!(server.me(&session).await, 200);
    disk.is_well();
    assert_eq!(generation(&server.refresh(&session, "the-one-key").await.session()), 1);
    println!("{} calls failed; the rotation that was not durable stayed unseen", disk.faults());
    nobody_was_called_a_thief(&place);
}

/// How often a process has a file of this name open.
fn files_open(pid: u32, name: &str) -> usize {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    open.filter(|fd| std::fs::read_link(fd.as_ref().unwrap().path()).is_ok_and(|path| path.ends_with(name)))
        .count()
}
