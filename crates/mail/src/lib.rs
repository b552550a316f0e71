//! Letters put into words and handed on: core's port `Mailer`, by SMTP or into a folder.
//!
//! 1. [`Templates`] has the words: a plain text and an HTML page for each kind of letter, ours or an operator's.
//! 2. `context` is what a template may speak of, with everything that users chose made harmless.
//! 3. `message` makes an Internet message of it (RFC 5322, MIME): the same letter is the same `Message-ID` each time.
//! 4. [`Mail::smtp`] hands it to a mail server; [`Mail::folder`] puts it into a folder, where nothing is configured.
//!
//! What fails is a [`MailFailure`]: later, or never. Whoever calls has the queue; here nothing is kept.
//!
//! # Later or never
//!
//! | the server says | means | so |
//! |---|---|---|
//! | nothing, or cannot be reached; a certificate that is not trusted; no STARTTLS | it is away, or not ours | later |
//! | 4xx, to anything | busy, greylisting, a full mailbox | later |
//! | 5xx to the greeting, EHLO, STARTTLS, AUTH, MAIL FROM or DATA | it refuses *us*: 530, 535, a sender that is not ours | later, and the text says that nothing goes out until that is mended |
//! | 5xx to RCPT TO or to the letter, of class `x.7.y` (policy, RFC 3463), `x.1.7`, `x.1.8`, `x.3.y` or `x.5.y`; or without a class and with "relay", "authenticat" or "sender" in its words | it refuses us: relaying denied, no sign-in, SPF | later, likewise |
//! | 500, 502 to 504, 521, 530, 534, 535, 538, 555 to RCPT TO or to the letter, without a class | we do not understand each other, or it wants a sign-in | later, likewise |
//! | it is not even asked: the address has characters beyond ASCII before the `@`, or a domain that is none | nobody takes it | never |
//! | any other 5xx to RCPT TO or to the letter | there is no such mailbox, or it takes no such letter | never |
//!
//! What is ambiguous comes out as later: the queue gives up in the end, and a wrong password loses nothing meanwhile.

mod context;
mod failure;
mod folder;
mod message;
mod plain;
mod sender;
mod smtp;
mod templates;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use rotunda_core::model::{Letter, SecretText};
use rotunda_core::outside::{Clock, MailFailure, Mailer};

pub use folder::FolderError;
pub use sender::{House, Sender};
pub use smtp::{SmtpError, SmtpServer, SmtpSettings};
pub use templates::{Templates, TemplatesError};

use folder::Folder;
use smtp::Smtp;

/// Sends letters: core's port `Mailer`.
pub struct Mail {
    house: House,
    templates: Templates,
    clock: Arc<dyn Clock>,
    way: Way,
}

enum Way {
    Smtp(Smtp),
    Folder(Folder),
}

impl Mail {
    /// Through a mail server. It is not asked before the first letter: mail may come up after Rotunda.
    ///
    /// # Errors
    /// [`SmtpError`] when the certificates of this machine or those of `settings` cannot be used.
    pub fn smtp(
        house: House,
        templates: Templates,
        clock: Arc<dyn Clock>,
        settings: SmtpSettings,
    ) -> Result<Self, SmtpError> {
        let way = Way::Smtp(Smtp::new(settings, &house)?);
        Ok(Self { house, templates, clock, way })
    }

    /// Into a folder, one `.eml` file a letter, and says in the log where that is. The folder is made, for its owner only.
    ///
    /// # Errors
    /// [`FolderError`] when it cannot be made or written to.
    pub fn folder(
        house: House,
        templates: Templates,
        clock: Arc<dyn Clock>,
        path: &Path,
    ) -> Result<Self, FolderError> {
        let way = Way::Folder(Folder::open(path)?);
        tracing::info!(folder = %path.display(), "no mail server is configured: letters go into a folder");
        Ok(Self { house, templates, clock, way })
    }

    /// Whether the mail server takes us in: connects, makes it secret and signs in, and sends nothing. A folder was there when
    /// it was opened. Answers the server's certificate, in DER, where there is TLS.
    ///
    /// # Errors
    /// [`MailFailure`] with the server's own words.
    pub async fn reach(&self) -> Result<Option<Vec<u8>>, MailFailure> {
        match &self.way {
            Way::Smtp(smtp) => smtp.reach().await,
            Way::Folder(_) => Ok(None),
        }
    }
}

#[async_trait]
impl Mailer for Mail {
    async fn send(&self, letter: &Letter, link: Option<&SecretText>) -> Result<(), MailFailure> {
        let Some(to) = &letter.to else { return Ok(()) };
        let words = context::of(letter, to, link, &self.house);
        let text = self.templates.render(letter.kind, &words)?;
        let message = message::compose(letter, to, text, &self.house, self.clock.now())?;
        let sent = match &self.way {
            Way::Smtp(smtp) => smtp.send(&message).await,
            Way::Folder(folder) => folder.write(letter, message.formatted()).await,
        };
        sent.map_err(|failure| failure::without_link(failure, link))
    }
}
