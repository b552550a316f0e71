//! The record: each call, what became of it on its way, and each delivery to the server with its answer.
//!
//! 1. A client *calls*. The proxy decides what becomes of that: a *fate*, and any number of *deliveries* to the server.
//! 2. A delivery has the two moments between which the server dealt with it: just before the first byte was sent to it,
//!    and just after the last byte of its answer was read. These are what the checks rest on.
//! 3. The client *returns* with what it saw, which may be less than what the server answered.
//!
//! Calls, fates and returns are for people who read a trace; they are dropped once a session was found to be in order.

use std::fmt;

use crate::moment::Moment;

/// Who makes a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum By {
    /// A tab or a thread of whoever the session belongs to.
    Owner(u8),
    /// Somebody with a copy of what the owner had stored.
    Thief,
    /// An operator on the command line.
    Operator,
    /// The harness, at the end.
    Auditor,
}

/// The device secret of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Device {
    Absent,
    Same,
    Different,
}

/// A refresh, as the server gets it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Refresh {
    /// The generation of the token.
    pub generation: u32,
    /// The numbers of its retry keys, oldest first; 0 for none.
    pub keys: [u32; 4],
    pub device: Device,
}

impl Refresh {
    /// The key that the server remembers if this refresh rotates; 0 for none.
    pub(crate) fn newest_key(&self) -> u32 {
        self.keys.iter().rev().copied().find(|key| *key != 0).unwrap_or(0)
    }
}

/// What ends a session on purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ending {
    Logout,
    /// A new sign-in in the browser that held the session.
    Relogin,
    LogoutAll,
    PasswordChange,
    /// From the list of devices.
    Delete,
    /// `rotunda session revoke`.
    Revoke,
    /// `rotunda user disable`.
    Disable,
}

impl Ending {
    /// Whether all sessions of a user end.
    pub(crate) fn is_of_user(self) -> bool {
        matches!(self, Self::LogoutAll | Self::PasswordChange | Self::Disable)
    }

    /// Whether a new session takes the place of the ended one.
    pub(crate) fn begins_anew(self) -> bool {
        matches!(self, Self::PasswordChange | Self::Relogin)
    }

    /// What the server calls it.
    pub(crate) fn wire(self) -> Ended {
        match self {
            Self::Logout | Self::Relogin => Ended::LoggedOut,
            Self::LogoutAll => Ended::LoggedOutEverywhere,
            Self::PasswordChange => Ended::PasswordChanged,
            Self::Delete => Ended::RevokedByUser,
            Self::Revoke => Ended::RevokedByAdmin,
            Self::Disable => Ended::UserDisabled,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Call {
    Refresh(Refresh),
    /// `GET /auth/me` with an access token of the session.
    Me,
    End(Ending),
    /// A registration or a login.
    Begin,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum $name { $($variant,)* Other }

        impl $name {
            pub(crate) fn parse(text: &str) -> Self {
                match text { $($text => Self::$variant,)* _ => Self::Other }
            }

            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* Self::Other => "?" }
            }
        }
    };
}

words! {
    /// Why a call was refused: the contract's closed list.
    Reason {
        CredentialsInvalid = "credentials_invalid", UserDisabled = "user_disabled", TokenMissing = "token_missing",
        TokenUnknown = "token_unknown", TokenExpired = "token_expired", TokenStale = "token_stale",
        TokenReused = "token_reused", ProofMissing = "proof_missing", ClientMismatch = "client_mismatch",
        AddressMismatch = "address_mismatch", SessionEnded = "session_ended",
    }
}
words! {
    /// Why a session ended, as far as it can happen here.
    Ended {
        LoggedOut = "logged_out", LoggedOutEverywhere = "logged_out_everywhere", RevokedByUser = "revoked_by_user",
        RevokedByAdmin = "revoked_by_admin", Reused = "reused", PasswordChanged = "password_changed",
        UserDisabled = "user_disabled",
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// Granted this generation; the token as a digest.
    Grant {
        generation: u32,
        token: u64,
    },
    /// Done: 200 or 204 to a call that brings no tokens of this session.
    Done,
    Refused {
        reason: Reason,
        ended: Option<Ended>,
    },
    /// 4xx without a reason: it had no effect.
    NoEffect {
        status: u16,
    },
    /// 5xx: what it does may still happen.
    Unclear {
        status: u16,
    },
    /// The connection ended without an answer; what it does happened by then, or never.
    Lost {
        until: Moment,
    },
}

/// One request as it reached the server, or may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivery {
    pub op: u32,
    pub by: By,
    pub sent: Moment,
    pub back: Moment,
    pub call: Call,
    pub answer: Answer,
}

impl Delivery {
    pub(crate) fn refresh(&self) -> Option<&Refresh> {
        match &self.call {
            Call::Refresh(refresh) => Some(refresh),
            _ => None,
        }
    }

    /// The generation that a refresh was granted.
    pub(crate) fn granted(&self) -> Option<u32> {
        match (self.call, self.answer) {
            (Call::Refresh(_), Answer::Grant { generation, .. }) => Some(generation),
            _ => None,
        }
    }

    /// Until when it may take effect, if nothing is known of its effect.
    pub(crate) fn unknown_until(&self) -> Option<Moment> {
        match self.answer {
            Answer::Lost { until } => Some(until),
            Answer::Unclear { .. } => Some(Moment::NEVER),
            _ => None,
        }
    }
}

/// What is written down for people only.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub at: Moment,
    pub text: String,
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  op {:<7} ", self.sent, self.op)?;
        match self.by {
            By::Owner(tab) => write!(f, "owner/{tab}  ")?,
            other => write!(f, "{:<8} ", format!("{other:?}").to_lowercase())?,
        }
        match &self.call {
            Call::Refresh(Refresh { generation, keys, device }) => {
                let keys: Vec<u32> = keys.iter().copied().filter(|key| *key != 0).collect();
                write!(f, "refresh g{generation} keys {keys:?} device {device:?}")?;
            }
            other => write!(f, "{other:?}")?,
        }
        match self.answer {
            Answer::Grant { generation, token } => {
                write!(f, "  -> granted g{generation} ({:04x})", token & 0xFFFF)?
            }
            Answer::Refused { reason, ended } => {
                write!(f, "  -> {} {}", reason.as_str(), ended.map_or("", Ended::as_str))?;
            }
            other => write!(f, "  -> {other:?}")?,
        }
        write!(f, "  (+{:.1} ms)", self.back.since(self.sent).as_secs_f64() * 1e3)
    }
}
