//! The closed lists as TypeScript has them, in `web/client/src/reasons.ts`: made here, so that a client knows what we say
//! and nothing else. After a change of the lists, write it anew:
//!
//! ```sh
//! ROTUNDA_WRITE=1 cargo test -p rotunda-server --test api typescript
//! ```

use std::path::PathBuf;

use crate::support::lists::{ENDINGS, ERRORS, REASONS};

const HEAD: &str = "\
// The closed lists of the server. Made from its own by crates/server/tests/api/typescript.rs, which fails when this file
// says anything else; `ROTUNDA_WRITE=1 cargo test -p rotunda-server --test api typescript` writes it. Lists only grow.
";

/// A list, what it is, what it is called, and what one of its words is called.
type List<'a> = (&'a [&'a str], &'a str, &'a str, &'a str);

fn made() -> String {
    let errors = ERRORS.map(|(error, _)| error);
    let lists: [List<'_>; 3] = [
        (&errors, "`error` of an answer that is not what was asked for.", "ERRORS", "ErrorCode"),
        (&REASONS, "`reason`: why the caller was refused.", "REASONS", "Reason"),
        (&ENDINGS, "`ended`: why a session is over.", "ENDINGS", "Ending"),
    ];
    let written = lists.map(|(words, what, name, word)| {
        let words: String = words.iter().map(|word| format!("  \"{word}\",\n")).collect();
        format!(
            "\n/** {what} */\nexport const {name} = [\n{words}] as const;\n\n/** One of {{@link {name}}}. */\nexport type {word} = (typeof {name})[number];\n"
        )
    });
    [HEAD, &written.concat()].concat()
}

#[test]
fn the_client_has_the_lists_that_the_server_has() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../web/client/src/reasons.ts");
    let made = made();
    if std::env::var_os("ROTUNDA_WRITE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &made).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == made, "{} is not what the server says; {HEAD}", path.display());
}
