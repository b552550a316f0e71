//! `rotunda serve`: listen, say where everything is, serve until told to stop, let requests finish.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use rotunda_core::Rotunda;
use rotunda_core::policy::Registration;
use rotunda_core::post::Undelivered;
use rotunda_server::serve::{MOST_CONNECTIONS, Options};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use crate::args::{Global, Serve};
use crate::commands::health::reachable;
use crate::commands::{client, role};
use crate::config::{LimitsStore, MailWay, MainStore, Settings, StoreSettings};
use crate::keep_backups::{Newest, keep_backups};
use crate::keep_certificate::certificate;
use crate::keep_chained::{chain_last, keep_chained};
use crate::keep_webhooks::keep_webhooks;
use crate::stores::IfNew;
use crate::systemd::{Supervisor, warn_if_elsewhere};
use crate::telemetry::{Metrics, Sources, Traces};
use crate::wiring::{IfBroken, Wired, load, web};
use crate::{log, output};

/// How long the janitor rests when there is nothing left to do.
const JANITOR_RESTS: Duration = Duration::from_secs(60);
/// How long it rests between two batches, so that refreshes come first.
const JANITOR_BREATHES: Duration = Duration::from_millis(50);

/// How often the letters are fetched that have been written meanwhile.
const POSTMAN_RESTS: Duration = Duration::from_secs(2);

/// How often it is asked whether the stores are there.
const WATCH_RESTS: Duration = Duration::from_secs(10);

/// How often the store is asked whether keys or clients have changed.
const SHELF_RESTS: Duration = Duration::from_secs(1);

/// How often figures for the console are added to the store, so that little is lost with a process that dies.
const FIGURES_REST: Duration = Duration::from_secs(10);

/// How long the last of them may take when the server stops.
const LAST_FIGURES: Duration = Duration::from_secs(3);

