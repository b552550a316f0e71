//! The reference machine: what each step of a history does to the [`Book`].

use std::fmt;
use std::time::Duration;

use proptest::strategy::{BoxedStrategy, Just, Strategy};
use proptest_state_machine::ReferenceStateMachine;
use rotunda_core::model::Ending;
use rotunda_proof::setting::Setting;
use rotunda_proof::whole::Whole;

use super::book::{BELIEVED, Book, Deed, Held, KEEP_ENDED, Kept, MOST, START, Session};
use super::history::{Act, Ask, Span, Step, Turn, step};
use super::racer::Racer;

/// A setting of the client, under which histories are drawn.
pub(crate) trait Client: 'static {
    /// What the model is told of it.
    fn setting() -> Setting;
}

/// The machine of a client.
pub(crate) struct Machine<C>(std::marker::PhantomData<C>);

impl<C: Client> ReferenceStateMachine for Machine<C> {
    type State = Book;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Book> {
        let setting = C::setting();
        let window = setting.window;
        Just(Book::new(Whole::new(setting), window)).boxed()
    }

    fn transitions(book: &Book) -> BoxedStrategy<Step> {
        step(book.mood())
    }

    fn apply(mut book: Book, step: &Step) -> Book {
        book.deeds.clear();
        match step {
            Step::Refresh(ask) => book.race(std::slice::from_ref(ask), &[]),
            Step::Race(asks, turns) => book.race(asks, turns),
            Step::AtOnce(asks) => {
                let asked = asks.iter().map(|ask| book.asked(ask)).collect();
                book.deeds = vec![Deed::AtOnce(asked, Box::new(book.clone()))];
            }
            Step::Act(act) => book.act(act),
            Step::Restart => book.deeds.push(Deed::Restart),
            Step::BackUp => {
                book.backup = Some(book.kept.clone());
                book.deeds.push(Deed::BackUp);
            }
            Step::Restore(said) => book.restore(*said),
        }
        book
    }
}

impl Book {
    /// All arrive; then the turns; then whoever is left, in order.
    fn race(&mut self, asks: &[Ask], turns: &[Turn]) {
        let mut racers = Vec::with_capacity(asks.len());
        for ask in asks {
            let asked = self.asked(ask);
            self.deeds.push(Deed::Arrive(asked.clone()));
            racers.push(Racer::arrive(asked, self.now));
        }
        for turn in turns {
            match turn {
                Turn::Of(which) => {
                    let which = usize::from(*which) % racers.len();
                    racers[which].turn(self);
                    self.deeds.push(Deed::Turn(which, racers[which].said()));
                }
                Turn::Act(act) => self.act(act),
            }
        }
        for (which, racer) in racers.iter_mut().enumerate() {
            let said = racer.finish(self);
            self.deeds.push(Deed::Finish(which, said));
        }
    }

    pub(crate) fn log_in(&mut self) {
        if self.held.len() == MOST {
            return;
        }
        self.deeds.push(Deed::LogIn(self.kept.password, !self.kept.disabled));
        if !self.kept.disabled {
            self.begin();
        }
    }

    fn begin(&mut self) {
        let family = self.whole.begin();
        self.held.push(Held { tokens: vec![family.row().current], ..Held::default() });
        self.kept.sessions.insert(self.held.len() - 1, Session::begin(family, self.now));
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Pass(span) => self.pass(span),
            Act::LogIn => self.log_in(),
            Act::LogOut(session, pick) => {
                let (session, now) = (self.session(*session), self.now);
                self.deeds.push(Deed::LogOut(session, self.token(session, *pick)));
                let found = self.kept.sessions.get_mut(&session);
                found.into_iter().for_each(|session| session.end(Ending::LoggedOut, now));
            }
            Act::LogOutEverywhere(session) => {
                let session = self.session(*session);
                if self.lives(session) {
                    self.deeds.push(Deed::LogOutEverywhere(session));
                    self.end_all(Ending::LoggedOutEverywhere);
                }
            }
            Act::ChangePassword(session) => {
                let session = self.session(*session);
                if self.lives(session) && self.held.len() < MOST {
                    self.deeds.push(Deed::ChangePassword(session, self.kept.password));
                    self.kept.password += 1;
                    self.end_all(Ending::PasswordChanged);
                    self.begin();
                }
            }
            Act::Disable => {
                self.deeds.push(Deed::Disable);
                self.kept.disabled = true;
                self.end_all(Ending::UserDisabled);
            }
            Act::Enable => {
                self.deeds.push(Deed::Enable);
                self.kept.disabled = false;
            }
            Act::Sweep => self.sweep(),
            Act::Believe(believe) => {
                self.deeds.push(Deed::Believe(believe.then_some(Duration::from_millis(BELIEVED as u64))));
                self.kept.believed_until = believe.then_some(self.now + BELIEVED);
            }
        }
    }

    fn lives(&self, session: usize) -> bool {
        self.kept.sessions.get(&session).is_some_and(|session| session.ending_at(self.now).is_none())
    }

    /// Whatever has no ending on record gets this one, also where its time is up.
    fn end_all(&mut self, ending: Ending) {
        for session in self.kept.sessions.values_mut() {
            session.ended.get_or_insert((ending, self.now));
        }
    }

    fn sweep(&mut self) {
        let now = self.now;
        self.kept.sessions.values_mut().for_each(|session| session.ended = session.ending_at(now));
        self.kept.sessions.retain(|_, session| session.ended.is_none_or(|(_, at)| at >= now - KEEP_ENDED));
        self.deeds.push(Deed::Sweep);
    }

    fn pass(&mut self, span: &Span) {
        let found = |back: &u8| self.kept.sessions.get(&self.session(*back));
        let to = match span {
            Span::By(ms) => Some(self.now + ms),
            Span::Window(back, off) => {
                found(back).and_then(|session| session.rotated_at).map(|rotated| rotated + self.window + off)
            }
            Span::Expiry(back, off) => {
                found(back).map(|s| s.idle_expires_at.min(s.absolute_expires_at) + off)
            }
        };
        if let Some(to) = to {
            // Whatever is set back, it is never before the beginning.
            self.now = to.max(START);
            self.deeds.push(Deed::Clock(self.now));
        }
    }

    /// What clients hold stays as it is; only the store goes back.
    fn restore(&mut self, said: bool) {
        let Some(backup) = &self.backup else { return };
        let mut kept = Kept { sessions: std::collections::BTreeMap::new(), ..backup.clone() };
        for (number, session) in &backup.sessions {
            let given_out = self.held[*number].tokens.iter().copied();
            let family = session.family.restored(*session.family.row(), given_out);
            kept.sessions.insert(*number, Session { family, ..session.clone() });
        }
        self.kept = kept;
        self.deeds.push(Deed::Restore);
        if said {
            self.act(&Act::Believe(true));
        }
    }
}

/// A history says all there is to it: a book is what follows from one.
impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one session of one user")
    }
}
