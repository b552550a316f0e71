//! The steps of the guide for PostgreSQL, with a loaded server.

use std::process::Command;
use std::sync::Arc;

use reqwest::Client;
use rotunda_grounds::one_postgres;
use rotunda_grounds::postgres::binary;

use super::{Load, QUICK, go_on, people};
use crate::support::Place;
use crate::walk::{blocks, page};

fn configured(url: &str) -> String {
    format!("[store]\nurl = {url:?}\nconnections = 4\n[keys]\nmaster_file = \"master.key\"\n{QUICK}")
}

/// Runs the block of the guide that begins with these words, where `$FROM` and `$TO` are the two databases.
fn follow_the_guide(place: &Place, begins: &str, from: &str, to: &str) {
    let steps = blocks(&page("docs/guide/operating.md"), "```sh postgres");
    let step = steps.iter().find(|step| step.starts_with(begins));
    let step = step.unwrap_or_else(|| panic!("the guide has no step that begins with {begins:?}"));
    let tools = binary("pg_dump").parent().unwrap().to_owned();
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_rotunda")).parent().unwrap().display().to_string();
    let mut shell = Command::new("sh");
    shell.args(["-eu", "-c", step]).current_dir(place.dir.path());
    shell.env("PATH", format!("{program}:{path}")).env("FROM", from).env("TO", to);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ROTUNDA_")) {
        shell.env_remove(name);
    }
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{step}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_of_postgresql_under_load_is_put_back_and_nobody_is_signed_out() {
    let (from, to) = (one_postgres().database("dumped"), one_postgres().database("put_back"));
    let place = Arc::new(Place::new(&configured(&from)));
    assert!(place.run(&["key", "master", "master.key"], "").status.success());
    let server = place.serve();
    let first = people(&Client::new(), &server.url, 4).await;
    let load = Load::begin(&server.url, first.clone());
    load.goes_on_for(20).await;
    let (dumping, urls) = (Arc::clone(&place), (from.clone(), to.clone()));
    let dump = move || follow_the_guide(&dumping, "pg_dump", &urls.0, &urls.1);
    tokio::task::spawn_blocking(dump).await.unwrap();
    load.goes_on_for(40).await;
    let held = load.end().await;
    server.kill();

    std::fs::write(place.path("rotunda.toml"), configured(&to)).unwrap();
    follow_the_guide(&place, "pg_restore", &from, &to);
    let server = place.serve();
    go_on(&place, &server.url, &first, held).await;
}
