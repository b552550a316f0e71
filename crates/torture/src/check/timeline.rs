//! Linearizability of one session: is there an order of its calls, consistent with real time, in which each answer is
//! right?
//!
//! The state is small (a generation that only grows, and an end), so the question has an exact answer without a search:
//!
//! 1. A grant of generation `n` had a moment between its sending and its answer at which the session was live and stood
//!    at `n`. So `n` was entered before its answer came, and left after it was sent.
//! 2. Generation `n` was entered at a moment when a refresh with a token of `n - 1` was under way that was granted `n`,
//!    or whose answer nobody saw. Each such refresh can have caused this one step only.
//! 3. The session ended at a moment when something was under way that ends it: after everything that shows it live was
//!    sent, before anything that shows it ended was answered.
//! 4. All of these are bounds on a chain of moments. The earliest choice for each is the best for all that follow, so
//!    going forward once finds an order if there is one. Going backward once gives the latest choice for each.

use super::{Case, Violation, ViolationKind as K};
use crate::history::{Answer, Call, Delivery, Reason, Refresh};
use crate::moment::Moment;

/// When the session came to each generation and to its end, as far as the record tells.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    /// One for each generation from 0; the last may never have been entered.
    pub steps: Vec<Step>,
    /// The end, if there may have been one.
    pub end: Option<End>,
}

#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub earliest: Moment,
    pub latest: Moment,
    /// What may have caused it; none for generation 0.
    pub causes: Vec<Cause>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Cause {
    /// Its place among the deliveries, or among the user's endings behind them.
    pub delivery: usize,
    pub from: Moment,
    pub until: Moment,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub earliest: Moment,
    pub latest: Moment,
    /// Whether it happened for sure.
    pub sure: bool,
}

/// What the deliveries say about generations and end.
#[derive(Clone)]
struct Evidence {
    /// `n` was entered by then.
    entered: Vec<Moment>,
    /// `n` was not left before.
    left: Vec<Moment>,
    causes: Vec<Vec<Cause>>,
    live: (Moment, Option<usize>),
    ended: (Moment, Option<usize>),
    ends: Vec<Cause>,
}

/// The timeline, or why there is none.
pub(crate) fn timeline(case: &Case<'_>) -> Result<Timeline, Violation> {
    let evidence = Evidence::gather(case)?;
    let whole = evidence.chain(case)?;
    let Some(End { sure: true, earliest, latest }) = whole.end else { return Ok(whole) };
    // A refresh without an answer may have moved the session on, or ended it, but not both: somebody else has to fill its
    // place. The bounds stay those of the whole chain, which are wider.
    let fits = |cause: &&Cause| cause.until >= earliest && cause.from <= latest;
    let mut ends = evidence.ends.iter().filter(fits).peekable();
    let found = ends.any(|cause| {
        let refresh = case.deliveries.get(cause.delivery).and_then(Delivery::refresh);
        let both = refresh.is_some_and(|refresh| evidence.moves_on(refresh.generation, cause.delivery));
        !both || evidence.without(cause).chain(case).is_ok()
    });
    if found { Ok(whole) } else { Err(evidence.no_end(case, earliest, latest)) }
}

impl Evidence {
    /// Forward and backward.
    fn chain(&self, case: &Case<'_>) -> Result<Timeline, Violation> {
        let mut steps = self.forward(case)?;
        let top = self.granted_top();
        let end = self.end(case, steps[top].earliest)?;
        // Nothing rotates after the end.
        let ceiling = end.filter(|end| end.sure).map_or(Moment::NEVER, |end| end.latest);
        self.backward(&mut steps, top, ceiling)?;
        Ok(Timeline { steps, end })
    }

    /// Whether a delivery may have led from this generation to the next.
    fn moves_on(&self, generation: u32, delivery: usize) -> bool {
        self.causes[generation as usize + 1].iter().any(|cause| cause.delivery == delivery)
    }

    /// The same, if this is what ended the session and nothing else.
    fn without(&self, end: &Cause) -> Self {
        let mut evidence = self.clone();
        for causes in &mut evidence.causes {
            causes.retain(|cause| cause.delivery != end.delivery);
        }
        evidence.ends = vec![*end];
        evidence
    }

