//! An honest client under fire: a browser with some tabs, or a program with some threads, on one device.
//!
//! One refresh, as rotation.md asks:
//!
//! 1. Make a retry key when the generation is new, store it, send the last four.
//! 2. No answer in time, a broken connection, a gateway's page, 503: keep everything, wait a little, ask again.
//! 3. `token_stale`: ask once more; without retry keys, unless the client has come to a newer generation since.
//! 4. `session_ended` or `token_reused`: ask once more before believing it.
//! 5. Granted: take what came; use the access token now and then.
//!
//! How long it waits for an answer is drawn anew each time, less than W or more. Login, logout and password change of a
//! browser take a lock that its refreshes share; programs compare session and generation instead.
//!
//! Promise 1 says "without further assumptions". It needs some, as `--beyond` shows, which drops them all. In the order of
//! how likely they are to matter:
//!
//! - After `token_stale` the letter of rotation.md asks without keys, always. That request may rotate, and leaves no key
//!   for whoever lost its reply; or come late itself, after another tab has rotated. See 3 above.
//! - A late reply must not set a browser's jar far back: the token in it is stale then, and the question without keys is
//!   reuse. Here it is lost if it would set it back by two; one generation is fine while nothing else is under way.
//! - A reply must not set a cookie and lose its body: what the next tab sends has no key for the generation in the jar.
//!   Here a browser takes nothing of a reply that breaks off.
//! - A request must not be more than four rotations late: the server remembers no older keys (`chaos.rs`).

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::RwLock;
use tokio::task::JoinSet;

use crate::calls::{Seen, SignIn};
use crate::chance::Chance;
use crate::chaos::contradicts;
use crate::check::{Violation, ViolationKind};
use crate::history::{Answer, By, Call, Reason};
use crate::moment::Moment;
use crate::pocket::{Keys, Pocket, Ready};
use crate::reply::{Reply, read_token};
use crate::world::{Kind, Session, User, World};

/// A refresh that was sent, and what came of it.
struct Asked {
    seen: Seen,
    session: Arc<Session>,
    ready: Ready,
    /// The generation that the client believed to be in.
    believed: u32,
}

/// One device of a user.
pub(crate) struct Client {
    pub world: Arc<World>,
    pub user: Arc<User>,
    pub kind: Kind,
    pub pocket: Mutex<Pocket>,
    /// Refreshes share it, or take it alone if the tabs use locks; what changes the session takes it alone.
    pub lock: RwLock<()>,
    locks: bool,
    shows_device: bool,
    tabs: u8,
    busy: Vec<AtomicU32>,
    /// Attempts between the reading of the pocket and the taking of the answer.
    asking: AtomicU32,
}

impl Client {
    pub(crate) fn new(world: &Arc<World>, user: &Arc<User>, chance: &mut Chance) -> Arc<Self> {
        let tabs = u8::try_from(chance.between(1, world.config.workers.max(1))).unwrap_or(u8::MAX);
        let kind = chance.pick(&[Kind::Web, Kind::Native]);
        Arc::new(Self {
            world: Arc::clone(world),
            user: Arc::clone(user),
            kind,
            pocket: Mutex::default(),
            lock: RwLock::new(()),
            locks: chance.permille(250),
            // A browser cannot help sending its cookie.
            shows_device: kind == Kind::Web || chance.permille(750),
            tabs,
            busy: (0..tabs).map(|_| AtomicU32::new(0)).collect(),
            asking: AtomicU32::new(0),
        })
    }

    pub(crate) fn session(&self) -> Option<Arc<Session>> {
        self.pocket.lock().unwrap().session.clone()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.pocket.lock().unwrap().over
    }

    /// Signs in, however long that takes. `false` when the run closes before.
    pub(crate) async fn sign_in(&self, chance: &mut Chance, mut register: bool) -> bool {
        for round in 0.. {
            if self.world.is_closing() {
                return false;
            }
            let passwords = self.user.passwords.lock().unwrap().clone();
            let password = &passwords[round % passwords.len()];
            let secret = self.pocket.lock().unwrap().secret.clone();
            let how = SignIn { register, password, secret: secret.as_deref(), leaves: None };
            let seen = self.world.sign_in(&self.user, self.kind, how, Duration::from_secs(12)).await;
            match seen.reply() {
                Some(reply) if self.begin(reply) => {
                    *self.user.passwords.lock().unwrap() = vec![password.clone()];
                    return true;
                }
                // The answer to an earlier attempt was lost: there is such a user by now.
                Some(reply) if reply.status == 409 => register = false,
                _ => tokio::time::sleep(Duration::from_millis(chance.between(50, 400))).await,
            }
        }
        false
    }

