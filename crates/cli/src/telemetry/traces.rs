//! Traces: each request, told to an OpenTelemetry collector. Only in builds with the feature `opentelemetry`; in others there are none,
//! and nothing of it is built.

use std::sync::Arc;

use rotunda_server::Spans;

use crate::config::OtlpSettings;

/// Reads what has become of spans.
pub(crate) type SpanCounts = Arc<dyn Fn() -> [(&'static str, u64); 3] + Send + Sync>;

/// What tells of requests, if anything does.
pub(crate) struct Traces {
    #[cfg(feature = "opentelemetry")]
    exporter: Option<rotunda_otel::Exporter>,
}

#[cfg(feature = "opentelemetry")]
impl Traces {
    pub(crate) fn start(wanted: Option<OtlpSettings>) -> anyhow::Result<Self> {
        let Some(OtlpSettings { endpoint, sample_ratio }) = wanted else {
            return Ok(Self { exporter: None });
        };
        let own: [u8; 16] = rotunda_core::outside::random(&rotunda_outside::SystemEntropy)?;
        let options = rotunda_otel::Options {
            endpoint,
            sample_ratio,
            version: env!("CARGO_PKG_VERSION"),
            instance: own.iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        // The same clock as the server's: a span says when it began as that counts.
        let exporter = rotunda_otel::Exporter::start(options, Arc::new(rotunda_outside::SystemClock))?;
        Ok(Self { exporter: Some(exporter) })
    }

    pub(crate) fn spans(&self) -> Option<Arc<dyn Spans>> {
        self.exporter.as_ref().map(rotunda_otel::Exporter::spans)
    }

    pub(crate) fn counts(&self) -> Option<SpanCounts> {
        let counts = self.exporter.as_ref()?.counts();
        Some(Arc::new(move || counts.read()))
    }

    /// Sends what waits.
    pub(crate) async fn finish(self) {
        /// For how long the stop may be held up by a collector that is slow.
        const WITHIN: std::time::Duration = std::time::Duration::from_secs(3);
        if let Some(exporter) = self.exporter {
            exporter.finish(WITHIN).await;
        }
    }
}

#[cfg(not(feature = "opentelemetry"))]
impl Traces {
    pub(crate) fn start(wanted: Option<OtlpSettings>) -> anyhow::Result<Self> {
        match wanted {
            // The configuration was not accepted then.
            Some(OtlpSettings { endpoint, sample_ratio }) => {
                anyhow::bail!("no spans (a ratio of {sample_ratio}) can be told to {endpoint} by this build")
            }
            None => Ok(Self {}),
        }
    }

    pub(crate) fn spans(&self) -> Option<Arc<dyn Spans>> {
        None
    }

    pub(crate) fn counts(&self) -> Option<SpanCounts> {
        None
    }

    pub(crate) async fn finish(self) {}
}
