//! Reading `text/event-stream` (HTML, "Server-sent events", §9.2.6), piece by piece as it arrives.
//!
//! 1. Lines end with LF, CR or CR LF; a piece may end anywhere, also between CR and LF or inside a character.
//! 2. `event`, `id` and `data` are read; several `data` lines are joined by LF; comments and other fields are skipped.
//! 3. An empty line completes an event, if it has data.
//! 4. Bounded: an event that grows beyond [`MAX_EVENT_BYTES`] ends the stream.

/// The longest event, all its lines together, in bytes. The server sends what is longer in several.
pub(crate) const MAX_EVENT_BYTES: usize = 4 * 1024 * 1024;

/// One event.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
}

/// Why a stream cannot be read on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SseError {
    TooLong,
    NotUtf8,
}

/// Takes pieces, gives events.
#[derive(Default)]
pub(crate) struct Parser {
    line: Vec<u8>,
    after_cr: bool,
    begun: bool,
    event: Event,
    has_data: bool,
}

impl Parser {
    /// Takes the next piece and hands each event that it completes to `found`, in order.
    pub(crate) fn push(&mut self, mut piece: &[u8], mut found: impl FnMut(Event)) -> Result<(), SseError> {
        while let Some(&first) = piece.first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                piece = &piece[1..];
                continue;
            }
            let end = piece.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let (rest_of_line, more) = piece.split_at(end.unwrap_or(piece.len()));
            if self.line.len() + self.event.data.len() + rest_of_line.len() > MAX_EVENT_BYTES {
                return Err(SseError::TooLong);
            }
            self.line.extend_from_slice(rest_of_line);
            piece = more;
            if let Some((&ending, after)) = more.split_first() {
                self.after_cr = ending == b'\r';
                piece = after;
                self.line_ended(&mut found)?;
            }
        }
        Ok(())
    }

    fn line_ended(&mut self, found: &mut impl FnMut(Event)) -> Result<(), SseError> {
        let line = std::mem::take(&mut self.line);
        let mut line = str::from_utf8(&line).map_err(|_| SseError::NotUtf8)?;
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            if std::mem::take(&mut self.has_data) {
                found(event);
            }
            return Ok(());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            // `id` too: the cursor to come back with is the heartbeat's, see the module above.
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Result<Vec<Event>, SseError> {
        let (mut parser, mut events) = (Parser::default(), Vec::new());
        for piece in pieces {
            parser.push(piece, |event| events.push(event))?;
        }
        Ok(events)
    }

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn an_event_is_read_however_its_lines_end() {
        for end in ["\n", "\r", "\r\n"] {
            let text = [
                "\u{feff}: hello",
                "event: revocations",
                "id: 7",
                "data: a",
                "data:b",
                "retry: 3",
                "data",
                "",
                "",
            ];
            let expected = vec![event("revocations", "a\nb\n")];
            assert_eq!(read(&[text.join(end).as_bytes()]), Ok(expected), "{end:?}");
        }
    }

    #[test]
    fn an_event_without_data_or_without_its_end_is_none() {
        assert_eq!(read(&[b"event: heartbeat\n\ndata: x\n"]), Ok(vec![]));
        // The name does not leak into the next event.
        assert_eq!(read(&[b"event: heartbeat\n\ndata: x\n\n"]), Ok(vec![event("", "x")]));
    }

    #[test]
    fn what_never_ends_is_cut_and_what_is_no_text_is_refused() {
        let megabyte = vec![b'x'; 1 << 20];
        let endless: Vec<&[u8]> =
            std::iter::once(b"data: ".as_slice()).chain((0..5).map(|_| megabyte.as_slice())).collect();
        assert_eq!(read(&endless), Err(SseError::TooLong));
        let line = [b"data: ".as_slice(), &megabyte, b"\n"].concat();
        assert_eq!(read(&[&line, &line, &line, &line]), Err(SseError::TooLong));
        assert_eq!(read(&[b"data: \xff\n\n"]), Err(SseError::NotUtf8));
    }

    proptest! {
        #[test]
        fn where_a_piece_ends_does_not_matter(
            text in "((event|data|id|: x|data: \u{e4})?(: ?[a-z\u{e4}]{0,3})?(\n|\r|\r\n)){0,12}",
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for to in cuts {
                pieces.push(&bytes[from..to]);
                from = to;
            }
            pieces.push(&bytes[from..]);
            prop_assert_eq!(read(&pieces), read(&[bytes]));
        }
    }
}
