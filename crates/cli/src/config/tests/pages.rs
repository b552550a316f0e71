//! `[pages]` and `return_urls`, tried.

use super::*;

/// What is wrong with this line below `[pages]`.
fn wrong(line: &str) -> String {
    bad(&format!("[pages]\n{line}"))
}

#[test]
fn nothing_configured_are_our_own_pages() {
    let pages = good("").settings.pages;
    assert_eq!((pages.brand.name(), pages.language, pages.logo), ("Rotunda", None, None));
    let brand = format!("{:?}", pages.brand);
    assert!(brand.contains("#1f4f8f") && brand.contains("#9cc3f5"), "{brand}");
    assert_eq!(format!("{:?}", pages.returns), "Returns({})");
}

#[test]
fn an_accent_for_light_pages_makes_one_for_dark_pages() {
    let brand = |text: &str| format!("{:?}", good(&format!("[pages]\n{text}")).settings.pages.brand);
    let one = brand("accent = \"#0000cc\"");
    assert!(one.contains("Accent(#0000cc)") && !one.contains("#9cc3f5"), "{one}");
    let dark = brand("accent_dark = \"#ffcc00\"");
    assert!(dark.contains("Accent(#1f4f8f)") && dark.contains("Accent(#ffcc00)"), "{dark}");
}

#[test]
fn what_nobody_could_read_is_refused() {
    let unreadable = wrong("accent = \"#ffcc00\"");
    assert!(
        unreadable.starts_with(
            "rotunda.toml:2: [pages] accent: #ffcc00 cannot be read on the light pages: its contrast with #f3f2ee is 1.3"
        ),
        "{unreadable}"
    );
    assert!(wrong("accent_dark = \"#000080\"").contains("on the dark pages"));
    for (line, finding) in [
        ("accent = \"blue\"", "accent: \"blue\" is not a colour, such as \"#1f4f8f\""),
        ("accent = \"#fff}\"", "accent: \"#fff}\" is not a colour, such as \"#1f4f8f\""),
        ("name = \" \"", "name: a name has 1 to 64 characters and no control characters"),
        ("logo = \"\"", "logo: is empty; give the path of a file"),
        ("language = \"fr\"", "language: \"fr\" is not a choice here; there are \"en\", \"de\""),
    ] {
        assert_eq!(wrong(line), format!("rotunda.toml:2: [pages] {finding}"));
    }
    // The nearest that it names is taken.
    let nearest = unreadable.rsplit('"').nth(1).unwrap();
    good(&format!("[pages]\naccent = {nearest:?}"));
}

#[test]
fn nobody_is_sent_to_an_address_that_cannot_be_right() {
    let refused = |client: &str, url: &str| {
        bad(&format!(
            "[server]\npublic_url = \"https://auth.example.com\"\n{client}\nreturn_urls = [{url:?}]"
        ))
    };
    for url in [
        "",
        "/x",
        "https://*.example.com/",
        "app://x",
        "https://app.example.com/#x",
        "https://a@app.example.com/",
    ] {
        let finding = format!(
            "rotunda.toml:4: [clients.web] return_urls: {url:?} is not an address to return to, such as \
             \"https://app.example.com/signed-in\""
        );
        assert_eq!(refused("[clients.web]", url), finding);
    }
    assert!(
        refused("[clients.web]", "http://app.example.com/").contains("only localhost may do without https")
    );
    assert_eq!(
        refused("[clients.native]", "https://app.example.com/"),
        "rotunda.toml:4: [clients.native] return_urls: only users of web clients sign in on our pages; leave this away"
    );
    assert!(
        refused("[clients.bff]\nkind = \"confidential\"", "https://app.example.com/")
            .contains("only users of web")
    );
    let many = vec!["\"https://app.example.com/\""; 65].join(",");
    assert!(bad(&format!("[clients.web]\nreturn_urls = [{many}]")).contains("has more than 64 addresses"));
}

#[test]
fn an_address_on_another_site_is_worth_a_warning() {
    let warnings = |ours: &str, url: &str| {
        let text = format!(
            "[server]\npublic_url = {ours:?}\n[accounts]\nregistration = \"off\"\n[clients.web]\nreturn_urls = {url:?}"
        );
        good(&text).warnings.join("\n")
    };
    assert_eq!(warnings("https://auth.example.com", "https://app.example.com/x, https://example.com/"), "");
    assert_eq!(warnings("http://localhost:8080", "http://127.0.0.1:3000/"), "");
    assert_eq!(
        warnings("https://auth.example.com", "https://app.example.org/"),
        "rotunda.toml:6: [clients.web] return_urls: a page at \"https://app.example.org/\" will not have its cookies sent: \
         one belongs to \"example.org\" and the other to \"example.com\"; users who are sent back there are not signed in there"
    );
}
