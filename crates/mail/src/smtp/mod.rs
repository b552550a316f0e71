//! Letters handed to a mail server (RFC 5321), with TLS (RFC 8314, RFC 3207) and a sign-in (RFC 4954).
//!
//! 1. A letter takes a place: at most so many conversations are held at once. It goes on with one that rests, after
//!    RSET has shown that the server is still there, or begins a new one.
//! 2. MAIL FROM, RCPT TO, DATA, the letter. Each step has [`STEP`], the whole [`WHOLE`].
//! 3. A conversation that ended well, or with a plain refusal, rests for [`REST`] and is then closed. Any other is
//!    dropped where it stands: after a step that was cut off, the next answer would be taken for that to another question.
//! 4. Where a refusal comes tells what it means: `verdict.rs`.
//!
//! The commands, answers and TLS are lettre's. Its own pool is not used: it sets no limit to the time of a step, nor to
//! the number of conversations, and takes back those that were cut off; and its errors do not say which step failed.

mod server;
mod verdict;

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::Message;
use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::{Response, Severity};
use rotunda_core::outside::MailFailure;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use url::Host;

use crate::sender::House;
use server::Security;
pub use server::{SmtpError, SmtpServer, SmtpSettings};
use verdict::{Step, Trouble};

/// How long the server may take for one step.
const STEP: Duration = Duration::from_secs(30);
/// How long one letter may take.
const WHOLE: Duration = Duration::from_secs(60);
/// How long a conversation rests before it is closed.
const REST: Duration = Duration::from_secs(60);

/// A mail server, and the conversations with it.
pub(crate) struct Smtp {
    server: SmtpServer,
    tls: Option<TlsParameters>,
    hello: ClientId,
    places: Semaphore,
    resting: Arc<Resting>,
}

impl Smtp {
    pub(crate) fn new(settings: SmtpSettings, house: &House) -> Result<Self, SmtpError> {
        let hello = match Host::parse(house.host()) {
            Ok(Host::Ipv4(ip)) => ClientId::Ipv4(ip),
            Ok(Host::Ipv6(ip)) => ClientId::Ipv6(ip),
            _ => ClientId::Domain(house.host().to_owned()),
        };
        let tls = settings.tls()?;
        let places = Semaphore::new(settings.pool.clamp(1, SmtpSettings::MOST_POOL));
        Ok(Self { server: settings.server, tls, hello, places, resting: Arc::default() })
    }

    /// Hands one letter over.
    ///
    /// # Errors
    /// Whether another attempt is worth it; with the server's own words.
    pub(crate) async fn send(&self, message: &Message) -> Result<(), MailFailure> {
        let closed = |_| MailFailure::Later("no more letters are sent".to_owned());
        let _place = self.places.acquire().await.map_err(closed)?;
        match timeout(WHOLE, self.hand_over(message)).await {
            Ok(handed_over) => handed_over.map_err(|trouble| trouble.failure(&self.server)),
            Err(_) => Err(Trouble::slow(WHOLE).failure(&self.server)),
        }
    }

    /// Begins a conversation, and ends it before anything was said. Answers the server's certificate, in DER, where there is TLS.
    ///
    /// # Errors
    /// What keeps letters from being sent.
    pub(crate) async fn reach(&self) -> Result<Option<Vec<u8>>, MailFailure> {
        let reach = async {
            let mut conversation = self.begin().await?;
            let certificate = conversation.peer_certificate().ok();
            // Only politeness: the server closes its side.
            _ = timeout(STEP, conversation.quit()).await;
            Ok(certificate)
        };
        match timeout(WHOLE, reach).await {
            Ok(reached) => reached.map_err(|trouble: Trouble| trouble.failure(&self.server)),
            Err(_) => Err(Trouble::slow(WHOLE).failure(&self.server)),
        }
    }