    /// Takes a new session; `false` when the answer brings none.
    pub(crate) fn begin(&self, reply: &Reply) -> bool {
        let session = reply.session.as_ref().and_then(|id| self.world.session(id));
        match session.filter(|_| matches!(reply.status, 200 | 201) && reply.token.is_some()) {
            Some(session) => {
                let mut pocket = self.pocket.lock().unwrap();
                pocket.begin(session, reply);
                // A client that does not show the secret does not keep it either.
                pocket.secret = pocket.secret.take().filter(|_| self.shows_device);
                true
            }
            None => false,
        }
    }

    /// Most tabs refresh at once, or nearly.
    pub(crate) fn burst(self: &Arc<Self>, chance: &mut Chance, running: &mut JoinSet<()>) {
        let together = chance.permille(700);
        for tab in 0..self.tabs {
            let (mut own, comes) = (chance.fork(), chance.permille(850));
            // A thread that still waits for its last answer does not ask again.
            if !comes || self.busy[usize::from(tab)].swap(1, Ordering::SeqCst) == 1 {
                continue;
            }
            let client = Arc::clone(self);
            running.spawn(async move {
                if !together {
                    tokio::time::sleep(own.part(client.world.window(), 0, 30)).await;
                }
                client.refresh(tab, &mut own).await;
                client.busy[usize::from(tab)].store(0, Ordering::SeqCst);
            });
        }
    }

    /// One refresh, until it is granted, or it is time to try again later.
    pub(crate) async fn refresh(&self, tab: u8, chance: &mut Chance) {
        let (mut keyless, mut doubted) = (false, false);
        for _ in 0..6 {
            let Some(asked) = self.ask(tab, keyless, chance).await else { return };
            keyless = false;
            let reason = match asked.seen.reply() {
                Some(reply) if reply.status == 200 && reply.readable => {
                    self.granted(tab, chance).await;
                    return;
                }
                Some(reply) => reply.reason,
                None => None,
            };
            match reason {
                Some(Reason::TokenStale) => {
                    self.world.stats.stale_seen.add(1);
                    keyless = self.world.config.beyond || !self.has_moved_on(&asked);
                }
                Some(Reason::SessionEnded | Reason::TokenReused) if doubted => {
                    self.believe(&asked.session);
                    return;
                }
                Some(Reason::SessionEnded | Reason::TokenReused) => {
                    doubted = true;
                    tokio::time::sleep(Duration::from_millis(chance.between(1, 30))).await;
                }
                // Anything else a check will find.
                Some(_) => return,
                None => tokio::time::sleep(chance.part(self.world.window(), 2, 40)).await,
            }
        }
    }

    /// Whether the client knows of a newer generation than when it asked.
    fn has_moved_on(&self, asked: &Asked) -> bool {
        let pocket = self.pocket.lock().unwrap();
        match self.kind {
            Kind::Web => pocket.generation > asked.believed,
            Kind::Native => pocket.token.as_ref() != Some(&asked.ready.token),
        }
    }

    /// Sends one refresh and takes what comes. `None` when there was nothing to send.
    async fn ask(&self, tab: u8, keyless: bool, chance: &mut Chance) -> Option<Asked> {
        let world = &self.world;
        let (_shared, _alone) = match self.locks {
            false => (Some(self.lock.read().await), None),
            true => (None, Some(self.lock.write().await)),
        };
        let (ready, session, believed) = {
            let mut pocket = self.pocket.lock().unwrap();
            let mut make = || world.new_key();
            let keys = if keyless || world.config.keyless { Keys::None } else { Keys::Send(&mut make) };
            let found = (pocket.ready(keys)?, pocket.session.clone()?, pocket.generation);
            self.asking.fetch_add(1, Ordering::SeqCst);
            found
        };
        let patience = match chance.below(100) {
            0..50 => chance.part(world.window(), 30, 90),
            50..85 => chance.part(world.window(), 110, 250),
            _ => chance.part(world.window(), 300, 500),
        };
        let seen = world.refresh(By::Owner(tab), self.kind, &ready, patience).await;
        let seen = self.take(seen, &ready, &session);
        self.asking.fetch_sub(1, Ordering::SeqCst);
        Some(Asked { seen, session, ready, believed })
    }

