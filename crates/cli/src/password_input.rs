//! A password from whoever runs a command: typed on a terminal, or piped in. Never an argument.

use std::io::{self, IsTerminal, Read};

use anyhow::{Context, bail};
use rotunda_core::model::Password;
use zeroize::Zeroizing;

/// How often it is asked for on a terminal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// Where a slip would only be refused.
    Once,
    /// Where a slip would be kept.
    Twice,
}

/// Asks on a terminal; elsewhere takes the first line of standard input.
pub(crate) fn read(prompt: &str, times: Prompt) -> anyhow::Result<Password> {
    if io::stdin().is_terminal() {
        let first = Zeroizing::new(rpassword::prompt_password(prompt)?);
        if times == Prompt::Twice {
            let again = Zeroizing::new(rpassword::prompt_password("Once more: ")?);
            if *first != *again {
                bail!("the two passwords differ");
            }
        }
        return Ok(Password::new(first.to_string()));
    }
    let most = u64::try_from(Password::MOST_BYTES).unwrap_or(u64::MAX).saturating_add(3);
    let mut bytes = Zeroizing::new(Vec::new());
    io::stdin().take(most).read_to_end(&mut bytes).context("reading the password from standard input")?;
    let text = std::str::from_utf8(&bytes).context("the password on standard input is not UTF-8")?;
    // Only the end of the line goes: a space belongs to the password.
    let line = text.split('\n').next().unwrap_or_default();
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        bail!("no password on standard input: pipe it in, or run this on a terminal");
    }
    Ok(Password::new(line.to_owned()))
}
