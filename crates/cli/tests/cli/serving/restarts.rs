//! Restarts under load: not one request fails. Callers try nothing twice (`caller.rs`); what a proxy does, it does by itself.

use std::net::TcpListener;

use rotunda_grounds::Haproxy;

use super::caller::{Caller, Load};
use super::{serve_handed, until};
use crate::support::{Place, Server, free_port};

const ROUNDS: u32 = 2;
const MANY_ROUNDS: u32 = 100;
const CALLERS: u32 = 6;
const UNLIMITED: &str = "[limits]\nenabled = false\n[server]\ntrusted_proxies = [\"127.0.0.1\"]\n";

/// As the guide has it (`scaling.md`).
const CHECKED: &str = "check inter 1s fall 2";

async fn stopped(server: Server) {
    let ended = tokio::task::spawn_blocking(move || server.stop());
    assert_eq!(ended.await.unwrap(), Some(0), "told to stop, it stops in good order");
}

/// What came of it: nothing has failed.
fn whole(what: &str, rounds: u32, load: Load) {
    let (asked, failed) = load.end();
    println!("{what}: {rounds} restarts, {asked} requests, {} failed", failed.len());
    assert!(
        failed.is_empty(),
        "{what}: {} of {asked} failed: {:#?}",
        failed.len(),
        &failed[..failed.len().min(5)]
    );
}

/// One server after the other on a socket that stays; with a proxy before it, or without.
async fn on_one_socket(rounds: u32, with_proxy: bool) {
    let place = Place::new(UNLIMITED);
    let listener = TcpListener::bind(("127.0.0.1", place.port)).unwrap();
    let proxy = with_proxy.then(|| Haproxy::start(&[place.port]));
    let host = format!("localhost:{}", place.port);
    let mut server = serve_handed(&place, &listener);
    let at = proxy.as_ref().map_or(place.port, Haproxy::port);
    let load = Load::start(at, &host, CALLERS);
    for _ in 0..rounds {
        load.go_on(30).await;
        stopped(server).await;
        server = serve_handed(&place, &listener);
    }
    load.go_on(30).await;
    whole(
        if with_proxy { "a handed-over socket behind HAProxy" } else { "a handed-over socket" },
        rounds,
        load,
    );
}

/// Two servers on one database, each with its own port; they are replaced in turn.
async fn in_turn(rounds: u32) {
    let place = Place::new(UNLIMITED);
    let ports = [free_port(), free_port()];
    let serve = |port: u16| place.serve_at(port, "server.log");
    let mut servers = ports.map(serve).map(Some);
    let proxy = Haproxy::sending(&ports, CHECKED);
    let load = Load::start(proxy.port(), &format!("localhost:{}", place.port), CALLERS);
    for round in 0..rounds {
        let turn = usize::try_from(round % 2).unwrap();
        load.go_on(30).await;
        stopped(servers[turn].take().unwrap()).await;
        load.go_on(30).await;
        servers[turn] = Some(serve(ports[turn]));
        until("the proxy to choose it again", async || {
            let stats = reqwest::get(proxy.stats_url()).await.unwrap().text().await.unwrap();
            Haproxy::is_up(&stats, ports[turn])
        })
        .await;
    }
    load.go_on(30).await;
    whole("two servers behind HAProxy, in turn", rounds, load);
}

#[tokio::test]
async fn told_to_stop_it_is_not_ready_but_for_the_next_server_on_its_socket() {
    for (is_handed_over, ready) in [(false, 503), (true, 200)] {
        let place = Place::new(UNLIMITED);
        let listener = TcpListener::bind(("127.0.0.1", place.port)).unwrap();
        let server = if is_handed_over {
            serve_handed(&place, &listener)
        } else {
            drop(listener);
            place.serve()
        };
        let host = format!("localhost:{}", place.port);
        let [mut kept, mut asks] = [(); 2].map(|()| Caller::new(place.port, &host));
        // A proxy keeps this one: so the server goes on for a few seconds.
        assert_eq!(kept.get("/readyz").unwrap().0, 200);
        server.signal("TERM");
        until("the stop", async || place.read("server.log").contains("stopping")).await;
        let mut answer = |path| asks.get(path).unwrap().0;
        assert_eq!(["/readyz", "/healthz"].map(&mut answer), [ready, 200], "handed over: {is_handed_over}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_on_a_socket_that_was_handed_over_loses_no_request() {
    on_one_socket(ROUNDS, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_on_such_a_socket_behind_haproxy_loses_no_request() {
    on_one_socket(ROUNDS, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_replaced_in_turn_behind_haproxy_lose_no_request() {
    in_turn(ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: three hundred restarts take minutes; scripts/long bench"]
async fn a_hundred_restarts_lose_no_request() {
    on_one_socket(MANY_ROUNDS, false).await;
    on_one_socket(MANY_ROUNDS, true).await;
    in_turn(MANY_ROUNDS).await;
}
