//! Where metrics are served.
//!
//! 1. An address that was configured is taken at the start, or the server does not start.
//! 2. Without one, the usual address is taken if it is free. Where another program has it (a second server on this machine, or the
//!    one before this that still lets requests finish), that is said once, and it is tried again now and then.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use rotunda_server::serve::metrics::{Page, serve_metrics};
use tokio::net::TcpListener;

use crate::config::MetricsListen;

/// How long to wait before the usual address is tried again.
const AGAIN: Duration = Duration::from_secs(30);

/// A listener, or none.
pub(crate) enum Metrics {
    /// Nobody wants them.
    Off,
    /// Here.
    At(TcpListener),
    /// There, once it is free.
    Later(SocketAddr),
}

impl Metrics {
    pub(crate) async fn listen(wanted: &MetricsListen) -> anyhow::Result<Self> {
        match *wanted {
            MetricsListen::Off => Ok(Self::Off),
            MetricsListen::IfFree(address) => {
                Ok(TcpListener::bind(address).await.map_or(Self::Later(address), Self::At))
            }
            MetricsListen::At(address) => {
                let listener = TcpListener::bind(address).await.with_context(|| {
                    format!(
                        "listening on {address} for metrics; `[telemetry] metrics_listen` chooses another address, or \
                         none with \"off\""
                    )
                })?;
                Ok(Self::At(listener))
            }
        }
    }

    /// Never ends, unless there is nothing to do.
    pub(crate) async fn serve(self, page: Page) {
        let listener = match self {
            Self::Off => return,
            Self::At(listener) => listener,
            Self::Later(address) => {
                tracing::info!(
                    "no metrics: another program has {address}, the usual address. `[telemetry] metrics_listen` \
                     chooses another one, or none with \"off\""
                );
                free(address).await
            }
        };
        if let Ok(address) = listener.local_addr() {
            tracing::info!("metrics for Prometheus at http://{address}/metrics");
        }
        serve_metrics(listener, page).await;
    }
}

async fn free(address: SocketAddr) -> TcpListener {
    loop {
        tokio::time::sleep(AGAIN).await;
        if let Ok(listener) = TcpListener::bind(address).await {
            return listener;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_configured_address_that_is_taken_stops_the_start_and_the_usual_one_does_not() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        assert!(matches!(Metrics::listen(&MetricsListen::Off).await, Ok(Metrics::Off)));
        let later = Metrics::listen(&MetricsListen::IfFree(address)).await;
        assert!(matches!(later, Ok(Metrics::Later(wanted)) if wanted == address));
        let refused = Metrics::listen(&MetricsListen::At(address)).await.map(drop).unwrap_err();
        assert!(format!("{refused:#}").contains("metrics_listen"), "{refused:#}");
        drop(taken);
        for wanted in [MetricsListen::IfFree(address), MetricsListen::At(address)] {
            assert!(matches!(Metrics::listen(&wanted).await, Ok(Metrics::At(_))), "{wanted:?}");
        }
    }
}
