//! A world to live a day in: a store, a clock, users, and those who hold their tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rotunda_core::bearer::Bearer;
use rotunda_core::denied::Denied;
use rotunda_core::failure::{Error, Failure};
use rotunda_core::keys::{MasterKey, MasterKeys};
use rotunda_core::limits::Limits;
use rotunda_core::login::Login;
use rotunda_core::logout::Logout;
use rotunda_core::model::{
    Caller, ClientId, ClientKind, DeviceSecret, Ending, Event, EventKind, Handle, PageKey, Password,
    RetryKeys, Session, SessionId, Standing, UnixMillis, User,
};
use rotunda_core::outside::Clock;
use rotunda_core::policy::{Policy, Registration};
use rotunda_core::refresh::{Attempt, RefreshToken};
use rotunda_core::register::{Newcomer, Outcome, Register};
use rotunda_core::store::{Journal, Sessions};
use rotunda_core::{Grant, Outside, Rotunda, StartError};
use rotunda_testkit::fixtures::{NOW, email};
use rotunda_testkit::{
    FixedClock, ListedPasswords, Mailbox, QuickHasher, Receivers, SeededEntropy, SimpleScratch,
};
use rotunda_token::{ActClaim, Claims, KeySet, Verifier};

use crate::meddler::Meddler;

pub(crate) const ISSUER: &str = "https://auth.example";
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_hours(1);
pub(crate) const DAY: Duration = Duration::from_hours(24);
/// The default window.
pub(crate) const W: Duration = Duration::from_secs(10);

/// A Rotunda and everything outside it. Its master key of id `n` is 32 times the byte `n`.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) store: Arc<Meddler>,
    pub(crate) scratch: Arc<SimpleScratch>,
    pub(crate) mail: Arc<Mailbox>,
    pub(crate) receivers: Arc<Receivers>,
    pub(crate) clock: FixedClock,
    pub(crate) hasher: Arc<QuickHasher>,
    pub(crate) rotunda: Arc<Rotunda>,
    entropy: Arc<SeededEntropy>,
    told: Arc<AtomicU64>,
    master_ids: Vec<u8>,
}

/// Whoever holds the tokens of a session: a browser or an app, or the thief who has copied it.
#[derive(Clone)]
pub(crate) struct Holder {
    pub(crate) name: String,
    pub(crate) token: String,
    pub(crate) access: String,
    pub(crate) device: Option<DeviceSecret>,
    pub(crate) page: Option<PageKey>,
    pub(crate) keys: Vec<String>,
    pub(crate) caller: Caller,
    pub(crate) kind: ClientKind,
    pub(crate) session: Session,
    pub(crate) user: User,
}

/// A whole session answer, in a form that can be compared. Two access tokens are never the same, so that one is not.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) token: String,
    pub(crate) access: String,
    pub(crate) device: Option<String>,
    pub(crate) page: Option<String>,
    pub(crate) session: Session,
    pub(crate) user: User,
    pub(crate) expires_in: Duration,
    pub(crate) claims: Claims,
}

impl PartialEq for Answer {
    fn eq(&self, other: &Self) -> bool {
        let all =
            |a: &Self| (a.token.clone(), a.device.clone(), a.page.clone(), a.session.clone(), a.user.clone());
        all(self) == all(other)
    }
}

pub(crate) fn masters(ids: &[u8]) -> MasterKeys {
    MasterKeys::new(ids.iter().map(|id| (*id, MasterKey::from_bytes([*id; 32])))).unwrap()
}

pub(crate) fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}

pub(crate) fn denied<T>(result: Result<T, Error>) -> Denied {
    match result {
        Err(Error::Denied(denied)) => denied,
        Err(Error::Failure(failure)) => panic!("a failure is no refusal: {failure:?}"),
        Ok(_) => panic!("this should have been refused"),
    }
}

pub(crate) fn failure<T>(result: Result<T, Error>) -> Failure {
    match result {
        Err(Error::Failure(failure)) => failure,
        Err(Error::Denied(denied)) => panic!("a failure was told as the user's fault: {denied:?}"),
        Ok(_) => panic!("this should have failed"),
    }
}

