//! A field of a form. Its label, hint and error are read out with it, and whoever typed something wrong stands in it again.

use super::text::Texts;

/// What is asked for; it says which refusals belong to the field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Asks {
    /// Who they are: an address or a user name.
    Handle,
    /// An address.
    Email,
    /// The password that they have.
    Password,
    /// One that they choose.
    NewPassword,
    /// Anything else, on one line.
    Text,
}

/// Whether what was typed is wrong, and where it is said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Wrong {
    /// It is not.
    No,
    /// Said at the field.
    Here(String),
    /// Said above the form: this or another one.
    Above,
}

/// One field.
pub(crate) struct Field {
    pub asks: Asks,
    /// Its name in the form.
    pub name: &'static str,
    /// Its name on the page; another one where several forms there have fields of one name.
    pub id: &'static str,
    pub label: &'static str,
    pub hint: Option<String>,
    /// What was typed before. A password is never sent back.
    pub value: String,
    /// The fewest characters of a new password. Browsers count UTF-16 units, of which no text has fewer than characters: none
    /// refuses what we would take.
    pub least: Option<usize>,
    pub wrong: Wrong,
    /// Whether the cursor stands in it.
    pub focus: bool,
    /// Whether it has to be filled in.
    pub required: bool,
}

impl Field {
    fn new(asks: Asks, name: &'static str, label: &'static str) -> Self {
        let (hint, value) = (None, String::new());
        let wrong = Wrong::No;
        Self { asks, name, id: name, label, hint, value, least: None, wrong, focus: false, required: true }
    }

    /// For an address or a user name.
    pub(crate) fn handle(texts: &Texts, value: String) -> Self {
        Self { value, ..Self::new(Asks::Handle, "username", texts.fields.handle) }
    }

    /// For an address.
    pub(crate) fn email(texts: &Texts, value: String) -> Self {
        Self { value, ..Self::new(Asks::Email, "email", texts.fields.email) }
    }

    /// For the password that they have.
    pub(crate) fn password(texts: &Texts) -> Self {
        Self::new(Asks::Password, "password", texts.fields.password)
    }

    /// For a password that they choose.
    pub(crate) fn new_password(texts: &Texts, name: &'static str, label: &'static str, least: usize) -> Self {
        let hint = Some((texts.fields.least)(least));
        Self { hint, least: Some(least), ..Self::new(Asks::NewPassword, name, label) }
    }

    /// For anything else.
    pub(crate) fn text(name: &'static str, label: &'static str, value: String) -> Self {
        Self { value, ..Self::new(Asks::Text, name, label) }
    }

    /// The same, which may stay empty.
    pub(crate) fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    /// The same with words beneath its label.
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn is_password(&self) -> bool {
        matches!(self.asks, Asks::Password | Asks::NewPassword)
    }

    pub(crate) fn input_type(&self) -> &'static str {
        match self.asks {
            Asks::Handle | Asks::Text => "text",
            Asks::Email => "email",
            Asks::Password | Asks::NewPassword => "password",
        }
    }

    /// How password managers know it.
    pub(crate) fn autocomplete(&self) -> Option<&'static str> {
        match self.asks {
            Asks::Handle => Some("username"),
            Asks::Email => Some("email"),
            Asks::Password => Some("current-password"),
            Asks::NewPassword => Some("new-password"),
            Asks::Text => None,
        }
    }

    /// What is wrong, where it is said at the field.
    pub(crate) fn wrong_here(&self) -> Option<&str> {
        match &self.wrong {
            Wrong::Here(text) => Some(text),
            Wrong::No | Wrong::Above => None,
        }
    }

    pub(crate) fn is_wrong(&self) -> bool {
        self.wrong != Wrong::No
    }

    /// The ids of what is to be read out with the field; empty where there is nothing.
    pub(crate) fn described_by(&self) -> String {
        let wrong = match self.wrong {
            Wrong::No => None,
            Wrong::Here(_) => Some(format!("{}-wrong", self.id)),
            Wrong::Above => Some("refused".to_owned()),
        };
        let hint = self.hint.is_some().then(|| format!("{}-hint", self.id));
        let ids: Vec<_> = [wrong, hint].into_iter().flatten().collect();
        ids.join(" ")
    }
}
