//! The scripts: each a change of one key, as a whole, on the server.

use std::sync::LazyLock;

use redis::{Arg, Cmd};

/// A script and the name that the server knows it by.
pub(crate) struct Script {
    code: &'static str,
    script: redis::Script,
}

impl Script {
    fn new(code: &'static str) -> Self {
        Self { code, script: redis::Script::new(code) }
    }

    /// The call of it for a key; arguments follow.
    pub(crate) fn on(&self, key: &str) -> Cmd {
        let mut call = redis::cmd("EVALSHA");
        call.arg(self.script.get_hash()).arg(1).arg(key);
        call
    }

    /// The same call with the whole script, for a server that does not know it; from then on it does. It goes where the
    /// key is: loading a script by itself would need every shard of a cluster to answer.
    pub(crate) fn whole(&self, call: &Cmd) -> Cmd {
        let mut whole = redis::cmd("EVAL");
        whole.arg(self.code);
        for arg in call.args_iter().skip(2) {
            if let Arg::Simple(bytes) = arg {
                whole.arg(bytes);
            }
        }
        whole
    }
}

macro_rules! scripts {
    ($($name:ident = $file:literal;)*) => {
        $(pub(crate) static $name: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!($file)));)*
    };
}

scripts! {
    CREATE = "scripts/create.lua";
    PUT = "scripts/put.lua";
    ROTATE = "scripts/rotate.lua";
    HOLD = "scripts/hold.lua";
    RELEASE = "scripts/release.lua";
    FINISH = "scripts/finish.lua";
    TAKE = "scripts/take.lua";
    GIVE_BACK = "scripts/give_back.lua";
}
