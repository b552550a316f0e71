//! What is said of a failure, to operators: one line, without the letter's link.

use rotunda_core::model::SecretText;
use rotunda_core::outside::MailFailure;

use crate::plain;

/// The most characters of it.
const MOST: usize = 400;
/// A run of characters as long as this, out of the link, may be its secret.
const SECRET_CHARS: usize = 12;

/// The same failure without any part of the link: a server that dislikes a letter may quote it.
pub(crate) fn without_link(failure: MailFailure, link: Option<&SecretText>) -> MailFailure {
    let clean = |text: String| {
        let mut text = text;
        if let Some(link) = link.map(SecretText::expose) {
            let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            let runs = link.split(|c| !is_token(c)).filter(|run| run.len() >= SECRET_CHARS);
            for part in std::iter::once(link).filter(|link| !link.is_empty()).chain(runs) {
                text = text.replace(part, "[link]");
            }
        }
        plain::line(&text, MOST)
    };
    match failure {
        MailFailure::Later(text) => MailFailure::Later(clean(text)),
        MailFailure::Never(text) => MailFailure::Never(clean(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_quotes_the_link_tells_the_log_nothing() {
        let link =
            SecretText::new("https://auth.example.com/link?token=rl1_AbCdEfGhIjKlMnOp-_123".to_owned());
        let quoted = "554 blocked: https://auth.example.com/link?token=rl1_AbCdEfGhIjKlMnOp-_123 or rl1_AbCdEfGhIjKlMnOp-_123\r\n";
        let told = without_link(MailFailure::Never(quoted.to_owned()), Some(&link));
        assert_eq!(told, MailFailure::Never("554 blocked: [link] or [link]".to_owned()));
        let long = without_link(MailFailure::Later("x".repeat(9000)), None);
        assert_eq!(long, MailFailure::Later("x".repeat(MOST)));
    }
}
