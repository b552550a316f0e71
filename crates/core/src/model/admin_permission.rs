//! Rotunda's own permissions: what its admin API, its console and nothing else asks for.

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $wire:literal,)*) => {
        /// What somebody may do with Rotunda itself: a closed list.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum AdminPermission {
            $($(#[$doc])* $name,)*
        }

        impl AdminPermission {
            /// All of them: what the built-in role `admin` has.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word in roles, in `scope` of access tokens, and in the list of a service's scopes.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $wire,)*
                }
            }

            /// From the word.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.as_str() == text)
            }
        }
    };
}

permissions! {
    /// See the front page: how the server is, and how much of what happens.
    OverviewRead = "overview.read",
    /// See users, and search them.
    UsersRead = "users.read",
    /// Add, change, invite, disable, enable and delete users, and import them.
    UsersWrite = "users.write",
    /// Act for a user.
    UsersAct = "users.act",
    /// See sessions, and search them.
    SessionsRead = "sessions.read",
    /// End a session, a user's, or everyone's.
    SessionsRevoke = "sessions.revoke",
    /// See roles, and who holds them.
    RolesRead = "roles.read",
    /// Change roles, and who holds them.
    RolesWrite = "roles.write",
    /// See clients.
    ClientsRead = "clients.read",
    /// Add and remove clients, and give them other secrets.
    ClientsWrite = "clients.write",
    /// See signing keys.
    KeysRead = "keys.read",
    /// Rotate and revoke signing keys.
    KeysManage = "keys.manage",
    /// See the limits.
    LimitsRead = "limits.read",
    /// Lift a limit that somebody has run into.
    LimitsWrite = "limits.write",
    /// Search and export the audit log, and verify it.
    AuditRead = "audit.read",
    /// See webhooks and their deliveries.
    WebhooksRead = "webhooks.read",
    /// Change and remove webhooks, and have deliveries made again. To add one, or to have one tell more, takes
    /// [`AuditRead`](Self::AuditRead) as well.
    WebhooksWrite = "webhooks.write",
}
