//! `rotunda user …`

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

#[derive(Subcommand)]
pub(crate) enum User {
    /// Add a user. The password is asked for, or read from standard input.
    Add {
        /// The address.
        email: String,
        /// A user name.
        #[arg(long)]
        username: Option<String>,
        /// The name to be called by.
        #[arg(long)]
        name: Option<String>,
    },
    /// Bring in users of another system, with their ids and passwords. Nobody has to choose a new one.
    #[command(after_long_help = FIELDS)]
    Import(Import),
    /// List users, oldest first; or those whose address or user name begins like this, in its order.
    #[command(after_help = "Examples:\n  rotunda user list --email ada@ --state disabled\n  \
                            rotunda user list --role support --limit 1000 --json")]
    List(UserList),
    /// Disable a user: no sign-in, and every session ends at once.
    Disable {
        /// Id, address or user name.
        user: String,
    },
    /// Delete a user and everything that tells who they were. There is no way back.
    Delete {
        /// Id, address or user name.
        user: String,
        /// Do it without asking.
        #[arg(long)]
        yes: bool,
    },
    /// Print everything that is kept about a user, as JSON, for themselves.
    Export {
        /// Id, address or user name.
        user: String,
    },
    /// Let a disabled user in again.
    Enable {
        /// Id, address or user name.
        user: String,
    },
}

#[derive(ClapArgs)]
pub(crate) struct UserList {
    /// Whose address begins like this.
    #[arg(long, value_name = "BEGINNING", conflicts_with = "username")]
    pub email: Option<String>,
    /// Whose user name begins like this.
    #[arg(long, value_name = "BEGINNING")]
    pub username: Option<String>,
    /// Only those in this state.
    #[arg(long, value_enum)]
    pub state: Option<UserState>,
    /// Only those who hold this role.
    #[arg(long, value_name = "NAME")]
    pub role: Option<String>,
    /// Go on after this user: their id; with `--email` or `--username`, what was last in the list of that.
    #[arg(long, value_name = "USER")]
    pub after: Option<String>,
    /// How many at most.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
}

#[derive(ValueEnum, Clone, Copy)]
pub(crate) enum UserState {
    /// They may sign in.
    Active,
    /// An operator said no.
    Disabled,
}

#[derive(ClapArgs)]
pub(crate) struct Import {
    /// The users, one a line, as JSON Lines; or as CSV with a heading.
    pub file: PathBuf,
    /// How the file is written. [default: as it ends, in .jsonl, .ndjson or .csv]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Check every row, its hash too, and whether its id, address and user name are free. Adds nobody.
    #[arg(long)]
    pub dry_run: bool,
    /// Where refused rows are told, with line, id and reason. [default: FILE.refused.jsonl]
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// The parameters of Firebase's hashes: the block `hash_config { … }` that its console shows.
    #[arg(long, value_name = "FILE")]
    pub firebase_parameters: Option<PathBuf>,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    /// A JSON object a line.
    Jsonl,
    /// Comma-separated values, names in the first line.
    Csv,
}

const FIELDS: &str = "\
Fields, and in brackets what other systems call them:
  id              kept as it is, and `sub` of tokens; a new one where there is none [localId, Id]
  email           needed [Email]
  email_verified  true or false; false unless given [emailVerified, EmailConfirmed]
  username        2 to 64 letters, digits, dots, hyphens, underscores [UserName]
  name            to be called by [displayName]
  password_hash   nobody signs in where there is none [passwordHash, PasswordHash, password]
  salt            of Firebase's hashes only
  created_at      RFC 3339, or Unix time in seconds or milliseconds; now unless given
                  [createdAt, date_joined]
  disabled        true or false; false unless given [is_active, turned round]
Others are left out, and named at the end.

Hashes: Argon2 (i, d, id), bcrypt ($2a$, $2b$, $2y$), scrypt (PHC, passlib, Django, Werkzeug),
Firebase's scrypt, PBKDF2 (Django, passlib, PHC, Werkzeug, ASP.NET Identity 2 and 3), salted SHA-256
({SSHA256}, sha256$salt$hash). At the first sign-in each is replaced by one of today's strength. What
asks for too much memory or work is refused.

Run again after an interruption, it goes on: who is there with the same id and address stays as they
are. It works beside a running server.

Firebase: firebase auth:export users.json; jq -c '.users[]' users.json > users.jsonl

Exit codes: 0 all are in, 1 rows were refused or it failed, 2 wrong usage.";
