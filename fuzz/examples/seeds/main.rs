//! Writes what the fuzzer begins with: `cargo run --example seeds -- DIRECTORY`. `scripts/fuzz --seeds` calls it.
//!
//! Seeds are inputs of every kind that a target knows, valid ones first, then ones that are a little wrong. They are
//! committed with what the fuzzer found since, so this runs only when a target learns something new. A file's name says
//! what it is; what the fuzzer found is named by its hash.

mod configurations;
mod foreign_hashes;
mod key_sets;
mod requests;
mod tokens;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

type Seeds = Vec<(&'static str, Vec<u8>)>;

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = PathBuf::from(std::env::args_os().nth(1).ok_or("the directory of all corpora is missing")?);
    write(&corpus.join("refresh_token"), tokens::refresh_tokens())?;
    write(&corpus.join("jwt"), tokens::jwts())?;
    write(&corpus.join("jwt"), tokens::forged_jwts())?;
    write(&corpus.join("jwk"), key_sets::jwks())?;
    write(&corpus.join("jwk"), key_sets::jwks_of_other_kinds())?;
    write(&corpus.join("cookie_header"), requests::cookie_headers())?;
    write(&corpus.join("json_body"), requests::json_bodies()?)?;
    write(&corpus.join("oauth_form"), requests::oauth_forms())?;
    write(&corpus.join("foreign_hash"), foreign_hashes::foreign_hashes())?;
    write(&corpus.join("configuration"), configurations::configurations())?;
    write(&corpus.join("configuration"), configurations::refused_configurations())?;
    Ok(())
}

fn write(folder: &Path, seeds: Seeds) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    for (name, bytes) in seeds {
        fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}
