//! Whatever becomes of the test process, its servers and their folders are gone.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use rotunda_grounds::{Postgres, Redis, one_postgres};

use crate::{is_there, until};

const SERVERS: usize = 3;

#[test]
fn a_killed_test_takes_its_servers_along() {
    let this = std::env::current_exe().unwrap();
    let mut test = Command::new(this)
        .args(["--exact", "ends::starts_servers_and_waits", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(test.stdout.take().unwrap());
    let mut servers = Vec::new();
    for line in output.lines() {
        let line = line.unwrap();
        if let [_, "server", pid, folder] = line.split(' ').collect::<Vec<_>>()[..] {
            servers.push((pid.parse::<u32>().unwrap(), folder.to_owned()));
        }
        if servers.len() == SERVERS {
            break;
        }
    }
    assert!(servers.iter().all(|(pid, folder)| is_there(*pid) && Path::new(folder).exists()), "{servers:?}");
    test.kill().unwrap();
    test.wait().unwrap();
    for (pid, folder) in servers {
        assert!(until(|| !is_there(pid) && !Path::new(&folder).exists()), "{pid} {folder}");
    }
}

/// The process that is killed above; not a test by itself.
#[test]
#[ignore = "another test runs it"]
fn starts_servers_and_waits() {
    let (postgres, paused, redis) = (one_postgres(), Postgres::start(), Redis::start());
    paused.pause();
    let servers =
        [(postgres.pid(), postgres.folder()), (paused.pid(), paused.folder()), (redis.pid(), redis.folder())];
    assert_eq!(servers.len(), SERVERS);
    for (pid, folder) in servers {
        println!("\na server {} {}", pid.unwrap(), folder.display());
    }
    // Until the other test is gone, whatever happens.
    let mut line = String::new();
    let _ = std::io::stdin().read_line(&mut line);
}
