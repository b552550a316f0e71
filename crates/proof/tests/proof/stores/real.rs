//! A real server: production's flows on a real store, led through the deeds of a history.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rotunda_core::bearer::Bearer;
use rotunda_core::denied::Denied;
use rotunda_core::failure::{Error, Failure};
use rotunda_core::limits::Limits;
use rotunda_core::login::Login;
use rotunda_core::logout::Logout;
use rotunda_core::model::{
    AddressBinding, Caller, Client, ClientId, ClientKind, DeviceSecret, Handle, LateRetry, Password,
    UnixMillis, UserId, UserState,
};
use rotunda_core::password::ChangePassword;
use rotunda_core::policy::Policy;
use rotunda_core::refresh::Attempt;
use rotunda_core::register::Newcomer;
use rotunda_core::{Grant, Outside, Rotunda};
use rotunda_proof::state::Device;
use rotunda_testkit::CommandLine as _;
use rotunda_testkit::fixtures::email;
use rotunda_testkit::{
    FixedClock, Layered, ListedPasswords, Mailbox, QuickHasher, Receivers, SeededEntropy, SimpleScratch,
};

use super::book::{ABSOLUTE, Asked, Book, Deed, IDLE, KEEP_ENDED, START};
use super::explain::{Heard, Rows, explain};
use super::ground::{Copied, Ground};
use super::names::{Names, masters, real_keys};
use super::racer::Said;
use super::turns::Turns;

const ADDRESS: &str = "ada@example.com";

/// A server and its store.
pub(crate) struct Real {
    ground: Ground,
    backup: Option<Rc<Copied>>,
    running: Option<(Arc<Layered<Turns>>, Arc<Rotunda>)>,
    clock: FixedClock,
    entropy: Arc<SeededEntropy>,
    hasher: Arc<QuickHasher>,
    policy: Policy,
    user: UserId,
    names: Names,
    devices: Vec<DeviceSecret>,
    bearers: Vec<Bearer>,
    racers: Vec<Racer>,
    /// How many bursts there were, and how many of them only an overtaken request explains.
    pub(crate) bursts: [u64; 2],
}

/// A refresh under way, or what came of it.
enum Racer {
    Runs(Asked, Pin<Box<dyn Future<Output = Result<Grant, Error>> + Send>>),
    Heard(Asked, Heard),
}

impl Real {
    pub(crate) async fn start(ground: Ground, window: Duration, late_retry: LateRetry) -> Self {
        let mut real = Self {
            ground,
            backup: None,
            running: None,
            clock: FixedClock::at(START),
            entropy: Arc::new(SeededEntropy::new(1)),
            hasher: Arc::default(),
            policy: policy(window, late_retry),
            user: UserId::from_bytes([0; 16]),
            names: Names::default(),
            devices: Vec::new(),
            bearers: Vec::new(),
            racers: Vec::new(),
            bursts: [0; 2],
        };
        real.open().await;
        let newcomer =
            Newcomer { email: ADDRESS.to_owned(), password: password(0), username: None, name: None };
        real.user = real.rotunda().add_user(&newcomer).await.unwrap().id;
        real
    }

    async fn open(&mut self) {
        let turns = Arc::new(Layered(Turns::new(self.ground.open().await)));
        let outside = Outside {
            store: turns.clone(),
            scratch: Arc::new(SimpleScratch::default()),
            clock: Arc::new(self.clock.clone()),
            entropy: self.entropy.clone(),
            hasher: self.hasher.clone(),
            mailer: Arc::<Mailbox>::default(),
            known_passwords: Arc::new(ListedPasswords::default()),
            courier: Arc::new(Receivers::default()),
        };
        let rotunda = Rotunda::start(outside, masters(), self.policy.clone()).await.unwrap();
        self.running = Some((turns, Arc::new(rotunda)));
    }

    fn rotunda(&self) -> Arc<Rotunda> {
        self.running.as_ref().expect("it runs").1.clone()
    }

    /// Stops and starts again, with something put back in between. With the last handle the threads end, and the file is
    /// closed.
    async fn reopen(&mut self, put_back: Option<Rc<Copied>>) {
        self.running = None;
        put_back.iter().for_each(|copied| self.ground.put_back(copied));
        self.open().await;
    }

    /// A step of a history begins.
    pub(crate) fn new_step(&mut self) {
        self.racers.clear();
    }