pub(crate) fn over(ending: Ending) -> Denied {
    Denied::SessionEnded(Some(ending))
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With another policy than the default one; without limits, unless it sets them.
    pub(crate) async fn with(change: impl FnOnce(&mut Policy)) -> Self {
        let mut policy = Policy::new(ISSUER);
        policy.registration = Registration::Unverified;
        policy.limits = Limits::off();
        change(&mut policy);
        let store = Arc::new(Meddler::default());
        let (clock, hasher) = (FixedClock::at(NOW.0), Arc::new(QuickHasher::default()));
        let entropy = Arc::new(SeededEntropy::new(1));
        let scratch = Arc::new(SimpleScratch::default());
        let mail = Arc::new(Mailbox::default());
        let receivers = Arc::new(Receivers::default());
        let outside = Outside {
            store: store.clone(),
            scratch: scratch.clone(),
            clock: Arc::new(clock.clone()),
            entropy: entropy.clone(),
            hasher: hasher.clone(),
            mailer: mail.clone(),
            known_passwords: Arc::new(ListedPasswords::default()),
            courier: receivers.clone(),
        };
        let rotunda = Arc::new(Rotunda::start(outside, masters(&[1]), policy).await.unwrap());
        Self {
            store,
            scratch,
            mail,
            receivers,
            clock,
            hasher,
            rotunda,
            entropy,
            told: Arc::default(),
            master_ids: vec![1],
        }
    }

    pub(crate) fn outside(&self) -> Outside {
        Outside {
            store: self.store.clone(),
            scratch: self.scratch.clone(),
            clock: Arc::new(self.clock.clone()),
            entropy: self.entropy.clone(),
            hasher: self.hasher.clone(),
            mailer: self.mail.clone(),
            known_passwords: Arc::new(ListedPasswords::default()),
            courier: self.receivers.clone(),
        }
    }

    /// A new process on the same store, with these master keys.
    pub(crate) async fn restart(&mut self, ids: &[u8]) -> Result<(), StartError> {
        let policy = self.rotunda.policy().clone();
        self.rotunda = Arc::new(Rotunda::start(self.outside(), masters(ids), policy).await?);
        self.master_ids = ids.to_vec();
        Ok(())
    }

    pub(crate) fn pass(&self, span: Duration) {
        self.clock.advance(span);
    }

    pub(crate) fn clock_now(&self) -> UnixMillis {
        self.clock.now()
    }

    pub(crate) async fn row(&self, holder: &Holder) -> Session {
        self.store.facts(holder.session.id).await.unwrap().expect("the row is there").session
    }

    pub(crate) fn row_count(&self) -> usize {
        self.store.inner.snapshot().sessions.len()
    }

    /// What was written down since the last time somebody asked.
    pub(crate) async fn news(&self) -> Vec<Event> {
        let new = self.store.events(self.told.load(Ordering::SeqCst), 10_000).await.unwrap();
        self.told.fetch_max(new.last().map_or(0, |last| last.seq), Ordering::SeqCst);
        new.into_iter().map(|recorded| recorded.event).collect()
    }

    /// The event that this would be if the holder caused it just now.
    pub(crate) fn event(&self, kind: EventKind, holder: &Holder) -> Event {
        let (user_id, session_id) = (Some(holder.user.id), Some(holder.session.id));
        let tells = matches!(
            kind,
            EventKind::LateRetry | EventKind::AddressChanged | EventKind::SessionEnded(Ending::Reused)
        );
        let token = || RefreshToken::parse(&masters(&self.master_ids), &holder.token).unwrap();
        let about = tells.then(|| token().generation.to_string());
        Event { kind, at: self.clock.now(), user_id, session_id, about, caller: holder.caller.clone() }
    }

    pub(crate) fn ended(&self, ending: Ending, holder: &Holder) -> Event {
        self.event(EventKind::SessionEnded(ending), holder)
    }

    /// Nothing changed: not the row, not the journal.
    pub(crate) async fn assert_untouched(&self, holder: &Holder, row: &Session) {
        assert_eq!(self.row(holder).await, *row, "the row is as it was");
        assert_eq!(self.news().await, [], "nothing was written down");
    }

    // --- What users do ------------------------------------------------------------------------------------------

    pub(crate) fn registration(name: &str) -> Register {
        Register {
            newcomer: Newcomer {
                email: format!("{name}@example.com"),
                password: password(PASSWORD),
                username: Some(name.to_owned()),
                name: None,
            },
            client_id: None,
            proof: None,
            page: None,
            caller: caller("192.0.2.1"),
        }
    }

    /// A registration that signs in at once.
    pub(crate) async fn signs_up(&self, register: &Register) -> Grant {
        match self.rotunda.register(register).await.unwrap() {
            Outcome::SignedIn(grant) => *grant,
            Outcome::LetterSent => panic!("addresses are not verified here"),
        }
    }

    /// A new user with a browser. What was written down about it is told already.
    pub(crate) async fn register(&self, name: &str) -> Holder {
        let register = Self::registration(name);
        let grant = self.signs_up(&register).await;
        self.news().await;
        self.holder(name, register.caller, grant).await
    }

    pub(crate) fn login_of(name: &str) -> Login {
        Login {
            handle: Some(Handle::Email(email(&format!("{name}@example.com")))),
            password: password(PASSWORD),
            client_id: None,
            proof: None,
            remember: true,
            device: None,
            page: None,
            caller: caller("198.51.100.2"),
        }
    }

    /// One more browser of a user.
    pub(crate) async fn sign_in(&self, name: &str) -> Holder {
        self.sign_in_with(name, Self::login_of(name)).await
    }

    /// The app of a user.
    pub(crate) async fn sign_in_app(&self, name: &str) -> Holder {
        let client_id = Some(ClientId("native".to_owned()));
        self.sign_in_with(name, Login { client_id, ..Self::login_of(name) }).await
    }

    pub(crate) async fn sign_in_with(&self, name: &str, login: Login) -> Holder {
        let grant = self.rotunda.login(&login).await.unwrap();
        self.news().await;
        self.holder(name, login.caller, grant).await
    }

    pub(crate) async fn refresh(&self, holder: &Holder) -> Result<Answer, Error> {
        let grant = self.rotunda.refresh(&holder.attempt()).await?;
        Ok(self.answer(&grant).await)
    }

    /// A refresh that goes through and whose answer arrives.
    pub(crate) async fn refreshes(&self, holder: &mut Holder) -> Answer {
        let answer = self.refresh(holder).await.unwrap();
        holder.keep(&answer);
        answer
    }

    pub(crate) async fn refused(&self, holder: &Holder) -> Denied {
        denied(self.refresh(holder).await)
    }

    pub(crate) async fn bearer(&self, holder: &Holder) -> Bearer {
        self.rotunda.bearer(&holder.access).await.unwrap()
    }

    pub(crate) async fn logs_out(&self, holder: &Holder) {
        let refresh_token = Some(holder.token.clone().into());
        let logout = Logout { refresh_token, caller: holder.caller.clone(), ..Logout::default() };
        self.rotunda.logout(&logout).await.unwrap();
    }

    // --- What they get ------------------------------------------------------------------------------------------

    pub(crate) async fn holder(&self, name: &str, caller: Caller, grant: Grant) -> Holder {
        let answer = self.answer(&grant).await;
        Holder {
            name: name.to_owned(),
            token: answer.token,
            access: answer.access,
            device: grant.device_secret,
            page: grant.page_key,
            keys: Vec::new(),
            caller,
            kind: grant.kind,
            session: answer.session,
            user: answer.user,
        }
    }

    /// Looks at every part of an answer, then makes it comparable.
    pub(crate) async fn answer(&self, grant: &Grant) -> Answer {
        let (session, now) = (&grant.session, grant.now);
        let named = self.rotunda.policy().clients.get(&session.client_id).cloned();
        let client = &named.unwrap_or_else(|| Policy::builtin(&session.client_id.0, grant.kind));
        let rest = now.until(session.expires_at());
        assert_eq!(now, self.clock.now());
        assert_eq!(grant.kind, client.kind);
        assert_eq!(grant.expires_in, client.access_ttl.min(rest));
        assert_eq!(grant.refresh_expires_in, rest);
        assert!(
            grant.refresh_after >= grant.expires_in.mul_f64(0.6)
                && grant.refresh_after <= grant.expires_in.mul_f64(0.9)
        );
        let facts = self.store.inner.facts(session.id).await.unwrap().expect("whoever gets tokens has a row");
        // The store alone knows the revision that a session begins under.
        let session = &Session { revision: facts.session.revision, ..session.clone() };
        assert_eq!((&facts.session, &facts.user), (session, &grant.user), "the answer tells what is stored");
        assert_eq!(session.standing, Standing::Live);
        assert!(session.idle_expires_at <= session.absolute_expires_at);
        let text = grant.refresh_token.expose();
        let token =
            RefreshToken::parse(&masters(&self.master_ids), text).expect("the refresh token is authentic");
        assert_eq!((token.session_id, token.generation), (session.id, session.lineage.generation));
        assert_eq!(
            token.hash(&masters(&self.master_ids)),
            Some(session.lineage.current_hash),
            "and the current one"
        );
        if let Some(device) = &grant.device_secret {
            assert_eq!(device.hash(), session.device_hash);
        }
        Answer {
            token: text.to_owned(),
            access: grant.access_token.expose().to_owned(),
            device: grant.device_secret.as_ref().map(DeviceSecret::expose_text),
            page: grant.page_key.as_ref().map(PageKey::expose_text),
            session: session.clone(),
            user: grant.user.clone(),
            expires_in: grant.expires_in,
            claims: self.claims(grant),
        }
    }

    /// All that the user may do, as a token says it.
    fn scope(&self, user: &User) -> Option<String> {
        let permissions: Vec<_> = self.rotunda.permissions_of(user).iter().map(ToString::to_string).collect();
        Some(permissions.join(" ")).filter(|scope| !scope.is_empty())
    }

    /// The claims, as a service with nothing but the published keys reads them.
    fn claims(&self, grant: &Grant) -> Claims {
        let jwks = serde_json::to_vec(&self.rotunda.jwks()).unwrap();
        let keys = KeySet::from_jwks_json(&jwks).unwrap();
        let verifier = Verifier::new(keys, ISSUER.to_owned(), vec![ISSUER.to_owned()]).with_leeway_seconds(0);
        let claims = verifier.verify(grant.access_token.expose(), grant.now.0).unwrap();
        let (session, end) = (&grant.session, grant.now.plus(grant.expires_in));
        let wanted = Claims {
            iss: ISSUER.to_owned(),
            sub: grant.user.sub(),
            aud: vec![ISSUER.to_owned()],
            exp: end.seconds_up(),
            iat: grant.now.seconds(),
            nbf: None,
            jti: claims.jti.clone(),
            client_id: session.client_id.to_string(),
            sid: Some(session.id.to_string()),
            auth_time: Some(session.auth_time.seconds()),
            amr: session.amr.clone(),
            ep: Some(grant.user.ep),
            roles: grant.user.roles.iter().map(ToString::to_string).collect(),
            ce: (grant.user.ce > 0).then_some(grant.user.ce),
            rv: claims.rv,
            scope: self.scope(&grant.user),
            act: session.acting.map(|acting| ActClaim { sub: acting.to_string() }),
        };
        assert_eq!(claims, wanted);
        claims
    }
}

