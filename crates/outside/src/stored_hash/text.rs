//! How the parts of a hash are written: plain decimals, Base64 in its variants, hexadecimal digits.

use base64ct::{Base64Unpadded, Encoding};
use zeroize::Zeroizing;

/// Bytes of a hash, wiped when dropped.
pub(super) type Bytes = Zeroizing<Vec<u8>>;

/// A plain decimal. One too large for 64 bits is out of any bounds, and stays so.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().unwrap_or(u64::MAX))
}

/// The same with its name before it: `m=65536`.
pub(super) fn named(text: Option<&str>, name: &str) -> Option<u64> {
    text?.strip_prefix(name)?.strip_prefix('=').and_then(decimal)
}

/// Exactly `N` fields.
pub(super) fn fields<const N: usize>(text: &str, between: char) -> Option<[&str; N]> {
    let mut parts = text.split(between);
    let mut fields = [""; N];
    for field in &mut fields {
        *field = parts.next()?;
    }
    parts.next().is_none().then_some(fields)
}

/// `least` to `most` bytes in the Base64 variant `E`.
pub(super) fn base64<E: Encoding>(text: &str, least: usize, most: usize) -> Option<Bytes> {
    let mut bytes = Zeroizing::new(vec![0; most]);
    let len = E::decode(text, &mut bytes).ok()?.len();
    bytes.truncate(len);
    (len >= least).then_some(bytes)
}

/// The same with standard letters, whether padded or not: writers differ in that.
pub(super) fn base64_any(text: &str, least: usize, most: usize) -> Option<Bytes> {
    base64::<Base64Unpadded>(text.trim_end_matches('='), least, most)
}

/// `least` to `most` bytes as hexadecimal digits, of either case.
pub(super) fn hex(text: &str, least: usize, most: usize) -> Option<Bytes> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !(least..=most).contains(&(digits.len() / 2)) {
        return None;
    }
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let bytes = digits.as_chunks().0.iter().map(|[high, low]| Some((value(*high)? << 4) | value(*low)?));
    bytes.collect::<Option<Vec<u8>>>().map(Zeroizing::new)
}

/// A salt that is used as the letters it is written with.
pub(super) fn letters(text: &str, most: usize) -> Option<Bytes> {
    (1..=most).contains(&text.len()).then(|| Zeroizing::new(text.as_bytes().to_vec()))
}