pub(crate) async fn serve(
    global: &Global,
    flags: &Serve,
    handed_over: Option<std::net::TcpListener>,
) -> anyhow::Result<ExitCode> {
    let loaded = load(global, flags)?;
    log::start(&loaded.settings);
    // The port first: of two servers that are started by mistake, the second stops before it touches anything.
    let (listener, options) = listen(handed_over, &loaded.settings).await?;
    let (tls, keep_certificate) = certificate(loaded.settings.tls.clone())?;
    let metrics = Metrics::listen(&loaded.settings.telemetry.metrics).await?;
    let traces = Traces::start(loaded.settings.telemetry.otlp.clone())?;
    let stop = stop_signal()?;
    let Wired { settings, rotunda, warnings, stores, pool } =
        Wired::wire(loaded, IfBroken::Stop, IfNew::Make).await?;
    let of_clients = told_if_known(client::warnings(&rotunda).await);
    for warning in warnings.into_iter().chain(of_clients) {
        tracing::warn!("{warning}");
    }
    let rotunda = Arc::new(rotunda);
    let web = web(&settings)?;
    let has_demo = web.is_loopback();
    let (router, watch) = rotunda_server::traced_router(Arc::clone(&rotunda), web, traces.spans());
    let are_there = Arc::new(AtomicBool::new(true));
    let backup = Newest::of(&settings.store);
    let sources = Sources::new(&rotunda, watch, stores, pool, &are_there, traces.counts(), backup.clone());
    let mut beside = beside(&rotunda, &settings, backup);
    beside.spawn(metrics.serve(sources.page()));
    beside.spawn(keep_watch(Arc::clone(&rotunda), are_there));
    beside.spawn(keep_certificate);
    let scribe = tokio::spawn(keep_chained(Arc::clone(&rotunda)));
    output::print(&banner(&settings, has_demo))?;
    let url = settings.public_url.as_str().trim_end_matches('/');
    output::print(&told_if_known(role::first_admin(&rotunda, url).await))?;
    let supervisor = Arc::new(Supervisor::of_environment());
    let alive = tokio::spawn(Arc::clone(&supervisor).keep_alive());
    supervisor.ready().await;
    let stop = async {
        stop.await;
        supervisor.stopping();
    };
    rotunda_server::serve::serve(listener, router, options.with_tls(tls), stop).await;
    beside.abort_all();
    flush_last(&rotunda).await;
    traces.finish().await;
    scribe.abort();
    chain_last(&rotunda).await;
    alive.abort();
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// A store that does not answer holds up no stop.
async fn flush_last(rotunda: &Rotunda) {
    match tokio::time::timeout(LAST_FIGURES, rotunda.flush_tallies()).await {
        Ok(Ok(())) => {}
        Ok(Err(failure)) => tracing::warn!(?failure, "the last figures for the console were lost"),
        Err(_) => tracing::warn!(
            "the last figures for the console were lost: the store takes longer than 3 seconds"
        ),
    }
}

/// What goes on beside the requests, until the server stops. All of it may be cut off: a letter that is under way is sent again after
/// the next start, if the mail server did not take it; a backup that is half done is a draft, which the next server removes.
fn beside(rotunda: &Arc<Rotunda>, settings: &Settings, backup: Option<Newest>) -> JoinSet<()> {
    let mut beside = JoinSet::new();
    beside.spawn(keep_tidy(Arc::clone(rotunda)));
    beside.spawn(keep_posting(Arc::clone(rotunda)));
    beside.spawn(keep_webhooks(Arc::clone(rotunda)));
    beside.spawn(keep_up(Arc::clone(rotunda)));
    beside.spawn(keep_count(Arc::clone(rotunda)));
    beside.spawn(keep_backups(settings.store.clone(), settings.master_file.clone(), backup));
    beside
}

/// What the operator is told at the start; nothing where the store went away a moment ago: it was there, and an outage ends no
/// server.
fn told_if_known<T: Default>(told: anyhow::Result<T>) -> T {
    told.unwrap_or_else(|error| {
        tracing::warn!(%error, "what there is to tell at the start could not be read; the server goes on");
        T::default()
    })
}

/// Where connections come in: what was handed over, or else the configured address.
async fn listen(
    handed_over: Option<std::net::TcpListener>,
    settings: &Settings,
) -> anyhow::Result<(TcpListener, Options)> {
    let is_handed_over = handed_over.is_some();
    let listen = settings.listen;
    let listener = match handed_over {
        Some(listener) => {
            let listener = TcpListener::from_std(listener).context("the socket that was handed over")?;
            warn_if_elsewhere(listen, listener.local_addr()?);
            listener
        }
        None => TcpListener::bind(listen).await.with_context(|| {
            format!("listening on {listen}; if another server uses this port, `--listen` chooses another one")
        })?,
    };
    let here = reachable(listen).ip();
    if settings.proxy_protocol && !settings.trusted_proxies.iter().any(|network| network.contains(&here)) {
        tracing::warn!(
            "`rotunda health` on this machine comes from {here}, which is not among [server] trusted_proxies: with \
             proxy_protocol it is not answered; name it there if health is asked so"
        );
    }
    let options = Options::default()
        .with_connections(connections(&settings.store))
        .with_proxies(settings.trusted_proxies.clone())
        .with_proxy_protocol(settings.proxy_protocol)
        .with_handed_over(is_handed_over);
    Ok((listener, options))
}

/// How many connections this process can bear: as many as it may have open files, less those that it needs itself.
fn connections(store: &StoreSettings) -> usize {
    // Files of SQLite, Redis, mail, webhooks, what the runtime has. PostgreSQL's connections are configured.
    const OURS: u64 = 128;
    let of_database = match &store.main {
        MainStore::Sqlite(_) => 0,
        MainStore::Postgres(postgres) => u64::try_from(postgres.connections).unwrap_or(u64::MAX),
    };
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // The soft limit is a relic of programs that cannot count further; the hard one is what the operator said.
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    let files = if raised { maximum } else { current };
    let most = files.map_or(MOST_CONNECTIONS, |n| {
        usize::try_from(n.saturating_sub(OURS.saturating_add(of_database))).unwrap_or(usize::MAX)
    });
    if most < MOST_CONNECTIONS {
        tracing::warn!(
            "this process may open few files, so it serves {} connections at once; see `ulimit -n`",
            most.max(1)
        );
    }
    most.max(1)
}

/// Done when the process is told to stop: SIGTERM from a supervisor, SIGINT from a terminal. Told a second time, it does
/// not wait for requests under way.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::warn!("told to stop a second time: requests under way are cut off");
            std::process::exit(1);
        });
    })
}

async fn keep_tidy(rotunda: Arc<Rotunda>) {
    loop {
        let rest = match rotunda.sweep().await {
            Ok(swept) if swept.is_full() => JANITOR_BREATHES,
            Ok(_) => JANITOR_RESTS,
            Err(failure) => {
                tracing::warn!(?failure, "the janitor could not do its round; it will come again");
                JANITOR_RESTS
            }
        };
        tokio::time::sleep(rest).await;
    }
}

/// Says when a store goes away and when it is back, once each. Of the requests that fail meanwhile, the log has fewer and fewer.
async fn keep_watch(rotunda: Arc<Rotunda>, are_there: Arc<AtomicBool>) {
    let mut away = false;
    loop {
        match rotunda.ready().await {
            Err(failure) if !away => {
                tracing::error!(?failure, "a store does not answer: requests are told 503 until it does");
                away = true;
            }
            Ok(()) if away => {
                tracing::warn!("the stores answer again");
                away = false;
            }
            Ok(()) | Err(_) => {}
        }
        are_there.store(!away, Ordering::Relaxed);
        tokio::time::sleep(WATCH_RESTS).await;
    }
}

