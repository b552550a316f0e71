//! What can happen at any moment, as a [`stateright::Model`].

use std::sync::Arc;

use stateright::{Model, Property};

use crate::facts::Office;
use crate::normal::BASE;
use crate::properties;
use crate::secrets::{Key, Keys, Token};
use crate::setting::{Keeps, Setting};
use crate::state::{Answer, Asked, Jar, Life, Message, Over, Request, Row, Seen, Sender, State, Tab, Thief};
use crate::tally::Tally;

/// The system under a [`Setting`].
#[derive(Clone)]
pub struct System {
    /// What this exploration is about.
    pub setting: Setting,
    /// How often each decision was met.
    pub tally: Arc<Tally>,
    pub(crate) office: Office,
    /// For traces: whether a tab stays who it is.
    pub(crate) tabs_have_names: bool,
}

/// One thing that happens. A number is a message's place in [`State::mail`], or a tab.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// A tab begins to refresh.
    Start(u8),
    /// A tab stores the key that it made.
    StoreKey(u8),
    /// A tab stops waiting.
    GiveUp(u8),
    /// The network delivers a request; the server reads the row and decides.
    Read(usize),
    /// The server writes what it decided.
    Write(usize),
    /// The network delivers an answer.
    Deliver(usize),
    /// The network repeats a request or an answer.
    Repeat(usize),
    /// The network loses a message; or the server crashes before the commit, or after it and before the answer.
    Lose(usize),
    /// A tick passes.
    Tick,
    /// Another server decides next, and its clock is a tick behind.
    TickBack,
    /// The session ends for a reason that is nobody's fault.
    End(Over),
    /// Its time is up.
    Expire,
    /// A backup is made.
    BackUp,
    /// The store crashes and comes back as the backup has it.
    Restore,
    /// The operator takes back that newer tokens are to be believed.
    BelieveNoMore,
    /// Somebody copies this.
    Copy(Jar),
    /// The thief refreshes, with this key passed off as the newest.
    Steal(Option<Key>),
}

impl System {
    /// For a setting.
    #[must_use]
    pub fn new(setting: Setting) -> Self {
        Self { office: Office::new(&setting), tally: Arc::default(), tabs_have_names: false, setting }
    }

    fn tab_actions(&self, state: &State, actions: &mut Vec<Action>) {
        let room = state.mail.len() < self.setting.under_way;
        for tab in 0..self.setting.tabs {
            match state.tabs[usize::from(tab)] {
                Tab::Idle if room && !state.jar.out => actions.push(Action::Start(tab)),
                Tab::Idle => {}
                Tab::Making(_) => actions.extend(room.then_some(Action::StoreKey(tab))),
                Tab::Waiting(_) => actions.push(Action::GiveUp(tab)),
            }
        }
    }

    fn mail_actions(&self, state: &State, actions: &mut Vec<Action>) {
        let room = state.mail.len() < self.setting.under_way;
        for (at, message) in state.mail.iter().enumerate() {
            // Two that are equal lead to the same.
            if at > 0 && state.mail[at - 1] == *message {
                continue;
            }
            let sure = message.sender() == Sender::Thief;
            actions.extend((!sure).then_some(Action::Lose(at)));
            match message {
                Message::Request(sender, request) => {
                    actions.extend(self.arrives(state, *sender, request).then_some(Action::Read(at)));
                    actions.extend((room && !sure).then_some(Action::Repeat(at)));
                }
                Message::Decided(..) => actions.push(Action::Write(at)),
                Message::Answer(_, _, answer) => {
                    actions.extend(self.comes_back(state, *answer).then_some(Action::Deliver(at)));
                    let repeats = room && !sure && self.in_cookies();
                    actions.extend(repeats.then_some(Action::Repeat(at)));
                }
            }
        }
    }

    /// What is [`Assumed`](crate::setting::Assumed) of requests; and where a bounded exploration ends.
    fn arrives(&self, state: &State, sender: Sender, request: &Request) -> bool {
        let (row, assumed) = (&state.row, self.setting.assumed);
        let late = row.current.generation.saturating_sub(request.token.generation);
        let in_time = late <= 2 && row.age.is_some_and(|age| age < self.setting.window);
        let keyed = request.keys != Keys::NONE && state.key_that_used_up(request.token).is_some();
        let assumed = sender == Sender::Thief
            || late == 0
            || (late <= 4 || !assumed.at_most_four_rotations_late)
                && (in_time || keyed || !assumed.keyless_in_time);
        let enough = self.setting.rotations.is_some_and(|most| state.seen.rotations >= most);
        assumed && !(enough && row.current == request.token && row.age != Some(0))
    }

