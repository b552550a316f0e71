//! How much of what has happened, hour by hour: for the front page of the console.

macro_rules! tallies {
    ($($(#[$doc:meta])* $name:ident = $wire:literal,)*) => {
        /// What is counted.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Tally {
            $($(#[$doc])* $name,)*
        }

        impl Tally {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As it is stored and told.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $wire,)*
                }
            }

            /// From its name; `None` for what this version does not know.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.as_str() == text)
            }
        }
    };
}

tallies! {
    /// Sessions that began.
    SignIns = "sign_ins",
    /// Sign-ins that were refused.
    SignInsRefused = "sign_ins_refused",
    /// Refreshes that were granted.
    Refreshes = "refreshes",
    /// Refreshes that were refused.
    RefreshesRefused = "refreshes_refused",
    /// Sessions that ended because somebody had a copy of a token.
    Thefts = "thefts",
}
