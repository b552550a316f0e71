//! The lists of known passwords: the built-in one, and files that are built, read, and broken.

use std::fs;
use std::path::{Path, PathBuf};

use rotunda_core::model::Password;
use rotunda_core::outside::{Entropy, KnownPassword, KnownPasswords, random};
use rotunda_outside::SystemEntropy;
use rotunda_outside::password_lists::{
    Bits, Built, ListFormat, PasswordListError, PasswordLists, Wrong, build,
};
use tempfile::TempDir;

const ALL_BITS: [Bits; 3] = [Bits::Eight, Bits::Sixteen, Bits::ThirtyTwo];
/// The header before the fingerprints, and the checksum after them.
const AROUND: usize = 52 + 32;

fn find(lists: &PasswordLists, text: &str) -> Option<KnownPassword> {
    lists.find(&Password::new(text.to_owned()))
}

fn made(folder: &TempDir, list: impl AsRef<[u8]>, format: ListFormat, bits: Bits) -> (PathBuf, Built) {
    let path = folder.path().join("breached.filter");
    let built = build(&mut list.as_ref(), format, bits, &path, &SystemEntropy).unwrap();
    (path, built)
}

fn refused(path: &Path) -> PasswordListError {
    PasswordLists::with_breached(path).err().expect("it is refused")
}

fn wrong(path: &Path) -> Wrong {
    let wrong = match refused(path) {
        PasswordListError::Unusable { wrong, .. } => Some(wrong),
        _ => None,
    };
    wrong.expect("the file can be read")
}

fn random_password(letters: &[u8], length: usize) -> String {
    let bytes: [u8; 32] = random(&SystemEntropy).unwrap();
    bytes.iter().take(length).map(|b| char::from(letters[usize::from(*b) % letters.len()])).collect()
}

#[test]
fn the_common_ones_are_known_however_they_are_dressed_up() {
    let lists = PasswordLists::builtin().unwrap();
    for text in [
        "password1234",
        "qwertyuiop12",
        "123456789012",
        "passwordpassword",
        "iloveyou1234",
        "1q2w3e4r5t6y",
        "qwertyuiop[]",
        "1qaz2wsx3edc",
        "q1w2e3r4t5y6",
        "p@ssw0rd",
        "administrator",
        "Password123!",
        "PASSWORD2026",
        "QwertyUiop_99",
        "password - 1",
        "sunshine!!!!!",
        "iloveyou123456",
    ] {
        assert_eq!(find(&lists, text), Some(KnownPassword::Common), "{text}");
    }
}

/// From all over the 3,000 commonest of fifteen characters and more: a policy that asks for so many refuses them.
#[test]
fn the_common_ones_among_the_long_ones_are_known() {
    let lists = PasswordLists::builtin().unwrap();
    for text in [
        "nuttertools1234",
        "4733473347334733",
        "supplementalincome",
        "fussballbekloppte",
        "championlake409",
        "12345678912345678",
        "zxcvbnm1zxcvbnm2",
        "zuckerschnecke88",
        "zombaks23zombaks23",
        "zinedinezidane10",
    ] {
        assert_eq!(find(&lists, text), Some(KnownPassword::Common), "{text}");
    }
}

#[test]
fn a_phrase_is_not_known_because_common_words_are_in_it() {
    let lists = PasswordLists::builtin().unwrap();
    for text in [
        "correct horse battery",
        "correct horse battery 0",
        "staple of four words",
        "staple of four other words",
        "what the other tab chose",
        "a new and longer one",
        "password of my own password",
        "my password is long 2026",
        "sunshine on a rainy day",
        "Пароль из четырёх слов",
        "",
        "!!!!!!!!!!!!",
    ] {
        assert_eq!(find(&lists, text), None, "{text}");
    }
    assert_eq!(find(&lists, "sunshine%83649"), Some(KnownPassword::Common), "six are a tail");
    assert_eq!(find(&lists, "sunshine%836492"), None, "seven are not");
    assert_eq!(find(&lists, "iloveyou-ugly-8264"), None, "what is in the middle is not looked up");
    assert_eq!(find(&lists, &"longer than any password ".repeat(4_000)), None);
}

