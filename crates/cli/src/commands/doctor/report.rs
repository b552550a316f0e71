//! What was found: what, where, what to do.

use serde_json::{Value, json};

use crate::output;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Grade {
    /// As it should be.
    Good,
    /// It could not be looked at, for a reason that is no fault.
    Skipped,
    /// It works, but not as well as it could.
    Warning,
    /// It does not work.
    Bad,
}

impl Grade {
    fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

/// One thing that was looked at.
pub(super) struct Finding {
    /// What was looked at: a word for programs.
    pub check: &'static str,
    /// How it is.
    pub grade: Grade,
    /// Where: a file, an address, a key of the configuration.
    pub place: String,
    /// What was found.
    pub what: String,
    /// What to do; empty where nothing is.
    pub advice: String,
}

/// What a rule finds wrong, before it is said where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fault {
    pub grade: Grade,
    pub what: String,
    pub advice: &'static str,
}

impl Fault {
    pub(super) fn warning(what: impl Into<String>, advice: &'static str) -> Self {
        Self { grade: Grade::Warning, what: what.into(), advice }
    }

    pub(super) fn bad(what: impl Into<String>, advice: &'static str) -> Self {
        Self { grade: Grade::Bad, what: what.into(), advice }
    }
}

/// Everything that was found, in the order in which it was looked at.
#[derive(Default)]
pub(super) struct Report(Vec<Finding>);

impl Report {
    pub(super) fn good(&mut self, check: &'static str, place: &str, what: impl Into<String>) {
        self.add(Grade::Good, (check, place), what, "");
    }

    pub(super) fn skipped(&mut self, check: &'static str, place: &str, what: impl Into<String>) {
        self.add(Grade::Skipped, (check, place), what, "");
    }

    pub(super) fn warning(&mut self, at: (&'static str, &str), what: impl Into<String>, advice: &str) {
        self.add(Grade::Warning, at, what, advice);
    }

    pub(super) fn bad(&mut self, at: (&'static str, &str), what: impl Into<String>, advice: &str) {
        self.add(Grade::Bad, at, what, advice);
    }

    /// Each of these; without any, that it is good.
    pub(super) fn faults(&mut self, at: (&'static str, &str), faults: Vec<Fault>, good: impl Into<String>) {
        if faults.is_empty() {
            self.good(at.0, at.1, good);
        }
        for Fault { grade, what, advice } in faults {
            self.add(grade, at, what, advice);
        }
    }

    fn add(
        &mut self,
        grade: Grade,
        (check, place): (&'static str, &str),
        what: impl Into<String>,
        advice: &str,
    ) {
        let (place, what, advice) = (place.to_owned(), what.into(), advice.to_owned());
        self.0.push(Finding { check, grade, place, what, advice });
    }

    /// Whether nothing is bad.
    pub(super) fn is_good(&self) -> bool {
        self.0.iter().all(|finding| finding.grade != Grade::Bad)
    }

    pub(super) fn json(&self) -> Value {
        let finding = |it: &Finding| {
            let advice = Some(&it.advice).filter(|advice| !advice.is_empty());
            json!({"check": it.check, "grade": it.grade.as_str(), "where": it.place, "what": it.what, "do": advice})
        };
        json!({"ok": self.is_good(), "findings": self.0.iter().map(finding).collect::<Vec<_>>()})
    }

    /// A paragraph a finding. What servers and files say must not steer a terminal.
    pub(super) fn text(&self) -> String {
        let paragraph = |it: &Finding| {
            let mut text = format!("{:8} {:14} {}", it.grade.as_str(), it.check, output::plain(&it.place));
            for line in it.what.lines() {
                text.push_str(&format!("\n         {}", output::plain(line)));
            }
            if !it.advice.is_empty() {
                text.push_str(&format!("\n         -> {}", output::plain(&it.advice)));
            }
            text.push('\n');
            text
        };
        let mut text: String = self.0.iter().map(paragraph).collect();
        let bad = self.0.iter().filter(|finding| finding.grade == Grade::Bad).count();
        text.push_str(&match bad {
            0 => "\nNothing is wrong.\n".to_owned(),
            1 => "\nOne thing is wrong.\n".to_owned(),
            bad => format!("\n{bad} things are wrong.\n"),
        });
        text
    }
}
