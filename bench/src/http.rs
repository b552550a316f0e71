//! As much of HTTP/1.1 as a closed loop needs: a request into a buffer that is used again, an answer out of bytes.

use std::io::Write as _;

/// The most bytes that an answer may have.
const MOST_BYTES: usize = 64 * 1024;

/// Writes `POST /auth/refresh` of a native client.
pub(crate) fn refresh(buffer: &mut Vec<u8>, token: &str, device: &str, retry_key: u64) {
    buffer.clear();
    let retry_key = RetryText(retry_key);
    let body = BODY_LENGTH + token.len() + device.len();
    // Into memory, which takes everything.
    let _ = write!(
        buffer,
        "POST /auth/refresh HTTP/1.1\r\nhost: localhost\r\nuser-agent: {}\r\ncontent-type: application/json\r\n\
         content-length: {body}\r\n\r\n\
         {{\"refresh_token\":\"{token}\",\"device_secret\":\"{device}\",\"retry_keys\":[\"{retry_key}\"]}}",
        crate::seed::USER_AGENT
    );
}

/// Of the body above without token and device secret, the retry key being 24 characters.
const BODY_LENGTH: usize = r#"{"refresh_token":"","device_secret":"","retry_keys":[""]}"#.len() + 24;

struct RetryText(u64);

impl std::fmt::Display for RetryText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:024}", self.0)
    }
}

/// Writes a `GET` with a bearer token.
pub(crate) fn get(path: &str, bearer: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {bearer}\r\n\r\n").into_bytes()
}

/// A whole answer at the beginning of some bytes.
pub(crate) struct Answer<'a> {
    /// The status; 0 where there is none to be read.
    pub status: u16,
    /// The body.
    pub body: &'a str,
}

/// The answer, once all of it is there; a refusal in words when it never will be.
pub(crate) fn answer(bytes: &[u8]) -> Result<Option<Answer<'_>>, &'static str> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return if bytes.len() > MOST_BYTES { Err("an answer without an end") } else { Ok(None) };
    };
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| "a head that is no text")?;
    let length = head
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse::<usize>().ok())
        .ok_or("an answer without a length")?;
    if length > MOST_BYTES {
        return Err("an answer that is too long");
    }
    let Some(body) = bytes.get(end + 4..end + 4 + length) else { return Ok(None) };
    let status = head.get(9..12).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    Ok(Some(Answer { status, body: std::str::from_utf8(body).map_err(|_| "a body that is no text")? }))
}

/// The text of a member of a flat JSON object, where nothing in it is escaped: tokens never are.
pub(crate) fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = json.split_once(name)?;
    let (value, _) = rest.strip_prefix("\":\"")?.split_once('"')?;
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_as_long_as_it_says() {
        let mut buffer = Vec::new();
        refresh(&mut buffer, "rt1_x", "rd1_y", 7);
        let text = String::from_utf8(buffer).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("content-length: {}\r\n", body.len()) as &str)
                || head.ends_with(&format!("content-length: {}", body.len())),
            "{text}"
        );
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["refresh_token"], "rt1_x");
        assert_eq!(body["device_secret"], "rd1_y");
        assert_eq!(body["retry_keys"][0].as_str().unwrap().len(), 24);
    }

    #[test]
    fn an_answer_is_whole_or_not_yet_there() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{\"refresh_token\":\"ab\"}";
        for end in 0..text.len() {
            assert!(answer(&text[..end]).unwrap().is_none(), "{end}");
        }
        let whole = answer(text).unwrap().unwrap();
        assert_eq!((whole.status, member(whole.body, "refresh_token")), (200, Some("ab")));
        assert_eq!(member(whole.body, "device_secret"), None);
        assert!(answer(b"HTTP/1.1 204 No Content\r\n\r\n").is_err());
    }
}
