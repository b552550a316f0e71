//! The ids of revoked keys, remembered for good: whoever has the key writes the `exp` of its tokens, so no time passes
//! after which none can be alive.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// How many are remembered; of more, the newest. An issuer revokes a handful in its life.
const MOST: usize = 1024;

/// The ids of revoked keys.
#[derive(Default)]
pub(super) struct RevokedKeys {
    ids: BTreeSet<Arc<str>>,
    by_age: VecDeque<Arc<str>>,
}

impl RevokedKeys {
    /// Remembers a key; `false` if it was known.
    pub(super) fn add(&mut self, kid: &str) -> bool {
        if self.has(kid) {
            return false;
        }
        if self.by_age.len() >= MOST
            && let Some(oldest) = self.by_age.pop_front()
        {
            self.ids.remove(&oldest);
        }
        let kid: Arc<str> = kid.into();
        self.ids.insert(Arc::clone(&kid));
        self.by_age.push_back(kid);
        true
    }

    /// Whether that key was revoked.
    pub(super) fn has(&self, kid: &str) -> bool {
        self.ids.contains(kid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_remembered_and_no_more() {
        let mut revoked = RevokedKeys::default();
        for nth in 0..MOST + 3 {
            assert!(revoked.add(&nth.to_string()));
            assert!(!revoked.add(&nth.to_string()));
        }
        assert_eq!((revoked.ids.len(), revoked.by_age.len()), (MOST, MOST));
        assert!(!revoked.has("2") && revoked.has("3") && revoked.has(&(MOST + 2).to_string()));
    }
}
