//! An export is checked by us and by somebody else's few lines, and both find the same.

use std::path::{Path, PathBuf};
use std::process::Command;

use rotunda_core::audit::{ExportCheck, Verified};
use rotunda_core::denied::Denied;
use rotunda_core::desk::Operator;
use rotunda_core::model::{Caller, EventKind, UnixMillis};

use super::a_log;
use crate::support::{HOUR, World, denied};

async fn export(w: &World, from: Option<UnixMillis>, until: Option<UnixMillis>) -> String {
    let mut export = w.rotunda.desk(Operator::command_line()).export(from, until).await.unwrap();
    let mut text = String::new();
    while let Some(lines) = export.next().await.unwrap() {
        text.push_str(&lines);
    }
    text
}

fn check(text: &str, keys: Vec<[u8; 32]>) -> Result<Verified, String> {
    let mut check = ExportCheck::new(keys);
    for line in text.lines() {
        check.line(line).map_err(|bad| bad.to_string())?;
    }
    check.finish().map_err(|bad| bad.to_string())
}

/// What the script of the reference says: whether the file is whole.
fn others_check(file: &Path, text: &str, keys: &[&str]) -> (bool, String) {
    std::fs::write(file, text).unwrap();
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/audit-check.py");
    let output = Command::new("/usr/bin/python3").arg(script).arg(file).args(keys).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[tokio::test]
async fn an_export_is_checked_without_us() {
    let w = a_log().await;
    let text = export(&w, None, None).await;
    let line = w.rotunda.audit_checkpoint().await.unwrap().unwrap();
    let (key, events) = (line.key().unwrap(), w.store.inner.snapshot().events.len() - 1);
    let found = check(&text, vec![key]).unwrap();
    assert_eq!((found.found, found.events), (0, u64::try_from(events).unwrap()), "{:?}", found.findings);
    assert!(found.bears.is_empty());
    assert_eq!(check(&text, Vec::new()).unwrap().bears, [key]);
    assert!(check(&text, vec![[0; 32]]).unwrap().found > 0, "somebody else's key");
    let told = w.store.inner.snapshot().events.pop().unwrap().event;
    assert_eq!((told.kind, told.caller), (EventKind::AuditExported, Operator::command_line().caller()));

    let (place, key) = (std::env::temp_dir(), line.public_key.unwrap());
    let file = place.join(format!("rotunda-audit-{}.jsonl", std::process::id()));
    let (whole, said) = others_check(&file, &text, &[&key]);
    assert!(whole && said.contains(&format!("{events} events up to")), "{said}");
    assert!(!others_check(&file, &text, &["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]).0);
    let lines: Vec<&str> = text.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        let without = text.replacen(&format!("{line}\n"), "", 1);
        let is_checkpoint_between = line.contains("\"checkpoint\"") && number + 1 < lines.len();
        let ours = check(&without, Vec::new()).is_ok_and(|found| found.found == 0);
        assert_eq!(ours, is_checkpoint_between, "without line {number}: {line}");
        if number % 7 == 0 {
            assert_eq!(others_check(&file, &without, &[]).0, ours, "without line {number}");
        }
        let digit = line.rfind("\":\"").unwrap() + 3;
        let changed = if &line[digit..=digit] == "0" { "1" } else { "0" };
        let altered = text.replacen(line, &format!("{}{changed}{}", &line[..digit], &line[digit + 1..]), 1);
        assert!(check(&altered, Vec::new()).map_or(true, |found| found.found > 0), "line {number}: {line}");
        if number % 7 == 0 {
            assert!(!others_check(&file, &altered, &[]).0, "line {number}: {line}");
        }
    }
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn an_export_of_a_time_has_all_of_it_and_begins_and_ends_with_something_signed() {
    let w = a_log().await;
    let (begin, end) = (w.clock_now().minus(2 * HOUR), w.clock_now().minus(HOUR));
    let (all, some) = (export(&w, None, None).await, export(&w, Some(begin), Some(end)).await);
    assert!(some.len() < all.len());
    let found = check(&some, Vec::new()).unwrap();
    assert_eq!(found.found, 0, "{:?}", found.findings);
    let wanted =
        w.store.inner.snapshot().events.into_iter().filter(|event| (begin..end).contains(&event.event.at));
    let mut many = 0;
    for event in wanted {
        assert!(some.contains(&format!("{{\"seq\":{},", event.seq)), "{event:?}");
        many += 1;
    }
    assert!(many > 2);
    let lines: Vec<&str> = some.lines().collect();
    assert!(
        lines[0].starts_with("{\"mark\":\"")
            && lines[lines.len() - 1].starts_with("{\"mark\":\"checkpoint\"")
    );
}

#[tokio::test]
async fn an_export_fails_when_the_log_is_forgotten_under_it() {
    let w = a_log().await;
    let log = w.store.inner.snapshot();
    for is_read in [false, true] {
        w.store.inner.restore(log.clone());
        let mut export = w.rotunda.desk(Operator::command_line()).export(None, None).await.unwrap();
        let mut text = export.next().await.unwrap().unwrap();
        if is_read {
            text.push_str(&export.next().await.unwrap().unwrap());
        }
        w.pass(HOUR);
        assert!(w.rotunda.sweep().await.unwrap().events > 0, "a slow reader");
        if is_read {
            while let Some(lines) = export.next().await.unwrap() {
                text.push_str(&lines);
            }
            assert_eq!(check(&text, Vec::new()).unwrap().found, 0, "what was read before is whole");
        } else {
            let failure = export.next().await.unwrap_err();
            assert!(format!("{failure:?}").contains("were forgotten meanwhile"), "{failure:?}");
        }
    }
}

#[tokio::test]
async fn an_export_begins_at_the_start_where_nothing_was_forgotten_and_takes_a_permission() {
    let w = World::new().await;
    let empty = export(&w, None, None).await;
    assert_eq!(check(&empty, Vec::new()).unwrap().events, 0, "{empty}");
    let tab = w.register("ada").await;
    super::chain_all(&w).await;
    let text = export(&w, None, None).await;
    assert!(text.starts_with("{\"mark\":\"start\",\"seq\":0,"), "{text}");
    let found = check(&text, Vec::new()).unwrap();
    assert_eq!((found.found, found.events), (0, 3), "{text}");
    let bearer = w.bearer(&tab).await;
    let nobody = w.rotunda.operator(&bearer, &Caller::default()).unwrap();
    let refused = denied(w.rotunda.desk(nobody).export(None, None).await);
    assert!(matches!(refused, Denied::PermissionMissing(_)), "{refused:?}");
    for wrong in ["", "{}", "{\"seq\":1}", "{\"mark\":\"end\",\"seq\":0,\"hash\":\"\"}", "no json"] {
        assert!(check(&format!("{wrong}\n{text}"), Vec::new()).is_err(), "{wrong}");
    }
}
