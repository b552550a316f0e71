//! The unexpected: an outage, an overload or a bug. Never a statement about the user, so it never signs anybody out.

use std::error::Error as StdError;
use std::fmt;

/// Something that should have worked did not. One opaque type with its source; what it was for is in the log, not
/// on the wire.
pub struct Failure {
    kind: Kind,
    doing: &'static str,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Unavailable,
    Overload,
    Broken,
}

impl Failure {
    /// Something that we need is not there just now: a database, a disk. Worth another try.
    pub fn unavailable(doing: &'static str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind: Kind::Unavailable, doing, source: Some(source.into()) }
    }

    /// More is asked than can be done at once. Worth another try in a moment.
    #[must_use]
    pub fn overload(doing: &'static str) -> Self {
        Self { kind: Kind::Overload, doing, source: None }
    }

    /// Something that cannot be: a stored value that makes no sense, a key that does not sign. Another try will not help.
    pub fn broken(doing: &'static str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind: Kind::Broken, doing, source: Some(source.into()) }
    }

    /// Whether waiting a moment helps because there is merely too much to do.
    #[must_use]
    pub fn is_overload(&self) -> bool {
        self.kind == Kind::Overload
    }

    /// Whether another try may go through: 503 rather than 500.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.kind != Kind::Broken
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Unavailable => write!(f, "unavailable while {}", self.doing),
            Kind::Overload => write!(f, "too much at once while {}", self.doing),
            Kind::Broken => write!(f, "broken while {}", self.doing),
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failure({self})")?;
        let mut source = self.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|s| s as &(dyn StdError + 'static))
    }
}

/// What a flow answers when it does not answer what was asked: an expected refusal, or the unexpected.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller was refused, for a reason on the closed list.
    #[error(transparent)]
    Denied(#[from] crate::denied::Denied),
    /// Something broke. Never the caller's fault, never "signed out".
    #[error(transparent)]
    Failure(#[from] Failure),
}
