//! `rotunda session …`

use std::net::IpAddr;

use clap::{Args as ClapArgs, Subcommand};

#[derive(Subcommand)]
pub(crate) enum Session {
    /// List live sessions, the newest first: everybody's, a user's, a device's, or those from an address.
    #[command(after_help = "Examples:\n  rotunda session list ada@example.com\n  \
                            rotunda session list --address 192.0.2.7 --all --json")]
    List(SessionList),
    /// Show a session.
    Show {
        /// The session's id.
        id: String,
    },
    /// When and why a session ended, or which rule will end it and when.
    Why {
        /// The session's id.
        id: String,
    },
    /// End a session, or everyone's.
    #[command(after_help = "Examples:\n  rotunda session revoke 0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21\n  \
                            rotunda session revoke --all --dry-run")]
    Revoke {
        /// The session's id.
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// Sign everyone out, at once. Whoever signs in after that is signed in.
        #[arg(long, conflicts_with = "id")]
        all: bool,
        /// Only say how many sessions would end.
        #[arg(long, requires = "all", conflicts_with = "id")]
        dry_run: bool,
        /// Why, for the audit log.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

#[derive(ClapArgs)]
pub(crate) struct SessionList {
    /// Whose: id, address or user name.
    pub user: Option<String>,
    /// On this device.
    #[arg(long, value_name = "ID")]
    pub device: Option<String>,
    /// Of this client.
    #[arg(long, value_name = "NAME")]
    pub client: Option<String>,
    /// That began or moved at this network address.
    #[arg(long, value_name = "ADDRESS")]
    pub address: Option<IpAddr>,
    /// Those that have ended as well, as long as they are kept.
    #[arg(long)]
    pub all: bool,
    /// Go on after this session's id.
    #[arg(long, value_name = "ID")]
    pub after: Option<String>,
    /// How many at most.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
}