impl Holder {
    /// The refresh that a client with all this sends.
    pub(crate) fn attempt(&self) -> Attempt {
        Attempt {
            pages: None,
            token: self.token.clone().into(),
            carrier: self.kind.carrier(),
            client_id: None,
            proof: None,
            device: self.device.clone(),
            retry_keys: RetryKeys::parse(&self.keys).unwrap_or_default(),
            generation: None,
            caller: self.caller.clone(),
        }
    }

    pub(crate) fn keep(&mut self, answer: &Answer) {
        self.token.clone_from(&answer.token);
        self.access.clone_from(&answer.access);
        self.session = answer.session.clone();
    }

    pub(crate) fn generation(&self) -> u32 {
        self.session.lineage.generation
    }

    /// Makes and stores the retry key for leaving this generation, as a client does before it sends.
    pub(crate) fn make_key(&mut self) {
        let key = format!("{:-<22}", format!("{}-{}", self.name, self.generation()));
        if self.keys.last() != Some(&key) {
            self.keys.push(key);
            self.keys.drain(..self.keys.len().saturating_sub(RetryKeys::MOST));
        }
    }

    /// The same, without its retry keys.
    pub(crate) fn without_keys(&self) -> Self {
        Self { keys: Vec::new(), ..self.clone() }
    }

    pub(crate) fn without_device(&self) -> Self {
        Self { device: None, ..self.clone() }
    }

    pub(crate) fn with_device(&self, device: DeviceSecret) -> Self {
        Self { device: Some(device), ..self.clone() }
    }

    /// Somebody elsewhere who has copied everything.
    pub(crate) fn copied_by(&self, name: &str) -> Self {
        Self { name: name.to_owned(), caller: caller("203.0.113.66"), ..self.clone() }
    }
}

pub(crate) fn caller(address: &str) -> Caller {
    Caller::new(
        address.parse().ok(),
        Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    )
}

/// The session as an end that went through leaves it.
pub(crate) fn as_ended(session: &Session, ending: Ending, at: UnixMillis) -> Session {
    Session { standing: Standing::Ended { ending, at }, ..session.clone() }
}

/// An id that nobody has.
pub(crate) fn nobodys_session() -> SessionId {
    SessionId::from_bytes([0x55; 16])
}