    pub(crate) async fn does(&mut self, deed: &Deed) -> Result<(), String> {
        let rotunda = self.rotunda();
        match deed {
            Deed::Clock(to) => self.clock.set(UnixMillis(*to)),
            Deed::LogIn(with, allowed) => return self.log_in(&rotunda, *with, *allowed).await,
            Deed::LogOut(session, token) => {
                let refresh_token = Some(self.names.text(*session, *token).to_owned().into());
                let logout = Logout { refresh_token, caller: home(), ..Logout::default() };
                rotunda.logout(&logout).await.map_err(told)?;
            }
            Deed::LogOutEverywhere(session) => {
                let bearer = self.bearer(&rotunda, *session).await?;
                rotunda.logout_all(&bearer, &home()).await.map_err(told)?;
            }
            Deed::ChangePassword(session, from) => {
                let bearer = self.bearer(&rotunda, *session).await?;
                let (current, new) = (password(*from), password(*from + 1));
                let change = ChangePassword { current, new, caller: home() };
                let grant = rotunda.change_password(&bearer, &change).await.map_err(told)?;
                self.begin(&rotunda, grant).await?;
            }
            Deed::Disable => drop(rotunda.disable_user(self.user).await.map_err(told)?),
            Deed::Enable => drop(rotunda.enable_user(self.user).await.map_err(told)?),
            Deed::Sweep => drop(rotunda.sweep().await.map_err(failed)?),
            Deed::Believe(span) => drop(rotunda.accept_ahead(*span).await.map_err(failed)?),
            Deed::Arrive(asked) => self.arrive(&rotunda, asked).await?,
            Deed::Turn(which, said) => {
                self.turn(*which).await?;
                said.iter().try_for_each(|said| self.hear(*which, said))?;
            }
            Deed::Finish(which, said) => self.finish(*which, said).await?,
            Deed::BackUp => self.backup = Some(Rc::new(self.ground.copy())),
            Deed::AtOnce(asked, before) => {
                let aside = Rc::new(self.ground.copy());
                self.at_once(&rotunda, asked, before).await?;
                drop(rotunda);
                self.reopen(Some(aside)).await;
            }
            Deed::Restart => {
                drop(rotunda);
                self.reopen(None).await;
            }
            Deed::Restore => {
                drop(rotunda);
                self.reopen(self.backup.clone()).await;
            }
        }
        Ok(())
    }

    async fn log_in(&mut self, rotunda: &Rotunda, with: usize, allowed: bool) -> Result<(), String> {
        let login = Login {
            handle: Some(Handle::Email(email(ADDRESS))),
            password: password(with),
            client_id: Some(ClientId("native".to_owned())),
            proof: None,
            remember: true,
            device: None,
            page: None,
            caller: home(),
        };
        match rotunda.login(&login).await {
            Ok(grant) if allowed => self.begin(rotunda, grant).await,
            Err(Error::Denied(Denied::UserDisabled)) if !allowed => Ok(()),
            other => Err(format!("a login, allowed: {allowed}: {:?}", other.map(|grant| grant.session.id))),
        }
    }

    async fn begin(&mut self, rotunda: &Rotunda, grant: Grant) -> Result<(), String> {
        let number = self.devices.len();
        self.names.add_session(grant.session.id);
        self.names.meet(number, super::FIRST, grant.refresh_token.expose())?;
        self.devices.push(grant.device_secret.ok_or("a session begins with a device secret")?);
        self.bearers.push(rotunda.bearer(grant.access_token.expose()).await.map_err(told)?);
        Ok(())
    }

    /// Whoever holds the session, as they are now.
    async fn bearer(&self, rotunda: &Rotunda, session: usize) -> Result<Bearer, String> {
        let facts = rotunda.session(self.names.session(session)).await.map_err(told)?;
        Ok(Bearer { facts, ..self.bearers[session].clone() })
    }

    fn attempt(&self, asked: &Asked) -> Attempt {
        let request = &asked.asks.request;
        let mut token = self.names.text(asked.session, request.token).to_owned();
        if asked.garbled {
            let swapped = if token.ends_with('A') { 'Q' } else { 'A' };
            token.pop();
            token.push(swapped);
        }
        Attempt {
            pages: None,
            token: token.into(),
            carrier: ClientKind::Native.carrier(),
            client_id: asked.asks.as_another.then(ClientId::web),
            proof: None,
            device: match request.device {
                Device::Same => Some(self.devices[asked.session].clone()),
                Device::Absent => None,
                Device::Different => Some(DeviceSecret::from_bytes([9; 32])),
            },
            retry_keys: real_keys(&request.keys),
            generation: request.believes.map(|g| u32::from(g) - u32::from(super::FIRST.generation)),
            caller: if asked.asks.from_elsewhere { caller("203.0.113.66") } else { home() },
        }
    }

