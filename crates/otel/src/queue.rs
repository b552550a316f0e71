//! Where spans wait for the thread that sends them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::{Span, Spans};

/// How many spans may wait: some hundred bytes each, a megabyte in all.
const MOST_WAITING: usize = 4096;

/// What has become of spans since the exporter started.
#[derive(Clone, Default, Debug)]
pub struct Counts(Arc<Numbers>);

#[derive(Default, Debug)]
struct Numbers {
    sent: AtomicU64,
    dropped: AtomicU64,
    lost: AtomicU64,
}

impl Counts {
    /// `sent`: the collector took them. `dropped`: too many were waiting. `lost`: the collector did not take them.
    #[must_use]
    pub fn read(&self) -> [(&'static str, u64); 3] {
        let Numbers { sent, dropped, lost } = &*self.0;
        [("sent", sent), ("dropped", dropped), ("lost", lost)]
            .map(|(name, number)| (name, number.load(Ordering::Relaxed)))
    }

    pub(crate) fn sent(&self, more: u64) {
        self.0.sent.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn lost(&self, more: u64) {
        self.0.lost.fetch_add(more, Ordering::Relaxed);
    }

    fn dropped(&self) {
        self.0.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// The end of the queue where spans go in.
pub(crate) struct Queue {
    sender: Sender<Span>,
    sampling: Sampling,
    counts: Counts,
}

/// A queue, and the end where they come out.
pub(crate) fn queue(sample_ratio: f64, counts: Counts) -> (Queue, Receiver<Span>) {
    let (sender, receiver) = channel(MOST_WAITING);
    (Queue { sender, sampling: Sampling::new(sample_ratio), counts }, receiver)
}

impl Spans for Queue {
    fn samples(&self, trace_id: &[u8; 16]) -> bool {
        self.sampling.keeps(trace_id)
    }

    fn ended(&self, span: Span) {
        if self.sender.try_send(span).is_err() {
            self.counts.dropped();
        }
    }
}

/// Which traces are kept: as many as that, by their ids, so that whoever asks again gets the same answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sampling {
    All,
    /// Those whose last eight bytes are a smaller number.
    Below(u64),
}

impl Sampling {
    fn new(ratio: f64) -> Self {
        // 2^64, of which a `u64` has all but the last.
        const ALL: f64 = 18_446_744_073_709_551_616.0;
        if ratio >= 1.0 { Self::All } else { Self::Below((ratio * ALL) as u64) }
    }

    fn keeps(self, trace_id: &[u8; 16]) -> bool {
        let Some(last) = trace_id.last_chunk() else { return false };
        match self {
            Self::All => true,
            Self::Below(bound) => u64::from_be_bytes(*last) < bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_kept_as_the_ratio_says() {
        // The last eight bytes, evenly over all that there are.
        let ids = (0..=999_u64).map(|n| {
            let mut id = [7; 16];
            id[8..].copy_from_slice(&(n * (u64::MAX / 999)).to_be_bytes());
            id
        });
        for (ratio, kept) in [(0.0, 0), (0.001, 1), (0.25, 250), (0.5, 500), (1.0, 1_000)] {
            let sampling = Sampling::new(ratio);
            assert_eq!(ids.clone().filter(|id| sampling.keeps(id)).count(), kept, "{ratio}");
        }
        assert_eq!(Sampling::new(f64::NAN), Sampling::Below(0), "what is no ratio keeps nothing");
        assert_eq!(Sampling::new(-1.0), Sampling::Below(0));
    }
}