/// 100,000 random passwords of each kind; a filter of 16 bits is mistaken once in 65,536 looks.
#[test]
fn random_passwords_are_hardly_ever_taken_for_common_ones() {
    let lists = PasswordLists::builtin().unwrap();
    let mistakes = |letters: &[u8]| {
        (0..100_000).filter(|_| find(&lists, &random_password(letters, 16)).is_some()).count()
    };
    let (letters, digits) = (mistakes(b"abcdefghijklmnopqrstuvwxyz"), mistakes(b"0123456789"));
    println!("taken for common ones, of 100,000: {letters} of letters, {digits} of digits");
    // Expected are 1.5 and 10.7; that there are so many more happens once in thousands of millions of runs.
    assert!(letters <= 15 && digits <= 45, "{letters} and {digits}");
}

#[test]
fn what_is_said_of_the_built_in_list_is_true() {
    let source = include_str!("../../src/password_lists/SOURCE.md");
    let filter = include_bytes!("../../src/password_lists/common.filter");
    let lists = PasswordLists::builtin().unwrap();
    assert_eq!((lists.common_entries(), lists.breached_entries()), (125_000, None));
    assert!(filter.len() <= 300_000);
    assert!(source.contains("| entries | 125,000 |") && source.contains("| bytes | 294,996 |"));
    assert_eq!(filter.len(), 294_996);
    let sum: String = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, filter)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert!(source.contains(&format!("`{sum}`")), "{sum}");
}

#[test]
fn a_plain_list_is_known_in_any_case_and_only_whole() {
    let folder = tempfile::tempdir().unwrap();
    let long = "l".repeat(1024);
    let list = format!(
        "kestrel over marsh\r\nKestrel Over Marsh\n\n\u{c9}T\u{c9} \u{e0} Paris\n{long}\n{long}x\n  spaces count  \nlast, without an end"
    );
    let list = [list.as_bytes(), b"\n\xff\xfe is not UTF-8\n"].concat();
    for bits in ALL_BITS {
        let (path, built) = made(&folder, &list, ListFormat::Plain, bits);
        assert_eq!((built.entries, built.left_out), (6, 1));
        assert_eq!(built.bytes, fs::metadata(&path).unwrap().len());
        let lists = PasswordLists::with_breached(&path).unwrap();
        assert_eq!(lists.breached_entries(), Some(6));
        for text in ["kestrel over marsh", "KESTREL over MARSH", "été À paris", &long, "  spaces count  "]
        {
            assert_eq!(find(&lists, text), Some(KnownPassword::Breached), "{text}");
        }
        assert_eq!(find(&lists, "last, without an end"), Some(KnownPassword::Breached));
        if bits == Bits::ThirtyTwo {
            for text in ["kestrel over marsh 1", "spaces count", "e\u{301}te\u{301} à paris", ""] {
                assert_eq!(find(&lists, text), None, "{text}");
            }
        }
        assert_eq!(find(&lists, "password1234"), Some(KnownPassword::Common), "still");
    }
}

#[test]
fn a_list_of_sha_1_is_known_as_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    // SHA-1 of "kestrel over marsh" and of "Heron by the lake", by sha1sum.
    let list = format!("{KESTREL}:37\n{}\n", HERON.to_lowercase());
    for bits in ALL_BITS {
        let (path, built) = made(&folder, &list, ListFormat::Sha1, bits);
        assert_eq!(built.entries, 2);
        let lists = PasswordLists::with_breached(&path).unwrap();
        for text in ["kestrel over marsh", "Heron by the lake"] {
            assert_eq!(find(&lists, text), Some(KnownPassword::Breached), "{text}");
        }
        if bits == Bits::ThirtyTwo {
            assert_eq!(find(&lists, "heron by the lake"), None, "another case is another hash");
        }
    }
}

const KESTREL: &str = "4191B47CACDA4D8CD3706F61CE23BE54A6FAFD35";
const HERON: &str = "059C5849A19092A79DFF127E1FB8D47B1F9125AD";

