//! The words: a plain text and an HTML page for each kind of letter, and the pieces that they share.
//!
//! 1. Ours are in `templates/` and part of the program. They are Jinja, as minijinja has it: variables, `if`, `include`,
//!    `extends`. A text begins with a line `Subject: …`. What there is to speak of: `context.rs`.
//! 2. An operator overrides single files, by files of the same name in a folder. They are read once, at the start, and
//!    each letter is tried with them, with everything that it may tell and with nothing of it. Whatever is wrong is
//!    told with file and line, and the server does not start.
//! 3. Should one fail later all the same, the letter goes out in our words, and the log says so.
//!
//! HTML is escaped; a variable that does not exist is an error, and so is printing one that is not there this time.

mod files;
mod overrides;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value, escape_formatter};
use rotunda_core::model::LetterKind;
use rotunda_core::outside::MailFailure;

use crate::context;
use crate::plain;
use crate::sender::House;
use files::FILES;

/// The most characters of a subject.
const SUBJECT_CHARS: usize = 150;
/// How a plain text begins.
const SUBJECT: &str = "Subject:";

/// A letter in words.
pub(crate) struct Text {
    pub subject: String,
    pub plain: String,
    pub html: String,
}

/// The words for every letter.
pub struct Templates {
    ours: Environment<'static>,
    chosen: Option<Environment<'static>>,
}

impl Templates {
    /// Ours.
    ///
    /// # Errors
    /// None; a test walks all of them.
    pub fn builtin() -> Result<Self, TemplatesError> {
        let ours = environment().and_then(|mut ours| {
            FILES.iter().try_for_each(|(name, source)| ours.add_template(name, source))?;
            Ok(ours)
        });
        let ours =
            ours.map_err(|error| TemplatesError(vec![told(&error, &BTreeSet::new(), Path::new(""))]))?;
        Ok(Self { ours, chosen: None })
    }

    /// Ours, but for the files in this folder.
    ///
    /// # Errors
    /// [`TemplatesError`] with everything that is wrong: a file that is none of ours by name, is too long, is no
    /// template, or cannot be rendered.
    pub fn with_overrides(folder: &Path, house: &House) -> Result<Self, TemplatesError> {
        let files = overrides::read(folder).map_err(TemplatesError)?;
        let names: BTreeSet<String> = files.keys().cloned().collect();
        let tell = |error: &Error| told(error, &names, folder);
        let mut chosen = environment().map_err(|error| TemplatesError(vec![tell(&error)]))?;
        let mut findings = Vec::new();
        for (name, source) in FILES {
            let added = match files.get(*name) {
                Some(source) => chosen.add_template_owned((*name).to_owned(), source.clone()),
                None => chosen.add_template(name, source),
            };
            findings.extend(added.err().map(|error| tell(&error)));
        }
        // What is no template at all is missing now, and would be reported once more by whatever includes it.
        if findings.is_empty() {
            for kind in LetterKind::ALL {
                for full in [true, false] {
                    let tried = render(&chosen, *kind, &context::sample(*kind, full, house));
                    findings.extend(tried.err().map(|error| tell(&error)));
                }
            }
        }
        if !findings.is_empty() {
            return Err(TemplatesError::new(findings));
        }
        Ok(Self { chosen: Some(chosen), ..Self::builtin()? })
    }

    /// A letter in words.
    pub(crate) fn render(&self, kind: LetterKind, words: &Value) -> Result<Text, MailFailure> {
        if let Some(chosen) = &self.chosen {
            match render(chosen, kind, words) {
                Ok(text) => return Ok(text),
                Err(error) => {
                    let template = error.name().unwrap_or_default().to_owned();
                    let (line, what) = (error.line(), error.kind());
                    tracing::error!(template, line, %what, "a template failed; the letter goes out in the usual words");
                }
            }
        }
        let failed = |error: Error| MailFailure::Later(format!("its template fails: {}", error.kind()));
        render(&self.ours, kind, words).map_err(failed)
    }
}

impl fmt::Debug for Templates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Templates").field("overridden", &self.chosen.is_some()).finish()
    }
}

fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Errors must not carry the values that they came from: a link is among them.
    environment.set_debug(false);
    environment.set_formatter(|out, state, value| {
        if value.is_none() {
            let why = "prints what not every letter has; ask first, as in {% if name %}";
            return Err(Error::new(ErrorKind::InvalidOperation, why));
        }
        escape_formatter(out, state, value)
    });
    Ok(environment)
}

fn render(environment: &Environment<'_>, kind: LetterKind, words: &Value) -> Result<Text, Error> {
    let name = format!("{}.txt", kind.as_str());
    let text = environment.get_template(&name)?.render(words)?;
    let html = environment.get_template(&format!("{}.html", kind.as_str()))?.render(words)?;
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let subject = first.strip_prefix(SUBJECT).map(|subject| plain::line(subject, SUBJECT_CHARS));
    let (Some(subject), true) = (subject.filter(|s| !s.is_empty()), !rest.trim().is_empty()) else {
        let why = format!("{name}: must begin with a line \"{SUBJECT} …\", and more below it");
        return Err(Error::new(ErrorKind::InvalidOperation, why));
    };
    Ok(Text { subject, plain: rest.trim_start_matches(['\r', '\n']).to_owned(), html })
}

/// An error with its file and line: those of the innermost one, where the cause is.
fn told(error: &Error, overridden: &BTreeSet<String>, folder: &Path) -> String {
    let mut innermost = error;
    while let Some(source) = std::error::Error::source(innermost).and_then(|s| s.downcast_ref::<Error>()) {
        innermost = source;
    }
    let what = match innermost.detail() {
        Some(detail) => format!("{}: {detail}", innermost.kind()),
        None => innermost.kind().to_string(),
    };
    let Some(name) = innermost.name() else { return format!("{}: {what}", folder.display()) };
    let file = if overridden.contains(name) { folder.join(name) } else { PathBuf::from(name) };
    let line = innermost.line().map(|line| format!(":{line}")).unwrap_or_default();
    format!("{}{line}: {what}", file.display())
}

/// The templates of a folder were refused: everything that is wrong, a sentence each, with file and line.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct TemplatesError(Vec<String>);

impl TemplatesError {
    fn new(mut findings: Vec<String>) -> Self {
        findings.sort();
        findings.dedup();
        Self(findings)
    }

    /// Each finding, in the order of the files.
    #[must_use]
    pub fn findings(&self) -> &[String] {
        &self.0
    }
}
