//! What docs/guide/scaling.md tells people to write into files is what the programs read.

use std::process::Command;

use rotunda_grounds::{Postgres, Redis};

use crate::support::Place;
use crate::walk::{blocks, page};

fn of(kind: &str) -> Vec<String> {
    let found = blocks(&page("docs/guide/scaling.md"), &format!("```{kind}"));
    assert!(!found.is_empty(), "the page has no {kind} any more");
    found
}

#[test]
fn the_configurations_of_the_servers_are_read() {
    let found = of("toml rotunda");
    assert_eq!(found.len(), 2);
    for block in found {
        let place = Place::new("");
        let (store, sessions) = (place.path("store-url"), place.path("sessions-url"));
        std::fs::write(
            &store,
            "postgres://rotunda:hunter2hunter2@db1.internal,db2.internal/rotunda?sslmode=require\n",
        )
        .unwrap();
        std::fs::write(&sessions, "redis+cluster://:hunter2hunter2@one.internal:6379,two.internal:6379\n")
            .unwrap();
        let own = block
            .replace("/etc/rotunda/store-url", store.to_str().unwrap())
            .replace("/etc/rotunda/sessions-url", sessions.to_str().unwrap());
        let file = place.path("scaling.toml");
        std::fs::write(&file, own).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_rotunda"))
            .arg("--config")
            .arg(&file)
            .args(["config", "check"])
            .env_clear()
            .output()
            .unwrap();
        let (told, complaints) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{block}\n{complaints}");
        assert!(told.starts_with("the configuration is good"), "{told}");
        assert!(!told.contains("hunter2") && !complaints.contains("hunter2"), "{told}{complaints}");
    }
}

#[test]
fn postgresql_takes_its_settings() {
    let [block] = &of("ini postgresql")[..] else { panic!("more than one block") };
    let settings: Vec<(&str, &str)> = block.lines().map(|line| line.split_once(" = ").unwrap()).collect();
    let builder = Postgres::builder();
    let postgres = settings.iter().fold(builder, |it, (name, value)| it.setting(name, value)).start();
    for (name, value) in settings {
        let told =
            postgres.sql(&format!("SELECT setting <> boot_val FROM pg_settings WHERE name = '{name}'"));
        assert_eq!(told.trim(), "t", "{name} = {value} is PostgreSQL's own default, or no setting");
    }
    assert_eq!(postgres.sql("SHOW checkpoint_timeout").trim(), "15min");
}

#[test]
fn redis_takes_its_settings() {
    let [block] = &of("ini redis")[..] else { panic!("more than one block") };
    let redis = block.lines().fold(Redis::builder(), |it, line| it.line(line)).start();
    for line in block.lines() {
        let (name, value) = line.split_once(' ').unwrap();
        let told = redis.cli(&["CONFIG", "GET", name]);
        let value = value.replace("4gb", &(4_u64 << 30).to_string());
        assert_eq!(told.split_whitespace().collect::<Vec<_>>(), [name, &value]);
    }
}

#[test]
fn haproxy_takes_its_configuration() {
    let [block] = &of("haproxy")[..] else { panic!("more than one block") };
    let place = Place::new("");
    let file = place.path("haproxy.cfg");
    std::fs::write(&file, block).unwrap();
    let output = Command::new("/usr/sbin/haproxy").arg("-c").arg("-f").arg(&file).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !told.contains("[WARNING]"), "{told}");
}
