//! The yardstick is honest: durable before it answers, one successor for each token, and tokens like Rotunda's.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it breaks")]

mod floor;

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::sync::mpsc::channel;
use std::thread;

use aws_lc_rs::digest::{SHA256, digest};
use base64ct::{Base64UrlUnpadded, Encoding};
use rotunda_token::{Claims, KeySet, Verifier};
use rusqlite::Connection;
use serde_json::Value;

use floor::{Answer, Floor, Visitor};

/// As many as the measurement has.
const CLIENTS: usize = 64;

#[test]
fn each_token_is_good_once() {
    let folder = tempfile::tempdir().unwrap();
    let floor = Floor::start(folder.path());
    let mut visitor = floor.visitor();
    let first = visitor.login();
    let second = visitor.refresh(&first).token();
    assert_ne!(first, second);
    for refused in [&*first, "", "x", &"A".repeat(64), &second[1..], &format!("{second}A")] {
        let Answer { status, cookie, body } = visitor.refresh(refused);
        assert_eq!((status, cookie, &*body), (401, None, ""), "{refused:?}");
    }
    assert_eq!(visitor.ask("POST /refresh", None).unwrap().status, 401, "no cookie");

    // The secret of one session does not open another one.
    let other = visitor.login();
    let (id, _) = parts(&second);
    let (_, secret) = parts(&other);
    let mixed = Base64UrlUnpadded::encode_string(&[id, secret].concat());
    assert_eq!(visitor.refresh(&mixed).status, 401);

    let answer = visitor.refresh(&second);
    let body: BTreeMap<String, Value> = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body.keys().collect::<Vec<_>>(), ["access_token", "expires_in"]);
    assert_eq!(body["expires_in"], 900);
    let set = answer.cookie.clone().unwrap();
    let third = answer.token();
    assert_eq!(set, format!("floor_refresh={third}; HttpOnly; SameSite=Strict; Path=/refresh"));

    drop(floor);
    let database = Connection::open(folder.path().join("floor.db")).unwrap();
    let mut generations = database.prepare("SELECT generation FROM session ORDER BY generation").unwrap();
    let generations = generations.query_map([], |row| row.get(0)).unwrap();
    assert_eq!(generations.collect::<Result<Vec<u32>, _>>().unwrap(), [0, 2], "one row a session");
}

#[test]
fn of_many_who_bring_one_token_one_gets_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let floor = Floor::start(folder.path());
    let token = floor.visitor().login();
    let mut answers = at_once(visitors(&floor), |mut visitor| visitor.refresh(&token));
    answers.sort_by_key(|answer| answer.status);
    let (one, others) = answers.split_first().unwrap();
    assert_eq!(one.status, 200);
    assert!(others.iter().all(|answer| answer.status == 401));
    assert_eq!(floor.visitor().refresh(&one.token()).status, 200);
}

#[test]
fn sessions_rotate_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let floor = Floor::start(folder.path());
    let started = visitors(&floor).into_iter().map(|mut visitor| (visitor.login(), visitor)).collect();
    let tokens = at_once(started, |(mut token, mut visitor)| {
        for _ in 0..20 {
            token = visitor.refresh(&token).token();
        }
        token
    });
    let mut visitor = floor.visitor();
    for token in tokens {
        visitor.refresh(&token).token();
    }
}

#[test]
fn an_access_token_says_what_ours_say() {
    let folder = tempfile::tempdir().unwrap();
    let floor = Floor::start(folder.path());
    let mut visitor = floor.visitor();
    let verifier = verifier(&mut visitor);
    let login = visitor.ask("POST /login", None).unwrap();
    let answers = [login.access_token(), visitor.refresh(&login.token()).access_token()];
    let [first, second] = answers.map(|token| {
        let claims = verifier.verify(&token, now() * 1000).unwrap();
        let payload = Base64UrlUnpadded::decode_vec(token.split('.').nth(1).unwrap()).unwrap();
        assert_eq!(String::from_utf8(payload).unwrap(), serde_json::to_string(&claims).unwrap());
        claims
    });
    let Claims { iat, auth_time, .. } = second;
    assert!((0..60).contains(&(now() - iat)) && Some(iat) >= auth_time && second.exp == iat + 900);
    assert_eq!([&*second.sub, second.sid.as_deref().unwrap()].map(str::len), [36, 36]);
    assert_eq!((second.amr.join(" "), second.ep), ("pwd".to_owned(), Some(0)));
    assert_ne!(first.jti, second.jti);
    let (exp, jti) = (first.exp, first.jti.clone());
    assert_eq!(first, Claims { exp, iat: first.iat, jti, ..second }, "one session");
}

