//! `rotunda webhook …`

use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Webhook {
    /// Add an address that is told of events, from now on. Prints the secret that its messages are signed with, once.
    #[command(after_help = "Examples:\n  rotunda webhook add https://example.com/hooks\n  \
                            rotunda webhook add https://example.com/hooks --event session.ended --event 'user.*'")]
    Add {
        /// Where to: an https address. Networks that are not public have to be named in `[webhooks] private_networks`.
        url: String,
        /// An event, such as session.ended, or all that begin alike, such as "session.*"; may be given several times.
        /// [default: all]
        #[arg(long = "event", value_name = "EVENT")]
        events: Vec<String>,
        /// What it is for.
        #[arg(long)]
        description: Option<String>,
    },
    /// List all webhooks, and how much waits for each.
    List,
    /// Change one, or switch it off and on. What happens while it is off is never sent.
    #[command(after_help = "Example:\n  rotunda webhook edit 0193b2f4-7c1e-7a52-9d1c-5f0e8a4b6c21 --off")]
    Edit {
        /// The webhook's id.
        id: String,
        /// Where to from now on.
        #[arg(long)]
        url: Option<String>,
        /// An event; in place of all that were asked for so far.
        #[arg(long = "event", value_name = "EVENT")]
        events: Vec<String>,
        /// What it is for.
        #[arg(long)]
        description: Option<String>,
        /// Switch it on.
        #[arg(long, conflicts_with = "off")]
        on: bool,
        /// Switch it off.
        #[arg(long)]
        off: bool,
    },
    /// Give one another secret. The old one is good for nothing at once.
    RotateSecret {
        /// The webhook's id.
        id: String,
    },
    /// Send a message that says nothing, and say what came of it: exit 0 if it arrived.
    Test {
        /// The webhook's id.
        id: String,
    },
    /// List what waits for one, or what was given up.
    Deliveries {
        /// The webhook's id.
        id: String,
        /// Those that were given up.
        #[arg(long)]
        dead: bool,
        /// Those behind this event.
        #[arg(long, value_name = "EVENT")]
        after: Option<u64>,
        /// How many at most.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Have what was given up sent again.
    Replay {
        /// The webhook's id.
        id: String,
        /// That one. [default: all]
        #[arg(long)]
        event: Option<u64>,
    },
    /// Remove one, and what was on its way to it.
    Remove {
        /// The webhook's id.
        id: String,
    },
}
