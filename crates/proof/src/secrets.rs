//! Secrets as small numbers, and the hashes that production code compares.
//!
//! A hash is an injective encoding of the secret, so two hashes are equal exactly when the secrets are: what a real
//! hash promises, taken at its word. A salt is the one step that it makes, from a token to its successor; what it
//! would make of any other token is [`Token::GARBAGE`], which no store knows.

use rotunda_core::model::{RetryHash, RetryKeys, Salt as SaltBytes, TokenHash};

/// A refresh token: its generation, and which of that generation it is. Only a store that lost writes makes two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Token {
    /// Its place in the family.
    pub generation: u8,
    /// Which of that generation.
    pub id: u8,
}

impl Token {
    /// What a salt makes of a token that it was not meant for.
    pub const GARBAGE: Self = Self { generation: u8::MAX, id: u8::MAX };

    /// What the store keeps of it.
    #[must_use]
    pub fn hash(self) -> TokenHash {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&[self.generation, self.id]);
        TokenHash(bytes)
    }

    /// The token of which the store keeps this.
    #[must_use]
    pub fn of(hash: TokenHash) -> Self {
        Self { generation: hash.0[0], id: hash.0[1] }
    }
}

/// A retry key: the generation for which a client made it, and which of those.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    /// The generation that its maker believed to be in.
    pub generation: u8,
    /// Which of that generation.
    pub id: u8,
}

impl Key {
    /// What the store keeps of it.
    #[must_use]
    pub fn hash(self) -> RetryHash {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&[self.generation, self.id]);
        RetryHash(bytes)
    }

    /// The key of which the store keeps this.
    #[must_use]
    pub fn of(hash: RetryHash) -> Self {
        Self { generation: hash.0[0], id: hash.0[1] }
    }
}

/// At most four retry keys, oldest first, as a client keeps and sends them.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Keys([Option<Key>; RetryKeys::MOST]);

impl Keys {
    /// No keys.
    pub const NONE: Self = Self([None; RetryKeys::MOST]);

    /// Every key, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Key> + '_ {
        self.0.iter().flatten().copied()
    }

    /// The newest.
    #[must_use]
    pub fn newest(&self) -> Option<Key> {
        self.iter().next_back()
    }

    /// The same and one more; a fifth pushes the oldest out.
    #[must_use]
    pub fn and(&self, key: Key) -> Self {
        let mut kept = self.0;
        match kept.iter().position(Option::is_none) {
            Some(free) => kept[free] = Some(key),
            None => {
                kept.rotate_left(1);
                kept[RetryKeys::MOST - 1] = Some(key);
            }
        }
        Self(kept)
    }

    /// Those that fit, in the same order.
    #[must_use]
    pub fn only(&self, fits: impl Fn(Key) -> bool) -> Self {
        self.iter().filter(|key| fits(*key)).fold(Self::NONE, |keys, key| keys.and(key))
    }

    /// Each of them changed.
    #[must_use]
    pub fn map(&self, change: impl Fn(Key) -> Key) -> Self {
        Self(self.0.map(|key| key.map(&change)))
    }

    pub(crate) fn each(&mut self, visit: &mut impl FnMut(&mut Key)) {
        self.0.iter_mut().flatten().for_each(visit);
    }
}

/// A salt: the one step that it makes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Salt {
    /// The token that was rotated.
    pub from: Token,
    /// Its successor.
    pub to: Token,
}

impl Salt {
    /// The successor of a token under this salt.
    #[must_use]
    pub fn successor(self, of: Token) -> Token {
        if of == self.from { self.to } else { Token::GARBAGE }
    }

    /// As the store keeps it.
    #[must_use]
    pub fn bytes(self) -> SaltBytes {
        let mut bytes = [0; 32];
        let Self { from, to } = self;
        bytes[..4].copy_from_slice(&[from.generation, from.id, to.generation, to.id]);
        SaltBytes(bytes)
    }

    /// The salt that the store keeps as this.
    #[must_use]
    pub fn of(bytes: SaltBytes) -> Self {
        let [from, from_id, to, to_id, ..] = bytes.0;
        Self { from: Token { generation: from, id: from_id }, to: Token { generation: to, id: to_id } }
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Keys, Salt, Token};

    #[test]
    fn hashes_are_injective() {
        for generation in 0..=u8::MAX {
            for id in [0, 1, 7, u8::MAX] {
                let (token, key) = (Token { generation, id }, Key { generation, id });
                let salt = Salt { from: token, to: Token { generation: id, id: generation } };
                assert_eq!(Token::of(token.hash()), token);
                assert_eq!(Key::of(key.hash()), key);
                assert_eq!(Salt::of(salt.bytes()), salt);
            }
        }
    }

    #[test]
    fn a_fifth_key_pushes_the_oldest_out() {
        let key = |generation| Key { generation, id: 0 };
        let keys = (1..=5).fold(Keys::NONE, |keys, generation| keys.and(key(generation)));
        assert_eq!(keys.iter().collect::<Vec<_>>(), [2, 3, 4, 5].map(key));
        assert_eq!(keys.newest(), Some(key(5)));
    }
}
