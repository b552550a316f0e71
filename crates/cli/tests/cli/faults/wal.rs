//! A log whose end is torn: what a power cut leaves on a disk that did not keep its word.

use std::path::{Path, PathBuf};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::{DATA, Disk, QUICK, Shaken, generation, nobody_was_called_a_thief};
use crate::support::{Answer, Place, register};

const SESSIONS: usize = 12;
/// So many of them are refreshed one after the other, so that it is known where in the log each rotation stands.
const ONE_BY_ONE: usize = 6;
/// So many of those stand before the damage.
const BEFORE: usize = 3;

/// Bytes before each page in the log, and the page.
const FRAME: u64 = 24 + 4096;

/// What happens to the log behind a place in it.
type Tear = fn(&Path, u64);

const TEARS: [(&str, Tear); 3] = [
    ("cut in the middle of a frame", |wal, at| open(wal).set_len(at + FRAME / 3).unwrap()),
    ("a byte flipped in a page", |wal, at| flip(wal, at + 24 + 100)),
    ("a byte flipped in the head of a frame", |wal, at| flip(wal, at + 5)),
];

#[tokio::test]
async fn a_torn_log_loses_only_what_is_torn_and_nobody_is_called_a_thief() {
    for (what, tear) in TEARS {
        let place = Place::new(&format!("[refresh]\nwindow = \"0s\"\n{QUICK}"));
        let disk = Disk::under(&place, "server");
        let server = Shaken::start(&place, &disk);
        register(&server.client, &server.url, "ada@example.com").await;
        let mut sessions = Vec::new();
        for _ in 0..SESSIONS {
            sessions.push(server.login().await.session());
        }
        let at = one_by_one(&server, &place, &mut sessions).await;
        let newcomer = server.login().await.session();
        killed_in_the_middle_of_load(server, &mut sessions).await;
        let log = wal(&place);
        assert_eq!(
            salts(&log).windows(2).filter(|pair| pair[0] != pair[1]).count(),
            0,
            "the log never began anew"
        );
        tear(&log, at);

        let server = Shaken::start(&place, &disk);
        for session in &sessions[..BEFORE] {
            let next = server.refresh(session, "after-the-crash").await.session();
            assert_eq!(generation(&next), generation(session) + 1, "{what}");
        }
        for _ in 0..2 {
            for session in &sessions[BEFORE..] {
                server.refresh(session, "after-the-crash").await.is_refused("token_unknown");
            }
        }
        let hint = "`rotunda store accept-ahead --for 24h` keeps its users signed in";
        assert!(place.read("server.log").contains(hint), "{what}: {}", place.read("server.log"));
        place.json(&["store", "accept-ahead", "--for", "1h"], "");
        let mut lost = 0;
        for session in &sessions[BEFORE..] {
            let next = server.refresh(session, "after-the-crash").await.session();
            assert_eq!(generation(&next), generation(session) + 1, "{what}: it goes on from its token");
            assert_eq!(server.me(&next).await, 200);
            lost += 1;
        }
        // A session whose beginning was torn has no row to go on from.
        server.refresh(&newcomer, "k").await.is_refused("session_ended");
        nobody_was_called_a_thief(&place);
        println!(
            "{what}: {BEFORE} sessions before it go on, {lost} are ahead and go on when the operator says so"
        );
    }
}

/// Refreshes some sessions one after the other; answers where the log ended after the last one that is to survive.
async fn one_by_one(server: &Shaken, place: &Place, sessions: &mut [Answer]) -> u64 {
    let mut at = 0;
    for (number, session) in sessions[..ONE_BY_ONE].iter_mut().enumerate() {
        *session = server.refresh(session, "one-by-one").await.session();
        if number + 1 == BEFORE {
            at = std::fs::metadata(wal(place)).unwrap().len();
        }
    }
    assert!(at < std::fs::metadata(wal(place)).unwrap().len(), "the others stand behind it");
    at
}

/// Refreshes the other sessions without a pause and kills the server in between. Each client keeps the last session that
/// it was answered.
async fn killed_in_the_middle_of_load(server: Shaken, sessions: &mut [Answer]) {
    let (acknowledged, mut acknowledgements) = mpsc::unbounded_channel();
    let mut clients = JoinSet::new();
    for (number, session) in sessions.iter().enumerate().skip(ONE_BY_ONE) {
        let (line, mut session, acknowledged) = (server.line.clone(), session.clone(), acknowledged.clone());
        clients.spawn(async move {
            while let Ok(heard) = line.try_refresh(&session, "under-load").await {
                session = heard.session();
                acknowledged.send(number).unwrap();
            }
            (number, session)
        });
    }
    let mut counts = [0; SESSIONS];
    while counts[ONE_BY_ONE..].iter().any(|count| *count < 3) {
        counts[acknowledgements.recv().await.unwrap()] += 1;
    }
    server.kill();
    for (number, session) in clients.join_all().await {
        sessions[number] = session;
    }
}

fn wal(place: &Place) -> PathBuf {
    place.path(DATA).join("rotunda.db-wal")
}

/// What ties each frame to its log: it changes when the log begins anew.
fn salts(wal: &Path) -> Vec<[u8; 8]> {
    let bytes = std::fs::read(wal).unwrap();
    bytes[32..].chunks_exact(FRAME as usize).map(|frame| frame[8..16].try_into().unwrap()).collect()
}

fn open(path: &Path) -> std::fs::File {
    std::fs::File::options().read(true).write(true).open(path).unwrap()
}

fn flip(path: &Path, at: u64) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at as usize] ^= 0x10;
    std::fs::write(path, bytes).unwrap();
}
