//! The guide's pictures: what is checked in is what the script draws, and what the guide links is there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn guide() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide").canonicalize().unwrap()
}

/// The names of the pictures in a folder: those that are drawn end with `.svg`, those of pages with `.png`.
fn pictures(folder: &Path, endings: &[&str]) -> BTreeSet<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names
        .map(|name| name.into_string().unwrap())
        .filter(|name| endings.iter().any(|ending| name.ends_with(ending)))
        .collect()
}

#[test]
fn pictures_are_what_the_script_draws() {
    let (kept, drawn) = (guide().join("pictures"), tempfile::tempdir().unwrap());
    let output = Command::new(kept.join("draw")).arg(drawn.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = pictures(&kept, &[".svg"]);
    assert_eq!(names, pictures(drawn.path(), &[".svg"]), "run docs/guide/pictures/draw");
    for name in names {
        let read = |folder: &Path| std::fs::read(folder.join(&name)).unwrap();
        assert!(read(&kept) == read(drawn.path()), "{name} is another: run docs/guide/pictures/draw");
    }
}

#[test]
fn pictures_are_linked_from_the_guide_each_of_them() {
    let mut linked = BTreeSet::new();
    for page in std::fs::read_dir(guide()).unwrap().map(|entry| entry.unwrap().path()) {
        if page.extension().is_some_and(|extension| extension == "md") {
            let text = std::fs::read_to_string(&page).unwrap();
            let links = text.split("](pictures/").skip(1).filter_map(|rest| rest.split_once(')'));
            linked.extend(links.map(|(name, _)| name.to_owned()));
        }
    }
    assert_eq!(linked, pictures(&guide().join("pictures"), &[".svg", ".png"]));
    assert!(!linked.is_empty(), "is this test still looking?");
}
