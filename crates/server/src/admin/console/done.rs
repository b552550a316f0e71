//! What was done, told on the page that one is led to after it. The address names a code of a closed list and never a text:
//! nobody can have our page say something of theirs by a link.

use axum::response::Response;

use crate::edge::form::Form;
use crate::pages::redirect;

macro_rules! done {
    ($($name:ident = $code:literal, $text:literal;)*) => {
        /// What was done.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Done {
            $(#[doc = $text] $name,)*
        }

        impl Done {
            const ALL: &'static [Self] = &[$(Self::$name,)*];

            fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

done! {
    Changed = "changed", "It is changed.";
    Added = "added", "It is added.";
    Removed = "removed", "It is removed.";
    UserCreated = "user-created", "The user is there.";
    UserInvited = "user-invited", "The user is there, and a letter is on its way to them.";
    UserDisabled = "user-disabled", "The user is disabled, and all their sessions have ended.";
    UserEnabled = "user-enabled", "The user may sign in again.";
    UserDeleted = "user-deleted", "The user is deleted.";
    SessionEnded = "session-ended", "The session has ended.";
    SessionsEnded = "sessions-ended", "All sessions of the user have ended.";
    LimitLifted = "limit-lifted", "The limits of the user are lifted.";
    KeysRotated = "keys-rotated", "There is a new signing key. It signs once it has been published for long enough.";
    KeyRevoked = "key-revoked", "The key is revoked. Tokens that it has signed are refused from now on.";
    Replayed = "replayed", "What was given up is on its way again.";
    TestArrived = "test-arrived", "The test has arrived.";
    TestFailed = "test-failed", "The test has not arrived.";
}

impl Done {
    /// What the query of a page names, in words; anything else is as good as nothing.
    pub(super) fn told(query: &Form) -> Option<&'static str> {
        let code = query.value("done")?;
        Self::ALL.iter().find(|done| done.code() == code).map(|done| done.text())
    }

    /// Leads to a page, which tells it.
    pub(super) fn tell(self, to: &str) -> Response {
        redirect(&format!("{to}?done={}", self.code()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_code_is_one_of_the_list_or_nothing() {
        let told = |query: &str| Done::told(&Form::parse(query).unwrap());
        for done in Done::ALL {
            assert_eq!(told(&format!("done={}", done.code())), Some(done.text()));
        }
        for nothing in ["", "done=", "done=Changed", "done=<b>", "changed"] {
            assert_eq!(told(nothing), None, "{nothing:?}");
        }
        let codes: BTreeSet<_> = Done::ALL.iter().map(|done| done.code()).collect();
        assert_eq!(codes.len(), Done::ALL.len());
    }
}
