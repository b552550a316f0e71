//! Entity tags (RFC 9110 §8.8.3).

use http::HeaderMap;
use http::header::IF_NONE_MATCH;

/// `If-None-Match`: a list of tags, weak ones compared like strong ones, or `*` (RFC 9110 §13.1.2).
pub(crate) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lists = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut known = lists.flat_map(|list| list.split(',')).map(str::trim);
    known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_tag_is_known_wherever_it_stands_in_the_list() {
        let known = |text: &str| {
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_str(text).unwrap())]);
            is_known(&headers, "\"1.a.b\"")
        };
        for yes in ["\"1.a.b\"", "W/\"1.a.b\"", "\"x\", \"1.a.b\"", "*", " \"1.a.b\" ,"] {
            assert!(known(yes), "{yes}");
        }
        for no in ["", "\"1.a\"", "1.a.b", "\"1.b.a\"", "w/\"1.a.b\""] {
            assert!(!known(no), "{no}");
        }
    }
}
