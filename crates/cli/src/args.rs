//! The command line. A password is never an argument: it would stand in the list of processes.

mod audit;
mod backup;
mod role;
mod session;
mod user;
mod webhook;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::config::Preset;

pub(crate) use audit::{Audit, Export as ExportAudit, List as ListAudit, Verify as VerifyAudit};
pub(crate) use backup::{Backup, Restore};
pub(crate) use role::{Holding, Role, SetRole, Why};
pub(crate) use session::{Session, SessionList};
pub(crate) use user::{Format, Import, User, UserList, UserState};
pub(crate) use webhook::Webhook;

/// The authentication server that keeps people signed in, safely.
#[derive(Parser)]
#[command(name = "rotunda", version, about, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXAMPLES: &str = "Examples:
  rotunda                                        serve on http://localhost:8080, keep everything in ./rotunda-data
  rotunda --config rotunda.toml serve            the same, as configured
  rotunda user add ada@example.com               asks for the password
  echo \"$PASSWORD\" | rotunda user add ada@example.com
  rotunda user import users.jsonl --dry-run
  rotunda session list ada@example.com
  rotunda session revoke --all --dry-run
  rotunda session why 0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21
  rotunda role add editor --permission articles.write
  rotunda role grant ada@example.com editor
  rotunda client add reports --kind service --scope revocations.read
  rotunda audit verify
  rotunda backup /var/backups/rotunda/today.db
  rotunda verify \"$ACCESS_TOKEN\"
  rotunda doctor";

/// What every command understands.
#[derive(ClapArgs)]
pub(crate) struct Global {
    /// The configuration file; without one, the defaults and the environment.
    #[arg(long, global = true, value_name = "FILE", env = "ROTUNDA_CONFIG")]
    pub config: Option<PathBuf>,
    /// The folder for the database and the master key.
    #[arg(long, global = true, value_name = "DIR", env = "ROTUNDA_DATA")]
    pub data: Option<PathBuf>,
    /// Print JSON, for programs.
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve (what `rotunda` does without a command).
    Serve(Serve),
    /// Users: add, list, disable, delete, export.
    User {
        #[command(subcommand)]
        verb: User,
    },
    /// Sessions: list, show, explain, end.
    Session {
        #[command(subcommand)]
        verb: Session,
    },
    /// Roles: what they permit, and who holds them.
    Role {
        #[command(subcommand)]
        verb: Role,
    },
    /// Letters that wait for the mail server.
    Mail {
        #[command(subcommand)]
        verb: Mail,
    },
    /// Clients: add, list, remove, and their secrets.
    Client {
        #[command(subcommand)]
        verb: Client,
    },
    /// Webhooks: add, list, change, test, and send again what was given up.
    Webhook {
        #[command(subcommand)]
        verb: Webhook,
    },
    /// Signing keys.
    Key {
        #[command(subcommand)]
        verb: Key,
    },
    /// The audit log: verify, export, list it.
    Audit {
        #[command(subcommand)]
        verb: Audit,
    },
    /// The store.
    Store {
        #[command(subcommand)]
        verb: Store,
    },
    /// Take a backup of the SQLite database, beside the running server, and look whether it is whole.
    #[command(after_help = backup::BACKUP)]
    Backup(Backup),
    /// Put a backup in the place of the database. Nobody who was signed in then is signed out.
    #[command(after_help = backup::RESTORE)]
    Restore(Restore),
    /// Lists of passwords that nobody may choose: make one, ask it.
    PasswordList {
        #[command(subcommand)]
        verb: PasswordList,
    },
    /// Verify an access token as a service would: exit 0 and its claims, or exit 1 and why.
    Verify(Verify),
    /// Print the OpenAPI document.
    Openapi,
    /// The configuration.
    Config {
        #[command(subcommand)]
        verb: Config,
    },
    /// Look for what is wrong with the configuration, the stores, the keys, the clock, the mail and the way that browsers
    /// come by: exit 0, or exit 1 and what to do.
    #[command(after_help = DOCTOR)]
    Doctor,
    /// Ask the server on this machine whether it lives: exit 0, or exit 1 and why. For supervisors that can ask no other way.
    #[command(after_help = HEALTH)]
    Health(Health),
}