    fn gather(case: &Case<'_>) -> Result<Self, Violation> {
        let generations = case.deliveries.iter().map(highest).max().unwrap_or(0) as usize + 2;
        let mut evidence = Self {
            entered: vec![Moment::NEVER; generations],
            left: vec![Moment(0); generations],
            causes: vec![Vec::new(); generations],
            live: (case.born.0, None),
            ended: (Moment::NEVER, None),
            ends: Vec::new(),
        };
        let mut reused = None;
        for (index, delivery) in case.deliveries.iter().enumerate() {
            if matches!(delivery.answer, Answer::Refused { reason: Reason::TokenReused, .. })
                && let Some(first) = reused.replace(index)
            {
                return Err(case.violation(
                    K::EndedTwice,
                    &[first, index],
                    "two refreshes ended the session",
                ));
            }
            evidence.take(index, delivery);
        }
        for (index, ending) in case.endings() {
            evidence.take_ending(case, index, ending);
        }
        // Whoever is told `token_reused` has ended the session: that and nothing else was the cause.
        if let Some(index) = reused {
            let Delivery { sent, back, .. } = case.deliveries[index];
            evidence.ends = vec![Cause { delivery: index, from: sent, until: back }];
        }
        Ok(evidence)
    }

    fn take(&mut self, index: usize, delivery: &Delivery) {
        let &Delivery { sent, back, call, answer, .. } = delivery;
        match (call, answer) {
            (Call::Refresh(presented), Answer::Grant { generation, .. }) => {
                let n = generation as usize;
                self.entered[n] = self.entered[n].min(back);
                self.left[n] = self.left[n].max(sent);
                self.shows_live(index, sent);
                if presented.generation + 1 == generation {
                    self.causes[n].push(Cause { delivery: index, from: sent, until: back });
                }
            }
            (Call::Refresh(Refresh { generation, .. }), Answer::Refused { reason, .. }) => match reason {
                Reason::TokenStale => {
                    let n = generation as usize + 2;
                    self.entered[n] = self.entered[n].min(back);
                    self.shows_live(index, sent);
                }
                Reason::ProofMissing => self.shows_live(index, sent),
                Reason::TokenReused => {
                    self.shows_live(index, sent);
                    self.shows_ended(index, back);
                }
                Reason::SessionEnded => {
                    self.shows_ended(index, back);
                }
                _ => {}
            },
            (Call::Refresh(Refresh { generation, .. }), Answer::Lost { .. } | Answer::Unclear { .. }) => {
                let until = delivery.unknown_until().unwrap_or(back);
                let cause = Cause { delivery: index, from: sent, until };
                self.causes[generation as usize + 1].push(cause);
                // It may have been a reuse as well.
                self.ends.push(cause);
            }
            (Call::Me, Answer::Done) => self.shows_live(index, sent),
            (Call::Me, Answer::Refused { reason: Reason::SessionEnded, .. }) => self.shows_ended(index, back),
            _ => {}
        }
    }

    /// An ending of this session, or of all of its user's.
    fn take_ending(&mut self, case: &Case<'_>, index: usize, delivery: &Delivery) {
        let until = match delivery.answer {
            Answer::Done | Answer::Grant { .. } => delivery.back,
            Answer::Lost { .. } | Answer::Unclear { .. } => delivery.unknown_until().unwrap_or(delivery.back),
            Answer::Refused { .. } | Answer::NoEffect { .. } => return,
        };
        // What was over before the session began did not end it.
        if until < case.born.0 {
            return;
        }
        self.ends.push(Cause { delivery: index, from: delivery.sent, until });
        let certain = delivery.unknown_until().is_none();
        if certain && (index < case.deliveries.len() || delivery.sent >= case.born.1) {
            self.shows_ended(index, delivery.back);
        }
    }

    fn shows_live(&mut self, index: usize, sent: Moment) {
        if sent > self.live.0 {
            self.live = (sent, Some(index));
        }
    }