    /// Stores what came. What promise 1 cannot stand did not come.
    fn take(&self, seen: Seen, ready: &Ready, session: &Arc<Session>) -> Seen {
        let world = &self.world;
        let (Seen::Reply(reply) | Seen::Partial(reply)) = &seen else { return seen };
        if contradicts(reply) {
            let text = format!("the answer contradicts itself: {:?} {:?}", reply.session, reply.generation);
            world.found(Some(session), Violation { kind: ViolationKind::Fork, deliveries: Vec::new(), text });
        }
        let mut pocket = self.pocket.lock().unwrap();
        if self.kind == Kind::Web && reply.status == 200 && world.config.is_strict() {
            let broken_off = matches!(seen, Seen::Partial(_));
            if broken_off || !self.may_set_back(&pocket, reply, session) {
                world.stats.set_back.add(u64::from(!broken_off));
                return Seen::Nothing;
            }
        }
        pocket.refreshed(self.kind, reply);
        if reply.status == 200 {
            session.record().older = Some(ready.token.clone());
        }
        seen
    }

    /// Whether the jar may be set to what a reply brings: something newer, or one generation less while nothing else is
    /// under way that could go on from the newer one.
    fn may_set_back(&self, pocket: &Pocket, reply: &Reply, session: &Session) -> bool {
        let generation = |token: &Option<String>| token.as_deref().and_then(read_token).map_or(0, |(_, g)| g);
        let (brought, held) = (generation(&reply.token), generation(&pocket.token));
        // Where the store forgets, an older cookie begins a branch of its own, with a key that was made for the newer one: what
        // its late answer brings may be of the same generation as what is held, and of the other branch. A page that declares its
        // generation is told so first; these do not.
        if self.world.config.lossy {
            return brought > held || reply.token == pocket.token;
        }
        if brought >= held {
            return true;
        }
        let record = session.record();
        let alone = self.asking.load(Ordering::SeqCst) == 1 && session.under_way.load(Ordering::SeqCst) == 0;
        alone && brought + 1 == held && record.top == held && record.unseen <= held
    }

    async fn granted(&self, tab: u8, chance: &mut Chance) {
        self.world.stats.refreshed.add(1);
        if chance.permille(150) {
            self.use_access(By::Owner(tab)).await;
        }
    }

    /// Asks who it is, with the last access token.
    pub(crate) async fn use_access(&self, by: By) {
        let (session, access) = {
            let pocket = self.pocket.lock().unwrap();
            (pocket.session.clone(), pocket.access.clone())
        };
        if let (Some(session), Some(access)) = (session, access) {
            self.world.me(by, self.kind, &session, &access, self.world.window() * 2).await;
        }
    }

    /// It was told twice that this session is over, and gives it up. If nobody has ended it, it was lost.
    fn believe(&self, session: &Arc<Session>) {
        let mut pocket = self.pocket.lock().unwrap();
        if pocket.over || pocket.session.as_ref().is_none_or(|own| own.id != session.id) {
            return;
        }
        pocket.over = true;
        drop(pocket);
        let told = |answer| {
            matches!(answer, Answer::Refused { reason: Reason::SessionEnded | Reason::TokenReused, .. })
        };
        let over =
            session.record().deliveries.iter().any(|d| told(d.answer) || matches!(d.call, Call::End(_)));
        let over = over || session.user.endings.lock().unwrap().iter().any(|d| d.sent >= session.born.0);
        if !over && self.world.config.is_strict() {
            let text = "its client gave it up, and the server never said that it was over".to_owned();
            let violation = Violation { kind: ViolationKind::HonestLost, deliveries: Vec::new(), text };
            self.world.found(Some(session), violation);
        }
    }

    /// Bursts until then, and waits for the last answers.
    pub(crate) async fn live(self: &Arc<Self>, until: Moment, pace: (u64, u64), chance: &mut Chance) {
        let mut running = JoinSet::new();
        while crate::moment::now() < until && !self.is_over() && !self.world.is_closing() {
            self.burst(chance, &mut running);
            tokio::time::sleep(chance.part(self.world.window(), pace.0, pace.1)).await;
            while running.try_join_next().is_some() {}
        }
        self.remember();
        while running.join_next().await.is_some() {}
        self.remember();
    }

    /// Writes down what the client holds, for the last question.
    pub(crate) fn remember(&self) {
        let pocket = self.pocket.lock().unwrap();
        if let (Some(session), Some(last)) = (&pocket.session, pocket.last()) {
            session.record().last = Some(last);
        }
    }
}