    /// [`Assumed::answers_late`](crate::setting::Assumed).
    fn comes_back(&self, state: &State, answer: Answer) -> bool {
        let Answer::Granted(token) = answer else { return true };
        let late = state.row.current.generation.saturating_sub(token.generation);
        self.setting
            .assumed
            .answers_late
            .is_none_or(|most| late <= most && (most > 0 || token == state.row.current))
    }

    /// [`Assumed::keyless_in_time`](crate::setting::Assumed), second half: the window does not end early.
    fn time_may_pass(&self, state: &State) -> bool {
        let ends = state.row.age.is_some_and(|age| age + 1 == self.setting.window);
        let unkeyed = state.row.retry[0].is_none();
        let behind = state.jar.token != state.row.current && state.row.life == Life::Live;
        !(self.setting.assumed.keyless_in_time && ends && unkeyed && behind)
    }

    pub(crate) fn in_cookies(&self) -> bool {
        matches!(self.setting.keeps, Keeps::Cookies | Keeps::CookiesWithGeneration)
    }

    fn store_actions(&self, state: &State, actions: &mut Vec<Action>) {
        if self.setting.endings {
            match state.row.life {
                Life::Live => {
                    let all = [Over::LoggedOut, Over::PasswordChanged, Over::Disabled].map(Action::End);
                    actions.extend(all);
                    actions.push(Action::Expire);
                }
                Life::Expired => actions.push(Action::End(Over::Expired)),
                Life::Reused | Life::Over(_) => {}
            }
        }
        let Some(restore) = self.setting.restore else { return };
        if state.seen.restores < restore.times {
            if state.backup != Some(state.row) && state.row.life == Life::Live {
                actions.push(Action::BackUp);
            }
            if state.backup.is_some_and(|backup| backup != state.row) {
                actions.push(Action::Restore);
            }
        }
        let patient = self.setting.restore.is_some_and(|restore| restore.patient);
        if state.accept_ahead && !state.client_is_ahead(patient) {
            actions.push(Action::BelieveNoMore);
        }
    }

    fn thief_actions(&self, state: &State, actions: &mut Vec<Action>) {
        let Some(thief) = &state.thief else {
            actions.extend(self.loot(state).into_iter().map(Action::Copy));
            return;
        };
        if thief.waits.is_none() && !thief.jar.out && state.mail.len() < self.setting.under_way {
            actions.push(Action::Steal(None));
            actions.extend(self.passed_off(thief).into_iter().map(|key| Action::Steal(Some(key))));
        }
    }

    fn mail_step(&self, state: &mut State, at: usize, action: Action) -> Option<()> {
        let message = *state.mail.get(at)?;
        if let Action::Repeat(_) = action {
            let mut copy = message;
            if matches!(copy, Message::Answer(..)) {
                *copy.sender_mut() = Sender::Nobody;
            }
            state.mail.push(copy);
            return Some(());
        }
        state.mail.remove(at);
        match (action, message) {
            (Action::Read(_), Message::Request(sender, request)) => {
                let (decision, next) = self.read(state, sender, &request);
                self.tally.count(decision);
                self.send(state, next);
            }
            (Action::Write(_), Message::Decided(sender, request, write)) => {
                let next = self.write(state, sender, &request, write);
                self.send(state, next.unwrap_or(Message::Request(sender, request)));
            }
            (Action::Deliver(_), _) => self.deliver(state, message),
            _ => {}
        }
        Some(())
    }

    /// Puts a message on its way, unless nobody can receive it.
    fn send(&self, state: &mut State, mut message: Message) {
        if let Message::Answer(sender, sent, answer) = &mut message {
            let granted = matches!(answer, Answer::Granted(_));
            if *sender == Sender::Nobody && !(granted && self.in_cookies()) {
                return;
            }
            if !matches!(answer, Answer::Stale | Answer::OfAnotherGeneration) {
                *sent = Token::GARBAGE;
            }
        }
        state.mail.push(message);
    }

    fn tick(&self, state: &mut State) -> Option<()> {
        let most = self.setting.window;
        let older = |age: &mut Option<u8>| *age = age.map(|age| (age + 1).min(most));
        let before = (state.row.age, state.backup.map(|b| b.age), state.seen.since);
        older(&mut state.row.age);
        if let Some(backup) = &mut state.backup {
            older(&mut backup.age);
        }
        state.seen.since = (state.seen.since + 1).min(most);
        (before != (state.row.age, state.backup.map(|b| b.age), state.seen.since)).then_some(())
    }

