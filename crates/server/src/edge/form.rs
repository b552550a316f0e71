//! What HTML forms send, and queries: `name=value&name=value` (WHATWG URL, `application/x-www-form-urlencoded`). Bounded
//! like every body, UTF-8, every name once. Unknown names are ignored.

use std::collections::BTreeMap;

use axum::extract::{FromRequest, Request};
use percent_encoding::percent_decode_str;
use rotunda_core::model::{Password, SecretText};
use zeroize::Zeroizing;

use super::body;
use crate::reply::Problem;

/// The values of a form by name. Each may be a secret.
#[derive(Default)]
pub(crate) struct Form(BTreeMap<String, Zeroizing<String>>);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let is_form = body::has_type(&request, "application/x-www-form-urlencoded");
        let bytes = body::read(request, body::MOST_BYTES).await?;
        if is_form != Some(true) {
            return Err(Problem::NotForm);
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| Problem::malformed("The form is not UTF-8."))?;
        Self::parse(text)
    }
}

impl Form {
    /// Reads the text of a body or of a query.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let mut fields = BTreeMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // Two readers may disagree which of the two was meant.
            if fields.insert(String::clone(&*decoded(name)?), decoded(value)?).is_some() {
                return Err(Problem::malformed("The form names a field twice."));
            }
        }
        Ok(Self(fields))
    }

    /// The token of the link that the form belongs to; empty where there is none, which is no good link.
    pub(crate) fn token(&self) -> SecretText {
        SecretText::new(self.text("token"))
    }

    /// What was typed as the password; empty where nothing was, which is nobody's.
    pub(crate) fn password(&self) -> Password {
        Password::new(self.text("password"))
    }

    /// A parameter of the standard endpoints. One without a value counts as one that was left out (RFC 6749 §3.2).
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let value = self.0.get(name).map(|value| String::clone(value));
        value.filter(|value| !value.is_empty())
    }

    /// The same, of a secret.
    pub(crate) fn secret(&self, name: &str) -> Option<SecretText> {
        self.value(name).map(SecretText::new)
    }

    fn text(&self, name: &str) -> String {
        self.0.get(name).map(|value| String::clone(value)).unwrap_or_default()
    }
}

/// What one name or value says. A password that was not sent as UTF-8 is refused, never mended: it would be another one.
pub(crate) fn decoded(text: &str) -> Result<Zeroizing<String>, Problem> {
    let spaced = Zeroizing::new(text.replace('+', " "));
    let bytes: Zeroizing<Vec<u8>> = Zeroizing::new(percent_decode_str(&spaced).collect());
    let text = std::str::from_utf8(&bytes).map_err(|_| Problem::malformed("The form is not UTF-8."))?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_it_was_typed() {
        let read = |text| Form::parse(text).ok().map(|form| form.password().expose().to_owned());
        let good = [
            ("password=a+b%2Bc%26d%3De", "a b+c&d=e"),
            ("password=a=b==", "a=b=="),
            ("token=x&password=%F0%9F%94%91&more=1", "🔑"),
            ("%70assword=x", "x"),
            ("password=%zz%4", "%zz%4"),
            ("password", ""),
            ("&&", ""),
            ("", ""),
        ];
        for (text, password) in good {
            assert_eq!(read(text).as_deref(), Some(password), "{text}");
        }
        for bad in ["password=%ff", "%ff=x", "password=a&password=a", "a=1&%61=2", "a&a", "=&="] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
