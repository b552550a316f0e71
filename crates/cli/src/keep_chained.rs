//! Chains what has happened, and logs the checkpoints: so they stand in another place than the database.
//!
//! What goes wrong every second is said once. That the log was tampered with is another matter than that the store is away:
//! a database that was put back while it was away is told of by a single step, and that step comes right after the outage.

use std::sync::Arc;
use std::time::Duration;

use rotunda_core::Rotunda;
use rotunda_core::audit::Chained;
use rotunda_core::failure::Failure;
use rotunda_core::store::KeptMark;

/// How often what has happened is chained.
const RESTS: Duration = Duration::from_secs(1);

/// Never ends.
pub(crate) async fn keep_chained(rotunda: Arc<Rotunda>) {
    let mut said = Said::default();
    loop {
        let step = rotunda.chain_audit().await;
        tell(&rotunda, &step, &mut said);
        if !step.is_ok_and(|chained| chained.is_full) {
            tokio::time::sleep(RESTS).await;
        }
    }
}

/// What happened last is not left unsigned until the next start, if the store is there.
pub(crate) async fn chain_last(rotunda: &Rotunda) {
    if let Ok(step) = tokio::time::timeout(RESTS, rotunda.chain_audit()).await {
        tell(rotunda, &step, &mut Said::default());
    }
}

fn tell(rotunda: &Rotunda, step: &Result<Chained, Failure>, said: &mut Said) {
    let is_news = said.is_news(step.as_ref().err().map(Failure::is_temporary));
    match step {
        Ok(Chained { checkpoint: Some(mark), .. }) => {
            let line = rotunda.mark_line(KeptMark::Checkpoint, mark).json();
            tracing::info!(checkpoint = line.trim_end(), "the audit log is signed up to here");
        }
        Err(failure) if is_news && failure.is_temporary() => {
            tracing::warn!(?failure, "what has happened could not be chained; it will be in a moment");
        }
        Err(failure) if is_news => {
            tracing::error!(?failure, "the audit log is not what was written: see `rotunda audit verify`");
        }
        Ok(_) | Err(_) => {}
    }
}

/// The trouble that was said last: whether it is one that passes.
#[derive(Default)]
struct Said(Option<bool>);

impl Said {
    /// Whether this trouble is to be said: not if the step before had the same. `None` where all is well.
    fn is_news(&mut self, trouble: Option<bool>) -> bool {
        let before = std::mem::replace(&mut self.0, trouble);
        trouble.is_some() && trouble != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_trouble_is_said_once_and_tampering_after_an_outage_all_the_same() {
        let (well, away, tampered) = (None, Some(true), Some(false));
        let mut said = Said::default();
        let steps = [away, away, tampered, tampered, well, away, tampered, well, well];
        let news = steps.map(|step| said.is_news(step));
        assert_eq!(news, [true, false, true, false, false, true, true, false, false]);
    }
}
