//! What was seen of a real store, against what should be.
//!
//! Requests that ran on threads have no order of their own. It is looked for: some order, one whole request after the
//! other through the model, has to give every answer and leave every row. A request that read its token as current and
//! was overtaken may be excused for it, which no order of undisturbed requests shows; such an order is tried only when
//! no other fits, and counted.

use std::collections::{BTreeMap, BTreeSet};

use rotunda_core::denied::Denied;
use rotunda_core::model::{Session, SessionId};

use super::book::{Asked, Book};
use super::names::Names;
use super::racer::{Racer, Said};

/// What a real refresh was told: the text of a token, or a refusal.
#[derive(Clone, Debug)]
pub(crate) struct Heard(pub(crate) Result<String, Denied>);

impl Heard {
    /// The same, as far as it can be the same.
    pub(crate) fn fits(&self, names: &mut Names, session: usize, said: &Said) -> Result<(), String> {
        match (&self.0, &said.answer) {
            (Ok(text), Ok(token)) => names.meet(session, *token, text),
            (Err(denied), Err(wanted)) if denied == wanted => Ok(()),
            (heard, wanted) => {
                let heard = heard.as_ref().map(|_| "a grant");
                Err(format!("{heard:?}, where the model has {wanted:?} by the rule '{}'", said.rule))
            }
        }
    }
}

/// All rows of a real store that can be seen.
#[derive(Default)]
pub(crate) struct Rows {
    pub(crate) sessions: BTreeMap<usize, Session>,
    pub(crate) live: BTreeSet<SessionId>,
    pub(crate) disabled: Option<bool>,
}

impl Rows {
    pub(crate) fn fit(&self, book: &Book, names: &Names) -> Result<(), String> {
        let wanted = &book.kept.sessions;
        if !self.sessions.keys().eq(wanted.keys()) {
            let (real, wanted) = (self.sessions.keys(), wanted.keys());
            return Err(format!("there are the rows of {real:?}, and should be those of {wanted:?}"));
        }
        for (number, session) in wanted {
            names.fits(*number, &self.sessions[number], session)?;
            if let Some(wrong) = session.family.wrong() {
                return Err(format!("session {number}: {wrong:?}"));
            }
        }
        let live = wanted.iter().filter(|(_, session)| session.ending_at(book.now).is_none());
        let live: BTreeSet<SessionId> = live.map(|(number, _)| names.session(*number)).collect();
        if live != self.live {
            return Err(format!("{:?} live, and {live:?} should", self.live));
        }
        if self.disabled.is_some_and(|disabled| disabled != book.kept.disabled) {
            return Err("the user is disabled, or is not, as they should not".to_owned());
        }
        Ok(())
    }
}

/// Whether it takes an overtaken request to explain these answers and these rows.
pub(crate) fn explain(
    before: &Book,
    asked: &[Asked],
    heard: &[Heard],
    rows: &Rows,
    names: &Names,
) -> Result<bool, String> {
    let mut reasons = String::new();
    for overtaken in 0..1_u32 << asked.len() {
        for order in orders(asked.len()) {
            let (mut book, mut names) = (before.clone(), names.clone());
            let mut in_order = order.iter().map(|which| {
                let mut asked = asked[*which].clone();
                asked.asks.raced = overtaken >> which & 1 == 1;
                let session = asked.session;
                let said = Racer::arrive(asked, book.now).finish(&mut book);
                heard[*which].fits(&mut names, session, &said)
            });
            let fits = in_order.try_for_each(|fits| fits);
            match fits.and_then(|()| rows.fit(&book, &names)) {
                Ok(()) => return Ok(overtaken != 0),
                Err(reason) if overtaken == 0 => reasons += &format!("\n{order:?}: {reason}"),
                Err(_) => {}
            }
        }
    }
    Err(format!("no order explains {heard:?}, asked at once as {asked:#?}:{reasons}"))
}

/// Every order of so many.
fn orders(many: usize) -> Vec<Vec<usize>> {
    let Some(last) = many.checked_sub(1) else { return vec![Vec::new()] };
    let shorter = orders(last);
    let insert = |order: &Vec<usize>, at: usize| {
        let mut order = order.clone();
        order.insert(at, last);
        order
    };
    shorter.iter().flat_map(|order| (0..many).map(move |at| insert(order, at))).collect()
}
