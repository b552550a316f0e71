//! A reply out of bytes: with a length, in chunks, or up to the end of the connection (RFC 9112 §6.3), as different servers
//! write it.

use std::borrow::Cow;

use httparse::{EMPTY_HEADER, Header, Response, Status, parse_chunk_size};

/// The most bytes that a reply may have.
const MOST_BYTES: usize = 256 * 1024;
const MOST_HEADERS: usize = 64;

/// A whole reply.
pub struct Reply<'a> {
    /// The status.
    pub status: u16,
    /// What came after the head, without the marks of chunks.
    pub body: Cow<'a, [u8]>,
    /// Whether the server closes the connection after it.
    pub closes: bool,
    headers: [Header<'a>; MOST_HEADERS],
}

impl<'a> Reply<'a> {
    /// The reply in these bytes, once all of it is there. `over`: nothing will come after them.
    ///
    /// # Errors
    /// Says what is wrong with bytes that are no reply and never will be.
    pub fn read(bytes: &'a [u8], over: bool) -> Result<Option<Self>, &'static str> {
        let mut headers = [EMPTY_HEADER; MOST_HEADERS];
        let mut head = Response::new(&mut headers);
        let length = match head.parse(bytes).map_err(|_| "a reply that is no HTTP")? {
            Status::Complete(length) => length,
            Status::Partial if over || bytes.len() > MOST_BYTES => return Err("a reply that breaks off"),
            Status::Partial => return Ok(None),
        };
        let (status, version) = (head.code.unwrap_or(0), head.version.unwrap_or(1));
        let mut reply = Self { status, body: Cow::Borrowed(&[]), closes: version == 0, headers };
        let connection = reply.header("connection").unwrap_or_default();
        reply.closes |= connection.eq_ignore_ascii_case(b"close");
        let rest = &bytes[length..];
        let body = match reply.header("content-length") {
            _ if status == 204 || status == 304 => Some(Cow::Borrowed(&[][..])),
            Some(length) => of_length(rest, length)?,
            None if reply.header("transfer-encoding").is_some() => chunks(rest)?,
            None => {
                reply.closes = true;
                over.then_some(Cow::Borrowed(rest))
            }
        };
        match body {
            Some(body) => Ok(Some(Self { body, ..reply })),
            None if over => Err("a reply that breaks off"),
            None => Ok(None),
        }
    }

    fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
    }

    /// The value of a cookie that it sets; where it does so twice, the later one counts (RFC 6265 §5.3). Empty is none.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&'a str> {
        let set = self.headers.iter().rev().filter(|header| header.name.eq_ignore_ascii_case("set-cookie"));
        let mut values = set.filter_map(|header| {
            let (set, value) = std::str::from_utf8(header.value).ok()?.split(';').next()?.split_once('=')?;
            (set.trim() == name).then(|| value.trim())
        });
        values.next().filter(|value| !value.is_empty())
    }

    /// The beginning of the body, for people.
    #[must_use]
    pub fn sample(&self) -> String {
        String::from_utf8_lossy(&self.body).chars().take(300).collect()
    }
}

fn of_length<'a>(rest: &'a [u8], length: &[u8]) -> Result<Option<Cow<'a, [u8]>>, &'static str> {
    let length = std::str::from_utf8(length).ok().and_then(|text| text.trim().parse::<usize>().ok());
    let length = length.filter(|length| *length <= MOST_BYTES).ok_or("a reply of no sensible length")?;
    Ok(rest.get(..length).map(Cow::Borrowed))
}

fn chunks(mut rest: &[u8]) -> Result<Option<Cow<'static, [u8]>>, &'static str> {
    let mut body = Vec::new();
    loop {
        let (start, length) = match parse_chunk_size(rest).map_err(|_| "a chunk without a length")? {
            Status::Complete((start, length)) => (start, usize::try_from(length).unwrap_or(usize::MAX)),
            Status::Partial => return Ok(None),
        };
        if length > MOST_BYTES || body.len() > MOST_BYTES {
            return Err("a reply of no sensible length");
        }
        // The chunk and the end of its line. After the last one, which is empty, trailers would come; nobody sends any.
        let Some(chunk) = rest.get(start..start + length + 2) else { return Ok(None) };
        if length == 0 {
            return Ok(Some(Cow::Owned(body)));
        }
        body.extend_from_slice(&chunk[..length]);
        rest = &rest[start + length + 2..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole at its end, and not before.
    fn whole(text: &'static [u8]) -> Reply<'static> {
        for end in 0..text.len() {
            assert!(Reply::read(&text[..end], false).unwrap().is_none(), "{end}");
            assert!(Reply::read(&text[..end], true).is_err(), "{end}");
        }
        Reply::read(text, false).unwrap().unwrap()
    }

    #[test]
    fn a_reply_is_whole_or_not_yet_there() {
        let length = whole(b"HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\n{}");
        assert_eq!((length.status, &*length.body, length.closes), (401, &b"{}"[..], false));
        let chunks = whole(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n",
        );
        assert_eq!(&*chunks.body, b"abc0123456789");
        let nothing = whole(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        assert_eq!((&*nothing.body, nothing.closes), (&b""[..], true));
    }

    #[test]
    fn a_reply_without_a_length_goes_to_the_end_of_the_connection() {
        let text = b"HTTP/1.1 200 OK\r\n\r\nabc";
        assert!(Reply::read(text, false).unwrap().is_none());
        let reply = Reply::read(text, true).unwrap().unwrap();
        assert_eq!((&*reply.body, reply.closes), (&b"abc"[..], true));
    }

    #[test]
    fn the_cookie_that_was_set_last_counts() {
        let text = b"HTTP/1.1 200 OK\r\nset-cookie: t=; Max-Age=0\r\nset-cookie: other=x\r\nSet-Cookie: t=a.b=; Path=/\r\n\
            set-cookie: gone=1\r\nset-cookie: gone=\r\ncontent-length: 0\r\n\r\n";
        let reply = Reply::read(text, false).unwrap().unwrap();
        assert_eq!(
            (reply.cookie("t"), reply.cookie("gone"), reply.cookie("none")),
            (Some("a.b="), None, None)
        );
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for text in [
            &b"SSH-2.0-OpenSSH\r\n\r\n"[..],
            b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno\r\n",
        ] {
            assert!(Reply::read(text, false).is_err(), "{}", String::from_utf8_lossy(text));
        }
    }
}
