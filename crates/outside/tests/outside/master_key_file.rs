use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Barrier;

use rotunda_core::failure::Failure;
use rotunda_core::keys::MasterKeys;
use rotunda_core::outside::Entropy;
use rotunda_outside::{
    Coming, SystemEntropy, add_coming, load, load_or_create, make, make_current, retire, take_back,
};
use tempfile::TempDir;

const KEY_A: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const KEY_B: &str = "_w8ODQwLCgkIBwYFBAMCAQAPDg0MCwoJCAcGBQQDAgE";

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn written(folder: &TempDir, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join("master.key");
    fs::write(&path, text).unwrap();
    chmod(&path, 0o600);
    path
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn checks(keys: &MasterKeys) -> Vec<(u8, [u8; 16])> {
    keys.checks().map(|(id, check)| (id, check.0)).collect()
}

/// What was wrong, without the folder's name, and with a look for key material in it.
fn refusal(path: &Path) -> String {
    let error = load(path).err().expect("refused");
    for text in [error.to_string(), format!("{error:?}")] {
        for secret in [KEY_A, KEY_B, &KEY_A[..8], &KEY_B[..8]] {
            assert!(!text.contains(secret), "key material in {text}");
        }
    }
    error.to_string().replace(&format!("{}/", path.parent().unwrap().display()), "")
}

#[test]
fn a_new_file_is_private_commented_and_read_back() {
    let folder = folder();
    let path = folder.path().join("master.key");
    let made = load_or_create(&path, &SystemEntropy).unwrap();
    assert_eq!(made.current_id(), 1);
    assert_eq!(checks(&made), checks(&load(&path).unwrap()));
    assert_eq!(checks(&made), checks(&load_or_create(&path, &SystemEntropy).unwrap()));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(&path).unwrap().starts_with("# Rotunda's master keys"));
}

#[test]
fn two_folders_have_two_keys() {
    let (one, other) = (folder(), folder());
    let made = |f: &TempDir| checks(&load_or_create(&f.path().join("master.key"), &SystemEntropy).unwrap());
    assert_ne!(made(&one), made(&other));
}

