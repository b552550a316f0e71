//! Text that users chose, made harmless for a letter in our name: it cannot become a link, reorder what stands around
//! it, break a line, or go on for ever.
//!
//! Mail programs make links of whatever looks like one, in plain text too. So a name loses what links are made of, and
//! the part of an address before the `@` keeps only what ordinary addresses have.

/// The most characters of a name or a device.
const NAME_CHARS: usize = 48;

/// Characters that nobody sees and that change what others look like: directions, joiners, variants.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The full stops of domain names (UTS 46 §2.3).
fn is_dot(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
}

/// A name that somebody chose, or a device that they said they have: one line, without what links are made of, cut to
/// [`NAME_CHARS`]. `None` when nothing remains.
pub(crate) fn name(text: &str) -> Option<String> {
    let mut calm = String::new();
    let mut chars = text.chars().filter(|c| !is_invisible(*c)).peekable();
    while let Some(c) = chars.next() {
        let ends_here = chars.peek().is_none_or(|next| next.is_whitespace());
        let stays = match c {
            c if is_dot(c) => ends_here,
            ',' | '\'' | '-' | '(' | ')' | '+' => true,
            c => {
                !c.is_ascii_punctuation()
                    && !c.is_control()
                    && !matches!(c, '\u{ff0f}' | '\u{ff1a}' | '\u{ff20}')
            }
        };
        calm.push(if stays { c } else { ' ' });
    }
    let line = calm.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut cut: String = line.chars().take(NAME_CHARS).collect();
    if cut.len() < line.len() {
        cut.truncate(cut.trim_end().len());
        cut.push('…');
    }
    (!cut.is_empty()).then_some(cut)
}

/// An address that a letter tells of: as it is, where it is an ordinary one; otherwise `·` for each odd character.
pub(crate) fn address(text: &str) -> String {
    let ordinary = |c: char| c.is_alphanumeric() || matches!(c, '@' | '.' | '_' | '-' | '+' | '\'');
    text.chars().map(|c| if ordinary(c) { c } else { '·' }).collect()
}

/// One line of at most so many characters, without control characters: for a header, or for what a server said.
pub(crate) fn line(text: &str, most: usize) -> String {
    let blank = |c: char| if c.is_control() || is_invisible(c) { ' ' } else { c };
    let words: String = text.chars().map(blank).collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_a_name_and_never_becomes_a_link() {
        let table = [
            ("Ada Lovelace", "Ada Lovelace"),
            ("Dr. Grace Hopper, Ph.D.", "Dr. Grace Hopper, Ph D."),
            ("O'Neill-Smith", "O'Neill-Smith"),
            ("Zoë Müller 山田太郎 क्षत्रिय", "Zoë Müller 山田太郎 क्षत्रिय"),
            ("evil.example", "evil example"),
            ("https://evil.example/?a=b", "https evil example a b"),
            ("www。evil．example", "www evil example"),
            ("http：／／evil｡example", "http evil example"),
            ("call ada@evil.example", "call ada evil example"),
            ("<a href=x>click</a>", "a href x click a"),
            ("Ada\r\nBcc: eve@evil.example", "Ada Bcc eve evil example"),
            ("\u{202e}gnp.ada\u{200b}.exe", "gnp ada exe"),
        ];
        for (text, expected) in table {
            assert_eq!(name(text).as_deref(), Some(expected), "{text:?}");
        }
        for nothing in ["", " ", "\u{200b}", "://"] {
            assert_eq!(name(nothing), None, "{nothing:?}");
        }
        let long = name(&"long ".repeat(100)).unwrap_or_default();
        assert!(long.chars().count() <= NAME_CHARS + 1 && long.ends_with("lon…"), "{long}");
    }

    #[test]
    fn an_ordinary_address_is_shown_as_it_is() {
        for ordinary in ["ada@example.com", "o'neill+a.b-c_d@sub.example.org", "zoë@müller.example"] {
            assert_eq!(address(ordinary), ordinary);
        }
        assert_eq!(address("www.evil.example/login?x=1&y@x.org"), "www.evil.example·login·x·1·y@x.org");
        assert_eq!(address("\u{202e}ada@x.org"), "·ada@x.org");
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(line("a\r\nBcc: b\0\tc\u{2028}d", 80), "a Bcc: b c d");
        assert_eq!(line("äöü", 2), "äö");
    }
}
