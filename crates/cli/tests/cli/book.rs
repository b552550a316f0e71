//! The book of `scripts/book`: it has every page once, and its links hold there as they do in the repository. mdBook itself is not
//! asked: what it is given is.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::walk::page;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The files below a folder with this ending, by their paths from it.
fn files(folder: &Path, ending: &str) -> BTreeSet<String> {
    let (mut folders, mut found) = (vec![folder.to_owned()], BTreeSet::new());
    while let Some(next) = folders.pop() {
        for path in std::fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    found.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
    }
    found.retain(|path| path.ends_with(ending));
    found
}

/// Where the links of a page lead, those in its fenced blocks left out.
pub(crate) fn links(markdown: &str) -> Vec<String> {
    let mut is_code = false;
    let prose = markdown.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        is_code ^= fence;
        !is_code && !fence
    });
    let ends = prose.flat_map(|line| line.split("](").skip(1)).filter_map(|rest| rest.split(')').next());
    ends.map(str::to_owned).collect()
}

#[test]
fn the_summary_has_every_page_once_and_none_that_is_not_there() {
    let listed = links(&page("docs/SUMMARY.md"));
    let once: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), once.len(), "a page is listed twice");
    let mut wanted = files(&root().join("docs"), ".md");
    wanted.remove("SUMMARY.md");
    for name in ["README.md", "SECURITY.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        assert!(wanted.insert(format!("../{name}")));
    }
    assert_eq!(once, wanted, "docs/SUMMARY.md, and the pages that there are");
}

#[test]
fn what_the_book_is_made_of_has_links_that_hold_and_the_rest_leads_to_the_repository() {
    let place = tempfile::tempdir().unwrap();
    let output = Command::new("python3")
        .arg(root().join("scripts/book"))
        .arg("--sources")
        .arg(place.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let manifest: toml::Table = page("Cargo.toml").parse().unwrap();
    let repository = manifest["workspace"]["package"]["repository"].as_str().unwrap();
    let src = place.path().join("src");
    let (mut inside, mut outside) = (0, 0);
    for name in files(&src, ".md") {
        let text = std::fs::read_to_string(src.join(&name)).unwrap();
        for link in links(&text) {
            let path = link.split('#').next().unwrap();
            if link.starts_with(repository) {
                let there = link.splitn(3, "/main/").last().unwrap();
                assert!(root().join(there).exists(), "{name}: {link}");
                outside += 1;
            } else if !link.contains("://") && !link.starts_with("mailto:") && !path.is_empty() {
                let target = src.join(&name).parent().unwrap().join(path);
                let target = target.canonicalize().unwrap_or_else(|_| panic!("{name}: {link} leads nowhere"));
                assert!(target.starts_with(src.canonicalize().unwrap()), "{name}: {link} leaves the book");
                inside += 1;
            }
        }
    }
    assert!(
        inside > 250 && outside > 0,
        "{inside} inside and {outside} outside: is this test still looking?"
    );
    assert_eq!(files(&src, ".md").len(), links(&page("docs/SUMMARY.md")).len() + 1);
    assert!(files(&src, ".svg").len() > 5 && place.path().join("book.toml").is_file());
}