#[test]
fn the_same_passwords_make_the_same_file_in_whatever_order() {
    let folder = tempfile::tempdir().unwrap();
    let words: Vec<String> = (0..5_000).map(|n| format!("word number {n}")).collect();
    let backwards: Vec<String> = words.iter().rev().cloned().collect();
    let read = |list: &[String]| fs::read(made(&folder, list.join("\n"), ListFormat::Plain, Bits::Eight).0);
    let first = read(&words).unwrap();
    assert_eq!(first, read(&[backwards, words].concat()).unwrap());
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["breached.filter"], "no draft stays");
}

#[test]
fn lists_of_every_small_size_are_known_whole_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    for size in (1..70).chain([100, 1_000, 4_097]) {
        let words: Vec<String> = (0..size).map(|n| format!("entry {n} of {size}")).collect();
        let (path, built) = made(&folder, words.join("\n"), ListFormat::Plain, Bits::Sixteen);
        assert_eq!(built.entries, size);
        let lists = PasswordLists::with_breached(&path).unwrap();
        assert!(words.iter().all(|word| find(&lists, word).is_some()), "{size}");
    }
}

#[test]
fn what_is_no_list_is_refused_with_its_line_and_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = made(&folder, "kestrel over marsh", ListFormat::Plain, Bits::Eight);
    let before = fs::read(&path).unwrap();
    let refused = |list: &[u8], format| {
        build(&mut &*list, format, Bits::Eight, &path, &SystemEntropy).unwrap_err().to_string()
    };
    let no_hash = |line| {
        format!(
            "line {line} of the list is no SHA-1 hash: 40 hexadecimal digits, and maybe a colon and a count; for \
             passwords themselves use --format plain"
        )
    };
    for (list, line) in [
        ("password\n".to_owned(), 1),
        (format!("{HERON}:1\n\n{}\n", &HERON[1..]), 3),
        (format!("{HERON}1\n"), 1),
        (format!("{HERON}:many\n"), 1),
        (format!("{HERON}\n{}\n", "A".repeat(5_000)), 2),
        (format!("{}é\n", &HERON[..39]), 1),
    ] {
        assert_eq!(refused(list.as_bytes(), ListFormat::Sha1), no_hash(line), "{list}");
    }
    for empty in ["", "\n\r\n\n"] {
        assert_eq!(refused(empty.as_bytes(), ListFormat::Plain), "there is no password on the list");
    }
    assert_eq!(fs::read(&path).unwrap(), before);
    // What cannot be replaced is left as it is, and no draft beside it.
    let taken = folder.path().join("a folder");
    fs::create_dir(&taken).unwrap();
    let error = build(&mut &b"a"[..], ListFormat::Plain, Bits::Eight, &taken, &SystemEntropy).unwrap_err();
    assert!(error.to_string().ends_with("cannot be written: Is a directory (os error 21)"), "{error}");
    let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["a folder", "breached.filter"]);
    let nowhere = folder.path().join("no such folder/list");
    let error = build(&mut &b"a"[..], ListFormat::Plain, Bits::Eight, &nowhere, &SystemEntropy).unwrap_err();
    assert!(
        error.to_string().ends_with("cannot be written: No such file or directory (os error 2)"),
        "{error}"
    );
}

#[test]
fn a_file_cut_short_anywhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for bits in ALL_BITS {
        let (path, _) = made(&folder, "kestrel over marsh\nheron by the lake", ListFormat::Plain, bits);
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let wanted = if length < 15 { Wrong::Foreign } else { Wrong::Length };
            assert_eq!(wrong(&path), wanted, "{length} of {} bytes", whole.len());
        }
        fs::write(&path, [whole.as_slice(), b"\0"].concat()).unwrap();
        assert_eq!(wrong(&path), Wrong::Length);
    }
}

