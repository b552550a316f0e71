//! A letter as an Internet message: RFC 5322 with a MIME body of two forms, the better one last (RFC 2046 §5.1.4).
//!
//! - `Message-ID` and the boundary are made of the letter's id: whoever gets a letter twice sees that it is one.
//! - `Date` is when it is sent, from the port `Clock`.
//! - `Auto-Submitted: auto-generated` (RFC 3834) keeps holiday notices away.
//! - `To` has the address alone, no name that somebody chose.

use std::time::{Duration, SystemTime};

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use rotunda_core::model::{Email, Letter, UnixMillis};
use rotunda_core::outside::MailFailure;

use crate::sender::{House, address};
use crate::templates::Text;

/// The last second that a `Date` can tell, in the year 9999.
const LAST_SECOND: u64 = 253_402_300_799;

/// Puts a letter together.
///
/// # Errors
/// [`MailFailure::Never`] when no mail server would take the address.
pub(crate) fn compose(
    letter: &Letter,
    to: &Email,
    text: Text,
    house: &House,
    now: UnixMillis,
) -> Result<Message, MailFailure> {
    let to = address(to.as_str())
        .map_err(|why| MailFailure::Never(format!("no letter can go to this address: {why}")))?;
    let forms = MultiPart::alternative()
        .boundary(format!("rotunda-{}", letter.id))
        .singlepart(SinglePart::plain(text.plain))
        .singlepart(SinglePart::html(text.html));
    Message::builder()
        .date(date(now))
        .from(house.from().clone())
        .to(Mailbox::new(None, to))
        .subject(text.subject)
        .message_id(Some(format!("<{}@{}>", letter.id, house.host())))
        .raw_header(auto_submitted())
        .multipart(forms)
        .map_err(|error| MailFailure::Never(format!("no message can be made of it: {error}")))
}

fn auto_submitted() -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned())
}

/// As far as a `Date` goes: lettre takes nothing before 1970 or after 9999.
fn date(now: UnixMillis) -> SystemTime {
    let seconds = u64::try_from(now.seconds()).unwrap_or(0).min(LAST_SECOND);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}