    fn tick_back(&self, state: &mut State) -> Option<()> {
        let age = state.row.age.filter(|age| *age > 0)?;
        state.row.age = Some(age - 1);
        state.seen.since = state.seen.since.saturating_sub(1);
        Some(())
    }

    fn restore(&self, state: &mut State) -> Option<()> {
        let restore = self.setting.restore?;
        state.row = state.backup.take()?;
        state.seen.since = state.row.age.unwrap_or(self.setting.window);
        state.seen.restores += 1;
        state.accept_ahead = restore.said;
        // The server went down with it.
        state.mail.retain(|message| !matches!(message, Message::Decided(..)));
        Some(())
    }

    /// What follows, under the names of the state before it.
    pub(crate) fn step(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        self.act(&mut state, action).map(|()| state)
    }

    fn act(&self, state: &mut State, action: Action) -> Option<()> {
        match action {
            Action::Start(tab) => self.start(state, tab),
            Action::StoreKey(tab) => match state.tabs[usize::from(tab)] {
                Tab::Making(key) => self.store_key(state, tab, key),
                _ => return None,
            },
            Action::GiveUp(tab) => {
                self.give_up(state, tab);
                let cookies = self.in_cookies();
                state.mail.retain(|message| {
                    let granted = matches!(message, Message::Answer(_, _, Answer::Granted(_)));
                    let answer = matches!(message, Message::Answer(..));
                    message.sender() != Sender::Nobody || !answer || granted && cookies
                });
            }
            Action::Read(at)
            | Action::Write(at)
            | Action::Deliver(at)
            | Action::Repeat(at)
            | Action::Lose(at) => {
                return self.mail_step(state, at, action);
            }
            Action::Tick => return self.tick(state),
            Action::TickBack => return self.tick_back(state),
            Action::End(over) => state.end(Life::Over(over)),
            Action::Expire => state.row.life = Life::Expired,
            Action::BackUp => state.backup = Some(state.row),
            Action::Restore => return self.restore(state),
            Action::BelieveNoMore => state.accept_ahead = false,
            Action::Copy(jar) => state.thief = Some(Thief { jar, waits: None }),
            Action::Steal(newest) => self.steal(state, Asked::First, newest),
        }
        Some(())
    }
}

impl State {
    /// Whether the client has a token that the store has yet to hear of, or may get one by an answer from before the
    /// store lost its writes; to the patient, also whether a request is under way from then.
    fn client_is_ahead(&self, patient: bool) -> bool {
        let row = &self.row;
        let known = |token: Token| token == row.current || [row.previous, row.before].contains(&Some(token));
        let ahead = |token: Token| token.generation >= BASE && token != self.row.current;
        let under_way = self.mail.iter().any(|message| match message {
            Message::Request(_, request) | Message::Decided(_, request, _) => {
                patient && !known(request.token)
            }
            Message::Answer(_, _, Answer::Granted(token)) => !known(*token),
            Message::Answer(..) => false,
        });
        ahead(self.jar.token) || under_way
    }
}

impl Model for System {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let token = Token { generation: BASE, id: 0 };
        let row = Row {
            current: token,
            previous: None,
            before: None,
            salt: None,
            previous_salt: None,
            age: None,
            retry: [None; 4],
            device_shown: false,
            life: Life::Live,
        };
        let jar = Jar { token, known: BASE, keys: Keys::NONE, out: false };
        let seen = Seen { since: self.setting.window, ..Seen::default() };
        let tabs = [Tab::Idle; Setting::MOST_TABS as usize];
        let (backup, accept_ahead, mail, thief) = (None, false, Vec::new(), None);
        vec![State { row, backup, accept_ahead, jar, tabs, mail, thief, seen }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if self.setting.thief.is_some() && !self.setting.endings && state.row.life == Life::Reused {
            // Found. What follows an end is what the settings with endings explore.
            return;
        }
        self.tab_actions(state, actions);
        self.mail_actions(state, actions);
        if self.time_may_pass(state) {
            actions.push(Action::Tick);
        }
        actions.extend(self.setting.clocks_differ.then_some(Action::TickBack));
        self.store_actions(state, actions);
        self.thief_actions(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = self.step(last, action)?;
        state.normalise(&self.setting, self.tabs_have_names);
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
