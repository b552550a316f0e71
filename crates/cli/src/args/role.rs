//! `rotunda role …`

use clap::{Args as ClapArgs, Subcommand};

#[derive(Subcommand)]
pub(crate) enum Role {
    /// Add a role.
    #[command(
        after_help = "Examples:\n  rotunda role add editor --permission articles.read --permission articles.write\n  \
                            rotunda role add support --permission users.read --description \"Answers letters\""
    )]
    Add {
        /// Its name, as access tokens have it in `roles`: 1 to 64 of a-z, 0-9, ".", "_", "-".
        name: String,
        /// What it permits, as access tokens have it in `scope`; may be given several times.
        #[arg(long = "permission", value_name = "PERMISSION")]
        permissions: Vec<String>,
        /// What it is for.
        #[arg(long)]
        description: Option<String>,
        #[command(flatten)]
        why: Why,
    },
    /// List all roles: the built-in one first.
    List,
    /// Show a role.
    Show {
        /// The role.
        name: String,
    },
    /// Change what a role permits, or what it is for. Whoever holds it has it at the next refresh; nobody is signed out.
    #[command(after_help = "Examples:\n  rotunda role set editor --permission articles.read\n  \
                            rotunda role set editor --no-permissions --reason \"until the audit is over\"")]
    Set(SetRole),
    /// Remove a role that nobody holds.
    Remove {
        /// The role.
        name: String,
        #[command(flatten)]
        why: Why,
    },
    /// Give a user roles, beside those that they hold. They have them at their next refresh.
    #[command(after_help = "Examples:\n  rotunda role grant ada@example.com editor\n  \
                            rotunda role grant ada@example.com admin        the first admin, or one more")]
    Grant(Holding),
    /// Take roles from a user. They lose them at their next refresh, or at once where services demand current roles.
    #[command(after_help = "Example:\n  rotunda role revoke ada@example.com editor")]
    Revoke(Holding),
}

#[derive(ClapArgs)]
pub(crate) struct SetRole {
    /// The role.
    pub name: String,
    /// All that it permits from now on; may be given several times.
    #[arg(long = "permission", value_name = "PERMISSION", required_unless_present_any = ["none", "description"])]
    pub permissions: Vec<String>,
    /// It permits nothing from now on.
    #[arg(long = "no-permissions", conflicts_with = "permissions")]
    pub none: bool,
    /// What it is for; "" for nothing in particular.
    #[arg(long)]
    pub description: Option<String>,
    #[command(flatten)]
    pub why: Why,
}

#[derive(ClapArgs)]
pub(crate) struct Holding {
    /// Id, address or user name.
    pub user: String,
    /// The roles.
    #[arg(required = true)]
    pub roles: Vec<String>,
    #[command(flatten)]
    pub why: Why,
}

/// For the audit log.
#[derive(ClapArgs, Default)]
pub(crate) struct Why {
    /// Why, for the audit log: 256 characters at most.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}