async fn keep_posting(rotunda: Arc<Rotunda>) {
    let mut well = true;
    loop {
        match rotunda.deliver().await {
            Ok(delivered) => {
                well = true;
                for letter in &delivered.failed {
                    let Undelivered { id, kind, why, again_at } = letter;
                    match again_at {
                        Some(_) => {
                            tracing::warn!(%id, ?kind, %why, "a letter was not sent; it will be tried again")
                        }
                        None => tracing::error!(%id, ?kind, %why, "a letter will never be sent"),
                    }
                }
                if delivered.is_full {
                    continue;
                }
            }
            Err(failure) if well => {
                tracing::warn!(?failure, "the post could not go its round; it will come again");
                well = false;
            }
            Err(_) => {}
        }
        tokio::time::sleep(POSTMAN_RESTS).await;
    }
}

/// Keys and clients that another server, or a command, has changed are in use here a second later.
async fn keep_up(rotunda: Arc<Rotunda>) {
    let (mut well, mut told) = (true, Vec::new());
    loop {
        let looked = rotunda.look_at_shelf().await;
        let unopened = rotunda.unopened_keys();
        if unopened != told {
            for why in &unopened {
                tracing::error!(%why, "a signing key does not open here: what it signs cannot be verified");
            }
            told = unopened;
        }
        if let Err(failure) = &looked
            && well
        {
            tracing::warn!(
                ?failure,
                "keys and clients could not be looked at; those that are known stay in use"
            );
        }
        well = looked.is_ok();
        tokio::time::sleep(SHELF_RESTS).await;
    }
}

/// Adds up what happens, and counts now and then what is slow to count, for the console's front page.
async fn keep_count(rotunda: Arc<Rotunda>) {
    let mut well = true;
    loop {
        let counted = async {
            rotunda.flush_tallies().await?;
            rotunda.look_around().await
        };
        let counted = counted.await;
        if let Err(failure) = &counted
            && well
        {
            tracing::warn!(?failure, "figures for the console could not be counted; it will be tried again");
        }
        well = counted.is_ok();
        tokio::time::sleep(FIGURES_REST).await;
    }
}

/// What a newcomer sees: where it is, where its things are, what to try.
fn banner(settings: &Settings, has_demo: bool) -> String {
    let url = settings.public_url.as_str().trim_end_matches('/');
    let (stores, keys) = (stores(settings), settings.master_file.display());
    let mail = match &settings.mail.way {
        MailWay::Smtp(_) => "to the mail server of [mail] url".to_owned(),
        MailWay::Folder(folder) => format!("into {}; no mail server is configured", folder.display()),
    };
    let registration = match settings.policy.registration {
        Registration::Off => "off; add users with `rotunda user add ADDRESS`",
        Registration::Unverified => "open, addresses are not verified",
        Registration::Verified => "open, addresses are verified by a letter",
    };
    let try_this = match settings.policy.registration {
        Registration::Off => "rotunda user add ada@example.com".to_owned(),
        Registration::Unverified | Registration::Verified => format!(
            "curl {url}/auth/register -H 'Content-Type: application/json' \\\n\
             \x20   -d '{{\"email\":\"ada@example.com\",\"password\":\"correct horse battery\",\"client_id\":\"native\"}}'"
        ),
    };
    let demo = match has_demo {
        true => format!("{url}/demo   in a browser: watch tokens rotate, and a theft be found\n\x20 "),
        false => String::new(),
    };
    format!(
        "Rotunda {version} is ready at {url} (listening on {listen})\n\
         {stores}\
         \x20 mail          {mail}\n\
         \x20 master key    {keys}   keep it, and keep it apart from backups\n\
         \x20 registration  {registration}\n\
         \n\
         Try:\n\
         \x20 {demo}{try_this}\n\
         \x20 curl {url}/openapi.json\n",
        version = env!("CARGO_PKG_VERSION"),
        listen = settings.listen,
    )
}

/// Where everything is kept, without a password.
pub(crate) fn stores(settings: &Settings) -> String {
    let StoreSettings { main, sessions, limits, backup: _ } = &settings.store;
    let mut lines = format!("  database      {main}\n");
    if let Some(redis) = sessions {
        lines.push_str(&format!("  sessions      {}\n", redis.url));
    }
    let limits = match limits {
        _ if !settings.policy.limits.enabled => return lines,
        LimitsStore::Memory => return lines,
        LimitsStore::Database => {
            "counted by all servers together, in the database; refreshes by each for itself"
        }
        LimitsStore::Sessions => "counted by all servers together, in Redis",
    };
    lines.push_str(&format!("  limits        {limits}\n"));
    lines
}
