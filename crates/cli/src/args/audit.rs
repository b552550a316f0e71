//! `rotunda audit …`

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

#[derive(Subcommand)]
pub(crate) enum Audit {
    /// Verify that no event was changed, removed, put in or moved: exit 0, or exit 1 and what was found.
    #[command(after_help = VERIFY)]
    Verify(Verify),
    /// Write the log as JSON Lines, which anybody can verify.
    #[command(after_help = EXPORT)]
    Export(Export),
    /// List events, the newest first.
    #[command(after_help = LIST)]
    List(List),
    /// Print the end of the log as one signed line, to keep elsewhere: a database that is put back does not agree with it.
    #[command(after_help = "Example:\n  rotunda audit checkpoint >> /mnt/elsewhere/checkpoints.jsonl")]
    Checkpoint,
}

const VERIFY: &str = "\
It works beside a running server. Events of the last second are not chained yet.

Examples:
  rotunda audit verify
  rotunda audit verify --checkpoint /mnt/elsewhere/checkpoints.jsonl
  rotunda audit verify --file audit.jsonl --key 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

const EXPORT: &str = "\
It has a few more events than were asked for: from the signed place before the first one to the signed place after the last.
That somebody has exported the log is an event itself.

Examples:
  rotunda audit export --out audit.jsonl
  rotunda audit export --from 2026-01-01 --until 2026-02-01T00:00:00Z | gzip > january.jsonl.gz";

const LIST: &str = "\
Examples:
  rotunda audit list --user ada@example.com
  rotunda audit list --kind user.sign_in_failed --address 192.0.2.7 --from 2026-01-01
  rotunda audit list --actor command_line --json";

#[derive(ClapArgs)]
pub(crate) struct Verify {
    /// Checkpoints that were kept elsewhere, one JSON object a line: the log has to agree with each.
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    pub checkpoint: Option<PathBuf>,
    /// Verify an export in place of the database; `-` for standard input.
    #[arg(long, value_name = "EXPORT")]
    pub file: Option<PathBuf>,
    /// With --file: the public key that it has to be signed with, as `rotunda audit checkpoint` tells it; may be given several
    /// times. Without it, the signatures are checked with the keys that the file bears, which anybody can put there.
    // One key in 64 begins with `-`: it is base64url.
    #[arg(long = "key", value_name = "PUBLICKEY", requires = "file", allow_hyphen_values = true)]
    pub keys: Vec<String>,
}

#[derive(ClapArgs)]
pub(crate) struct Export {
    /// Not before: a date, or a moment such as "2026-01-01T12:00:00Z".
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Before.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Where to; one that is there is not replaced. [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(ClapArgs)]
pub(crate) struct List {
    /// To whom: id, address or user name; of a user who was deleted, the id.
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// To which session.
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// By whom, where it was somebody else: `user:ID`, `client:NAME` or `command_line`.
    #[arg(long, value_name = "ACTOR")]
    pub actor: Option<String>,
    /// Of which kind, such as `user.signed_in`.
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// From which address.
    #[arg(long, value_name = "ADDRESS")]
    pub address: Option<IpAddr>,
    /// Not before: a date, or a moment such as "2026-01-01T12:00:00Z".
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Before.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Go on before this place.
    #[arg(long, value_name = "SEQ")]
    pub before: Option<u64>,
    /// How many at most.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
}