    async fn hand_over(&self, message: &Message) -> Result<(), Trouble> {
        let mut conversation = match self.go_on().await {
            Some(conversation) => conversation,
            None => self.begin().await?,
        };
        let handed_over = deliver(&mut conversation, message.envelope(), &message.formatted()).await;
        if handed_over.as_ref().err().is_none_or(Trouble::leaves_conversation) {
            self.resting.take(conversation);
        }
        handed_over
    }

    /// The conversation that rests for the shortest time and still works.
    async fn go_on(&self) -> Option<AsyncSmtpConnection> {
        while let Some(mut conversation) = self.resting.give() {
            if done(Step::Greeting, conversation.command(Rset)).await.is_ok() {
                return Some(conversation);
            }
        }
        None
    }

    async fn begin(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let address = (self.server.host(), self.server.port());
        let implicit = self.tls.clone().filter(|_| self.server.security() == Security::Implicit);
        let connect = AsyncSmtpConnection::connect_tokio1(address, Some(STEP), &self.hello, implicit, None);
        let mut conversation = step(Step::Greeting, connect).await?;
        if let Some(tls) = self.tls.clone().filter(|_| self.server.security() == Security::StartTls) {
            step(Step::StartTls, conversation.starttls(tls, &self.hello)).await?;
        }
        if let Some(login) = self.server.login() {
            let credentials = Credentials::new(login.user.clone(), login.password.expose().to_owned());
            step(Step::SignIn, conversation.auth(DEFAULT_MECHANISMS, &credentials)).await?;
        }
        Ok(conversation)
    }
}

async fn deliver(
    conversation: &mut AsyncSmtpConnection,
    envelope: &Envelope,
    letter: &[u8],
) -> Result<(), Trouble> {
    done(Step::From, conversation.command(Mail::new(envelope.from().cloned(), Vec::new()))).await?;
    for to in envelope.to() {
        done(Step::To, conversation.command(Rcpt::new(to.clone(), Vec::new()))).await?;
    }
    let answer = step(Step::Data, conversation.command(Data)).await?;
    if !answer.has_code(354) {
        return Err(Trouble::odd(Step::Data, answer.code()));
    }
    done(Step::Letter, conversation.message(letter)).await
}

/// A step that is done when the server says 2xx. lettre is content with 3xx too, and would take the answer to one
/// question for that to another, should they ever be out of step.
async fn done(at: Step, asked: impl Future<Output = Result<Response, Error>>) -> Result<(), Trouble> {
    let answer = step(at, asked).await?;
    match answer.code().severity {
        Severity::PositiveCompletion => Ok(()),
        _ => Err(Trouble::odd(at, answer.code())),
    }
}

async fn step<T>(at: Step, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Trouble> {
    match timeout(STEP, asked).await {
        Ok(answer) => answer.map_err(|error| Trouble::of(at, &error)),
        Err(_) => Err(Trouble::silent(at, STEP)),
    }
}

/// Conversations between two letters. The one that came last goes first, so that the others can end.
#[derive(Default)]
struct Resting(Mutex<(u64, VecDeque<(u64, AsyncSmtpConnection)>)>);

impl Resting {
    fn give(&self) -> Option<AsyncSmtpConnection> {
        let mut resting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        resting.1.pop_back().map(|(_, conversation)| conversation)
    }

    fn take(self: &Arc<Self>, conversation: AsyncSmtpConnection) {
        let mut resting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        resting.0 += 1;
        let number = resting.0;
        resting.1.push_back((number, conversation));
        let resting = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(REST).await;
            let Some(resting) = resting.upgrade() else { return };
            if let Some(mut conversation) = resting.end(number) {
                // Only politeness: the server closes its side.
                _ = timeout(STEP, conversation.quit()).await;
            }
        });
    }

    /// The conversation of this number, if it rests still.
    fn end(&self, number: u64) -> Option<AsyncSmtpConnection> {
        let mut resting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = resting.1.iter().position(|(other, _)| *other == number)?;
        resting.1.remove(at).map(|(_, conversation)| conversation)
    }
}
