//! Where spans wait for the thread that sends them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::{Span, Spans};

/// How many spans may wait: some hundred bytes each, a megabyte in all.
const MOST_WAITING: usize = 4096;

/// How many spans a second are told because a proxy says so, whatever the ratio is. Many proxies hand on what clients write, and then it
/// is a stranger who says so: this bounds what that costs.
const MOST_FOLLOWED: u64 = 100;

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
    /// `sent`: the collector took them. `dropped`: too many were waiting, or came in a second
    /// because a proxy said so. `lost`: the collector did not take them.
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
    followed: Followed,
    counts: Counts,
}

/// A queue, and the end where they come out.
pub(crate) fn queue(sample_ratio: f64, counts: Counts) -> (Queue, Receiver<Span>) {
    let (sender, receiver) = channel(MOST_WAITING);
    let (sampling, followed) = (Sampling::new(sample_ratio), Followed::default());
    (Queue { sender, sampling, followed, counts }, receiver)
}

impl Spans for Queue {
    fn samples(&self, trace_id: &[u8; 16]) -> bool {
        trace_id.last_chunk().is_some_and(|last| self.sampling.keeps(*last))
    }

    fn follows(&self, span_id: &[u8; 8], now: Duration) -> bool {
        let is_told = self.sampling.keeps(*span_id) || self.followed.one_more(now);
        if !is_told {
            self.counts.dropped();
        }
        is_told
    }

    fn ended(&self, span: Span) {
        if self.sender.try_send(span).is_err() {
            self.counts.dropped();
        }
    }
}

/// How many were told in this second because a proxy said so: the second in the upper half, how many in the lower.
#[derive(Default)]
struct Followed(AtomicU64);

impl Followed {
    /// Whether there is room for one more in this second.
    fn one_more(&self, now: Duration) -> bool {
        let second = now.as_secs() << 32;
        let more = |so_far: u64| {
            // Another thread may be in the next second already; then this one counts as of that.
            let so_far = so_far.max(second);
            (so_far & u64::from(u32::MAX) < MOST_FOLLOWED).then_some(so_far + 1)
        };
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
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

    fn keeps(self, last: [u8; 8]) -> bool {
        match self {
            Self::All => true,
            Self::Below(bound) => u64::from_be_bytes(last) < bound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_kept_as_the_ratio_says() {
        // The last eight bytes, evenly over all that there are.
        let ids = (0..=999_u64).map(|n| (n * (u64::MAX / 999)).to_be_bytes());
        for (ratio, kept) in [(0.0, 0), (0.001, 1), (0.25, 250), (0.5, 500), (1.0, 1_000)] {
            let sampling = Sampling::new(ratio);
            assert_eq!(ids.clone().filter(|id| sampling.keeps(*id)).count(), kept, "{ratio}");
        }
        assert_eq!(Sampling::new(f64::NAN), Sampling::Below(0), "what is no ratio keeps nothing");
        assert_eq!(Sampling::new(-1.0), Sampling::Below(0));
    }

    #[test]
    fn the_last_half_of_a_trace_s_id_decides() {
        let (queue, _waiting) = queue(0.5, Counts::default());
        let (mut kept, mut left) = ([0xff; 16], [0; 16]);
        kept[8] = 0x7f;
        left[8] = 0x80;
        assert!(queue.samples(&kept) && !queue.samples(&left));
    }

    #[test]
    fn the_word_of_a_proxy_is_good_for_so_many_a_second() {
        let counts = Counts::default();
        let (none, _waiting) = queue(0.0, counts.clone());
        let at = |queue: &Queue, millis| {
            (0..150).filter(|_| queue.follows(&[0; 8], Duration::from_millis(millis))).count()
        };
        // The last of them is a thread that is late.
        assert_eq!([1_000, 1_999, 2_000, 1_999].map(|millis| at(&none, millis)), [100, 0, 100, 0]);
        assert_eq!(counts.read()[1], ("dropped", 400));
        let (all, _waiting) = queue(1.0, counts.clone());
        assert_eq!((at(&all, 1_000), counts.read()[1]), (150, ("dropped", 400)), "who wants all gets all");
    }
}
