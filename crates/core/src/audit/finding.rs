//! What is found where a log is not what was written.

use std::fmt;

use super::MarkFault;
use super::canonical::Half;
use crate::store::KeptMark;

/// One thing that is not as it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The place of the event that it is about.
    pub seq: u64,
    /// What it is.
    pub fault: Fault,
}

/// What can be wrong with a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The event does not follow from the one before it.
    Altered {
        /// The first half of the hash that it has, as it stands.
        expected: Half,
        /// The one that was stored when it was chained.
        found: Half,
    },
    /// Address, user agent or salt are not those that were chained.
    Caller,
    /// Address, user agent and salt are gone, and nobody has deleted the user.
    Erased,
    /// It lies before the head and is not chained.
    Unchained,
    /// It lies behind the head and is chained.
    AfterHead,
    /// It is not in order.
    Order,
    /// It lies where everything was forgotten.
    Forgotten,
    /// It cannot be read; with the reason.
    Unreadable(String),
    /// There is no event where something was signed.
    Missing(KeptMark),
    /// Something was signed before the beginning: what it tells of was forgotten, or the beginning is not the right one.
    Before(KeptMark),
    /// Something was signed that tells of what was forgotten before it was old enough.
    TooSoon(KeptMark),
    /// Something was signed beyond the end: the log was cut off, or an older one was put back.
    Beyond(KeptMark),
    /// There is a floor and no head.
    NoHead,
    /// The file does not end with a signed place: something was cut off.
    Open,
    /// A signed place is none.
    Mark(KeptMark, MarkFault),
    /// Something else was signed here.
    Signed {
        /// As what.
        kept: KeptMark,
        /// The hash of the event, as it stands.
        expected: [u8; 32],
        /// The one that was signed.
        found: [u8; 32],
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}: {}", self.seq, self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { expected, found } => write!(
                f,
                "it is not what was chained here: it was changed, put in or moved, or one before it was removed. Its hash \
                 begins with {}, and {} was chained; what follows is believed again after the next checkpoint",
                Hex(expected),
                Hex(found)
            ),
            Self::Caller => f.write_str("its address, user agent or salt was changed"),
            Self::Erased => {
                f.write_str("its address, user agent and salt are gone, and its user was not deleted")
            }
            Self::Unchained => {
                f.write_str("it lies before the head of the log and is not chained: it was put in")
            }
            Self::AfterHead => {
                f.write_str("it is chained and lies behind the head of the log: an older head was put back")
            }
            Self::Order => f.write_str("it does not come after the one before it"),
            Self::Forgotten => f.write_str(
                "it lies before the beginning of the log, where nothing is any more: it was put in",
            ),
            Self::Unreadable(why) => write!(f, "it cannot be read ({why})"),
            Self::Missing(kept) => write!(f, "a {} was signed here, and the event is missing", word(*kept)),
            Self::Before(kept) => {
                write!(f, "a {} was signed here, and the log begins later", word(*kept))
            }
            Self::TooSoon(kept) => write!(
                f,
                "a {} was signed here, and what it tells of was forgotten sooner than events are kept: somebody has written other \
                 dates to it before it was chained anew, unless it was chained long after it was written",
                word(*kept)
            ),
            Self::Beyond(kept) => write!(
                f,
                "a {} was signed here, and the log ends before: it was cut off, or an older one was put back",
                word(*kept)
            ),
            Self::NoHead => f.write_str("the log begins after this and has no head: that was removed"),
            Self::Open => f.write_str("the file ends here, without a signed place: something was cut off"),
            Self::Mark(kept, fault) => write!(f, "the {}: {fault}", word(*kept)),
            Self::Signed { kept, expected, found } => write!(
                f,
                "the {} was signed with the hash {}, and up to here the log has {}: it was written anew",
                word(*kept),
                Hex(found),
                Hex(expected)
            ),
        }
    }
}

fn word(kept: KeptMark) -> &'static str {
    kept.as_str()
}

/// Bytes as lower-case hexadecimal digits.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
