//! What is told to those who watch: metrics, on this machine alone unless somebody says otherwise, and lines of the log.

use std::net::SocketAddr;

use super::check::{Check, listen_address};
use super::file::{Given, Telemetry};

/// What is told to those who watch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TelemetrySettings {
    /// Where metrics are served.
    pub metrics: MetricsListen,
    /// Whether each request gets a line in the log.
    pub log_requests: bool,
}

/// Where metrics are served.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum MetricsListen {
    /// Nowhere.
    Off,
    /// There, as soon as nobody else is.
    IfFree(SocketAddr),
    /// There.
    At(SocketAddr),
}

/// Where they are without a word about it: the port that exporters of OpenTelemetry have as well.
const DEFAULT: ([u8; 4], u16) = ([127, 0, 0, 1], 9464);

/// What `[telemetry]` and `[log] requests` say.
pub(super) fn telemetry(given: &Given, public: SocketAddr, check: &mut Check<'_>) -> TelemetrySettings {
    TelemetrySettings {
        metrics: metrics_listen(&given.telemetry, public, check),
        log_requests: given.log.requests.as_ref().is_some_and(|it| it.get_ref().0),
    }
}

fn metrics_listen(given: &Telemetry, public: SocketAddr, check: &mut Check<'_>) -> MetricsListen {
    let key = "[telemetry] metrics_listen";
    let Some(value) = &given.metrics_listen else { return MetricsListen::IfFree(SocketAddr::from(DEFAULT)) };
    let read = |text: &str| match text {
        "off" => Ok(MetricsListen::Off),
        text => {
            let address = listen_address(text).map_err(|what| format!("{what}, and not \"off\""))?;
            match address.port() {
                0 => Err("any port may come of port 0, and whoever reads metrics has to know it".to_owned()),
                _ if address == public => Err(format!(
                    "{address} is where everybody is served ([server] listen); take another port"
                )),
                _ => Ok(MetricsListen::At(address)),
            }
        }
    };
    let metrics = check.text(&given.metrics_listen, key, read).unwrap_or(MetricsListen::Off);
    if let MetricsListen::At(address) = metrics
        && !address.ip().is_loopback()
    {
        let what = format!(
            "{address} can be reached from other machines, and whoever reaches it reads all metrics; see to it that \
             nobody does who should not"
        );
        check.warn(check.source(value), key, what);
    }
    metrics
}