    fn shows_ended(&mut self, index: usize, back: Moment) {
        if back < self.ended.0 {
            self.ended = (back, Some(index));
        }
    }

    /// The highest generation that was surely entered.
    fn granted_top(&self) -> usize {
        self.entered.iter().rposition(|at| *at != Moment::NEVER).unwrap_or(0)
    }

    fn forward(&self, case: &Case<'_>) -> Result<Vec<Step>, Violation> {
        let mut steps = vec![Step { earliest: case.born.0, latest: case.born.1, causes: Vec::new() }];
        let top = self.granted_top();
        for n in 1..self.entered.len() {
            let floor = steps[n - 1].earliest.max(self.left[n - 1]);
            let causes = &self.causes[n];
            let earliest = causes.iter().filter(|c| c.until >= floor).map(|c| c.from.max(floor)).min();
            match earliest {
                Some(earliest) => {
                    steps.push(Step { earliest, latest: Moment::NEVER, causes: causes.clone() });
                }
                // One more than was ever granted may or may not have been entered.
                None if n > top => break,
                None => {
                    let shown =
                        case.deliveries.iter().position(|d| d.granted().is_some_and(|g| g as usize == n));
                    let text = format!("nothing can have led to generation {n} at {floor} or later");
                    return Err(case.violation(K::NotLinearizable, shown.as_slice(), &text));
                }
            }
        }
        Ok(steps)
    }

    fn backward(&self, steps: &mut [Step], top: usize, end: Moment) -> Result<(), Violation> {
        let mut ceiling = end;
        for n in (1..=top).rev() {
            ceiling = ceiling.min(self.entered[n]);
            let latest =
                steps[n].causes.iter().filter(|c| c.from <= ceiling).map(|c| c.until.min(ceiling)).max();
            let earliest = steps[n].earliest;
            match latest.filter(|latest| earliest <= *latest) {
                Some(latest) => steps[n].latest = latest,
                None => {
                    let shown: Vec<usize> = steps[n].causes.iter().map(|c| c.delivery).collect();
                    let text = format!(
                        "generation {n} was entered at {earliest} or later, but its answers show it at {ceiling}"
                    );
                    return Err(Violation { kind: K::NotLinearizable, deliveries: shown, text });
                }
            }
            ceiling = latest.unwrap_or(ceiling);
        }
        Ok(())
    }

    fn end(&self, case: &Case<'_>, last_rotation: Moment) -> Result<Option<End>, Violation> {
        let floor = self.live.0.max(last_rotation);
        let ceiling = self.ended.0;
        let sure = ceiling != Moment::NEVER;
        let possible = || self.ends.iter().filter(|c| c.until >= floor && c.from <= ceiling);
        let earliest = possible().map(|c| c.from.max(floor)).min();
        let latest = possible().map(|c| c.until.min(ceiling)).max();
        match (earliest, latest) {
            (Some(earliest), Some(latest)) if earliest <= latest => Ok(Some(End { earliest, latest, sure })),
            _ if !sure => Ok(None),
            _ => Err(self.no_end(case, floor, ceiling)),
        }
    }

    fn no_end(&self, case: &Case<'_>, floor: Moment, ceiling: Moment) -> Violation {
        let shown: Vec<usize> = [self.live.1, self.ended.1].into_iter().flatten().collect();
        if floor > ceiling {
            let bearer = self.live.1.is_some_and(|index| case.deliveries[index].call == Call::Me);
            let kind = if bearer { K::BearerAfterEnd } else { K::GrantAfterEnd };
            let text = format!("ended by {ceiling}, and yet alive at {floor}");
            return case.violation(kind, &shown, &text);
        }
        let text = format!("it ended between {floor} and {ceiling}, and nobody can have ended it then");
        case.violation(K::EndedByNobody, &shown, &text)
    }
}

/// The highest generation that a delivery speaks of.
fn highest(delivery: &Delivery) -> u32 {
    let beyond = match delivery.answer {
        Answer::Refused { reason: Reason::TokenStale, .. } => 2,
        _ => 0,
    };
    delivery.refresh().map_or(0, |refresh| refresh.generation + beyond).max(delivery.granted().unwrap_or(0))
}