#[test]
fn many_that_start_at_once_end_up_with_one_key_and_leave_nothing_behind() {
    for _ in 0..20 {
        let folder = folder();
        let path = folder.path().join("master.key");
        let barrier = Barrier::new(16);
        let found: Vec<_> = std::thread::scope(|scope| {
            let start = || {
                barrier.wait();
                checks(&load_or_create(&path, &SystemEntropy).unwrap())
            };
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(found.iter().all(|keys| keys == &found[0]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a draft stayed behind");
    }
}

#[test]
fn several_keys_comments_and_loose_spacing_are_read() {
    let folder = folder();
    let text = format!("# old\n\n  1   {KEY_A}\r\n\t200\t{KEY_B}  \n# end");
    let keys = load(&written(&folder, text)).unwrap();
    assert_eq!(keys.current_id(), 200);
    assert_eq!(keys.checks().count(), 2);
    let alone = load(&written(&folder, format!("1 {KEY_A}"))).unwrap();
    assert_eq!(checks(&alone)[0], checks(&keys)[0]);
}

#[test]
fn a_file_that_others_may_read_or_change_is_refused() {
    let folder = folder();
    let path = written(&folder, format!("1 {KEY_A}\n"));
    for mode in [0o604, 0o644, 0o620, 0o660, 0o602, 0o666] {
        chmod(&path, mode);
        let text =
            format!("the master-key file master.key is open to others (mode {mode:04o}); run: chmod 600 ");
        assert!(refusal(&path).starts_with(&text), "{}", refusal(&path));
        assert!(load_or_create(&path, &SystemEntropy).is_err(), "refused, not replaced");
    }
    for mode in [0o600, 0o400] {
        chmod(&path, mode);
        assert!(load(&path).is_ok(), "{mode:o}");
    }
}

#[test]
fn a_bad_line_is_named_by_its_number_and_not_shown() {
    let form = "a line is \"ID KEY\" or \"ID KEY coming\", or begins with #";
    let id = "the id before the key must be a number from 1 to 255";
    let key = "the key must be 32 random bytes in base64url: 43 letters, digits, - or _, without =";
    let table: [(String, usize, &str); 11] = [
        (KEY_A.to_owned(), 1, form),
        (format!("# fine\n1 {KEY_A} {KEY_B}"), 2, form),
        (format!("0 {KEY_A}"), 1, id),
        (format!("256 {KEY_A}"), 1, id),
        (format!("-1 {KEY_A}"), 1, id),
        (format!("\u{fc} {KEY_A}"), 1, id),
        (format!("1 {KEY_A}="), 1, key),
        (format!("1 {}", &KEY_A[..42]), 1, key),
        (format!("1 {}", KEY_B.replace('_', "/")), 1, key),
        (format!("\n\n1 {KEY_A}\n2 {}!", &KEY_B[..42]), 4, key),
        (format!("7 {KEY_A}\n7 {KEY_B}"), 2, "there is a key with id 7 above already; each id names one key"),
    ];
    for (text, line, what) in table {
        assert_eq!(refusal(&written(&folder(), &text)), format!("master.key:{line}: {what}"));
    }
}

#[test]
fn what_is_no_key_file_is_told_apart() {
    let folder = folder();
    let empty = written(&folder, "# nothing yet\n");
    assert_eq!(refusal(&empty), "the master-key file master.key is not usable: there is no master key");
    let long = written(&folder, "#".repeat(70_000));
    let no_key_file = "is no master-key file: that is a short text file with one key a line";
    assert_eq!(refusal(&long), format!("master.key {no_key_file}"));
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    assert_eq!(refusal(&inner), format!("inner {no_key_file}"));
    let missing = folder.path().join("missing");
    assert!(load(&missing).err().unwrap().is_not_found());
}

#[test]
fn without_a_folder_or_without_randomness_nothing_is_made() {
    struct Dry;
    impl Entropy for Dry {
        fn fill(&self, _: &mut [u8]) -> Result<(), Failure> {
            Err(Failure::unavailable("asking for random bytes", "dry"))
        }
    }
    let folder = folder();
    let nowhere = folder.path().join("no/such/folder/master.key");
    let error = load_or_create(&nowhere, &SystemEntropy).err().unwrap().to_string();
    assert!(error.contains("cannot be made") && error.contains("its folder must exist"), "{error}");
    assert!(load_or_create(&folder.path().join("master.key"), &Dry).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn for_several_servers_a_file_is_made_once_and_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    make(&path, &SystemEntropy).unwrap();
    let made = std::fs::read(&path).unwrap();
    assert_eq!(checks(&load(&path).unwrap()).len(), 1);
    let said = make(&path, &SystemEntropy).unwrap_err().to_string();
    assert!(said.contains("is there already and was left as it is"), "{said}");
    assert_eq!(std::fs::read(&path).unwrap(), made);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft stays");
}

#[test]
fn a_key_that_is_coming_is_known_and_nothing_is_made_with_it() {
    let folder = folder();
    let keys = load(&written(&folder, format!("1 {KEY_A}\n2 {KEY_B} coming\n"))).unwrap();
    assert_eq!((keys.current_id(), keys.checks().count()), (1, 2));
    let alone = written(&folder, format!("2 {KEY_B} coming\n"));
    assert!(refusal(&alone).contains("every master key is still \"coming\""), "{}", refusal(&alone));
    for odd in ["soon", "Coming", "coming soon", "coming coming"] {
        let path = written(&folder, format!("1 {KEY_A}\n2 {KEY_B} {odd}\n"));
        assert!(refusal(&path).contains("master.key:2: a line is \"ID KEY\" or \"ID KEY coming\""), "{odd}");
    }
}

#[test]
fn a_new_key_comes_in_two_steps_that_change_nothing_else() {
    // A key that ends with the word, and a file that ends without a line's end.
    let odd = format!("{}coming", &KEY_A[..37]);
    for (old, end) in [(KEY_A, "\n"), (&odd, "")] {
        let folder = folder();
        let path = written(&folder, format!("# ours, what is coming\n\n 7   {old}{end}"));
        chmod(&path, 0o400);
        let before = checks(&load(&path).unwrap());
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(make_current(&link, &SystemEntropy).unwrap(), None, "none is coming");
        assert_eq!(add_coming(&link, 0, &SystemEntropy).unwrap(), Coming { id: 8, is_new: true });
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(&format!("# ours, what is coming\n\n 7   {old}\n8 ")), "{}", text.len());
        assert_eq!(add_coming(&path, 0, &SystemEntropy).unwrap(), Coming { id: 8, is_new: false });
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        let coming = load(&path).unwrap();
        assert_eq!((coming.current_id(), &checks(&coming)[..1]), (7, &before[..]));

        assert_eq!(make_current(&path, &SystemEntropy).unwrap(), Some(8));
        let current = load(&path).unwrap();
        assert_eq!((current.current_id(), checks(&current)), (8, checks(&coming)));
        assert_eq!(make_current(&path, &SystemEntropy).unwrap(), None);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o400);
        assert!(link.is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no draft stays");
    }
}

#[test]
fn there_is_no_key_after_the_last_id() {
    let folder = folder();
    let path = written(&folder, format!("255 {KEY_A}\n"));
    let said = add_coming(&path, 0, &SystemEntropy).unwrap_err().to_string();
    assert!(said.ends_with("has a key with id 255, and there is none after it"), "{said}");
}

#[test]
fn a_new_key_is_above_what_anybody_has_met_and_can_be_taken_back() {
    let folder = folder();
    let text = format!("# ours\n3 {KEY_A}\n");
    let path = written(&folder, text.clone());
    assert_eq!(add_coming(&path, 7, &SystemEntropy).unwrap(), Coming { id: 8, is_new: true });
    assert!(load(&path).unwrap().checks().any(|(id, _)| id == 8));
    take_back(&path, 3, &SystemEntropy).unwrap();
    assert!(load(&path).unwrap().checks().count() == 2, "one that is in use stays");
    take_back(&path, 8, &SystemEntropy).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert_eq!(add_coming(&path, 1, &SystemEntropy).unwrap().id, 4);
}

#[test]
fn an_old_key_goes_into_a_file_of_its_own_and_nothing_else_is_changed() {
    let folder = folder();
    let path = written(&folder, format!("# ours\n1 {KEY_A}\n# the new one\n2 {KEY_B}\n"));
    chmod(&path, 0o400);
    let beside = retire(&path, 1, &SystemEntropy).unwrap();
    assert_eq!(beside, folder.path().join("master.key.retired-1"));
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("# ours\n# the new one\n2 {KEY_B}\n"));
    for (file, id) in [(&path, 2), (&beside, 1)] {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o400);
        assert_eq!(load(file).unwrap().current_id(), id, "a master key file by itself");
    }
    assert_eq!(retire(&path, 1, &SystemEntropy).unwrap(), beside, "done again");
    // Whoever was interrupted goes on; another key of that id stays where it is.
    fs::remove_file(&path).unwrap();
    let path = written(&folder, format!("1 {KEY_A}\n2 {KEY_B}\n"));
    assert_eq!(retire(&path, 1, &SystemEntropy).unwrap(), beside);
    fs::remove_file(&path).unwrap();
    let text = format!("1 {KEY_B}\n2 {KEY_A}\n");
    let path = written(&folder, text.clone());
    let said = retire(&path, 1, &SystemEntropy).unwrap_err().to_string();
    assert!(said.contains("retired-1 is there, with something else in it"), "{said}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["master.key", "master.key.retired-1"], "and no draft is left");
}

#[test]
fn a_key_that_is_in_use_or_coming_is_not_retired() {
    let folder = folder();
    let text = format!("1 {KEY_A}\n2 {KEY_B} coming\n");
    let path = written(&folder, text.clone());
    for (id, words) in [(1, "is no old one"), (2, "is no old one"), (3, "there is no master key 3")] {
        let said = retire(&path, id, &SystemEntropy).unwrap_err().to_string();
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_coming_key_that_was_overtaken_elsewhere_gives_way_to_a_new_one() {
    let folder = folder();
    let path = written(&folder, format!("1 {KEY_A}\n2 {KEY_B} coming\n"));
    assert_eq!(add_coming(&path, 2, &SystemEntropy).unwrap(), Coming { id: 2, is_new: false });
    assert_eq!(add_coming(&path, 3, &SystemEntropy).unwrap(), Coming { id: 4, is_new: true });
    assert_eq!(add_coming(&path, 4, &SystemEntropy).unwrap(), Coming { id: 4, is_new: false });
    assert_eq!(load(&path).unwrap().current_id(), 1);
    assert_eq!(make_current(&path, &SystemEntropy).unwrap(), Some(4));
    assert_eq!(load(&path).unwrap().current_id(), 4);
    assert!(!fs::read_to_string(&path).unwrap().lines().any(|line| line.ends_with("coming")));
}

#[test]
fn of_many_who_begin_at_once_one_makes_the_key() {
    let folder = folder();
    let path = written(&folder, format!("1 {KEY_A}\n"));
    let made: Vec<Coming> = std::thread::scope(|scope| {
        let begin = || add_coming(&path, 0, &SystemEntropy).unwrap();
        let running: Vec<_> = (0..8).map(|_| scope.spawn(begin)).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(made.iter().all(|coming| coming.id == 2), "{made:?}");
    assert_eq!(made.iter().filter(|coming| coming.is_new).count(), 1, "{made:?}");
    assert_eq!(load(&path).unwrap().checks().count(), 2);
}