const DOCTOR: &str = "\
It works beside a running server, and asks it through `public_url` as a browser does: whether it is there and is this one,
whether cookies, Origin and Authorization come through the proxies before it, and what each of `app_origins` is told.
Without a server, it checks the rest. Nobody is signed in or out, and no secret is printed.

Examples:
  rotunda doctor
  rotunda --config /etc/rotunda/rotunda.toml doctor --json";

const HEALTH: &str = "\
It asks where `[server] listen` says, with the configuration of the server: /healthz, or /readyz with --ready. It opens no
store and no key. Have a server restarted by /healthz only: one that is not ready waits for its database, and a restart
does not bring that back.

Examples:
  rotunda health
  rotunda --config /etc/rotunda/rotunda.toml health --ready";

#[derive(ClapArgs, Default)]
pub(crate) struct Serve {
    /// Where to listen. [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// How browsers reach this server. [default: http://localhost:PORT]
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
}

#[derive(ClapArgs)]
pub(crate) struct Health {
    /// Ask whether it can serve as well: whether its stores answer.
    #[arg(long)]
    pub ready: bool,
}

#[derive(Subcommand)]
pub(crate) enum Mail {
    /// List the letters that wait, the next one to be tried first, with what the mail server said last.
    List {
        /// How many at most.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Send a letter to an address now, and say what the mail server says.
    Test {
        /// The address.
        to: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum Client {
    /// Add a client, while the server runs. Prints its secret, once.
    #[command(after_help = "Examples:\n  rotunda client add shop --kind confidential\n  \
                            rotunda client add reports --kind service --scope revocations.read")]
    Add {
        /// Its name, `client_id` in requests and tokens.
        name: String,
        /// web: a browser; native: an app; confidential: a server that signs its users in; service: one without users.
        /// [default: as its section of the configuration says]
        #[arg(long, value_parser = ["web", "native", "confidential", "service"])]
        kind: Option<String>,
        /// What a service may ask for; may be given several times: 32 scopes at most, of 1,024 bytes in total.
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<String>,
    },
    /// List all clients: the built-in ones, those of the configuration, and those that were added.
    List,
    /// Give a client another secret. The old ones stay good for a while, two at most.
    #[command(after_help = "Example:\n  rotunda client rotate-secret shop --keep-old 1h")]
    RotateSecret {
        /// The client.
        name: String,
        /// For how long the old ones are good as well, such as "1h", and none longer than was said before; "0s" ends all of
        /// them at once.
        #[arg(long, value_name = "DURATION", default_value = "24h")]
        keep_old: String,
    },
    /// Remove a client that was added. This server refuses its tokens and its users' sessions from then on.
    ///
    /// Services that check tokens by themselves accept its access tokens until they run out, whether they follow the feed or
    /// not.
    Remove {
        /// The client.
        name: String,
    },
}

const ROTATES_MASTER: &str = "\
1. `rotunda key rotate-master` adds a key to the master key file. Nothing is made with it yet.
2. Give that file to every server, and restart them, one after the other.
3. `rotunda key rotate-master --finish` makes it the current one, and seals everything under it.
4. Give the file to every server once more, and restart them.
5. `rotunda key rotate-master --finish` again, and after each restore of a backup from before: it says when nothing is left.
6. `rotunda key rotate-master --retire ID`, some 400 days later: it says what still needs the old key, or takes it out.
Each step can be repeated. The old key stays in the file; docs/guide/operating.md says for how long.";

#[derive(Subcommand)]
pub(crate) enum Key {
    /// List the signing keys, and what each is for just now.
    List,
    /// Have a new key take over in a while, when everybody who verifies tokens knows it. Nobody is signed out.
    #[command(after_help = "Example:\n  rotunda key rotate")]
    Rotate,
    /// In an emergency: have nobody accept what this key has signed, and another sign at once. Sessions go on.
    #[command(after_help = "Example:\n  rotunda key revoke 2q3r…")]
    Revoke {
        /// The key, as `rotunda key list` names it.
        // One name in 64 begins with `-`: it is base64url.
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
    /// Make a file with a new master key, for the servers that share a PostgreSQL database. One that is there stays.
    #[command(after_help = "Example:\n  rotunda key master /etc/rotunda/master.key")]
    Master {
        /// The file. Give each server a copy, and name it in `[keys] master_file`.
        file: PathBuf,
    },
    /// Put a new master key in the place of the old one, in steps between which every server is restarted. Nobody is signed out.
    #[command(after_help = ROTATES_MASTER)]
    RotateMaster {
        /// Every server has the new key: have new tokens made with it, and seal everything under it that is kept sealed.
        #[arg(long)]
        finish: bool,
        /// Begin, although the database knows a key that is not in the file: the file with it is gone, and no server used it.
        #[arg(long, conflicts_with = "finish")]
        anew: bool,
        /// Take this old key out of the file, if nothing needs it any more; otherwise exit 1 and say what does.
        #[arg(long, value_name = "ID", conflicts_with_all = ["finish", "anew"])]
        retire: Option<u8>,
    },
    /// Print the secret of an HS256 key (base64url), for the services that share it. Whoever has it can make tokens.
    Secret {
        /// The key, as `rotunda key list` names it.
        // One name in 64 begins with `-`: it is base64url.
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum Store {
    /// After a restore or a failover that lost the last writes: believe refresh tokens that are newer than the store,
    /// from devices that it knows, for a while.
    AcceptAhead {
        /// For how long, such as "24h".
        #[arg(long = "for", value_name = "DURATION", required_unless_present = "off")]
        span: Option<String>,
        /// Stop it now.
        #[arg(long, conflicts_with = "span")]
        off: bool,
    },
    /// Copy everything into an empty store, or sessions to Redis and back. Nobody is signed out.
    ///
    /// Stop every server and command on either side first. The target must be empty, or hold what a copy that was broken off
    /// has left: run again, it goes on there. At the end both are read and compared, every row of them; a copy that is not the
    /// same, or not finished, is one that no server opens.
    ///
    /// With a Redis on one side, the other is the store that it belongs to, and what refreshes change of its sessions is
    /// copied. The master key is in neither: its file stays the same.
    #[command(after_help = COPIES)]
    Copy(CopyArgs),
}

const COPIES: &str = "Examples:
  rotunda store copy --from sqlite:rotunda-data/rotunda.db --to postgres://rotunda@db.example.com/rotunda
  ROTUNDA_COPY_TO=\"$(cat /run/secrets/store-url)\" rotunda store copy --from sqlite:rotunda-data/rotunda.db
  rotunda store copy --from sqlite:rotunda-data/rotunda.db --to redis://localhost
  rotunda store copy --from redis+cluster://r1,r2,r3 --to postgres://rotunda@db.example.com/rotunda

A password in an argument stands in the list of processes: give such a URL in the environment.";

#[derive(ClapArgs)]
pub(crate) struct CopyArgs {
    /// What is copied: `sqlite:PATH`, `postgres://…`, `redis://…` or `redis+cluster://…`.
    #[arg(long, value_name = "URL", env = "ROTUNDA_COPY_FROM", hide_env_values = true)]
    pub from: String,
    /// Where to.
    #[arg(long, value_name = "URL", env = "ROTUNDA_COPY_TO", hide_env_values = true)]
    pub to: String,
    /// A PEM file with authorities that certificates may be from, in place of those of this machine.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum PasswordList {
    /// Make the file for `[password] breached_list` from a list of passwords or of their hashes.
    Build {
        /// The list, one a line; `-` for standard input.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// The file to make. One that is there is replaced.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// What a line of the list is.
        #[arg(long, value_enum, default_value_t = ListFormat::Plain)]
        format: ListFormat,
        /// Bits an entry: with 8, once in 256 a password is refused that is not on the list; with 16, once in 65,536; with
        /// 32, never to speak of. The file has 1.1, 2.3 or 4.5 bytes an entry.
        #[arg(long, value_parser = ["8", "16", "32"], default_value = "16")]
        bits: String,
    },
    /// Whether a password would be refused, and why: exit 0 if it would do, 1 if not. Asked for, or read from standard
    /// input. What it says of words of the user, it cannot know.
    Check {
        /// The file with breached passwords. [default: as configured]
        #[arg(long, value_name = "FILE")]
        list: Option<PathBuf>,
    },
}

#[derive(ValueEnum, Clone, Copy)]
pub(crate) enum ListFormat {
    /// A password.
    Plain,
    /// Its SHA-1 in hexadecimal, and maybe a colon and a count, as Have I Been Pwned has them.
    Sha1,
}

#[derive(ClapArgs)]
pub(crate) struct Verify {
    /// The token, or `-` to read it from standard input.
    pub token: String,
    /// The issuer's public keys: a file or an http(s) address. Without it, this server's own.
    #[arg(long, value_name = "FILE-or-URL")]
    pub jwks: Option<String>,
    /// What `iss` must be. [default: as configured]
    #[arg(long)]
    pub issuer: Option<String>,
    /// What `aud` must contain. [default: as configured]
    #[arg(long)]
    pub audience: Option<String>,
    /// Check the signature of any JWS and print its payload; ask nothing of its claims.
    #[arg(long)]
    pub signature_only: bool,
}

#[derive(Subcommand)]
pub(crate) enum Config {
    /// Check the configuration: exit 0, or exit 1 and every finding.
    Check,
    /// Show every value that holds, and where it came from: a line of the file, a variable, a flag, a preset, or the default.
    /// Passwords are never shown.
    #[command(after_help = "Examples:\n  rotunda config show\n  \
                            rotunda --config /etc/rotunda/rotunda.toml config show --json | jq '.[] | select(.from != \"default\")'")]
    Show(Serve),
    /// Print a preset: the defaults that `[policy] preset` sets, and what they cannot bring about.
    Preset {
        /// Which one.
        #[arg(value_parser = PossibleValuesParser::new(Preset::ALL.map(Preset::name)))]
        name: String,
    },
    /// Print a configuration file with every key, its meaning and its default, to begin with.
    #[command(
        after_help = "Example:\n  rotunda config example > rotunda.toml && rotunda config schema > rotunda.schema.json"
    )]
    Example,
    /// Print the JSON Schema of the configuration file, with which editors complete and check it.
    Schema,
    /// Print the reference of all keys, in Markdown.
    Reference,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Args, Audit, Command, Key};

    #[test]
    fn the_name_of_a_key_may_begin_with_a_hyphen() {
        for kid in ["-tNtvGHzXB37ry-q_gVR2ZAUZUOocZWSrJsmGmISivA", "--tvGHzXB37ry", "-h", "tN-tv"] {
            for line in
                [["rotunda", "key", "revoke", "--json", kid], ["rotunda", "key", "revoke", kid, "--json"]]
            {
                match (kid, Args::try_parse_from(line)) {
                    ("-h", Err(help)) => assert_eq!(help.kind(), clap::error::ErrorKind::DisplayHelp),
                    (
                        _,
                        Ok(Args { global, command: Some(Command::Key { verb: Key::Revoke { kid: read } }) }),
                    ) => {
                        assert_eq!((read.as_str(), global.json), (kid, true));
                    }
                    (_, Err(error)) => panic!("{line:?}: {error}"),
                    _ => panic!("{line:?}: another command"),
                }
            }
        }
    }

    #[test]
    fn a_public_key_may_begin_with_a_hyphen() {
        for key in ["-tNtvGHzXB37ry-q_gVR2ZAUZUOocZWSrJsmGmISivA", "--tvGHzXB37ry", "-h", "tN-tv"] {
            for line in [
                ["rotunda", "audit", "verify", "--file", "x", "--json", "--key", key],
                ["rotunda", "audit", "verify", "--key", key, "--file", "x", "--json"],
            ] {
                match Args::try_parse_from(line) {
                    Ok(Args { global, command: Some(Command::Audit { verb: Audit::Verify(told) }) }) => {
                        assert_eq!((told.keys.as_slice(), global.json), (&[key.to_owned()][..], true));
                    }
                    Err(error) => panic!("{line:?}: {error}"),
                    _ => panic!("{line:?}: another command"),
                }
            }
        }
    }
}
