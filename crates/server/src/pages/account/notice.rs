//! What was done, told on the page that one is led to after it. The address names a code of a closed list and never a text:
//! nobody can have our page say something of theirs by a link.

use crate::edge::form::Form;
use crate::pages::redirect;

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Done {
    /// One device is signed out.
    Ended,
    /// All others are.
    OthersEnded,
    /// The password is another one.
    PasswordChanged,
    /// A letter may be on its way to the new address.
    LetterSent,
}

impl Done {
    const ALL: [Self; 4] = [Self::Ended, Self::OthersEnded, Self::PasswordChanged, Self::LetterSent];

    fn code(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::OthersEnded => "others-ended",
            Self::PasswordChanged => "password-changed",
            Self::LetterSent => "letter-sent",
        }
    }

    /// What the query of the account page names; anything else is as good as nothing.
    pub(super) fn of(query: Option<&str>) -> Option<Self> {
        let code = Form::parse(query.unwrap_or_default()).ok()?.value("done")?;
        Self::ALL.into_iter().find(|done| done.code() == code)
    }

    /// Leads to the account page, which tells it.
    pub(super) fn tell(self) -> axum::response::Response {
        redirect(&format!("{}?done={}", super::ACCOUNT, self.code()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_one_of_the_list_or_nothing() {
        for done in Done::ALL {
            assert_eq!(Done::of(Some(&format!("done={}", done.code()))), Some(done));
        }
        for nothing in [
            None,
            Some(""),
            Some("done="),
            Some("done=Ended"),
            Some("done=<b>"),
            Some("done=ended&done=ended"),
            Some("done=%ff"),
        ] {
            assert_eq!(Done::of(nothing), None, "{nothing:?}");
        }
    }
}
