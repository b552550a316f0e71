//! The filter: a binary fuse filter (Graf and Lemire, 2022) of `xorf`, with fingerprints of 8, 16 or 32 bits.
//!
//! | bits | bytes an entry | takes a password that is not on the list for one that is |
//! |---|---|---|
//! | 8 | 1.13 | once in 256 |
//! | 16 | 2.25 | once in 65,536 |
//! | 32 | 4.5 | once in 4,294,967,296 |
//!
//! (Bytes for a million entries and more; smaller lists take up to a fifth more.)

use xorf::{BinaryFuse8, BinaryFuse16, BinaryFuse32, Descriptor, Filter};

/// How long a fingerprint is, and with it how rarely a filter is mistaken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bits {
    /// 8 bits: mistaken once in 256.
    Eight,
    /// 16 bits: mistaken once in 65,536.
    Sixteen,
    /// 32 bits: mistaken once in four thousand million.
    ThirtyTwo,
}

impl Bits {
    /// The number.
    #[must_use]
    pub const fn count(self) -> u32 {
        match self {
            Self::Eight => 8,
            Self::Sixteen => 16,
            Self::ThirtyTwo => 32,
        }
    }

    /// From the number.
    #[must_use]
    pub fn from_count(count: u32) -> Option<Self> {
        [Self::Eight, Self::Sixteen, Self::ThirtyTwo].into_iter().find(|bits| bits.count() == count)
    }
}

/// A filter over 64-bit keys.
pub(super) enum Fuse {
    Eight(BinaryFuse8),
    Sixteen(BinaryFuse16),
    ThirtyTwo(BinaryFuse32),
}

impl Fuse {
    /// Over these keys, each of which must be there once. The same keys make the same filter.
    pub(super) fn build(keys: &[u64], bits: Bits) -> Option<Self> {
        match bits {
            Bits::Eight => BinaryFuse8::try_from(keys).map(Self::Eight),
            Bits::Sixteen => BinaryFuse16::try_from(keys).map(Self::Sixteen),
            Bits::ThirtyTwo => BinaryFuse32::try_from(keys).map(Self::ThirtyTwo),
        }
        .ok()
    }

    pub(super) fn holds(&self, key: u64) -> bool {
        match self {
            Self::Eight(fuse) => fuse.contains(&key),
            Self::Sixteen(fuse) => fuse.contains(&key),
            Self::ThirtyTwo(fuse) => fuse.contains(&key),
        }
    }

    pub(super) fn bits(&self) -> Bits {
        match self {
            Self::Eight(_) => Bits::Eight,
            Self::Sixteen(_) => Bits::Sixteen,
            Self::ThirtyTwo(_) => Bits::ThirtyTwo,
        }
    }

    pub(super) fn shape(&self) -> Shape {
        let descriptor = match self {
            Self::Eight(fuse) => &fuse.descriptor,
            Self::Sixteen(fuse) => &fuse.descriptor,
            Self::ThirtyTwo(fuse) => &fuse.descriptor,
        };
        let Descriptor { seed, segment_length, segment_count_length, .. } = *descriptor;
        Shape { seed, segment_length, segment_count_length }
    }
}

/// Where a filter keeps the three fingerprints of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shape {
    pub(super) seed: u64,
    pub(super) segment_length: u32,
    pub(super) segment_count_length: u32,
}

impl Shape {
    /// How many fingerprints there are; `None` for a shape that no filter has. Of one that is right, no key leads outside
    /// of the fingerprints: the first index is below `segment_count_length`, the other two are one and two segments further.
    pub(super) fn fingerprints(self) -> Option<u32> {
        let Self { segment_length, segment_count_length, .. } = self;
        let fits = segment_length.is_power_of_two()
            && segment_count_length > 0
            && segment_count_length.is_multiple_of(segment_length);
        if !fits {
            return None;
        }
        segment_length.checked_mul(2)?.checked_add(segment_count_length)
    }

    pub(super) fn descriptor(self) -> Descriptor {
        let Self { seed, segment_length, segment_count_length } = self;
        let segment_length_mask = segment_length.saturating_sub(1);
        Descriptor { seed, segment_length, segment_length_mask, segment_count_length }
    }
}
