//! How much one user may hold, and how a change of it is told.

use std::collections::BTreeSet;

use crate::model::{Event, Permission, Role, RoleName};

/// Whether one user may have all of that at once; why not, otherwise.
pub(super) fn fits(roles: &BTreeSet<RoleName>, permissions: &BTreeSet<Permission>) -> Result<(), String> {
    if roles.len() > Role::MOST_HELD {
        return Err(format!("A user holds at most {} roles.", Role::MOST_HELD));
    }
    let names = roles.iter().map(RoleName::as_str);
    // Each with a space after it.
    let bytes: usize =
        names.chain(permissions.iter().map(Permission::as_str)).map(|word| word.len() + 1).sum();
    if bytes > Role::MOST_BYTES_HELD {
        return Err(format!(
            "Names of roles and permissions travel with each request, so those of one user have at most {} bytes in total, \
             with a space after each; these have {bytes}.",
            Role::MOST_BYTES_HELD
        ));
    }
    Ok(())
}

/// What was given and taken, for the audit log: `name +given -taken`, as far as there is room.
pub(super) fn changes<T: Ord + ToString>(name: &str, before: &BTreeSet<T>, after: &BTreeSet<T>) -> String {
    let given = after.difference(before).map(|it| format!("+{}", it.to_string()));
    let taken = before.difference(after).map(|it| format!("-{}", it.to_string()));
    let mut text = name.to_owned();
    for word in given.chain(taken) {
        let space = if text.is_empty() { "" } else { " " };
        // "…" has three bytes.
        if text.len() + space.len() + word.len() + 3 > Event::ABOUT_BYTES {
            text.push('…');
            break;
        }
        text.push_str(space);
        text.push_str(&word);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> BTreeSet<RoleName> {
        names.iter().filter_map(|name| RoleName::parse(name)).collect()
    }

    #[test]
    fn what_changed_is_told_and_never_longer_than_there_is_room() {
        let (before, after) = (names(&["a", "b"]), names(&["b", "c"]));
        assert_eq!(changes("x", &before, &after), "x +c -a");
        assert_eq!(changes("", &before, &after), "+c -a");
        assert_eq!(changes("x", &after, &after), "x");
        let many: Vec<String> = (0..20).map(|n| format!("{n:064}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let told = changes(&"n".repeat(64), &names(&[]), &names(&many));
        assert!(told.len() <= Event::ABOUT_BYTES && told.ends_with('…'), "{} {told}", told.len());
        assert!(told.contains(" +0000"), "{told}");
    }

    #[test]
    fn the_budget_is_in_bytes_each_word_once_and_in_names() {
        let permissions = |bytes: usize| -> BTreeSet<Permission> {
            let whole = (0..bytes / 64).map(|n| format!("{n:064}"));
            let rest = Some("r".repeat(bytes % 64)).filter(|rest| !rest.is_empty());
            whole.chain(rest).filter_map(|text| Permission::parse(&text)).collect()
        };
        // Fifteen words of 64 and one of 43, and one of four: each with a space.
        assert_eq!(fits(&names(&["abcd"]), &permissions(15 * 64 + 43)), Ok(()));
        let over = fits(&names(&["abcd"]), &permissions(15 * 64 + 44));
        assert!(over.is_err_and(|why| why.contains("these have 1025")));
        let many: Vec<String> = (0..21).map(|n| format!("r{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(fits(&names(&many[..20]), &BTreeSet::new()), Ok(()));
        assert!(fits(&names(&many), &BTreeSet::new()).is_err_and(|why| why.contains("at most 20 roles")));
        let admin = super::super::built_in().role;
        assert_eq!(fits(&BTreeSet::from([admin.name]), &admin.permissions), Ok(()));
    }
}