/// Whoever has an answer finds its token in the database, by another connection.
#[test]
fn an_answer_comes_after_its_commit() {
    let folder = tempfile::tempdir().unwrap();
    let floor = Floor::start(folder.path());
    let database = Connection::open(folder.path().join("floor.db")).unwrap();
    let mut hash = database.prepare("SELECT hash FROM session WHERE id = ?1").unwrap();
    let mut visitor = floor.visitor();
    let mut token = visitor.login();
    for turn in 0..500 {
        token = visitor.refresh(&token).token();
        let (id, secret) = parts(&token);
        let stored: Vec<u8> = hash.query_row([id], |row| row.get(0)).unwrap();
        assert!(stored == digest(&SHA256, &secret).as_ref(), "answer {turn} came before its commit");
    }
}

/// Sessions begin and rotate until the server is killed. Those that had no request under way then are as they were told:
/// of each, the last token is good and the one before is not.
#[test]
fn what_was_answered_outlives_a_kill() {
    const ENOUGH: usize = 200;
    let folder = tempfile::tempdir().unwrap();
    let floor = Floor::start(folder.path());
    let address = floor.address;
    let verifier = verifier(&mut floor.visitor());
    let (told, sessions) = channel();
    let busy: Vec<_> = (0..8)
        .map(|_| {
            let told = told.clone();
            thread::spawn(move || {
                let mut visitor = Visitor::to(address);
                while let Ok(session) = two_rotations(&mut visitor) {
                    told.send(session).unwrap();
                }
            })
        })
        .collect();
    drop(told);
    let mut before: Vec<_> = sessions.iter().take(ENOUGH).collect();
    drop(floor); // kill -9
    before.extend(sessions);
    for thread in busy {
        thread.join().unwrap();
    }

    let floor = Floor::start(folder.path());
    let mut visitor = floor.visitor();
    for (used, last) in before {
        assert_eq!(visitor.refresh(&used).status, 401, "a token that was used comes back");
        let next = visitor.refresh(&last.token());
        assert_eq!(next.status, 200, "a token that was answered is lost");
        for token in [last.access_token(), next.access_token()] {
            assert!(verifier.verify(&token, now() * 1000).is_ok(), "the key is another one");
        }
    }
}

/// Somebody else holds the database for longer than there is patience: nobody is signed out by that.
#[test]
fn what_cannot_be_written_is_not_answered() {
    let folder = tempfile::tempdir().unwrap();
    let floor = Floor::start(folder.path());
    let mut visitor = floor.visitor();
    let token = visitor.login();
    let somebody = Connection::open(folder.path().join("floor.db")).unwrap();
    somebody.execute_batch("BEGIN IMMEDIATE").unwrap();
    let Answer { status, cookie, body } = visitor.refresh(&token);
    assert_eq!((status, cookie, &*body), (503, None, ""));
    somebody.execute_batch("ROLLBACK").unwrap();
    visitor.refresh(&token).token();
}

/// A new session that has rotated twice: the token that is used up, and the last answer.
fn two_rotations(visitor: &mut Visitor) -> std::io::Result<(String, Answer)> {
    let login = visitor.ask("POST /login", None)?;
    let once = visitor.ask("POST /refresh", Some(&login.token()))?;
    let twice = visitor.ask("POST /refresh", Some(&once.token()))?;
    Ok((once.token(), twice))
}

fn visitors(floor: &Floor) -> Vec<Visitor> {
    (0..CLIENTS).map(|_| floor.visitor()).collect()
}

/// One thread for each client, all let go together; what each came back with.
fn at_once<C: Send, T: Send>(clients: Vec<C>, work: impl Fn(C) -> T + Sync) -> Vec<T> {
    let (work, together) = (&work, &Barrier::new(clients.len()));
    thread::scope(|scope| {
        let start = |client| {
            scope.spawn(move || {
                together.wait();
                work(client)
            })
        };
        let threads: Vec<_> = clients.into_iter().map(start).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// What a service has: the published keys.
fn verifier(visitor: &mut Visitor) -> Verifier {
    let jwks = visitor.ask("GET /jwks.json", None).unwrap();
    assert_eq!(jwks.status, 200);
    let keys = KeySet::from_jwks_json(jwks.body.as_bytes()).unwrap();
    let issuer = "http://localhost:8080".to_owned();
    Verifier::new(keys, issuer.clone(), vec![issuer])
}

/// The session id and the secret of a refresh token.
fn parts(token: &str) -> (Vec<u8>, Vec<u8>) {
    let mut id = Base64UrlUnpadded::decode_vec(token).unwrap();
    let secret = id.split_off(16);
    (id, secret)
}

#[expect(clippy::disallowed_methods, reason = "the server that is asked has the real clock")]
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}
