//! From a text to a refresh token, for whoever is shown one: a refresh, a logout, a revocation, an introspection.
//!
//! 1. What its tag proves to be ours is a token.
//! 2. What names a master key that other servers have and this one has not may be a good token there: that is an outage. Nobody is
//!    told that they are signed out, or that a session has ended which goes on elsewhere.
//! 3. Everything else nobody has made.

use super::token::RefreshToken;
use crate::Rotunda;
use crate::failure::Failure;

const WHY: &str = "it names a master key that other servers have and this one has not: give it their file";

impl Rotunda {
    /// The token that the text is; `None` for what nobody has made.
    pub(crate) fn read_token(&self, text: &str) -> Result<Option<RefreshToken>, Failure> {
        let token = RefreshToken::parse(&self.keys, text);
        let is_elsewhere = || RefreshToken::says_key_id(text).is_some_and(|id| self.shelf().is_elsewhere(id));
        if token.is_none() && is_elsewhere() {
            return Err(Failure::unavailable("reading a refresh token", WHY));
        }
        Ok(token)
    }
}
