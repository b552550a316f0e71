//! PostgreSQL.

use std::process::Command;

use rotunda_grounds::{Postgres, one_postgres, postgres};

use crate::{is_there, until};

#[test]
fn starts_answers_and_is_gone_with_its_folder() {
    let postgres = Postgres::start();
    assert_eq!(postgres.sql("SELECT current_database(), current_user"), "rotunda|rotunda");
    assert_eq!(postgres.sql("SHOW synchronous_commit"), "on");
    let (pid, folder) = (postgres.pid().unwrap(), postgres.folder().to_owned());
    drop(postgres);
    assert!(!is_there(pid) && !folder.exists());
}

#[test]
fn keeps_what_it_has_over_a_restart_and_a_kill() {
    let postgres = Postgres::start();
    postgres.sql("CREATE TABLE kept AS SELECT 1 AS n");
    let first = postgres.pid().unwrap();
    postgres.restart();
    postgres.sql("INSERT INTO kept VALUES (2)");
    let second = postgres.pid().unwrap();
    postgres.kill();
    assert_eq!(postgres.pid(), None);
    assert!(!is_there(first) && !is_there(second));
    postgres.start_again();
    assert_eq!(postgres.sql("SELECT count(*) FROM kept"), "2");
    assert!(postgres.log().contains("not properly shut down"), "it was not killed:\n{}", postgres.log());
}

#[test]
fn a_kill_takes_the_children_along() {
    let postgres = Postgres::start();
    let backend: u32 =
        postgres.sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'").parse().unwrap();
    postgres.kill();
    assert!(!is_there(backend));
}

#[test]
fn a_paused_server_is_silent_until_it_is_resumed() {
    let postgres = Postgres::start();
    postgres.pause();
    let asks = || {
        let mut ready = Command::new(postgres::binary("pg_isready"));
        ready.args(["-t", "1", "-h", "127.0.0.1", "-p", &postgres.port().to_string()]);
        ready.output().unwrap().status.code()
    };
    assert_eq!(asks(), Some(2), "no answer");
    postgres.resume();
    assert!(until(|| asks() == Some(0)));
    drop(postgres);

    let paused = Postgres::start();
    let (pid, folder) = (paused.pid().unwrap(), paused.folder().to_owned());
    paused.pause();
    drop(paused);
    assert!(!is_there(pid) && !folder.exists(), "a paused server ends, too");
}

#[test]
fn each_database_is_one_of_its_own() {
    let one = one_postgres();
    let (here, there) = (one.database("here"), one.database("there"));
    assert!(here.ends_with("/here") && there.ends_with("/there"), "{here} {there}");
    one.sql_in("here", "CREATE TABLE t (n int)");
    let count = "SELECT count(*) FROM pg_tables WHERE tablename = 't'";
    assert_eq!((one.sql_in("here", count).as_str(), one.sql_in("there", count).as_str()), ("1", "0"));
}

#[test]
fn the_password_counts() {
    let url = one_postgres().url().replacen("grounds-", "other-", 1);
    let output =
        Command::new(postgres::binary("psql")).args(["-d", &url, "-c", "SELECT 1"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("password authentication failed"), "{said}");
}

#[test]
fn a_replica_follows_and_takes_over() {
    let primary = Postgres::start();
    let replica = primary.synchronous_replica();
    primary.sql("CREATE TABLE kept AS SELECT 1 AS n");
    assert!(until(|| replica.is_caught_up()));
    assert_eq!(replica.sql("SELECT pg_is_in_recovery(), count(*) FROM kept"), "t|1");
    primary.kill();
    replica.promote();
    replica.sql("INSERT INTO kept VALUES (2)");
    assert_eq!(replica.sql("SELECT pg_is_in_recovery(), count(*) FROM kept"), "f|2");
}

#[test]
fn a_primary_that_was_stopped_comes_back_as_a_standby() {
    let first = Postgres::start();
    let second = first.synchronous_replica();
    first.stop();
    second.promote();
    first.follow(&second);
    second.sql("CREATE TABLE kept AS SELECT 1 AS n");
    assert!(until(|| first.sql("SELECT count(*) FROM pg_tables WHERE tablename = 'kept'") == "1"));
    assert_eq!(first.sql("SELECT pg_is_in_recovery()"), "t");
}

#[test]
fn a_commit_waits_for_a_synchronous_replica() {
    let primary = Postgres::start();
    let replica = primary.synchronous_replica();
    replica.pause();
    let psql = Command::new(postgres::binary("psql"))
        .args(["-d", &primary.url(), "-c", "CREATE TABLE t (n int)"])
        .spawn();
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    assert!(until(|| primary.sql(waiting) == "1"), "nobody waits");
    replica.resume();
    assert!(psql.unwrap().wait().unwrap().success());
    assert!(until(|| replica.sql("SELECT count(*) FROM pg_tables WHERE tablename = 't'") == "1"));
}

#[test]
fn settings_are_taken() {
    let postgres = Postgres::builder().durable(true).setting("log_min_duration_statement", "0").start();
    assert_eq!(postgres.sql("SHOW fsync"), "on");
    assert!(postgres.log().contains("SHOW fsync"));
}
