//! What the account flows have in common in tests: the post, the links, and a look at everything that is stored.

use rotunda_core::Grant;
use rotunda_core::denied::Denied;
use rotunda_core::failure::Error;
use rotunda_core::link::Arrival;
use rotunda_core::login::Login;
use rotunda_core::model::{
    Email, EventKind, LetterKind, LinkPurpose, PasswordHash, SecretText, Session, Standing, User,
};
use rotunda_core::policy::Registration;
use rotunda_core::register::{Outcome, Register};
use rotunda_core::store::Accounts;
use rotunda_testkit::{MemoryState, Sent};

use crate::support::{Holder, PASSWORD, World, caller, denied, password};

pub(crate) const NEW: &str = "a new and longer one";

/// How many accounts, sessions, links, letters and events there are.
pub(crate) type Rows = [usize; 5];

impl World {
    /// Addresses are verified here.
    pub(crate) async fn verified() -> Self {
        Self::with(|policy| policy.registration = Registration::Verified).await
    }

    /// All letters that are due, which are of these kinds.
    pub(crate) async fn letters<const N: usize>(&self, kinds: [LetterKind; N]) -> [Sent; N] {
        self.rotunda.deliver().await.unwrap();
        self.mail.take_all(kinds)
    }

    /// The token of the one letter that is due, which is of this kind.
    pub(crate) async fn link(&self, kind: LetterKind) -> SecretText {
        let [sent] = self.letters([kind]).await;
        sent.token()
    }

    pub(crate) async fn no_letters(&self) {
        let [] = self.letters([]).await;
    }

    pub(crate) async fn asks_to_register(&self, register: &Register) {
        let outcome = self.rotunda.register(register).await.unwrap();
        assert!(matches!(outcome, Outcome::LetterSent), "nobody is signed in before the address is verified");
    }

    pub(crate) async fn verify(&self, token: &SecretText, text: &str) -> Result<Grant, Error> {
        self.rotunda.verify_email(&arrival(token), &password(text)).await
    }

    pub(crate) async fn reset(&self, token: &SecretText, text: &str) -> Result<Grant, Error> {
        self.rotunda.reset_password(&arrival(token), &password(text)).await
    }

    pub(crate) async fn report(&self, token: &SecretText) -> Result<(), Error> {
        self.rotunda.report(token, &caller("192.0.2.9")).await
    }

    pub(crate) async fn confirm(&self, token: &SecretText) -> Result<(), Error> {
        self.confirm_with(token, PASSWORD).await
    }

    pub(crate) async fn confirm_with(&self, token: &SecretText, text: &str) -> Result<(), Error> {
        self.rotunda.confirm_email(token, &password(text), &caller("192.0.2.9")).await
    }

    /// The link for a new password, from the letter.
    pub(crate) async fn forgets(&self, name: &str) -> SecretText {
        let address = format!("{name}@example.com");
        self.rotunda.forgot_password(&address, &caller("192.0.2.9")).await.unwrap();
        self.link(LetterKind::ResetPassword).await
    }

    /// A sign-in with this password, from a browser of its own.
    pub(crate) async fn knocks(&self, name: &str, text: &str) -> Result<Grant, Error> {
        self.rotunda.login(&Login { password: password(text), ..Self::login_of(name) }).await
    }

    /// A sign-in from somewhere new; the link of the notice.
    pub(crate) async fn signs_in_from(&self, name: &str, address: &str) -> (Holder, SecretText) {
        let login = Login { caller: caller(address), ..Self::login_of(name) };
        let holder = self.sign_in_with(name, login).await;
        (holder, self.link(LetterKind::NewDevice).await)
    }

    /// Asks for another address; the links of the two letters: to the new one, to the one so far.
    pub(crate) async fn asks_for(&self, holder: &Holder, address: &str) -> (SecretText, SecretText) {
        self.rotunda.ask_for_email(&self.bearer(holder).await, address, &holder.caller).await.unwrap();
        let [confirm, asked] = self.letters([LetterKind::ConfirmEmail, LetterKind::EmailChangeAsked]).await;
        (confirm.token(), asked.token())
    }

    /// Changes the address; the "this was not me" of the one so far.
    pub(crate) async fn moves_to(&self, holder: &Holder, address: &str) -> SecretText {
        let (confirm, _) = self.asks_for(holder, address).await;
        self.confirm(&confirm).await.unwrap();
        let [changed, _] = self.letters([LetterKind::EmailChanged, LetterKind::EmailChangedTo]).await;
        changed.token()
    }

    /// The user as stored.
    pub(crate) async fn user(&self, holder: &Holder) -> User {
        self.store.inner.account_of(holder.user.id).await.unwrap().expect("the user is there").user
    }

    pub(crate) async fn hash(&self, holder: &Holder) -> PasswordHash {
        self.store.inner.account_of(holder.user.id).await.unwrap().expect("the user is there").password
    }

    pub(crate) fn rows(&self) -> Rows {
        let all = self.store.inner.snapshot();
        [all.accounts.len(), all.sessions.len(), all.links.len(), all.letters.len(), all.events.len()]
    }

    pub(crate) fn live(&self) -> Vec<Session> {
        let all = self.store.inner.snapshot().sessions.into_values();
        all.filter(|session| session.standing == Standing::Live).collect()
    }

    /// What kinds of things were written down since somebody asked last.
    pub(crate) async fn kinds(&self) -> Vec<EventKind> {
        self.news().await.into_iter().map(|event| event.kind).collect()
    }

    /// How a link answers in each of the flows that take one; none of them changes anything.
    pub(crate) async fn tries_everywhere(&self, token: &SecretText, but: Option<LinkPurpose>) {
        use LinkPurpose as P;
        let before = self.store.inner.snapshot();
        let is_for = |purposes: &[LinkPurpose]| but.is_some_and(|but| purposes.contains(&but));
        if !is_for(&[P::Register, P::VerifyEmail]) {
            assert_eq!(denied(self.verify(token, PASSWORD).await), Denied::LinkInvalid, "to verify");
        }
        if !is_for(&[P::ResetPassword]) {
            assert_eq!(denied(self.reset(token, NEW).await), Denied::LinkInvalid, "to reset");
        }
        if !is_for(&[P::ChangeEmail]) {
            assert_eq!(denied(self.confirm(token).await), Denied::LinkInvalid, "to confirm");
        }
        if !is_for(&[P::Report]) {
            assert_eq!(denied(self.report(token).await), Denied::LinkInvalid, "to report");
        }
        assert_same(&before, &self.store.inner.snapshot());
    }
}

pub(crate) fn arrival(token: &SecretText) -> Arrival {
    let (client_id, device, page) = (None, None, None);
    Arrival { token: token.clone(), client_id, proof: None, device, page, caller: caller("192.0.2.9") }
}

pub(crate) fn address_of(sent: &Sent) -> &str {
    sent.letter.to.as_ref().map_or("", Email::as_str)
}

/// Nothing at all was written.
#[track_caller]
pub(crate) fn assert_same(before: &MemoryState, after: &MemoryState) {
    let accounts = |state: &MemoryState| {
        let all = state.accounts.values();
        all.map(|account| (account.user.clone(), account.password.expose().to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(accounts(before), accounts(after));
    assert_eq!(before.sessions, after.sessions);
    assert!(before.devices == after.devices, "devices");
    assert!(before.links == after.links, "links");
    assert_eq!(before.letters, after.letters);
    assert_eq!(before.last_seq, after.last_seq, "events");
}