#[test]
fn a_file_with_any_byte_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = made(&folder, "kestrel over marsh\nheron by the lake", ListFormat::Plain, Bits::Sixteen);
    let whole = fs::read(&path).unwrap();
    assert!(whole.len() > AROUND);
    for place in 0..whole.len() {
        for flip in [1, 0x80] {
            let mut broken = whole.clone();
            broken[place] ^= flip;
            fs::write(&path, &broken).unwrap();
            let told = wrong(&path);
            let fits = match place {
                0..15 => told == Wrong::Foreign,
                15 => told == Wrong::Version,
                16..52 => matches!(told, Wrong::Header | Wrong::Length | Wrong::Checksum),
                _ => told == Wrong::Checksum,
            };
            assert!(fits, "byte {place}: {told}");
        }
    }
}

#[test]
fn a_forged_shape_leads_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = made(&folder, "kestrel over marsh", ListFormat::Plain, Bits::Eight);
    let whole = fs::read(&path).unwrap();
    let shapes: [(u32, u32); 8] =
        [(0, 0), (0, 4), (4, 0), (3, 3), (4, 6), (u32::MAX, u32::MAX), (1 << 31, 1 << 31), (1, u32::MAX)];
    for (segment, all) in shapes {
        let mut forged = whole.clone();
        forged[44..48].copy_from_slice(&segment.to_le_bytes());
        forged[48..52].copy_from_slice(&all.to_le_bytes());
        fs::write(&path, &forged).unwrap();
        assert!(matches!(wrong(&path), Wrong::Header), "{segment}, {all}");
    }
    // A shape that could be, of a file that would have four gigabytes: nothing of the sort is allocated.
    let mut forged = whole;
    forged[44..48].copy_from_slice(&1_u32.to_le_bytes());
    forged[48..52].copy_from_slice(&(u32::MAX - 2).to_le_bytes());
    fs::write(&path, &forged).unwrap();
    assert_eq!(wrong(&path), Wrong::Length);
}

#[test]
fn whoever_reads_the_refusal_knows_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    let shown = path.display();
    let missing = format!(
        "the password list {shown} cannot be read: No such file or directory (os error 2); `rotunda password-list build` \
         makes one"
    );
    assert_eq!(refused(&path).to_string(), missing);
    let anew = "make it anew with `rotunda password-list build`";
    for (content, told) in [
        ("hunter2\nletmein\n", "is no password list that `rotunda password-list build` has made"),
        ("rotunda pwlist 2 from the future", "was made by another version of Rotunda"),
        ("rotunda pwlist 1sha256lc", "is damaged: it is shorter or longer than it was made"),
        ("rotunda pwlist 1md5-----0000000000000000000000000000", "is damaged: its header makes no sense"),
    ] {
        fs::write(&path, content).unwrap();
        assert_eq!(refused(&path).to_string(), format!("{shown} {told}; {anew}"));
    }
    assert_eq!(wrong(folder.path()), Wrong::Foreign, "a folder");
}

/// An operator who changes the file of a running server changes nothing for it.
#[test]
fn a_list_in_use_is_replaced_and_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let (path, _) = made(&folder, "kestrel over marsh", ListFormat::Plain, Bits::ThirtyTwo);
    let reader = fs::File::open(&path).unwrap();
    made(&folder, "heron by the lake", ListFormat::Plain, Bits::ThirtyTwo);
    let mut old = Vec::new();
    std::io::Read::read_to_end(&mut { reader }, &mut old).unwrap();
    assert_ne!(old, fs::read(&path).unwrap());
    fs::write(&path, &old).unwrap();
    assert!(find(&PasswordLists::with_breached(&path).unwrap(), "kestrel over marsh").is_some());
}

#[test]
fn without_randomness_for_its_draft_nothing_is_written() {
    struct Dry;
    impl Entropy for Dry {
        fn fill(&self, _: &mut [u8]) -> Result<(), rotunda_core::failure::Failure> {
            Err(rotunda_core::failure::Failure::unavailable("asking for randomness", "dry"))
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    let error = build(&mut &b"a"[..], ListFormat::Plain, Bits::Eight, &path, &Dry).unwrap_err();
    assert!(matches!(error, PasswordListError::Entropy(_)));
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}
