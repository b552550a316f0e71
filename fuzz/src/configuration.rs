//! The configuration: the text of the file, then variables, `NAME=VALUE` each, all separated by NUL.
//!
//! Variables whose value would be the path of a file are left out: an input must not choose what is read here.

use std::ffi::OsString;

use rotunda::{Accepted, judge};

type Variables = Vec<(String, String)>;

/// One input.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split('\0');
    let file = parts.next().unwrap_or_default();
    let variables: Variables = parts
        .filter_map(|part| part.split_once('='))
        .filter(|(name, _)| !names_a_file(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();

    let verdict = judged(file, &variables);
    assert_eq!(judged(file, &variables), verdict, "the second time is another verdict");
    match verdict {
        Ok(accepted) => can_be_served(file, &variables, &accepted),
        Err(findings) => {
            assert!(!findings.is_empty(), "refused, and nobody knows why");
            findings.iter().for_each(|finding| has_its_place(finding, file, &variables));
        }
    }
}

fn judged(file: &str, variables: &Variables) -> Result<Accepted, Vec<String>> {
    judge(file, variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))))
}

fn names_a_file(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("_file") && name != "rotunda_keys__master_file"
}

/// What the check accepts, the server can start with, and what says nothing changes nothing.
fn can_be_served(file: &str, variables: &Variables, accepted: &Accepted) {
    assert_eq!(accepted.unusable, None, "accepted, and the server refuses it");
    accepted.warnings.iter().for_each(|warning| has_its_place(warning, file, variables));
    let with_a_comment = judged(&format!("{file}\n# nothing\n"), variables);
    assert_eq!(with_a_comment.as_ref(), Ok(accepted), "a comment at the end changes what it says");
    let with_a_neighbour = [variables.clone(), vec![("PATH".to_owned(), "/bin".to_owned())]].concat();
    assert_eq!(judged(file, &with_a_neighbour).as_ref(), Ok(accepted), "somebody else's variable counts");
}

/// A line that exists, a variable that was set, or the key.
fn has_its_place(finding: &str, file: &str, variables: &Variables) {
    let place = |finding: &str| {
        if let Some(rest) = finding.strip_prefix("rotunda.toml:") {
            let line = rest.split(':').next().and_then(|line| line.parse::<usize>().ok());
            return line.is_some_and(|line| (1..=1 + file.matches('\n').count()).contains(&line));
        }
        if finding.starts_with("ROTUNDA_") {
            return variables.iter().any(|(name, _)| finding.starts_with(&format!("{name}: ")));
        }
        finding.strip_prefix('[').is_some_and(|rest| rest.contains("] "))
    };
    assert!(place(finding), "nobody can tell where: {finding:?}");
}
