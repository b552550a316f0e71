//! A lock that does not go away: another process in the middle of its commit, on a disk that hangs.

use std::io::Write;
use std::process::Stdio;

use super::{Disk, QUICK, Shaken, generation, nobody_was_called_a_thief};
use crate::support::{PASSWORD, Place, register};

#[tokio::test]
async fn while_another_process_holds_the_lock_refreshes_wait_then_say_503_and_reads_go_on() {
    let place = Place::new(QUICK);
    let disk = Disk::under(&place, "server");
    let server = Shaken::start(&place, &disk);
    let session = register(&server.client, &server.url, "ada@example.com").await;
    let other = server.login().await.session();

    // An operator's command: a real transaction of a real other process, which hangs with SQLite's write lock held.
    let slow = Disk::under(&place, "operator");
    slow.fails("fsync HANG");
    let mut command = place.command(&["user", "add", "bob@example.com"]);
    let command = slow.carry(&mut command).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut operator = command.spawn().unwrap();
    writeln!(operator.stdin.take().unwrap(), "{PASSWORD}").unwrap();
    while slow.faults() == 0 {
        assert!(operator.try_wait().unwrap().is_none(), "it hangs rather than ends");
        tokio::task::yield_now().await;
    }

    let (first, second, me, logout) = tokio::join!(
        server.refresh(&session, "the-one-key"),
        server.refresh(&other, "another-key"),
        server.me(&session),
        server.logout(&other),
    );
    [first, second, logout].iter().for_each(super::Heard::is_not_now);
    assert_eq!(me, 200, "reads wait for no lock");
    server.becomes(503).await;
    assert_eq!((server.me(&session).await, server.me(&other).await), (200, 200), "nobody was signed out");

    slow.is_well();
    assert!(operator.wait().unwrap().success(), "the operator's command ends well");
    let next = server.refresh(&session, "the-one-key").await.session();
    assert_eq!(generation(&next), 1, "what was answered 503 was not done");
    assert_eq!(server.refresh(&other, "another-key").await.status, 200);
    server.becomes(200).await;
    println!("locked: 503 after the wait, reads 200; the lock gone: 200 with the same token");
    nobody_was_called_a_thief(&place);
}
