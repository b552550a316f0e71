//! The files of `templates/`, by name. A test compares them with the kinds of letters.

macro_rules! files {
    ($($name:literal,)*) => {
        /// Name and content.
        pub(super) const FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../templates/", $name))),)*];
    };
}

files! {
    "layout.html",
    "facts.html",
    "facts.txt",
    "footer.txt",
    "verify_email.txt",
    "verify_email.html",
    "already_registered.txt",
    "already_registered.html",
    "reset_password.txt",
    "reset_password.html",
    "confirm_email.txt",
    "confirm_email.html",
    "email_in_use.txt",
    "email_in_use.html",
    "email_change_asked.txt",
    "email_change_asked.html",
    "email_changed.txt",
    "email_changed.html",
    "email_changed_to.txt",
    "email_changed_to.html",
    "new_device.txt",
    "new_device.html",
    "password_changed.txt",
    "password_changed.html",
    "password_reset.txt",
    "password_reset.html",
    "theft_found.txt",
    "theft_found.html",
    "invited.txt",
    "invited.html",
    "report_taken.txt",
    "report_taken.html",
    "account_deleted.txt",
    "account_deleted.html",
    "test.txt",
    "test.html",
}

#[cfg(test)]
mod tests {
    use rotunda_core::model::LetterKind;

    use super::*;

    #[test]
    fn every_kind_of_letter_has_its_two_files_and_no_file_is_left_over() {
        let of_kind = |kind: &LetterKind| ["txt", "html"].map(|form| format!("{}.{form}", kind.as_str()));
        let shared = ["layout.html", "facts.html", "facts.txt", "footer.txt"].map(str::to_owned);
        let mut expected: Vec<String> = LetterKind::ALL.iter().flat_map(of_kind).chain(shared).collect();
        expected.sort();
        let mut found: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        found.sort_unstable();
        assert_eq!(found, expected);
    }
}
