//! What is told to those who watch: metrics, on this machine alone unless somebody says otherwise, and lines of the log.

use std::net::SocketAddr;

use url::Url;

use super::check::{Check, listen_address};
use super::file::{Given, Telemetry};
use super::site::is_loopback;

/// What a build without traces says to whoever wants some.
const UNTRACED: &str = "this rotunda was built without OpenTelemetry: build one with `cargo build --release --features opentelemetry`, or \
                        take this key away";

/// What is told to those who watch.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct TelemetrySettings {
    /// Where metrics are served.
    pub metrics: MetricsListen,
    /// Whether each request gets a line in the log.
    pub log_requests: bool,
    /// Who is told of each request, if anybody is.
    pub otlp: Option<OtlpSettings>,
}

/// Where spans go, and how many of them.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct OtlpSettings {
    /// The base URL of a collector.
    pub endpoint: Url,
    /// From 0, none of the traces that begin here, to 1, all.
    pub sample_ratio: f64,
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
        otlp: otlp(&given.telemetry, check),
    }
}

fn otlp(given: &Telemetry, check: &mut Check<'_>) -> Option<OtlpSettings> {
    let key = "[telemetry] otlp_endpoint";
    if let (None, Some(ratio)) = (&given.otlp_endpoint, &given.otlp_sample_ratio) {
        let what =
            "says how many traces are told, and [telemetry] otlp_endpoint does not say to whom: none are";
        check.warn(check.source(ratio), "[telemetry] otlp_sample_ratio", what);
    }
    let endpoint = check.text(&given.otlp_endpoint, key, otlp_endpoint)?;
    if endpoint.scheme() == "http" && !is_loopback(&endpoint) {
        let what = format!(
            "spans go to {endpoint} unencrypted, and whoever is in between can read and forge them; use https:// where that may \
             be somebody else"
        );
        check.warn(check.source_of(&given.otlp_endpoint), key, what);
    }
    let sample_ratio = given.otlp_sample_ratio.as_ref().map_or(1.0, |ratio| ratio.get_ref().0);
    Some(OtlpSettings { endpoint, sample_ratio })
}

/// Where a collector is. In a build that cannot reach one, saying nothing would be told from having no requests by nobody.
fn otlp_endpoint(text: &str) -> Result<Url, String> {
    if !cfg!(feature = "opentelemetry") {
        return Err(UNTRACED.to_owned());
    }
    let example = "such as \"http://127.0.0.1:4318\"";
    // Not repeated, here and below: there may be a password in it.
    let url = Url::parse(text).map_err(|_| format!("is not the base URL of a collector, {example}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(format!(
            "begins with neither http:// nor https://; give the base URL of a collector, {example}"
        ));
    }
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(format!(
            "has more in it than a host, a port and a path, {example}; a collector beside this server adds what another one \
             wants to know"
        ));
    }
    if url.path().trim_end_matches('/').ends_with("/v1/traces") {
        return Err(format!("{text:?} ends with /v1/traces, which is added; leave it away"));
    }
    Ok(url)
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