    async fn arrive(&mut self, rotunda: &Arc<Rotunda>, asked: &Asked) -> Result<(), String> {
        let (rotunda, attempt) = (rotunda.clone(), self.attempt(asked));
        let refresh = Box::pin(async move { rotunda.refresh(&attempt).await });
        self.racers.push(Racer::Runs(asked.clone(), refresh));
        self.turn(self.racers.len() - 1).await
    }

    async fn turn(&mut self, which: usize) -> Result<(), String> {
        let turns = self.running.as_ref().expect("it runs").0.clone();
        let Racer::Runs(asked, refresh) = &mut self.racers[which] else { return Ok(()) };
        if let Some(answer) = turns.turn(refresh).await {
            self.racers[which] = Racer::Heard(asked.clone(), heard(answer)?);
        }
        Ok(())
    }

    async fn finish(&mut self, which: usize, said: &Said) -> Result<(), String> {
        while let Racer::Runs(..) = self.racers[which] {
            self.turn(which).await?;
        }
        self.hear(which, said)
    }

    /// Compares an answer. A refusal of the model may be one turn ahead: the real one is still being written down.
    fn hear(&mut self, which: usize, said: &Said) -> Result<(), String> {
        let Racer::Heard(asked, heard) = &self.racers[which] else { return Ok(()) };
        heard.fits(&mut self.names, asked.session, said)
    }

    /// All on threads of their own; then an order is looked for that explains it.
    async fn at_once(
        &mut self,
        rotunda: &Arc<Rotunda>,
        asked: &[Asked],
        before: &Book,
    ) -> Result<(), String> {
        let start = |asked| {
            let (rotunda, attempt) = (rotunda.clone(), self.attempt(asked));
            tokio::spawn(async move { rotunda.refresh(&attempt).await })
        };
        let tasks: Vec<_> = asked.iter().map(start).collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(heard(task.await.map_err(|panicked| panicked.to_string())?)?);
        }
        let rows = self.rows().await?;
        let explained = explain(before, asked, &answers, &rows, &self.names)?;
        self.bursts[0] += 1;
        self.bursts[1] += u64::from(explained);
        Ok(())
    }

    /// What there is in the store.
    pub(crate) async fn rows(&self) -> Result<Rows, String> {
        let rotunda = self.rotunda();
        let mut rows = Rows::default();
        for (number, id) in self.names.sessions() {
            match rotunda.session(id).await {
                Ok(facts) => {
                    rows.disabled = Some(facts.user.state == UserState::Disabled);
                    rows.sessions.insert(number, facts.session);
                }
                Err(Error::Denied(Denied::NotFound)) => {}
                Err(other) => return Err(told(other)),
            }
        }
        let live = rotunda.sessions_of(self.user).await.map_err(told)?;
        rows.live = live.into_iter().map(|session| session.id).collect();
        Ok(rows)
    }

    /// Every row is as the book has it, and there is none beside them.
    pub(crate) async fn compare(&self, book: &Book) -> Result<(), String> {
        self.rows().await?.fit(book, &self.names)
    }
}

fn heard(answer: Result<Grant, Error>) -> Result<Heard, String> {
    match answer {
        Ok(grant) => Ok(Heard(Ok(grant.refresh_token.expose().to_owned()))),
        Err(Error::Denied(denied)) => Ok(Heard(Err(denied))),
        Err(Error::Failure(failure)) => Err(failed(failure)),
    }
}

fn told(error: Error) -> String {
    format!("{error:?}")
}

fn failed(failure: Failure) -> String {
    format!("{failure:?}")
}

fn password(number: usize) -> Password {
    Password::new(format!("correct horse battery {number}"))
}

fn home() -> Caller {
    caller("192.0.2.1")
}

fn caller(address: &str) -> Caller {
    Caller::new(address.parse().ok(), None)
}

/// The native client, bound to its address, with the book's times.
fn policy(window: Duration, late_retry: LateRetry) -> Policy {
    let mut policy = Policy::new("https://auth.example");
    policy.limits = Limits::off();
    let days = |ms: i64| Duration::from_millis(ms.unsigned_abs());
    let client = Client {
        window,
        late_retry,
        idle: days(IDLE),
        absolute: days(ABSOLUTE),
        bind_address: AddressBinding::Address,
        ..Policy::builtin("native", ClientKind::Native)
    };
    policy.clients.insert(client.id.clone(), client);
    policy.keep_ended = days(KEEP_ENDED);
    policy
}
