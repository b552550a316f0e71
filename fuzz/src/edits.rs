//! Changes to a text, four bytes each: which change, where (two bytes), and with what.

/// How many changes of one input are carried out.
const MOST: usize = 16;

/// The text after the changes; `other` is a text of the same kind that parts are taken from.
pub(crate) fn apply(text: &str, other: &str, edits: &[u8]) -> String {
    let mut text: Vec<char> = text.chars().collect();
    let other: Vec<char> = other.chars().collect();
    for edit in edits.chunks_exact(4).take(MOST) {
        let &[kind, low, high, with] = edit else { break };
        // One more than there are, so that the end can be reached.
        let at = usize::from(u16::from_le_bytes([low, high])) % (text.len() + 1);
        let length = usize::from(with).min(text.len() - at);
        match kind % 8 {
            0 => text.insert(at, char::from(with)),
            1 => drop(text.drain(at..at + length)),
            2 => text.extend_from_within(at..at + length),
            3 => text.truncate(at),
            4 => text.splice(at.., other.iter().skip(at).copied()).for_each(drop),
            kind => replace(&mut text, at, kind, with),
        }
    }
    text.into_iter().collect()
}

fn replace(text: &mut [char], at: usize, kind: u8, with: u8) {
    let length = text.len();
    let Some(character) = text.get_mut(at) else { return };
    match kind {
        5 => *character = char::from(with),
        6 => *character = char::from_u32(u32::from(*character) ^ (1 << (with % 7))).unwrap_or('\0'),
        _ => text.swap(at, usize::from(with) % length),
    }
}
