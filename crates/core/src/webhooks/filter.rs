//! Which events a webhook is told of. Pure.

use crate::model::EventKind;

/// Whether a webhook with these filters is told of an event of that name. Without any, it is told of all.
#[must_use]
pub fn wants(filters: &[String], name: &str) -> bool {
    filters.is_empty() || filters.iter().any(|filter| fits(filter, name))
}

/// `session.ended` is that one, `session.*` everything that begins so.
fn fits(filter: &str, name: &str) -> bool {
    match filter.strip_suffix(".*") {
        Some(family) => name.strip_prefix(family).is_some_and(|rest| rest.starts_with('.')),
        None => filter == name,
    }
}

/// Whether there is an event that the filter lets through: what fits none is a slip of the pen.
#[must_use]
pub fn is_filter(filter: &str) -> bool {
    EventKind::names().any(|name| fits(filter, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_itself_and_its_family() {
        let filters = |list: &[&str]| list.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
        assert!(wants(&[], "session.ended"));
        assert!(wants(&filters(&["user.deleted", "session.ended"]), "session.ended"));
        assert!(wants(&filters(&["session.*"]), "session.ended"));
        for (filter, name) in [
            ("session.ended", "session.late_retry"),
            ("sess.*", "session.ended"),
            ("session.*", "session"),
            ("*", "session.ended"),
            ("", "session.ended"),
        ] {
            assert!(!wants(&filters(&[filter]), name), "{filter} {name}");
        }
    }

    #[test]
    fn a_filter_that_nothing_fits_is_none() {
        for good in ["session.ended", "session.*", "user.*", "user.epoch_raised"] {
            assert!(is_filter(good), "{good}");
        }
        for bad in ["", "*", ".*", "sesion.*", "session.end", "session.ended.*", "Session.ended"] {
            assert!(!is_filter(bad), "{bad}");
        }
    }
}
