//! The reader of other systems' password hashes, as an import hands them over. The input is one hash.
//!
//! Nothing is computed here. What must hold is that whatever is taken in costs no more than the documentation of
//! `rotunda_outside` says, whose bounds are written down a second time: whoever writes the file must not get more memory
//! or more time for a login.

use base64ct::{Base64Unpadded, Encoding};
use rotunda_outside::foreign_hash;

const MIB: u128 = 1024 * 1024;

/// One input.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let read = foreign_hash(&text);
    let again = foreign_hash(&text).map(|hash| hash.expose().to_owned());
    match read {
        Ok(hash) => {
            assert_eq!(hash.expose(), text, "another hash was taken in");
            assert_eq!(again.as_deref(), Ok(&*text), "the second time is another verdict");
            assert!(text.len() <= 1024, "{text}");
            within_bounds(&text).unwrap_or_else(|| panic!("nobody can tell what it costs: {text}"));
        }
        Err(why) => assert_eq!(again, Err(why), "the second time is another verdict"),
    }
}

/// By how it begins; `None` for whatever is no known form.
fn within_bounds(text: &str) -> Option<()> {
    let parts: Vec<&str> = text.split(['$', ':', ',']).collect();
    if text.starts_with("$argon2") || text.starts_with("argon2$") {
        argon2(number_of(&parts, "m=")?, number_of(&parts, "t=")?, number_of(&parts, "p=")?);
    } else if text.starts_with("$scrypt$") || text.starts_with("$firebase-scrypt$") {
        let n = 2_u128.checked_pow(u32::try_from(number_of(&parts, "ln=")?).ok()?)?;
        scrypt(n, number_of(&parts, "r=")?, number_of(&parts, "p=")?);
    } else if text.starts_with("scrypt$") {
        // The salt may have any letters but this one, here and with Werkzeug.
        let [_, n, _, r, p, _] = text.split('$').collect::<Vec<_>>()[..] else { return None };
        scrypt(n.parse().ok()?, r.parse().ok()?, p.parse().ok()?);
    } else if text.starts_with("scrypt:") {
        let [_, n, r, p, ..] = parts[..] else { return None };
        scrypt(n.parse().ok()?, r.parse().ok()?, p.parse().ok()?);
    } else if text.starts_with("$2") || text.starts_with("bcrypt") {
        let version = parts.iter().position(|part| matches!(*part, "2a" | "2b" | "2y"))?;
        let cost: u32 = parts.get(version + 1)?.parse().ok()?;
        assert!((4..=15).contains(&cost), "{text}");
    } else if let Some(modular) = text.strip_prefix("$pbkdf2") {
        let iterations = modular.split('$').nth(1)?;
        pbkdf2(iterations.strip_prefix("i=").unwrap_or(iterations).parse().ok()?);
    } else if text.starts_with("pbkdf2_") {
        pbkdf2(parts.get(1)?.parse().ok()?);
    } else if text.starts_with("pbkdf2:") {
        pbkdf2(parts.get(2)?.parse().ok()?);
    } else if !text.starts_with("{SSHA256}") && !text.starts_with("sha256$") {
        asp_net(text)?;
    }
    Some(())
}

/// The number after such a name, which stands once.
fn number_of(parts: &[&str], name: &str) -> Option<u128> {
    parts.iter().find_map(|part| part.strip_prefix(name))?.parse().ok()
}

/// Memory in KiB, passes, lanes: RFC 9106 §3.1 wants 8 KiB a lane.
fn argon2(memory: u128, passes: u128, lanes: u128) {
    assert!(passes >= 1 && lanes >= 1 && memory >= 8 * lanes, "m={memory} t={passes} p={lanes}");
    assert!(passes <= 16 && lanes <= 16, "t={passes} p={lanes}");
    assert!(memory * 1024 <= 256 * MIB && memory * 1024 * passes <= 1024 * MIB, "m={memory} t={passes}");
}

/// 128 bytes for each block of each of `n` rows (RFC 7914 §2), a lane after the other.
fn scrypt(n: u128, r: u128, p: u128) {
    assert!(n.is_power_of_two() && n > 1 && r >= 1 && p >= 1, "n={n} r={r} p={p}");
    assert!(128 * n * r <= 256 * MIB && 128 * n * r * p <= 512 * MIB, "n={n} r={r} p={p}");
}

fn pbkdf2(iterations: u128) {
    assert!((1..=5_000_000).contains(&iterations), "{iterations} iterations");
}

/// A marker; in version 3 the function, iterations and length of the salt, four bytes each.
fn asp_net(text: &str) -> Option<()> {
    let bytes = Base64Unpadded::decode_vec(text.trim_end_matches('=')).ok()?;
    match bytes.split_first()? {
        (0, rest) => assert_eq!(rest.len(), 48, "version 2 has one size"),
        (1, rest) => pbkdf2(u128::from(u32::from_be_bytes(rest.get(4..8)?.try_into().ok()?))),
        _ => return None,
    }
    Some(())
}
