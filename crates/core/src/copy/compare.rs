//! Two stores, read side by side: counts, checksums, and the first row that differs.

use futures_util::future::try_join;

use super::Step;
use super::checksum::{Checksum, Sum};
use crate::failure::Failure;
use crate::store::{Copying, Key, Part};

/// What a part of both stores came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compared {
    /// Which part.
    pub part: Part,
    /// In the source.
    pub source: Summed,
    /// In the target.
    pub target: Summed,
    /// The first row that only one of them has, or that is another in each.
    pub differs_at: Option<Key>,
}

impl Compared {
    /// Whether there is no difference.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.source == self.target
    }
}

/// What a part of one store came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Summed {
    /// How many rows.
    pub rows: u64,
    /// Over all of them, in the order of their keys.
    pub checksum: Checksum,
}

/// Reads every part of both.
pub(super) async fn stores(
    source: &dyn Copying,
    target: &dyn Copying,
    limit: u32,
    tell: &mut (dyn FnMut(Step) + Send),
) -> Result<Vec<Compared>, Failure> {
    let mut found = Vec::with_capacity(Part::ALL.len());
    for part in Part::ALL {
        let (mut ours, mut theirs) = (Walk::new(source, *part, limit), Walk::new(target, *part, limit));
        let mut differs_at = None;
        while !(ours.is_over && theirs.is_over) {
            let (here, there) = try_join(ours.next(), theirs.next()).await?;
            differs_at = differs_at.or_else(|| first_difference(&here, &there));
            tell(Step::Compared(*part, here.len() as u64));
        }
        found.push(Compared { part: *part, source: ours.sum(), target: theirs.sum(), differs_at });
    }
    Ok(found)
}

/// Where both have a row, the one that comes first is the one that the other lacks.
fn first_difference(here: &[(Key, Checksum)], there: &[(Key, Checksum)]) -> Option<Key> {
    let longest = here.len().max(there.len());
    let unlike = (0..longest).find(|place| here.get(*place) != there.get(*place))?;
    let keys = [here.get(unlike), there.get(unlike)];
    keys.into_iter().flatten().map(|(key, _)| key.clone()).min()
}

/// A part of one store, batch by batch.
struct Walk<'s> {
    store: &'s dyn Copying,
    part: Part,
    limit: u32,
    after: Option<Key>,
    is_over: bool,
    rows: u64,
    sum: Sum,
}

impl<'s> Walk<'s> {
    fn new(store: &'s dyn Copying, part: Part, limit: u32) -> Self {
        Self { store, part, limit, after: None, is_over: false, rows: 0, sum: Sum::new() }
    }

    /// The keys and checksums of the next rows; none when it is over.
    async fn next(&mut self) -> Result<Vec<(Key, Checksum)>, Failure> {
        if self.is_over {
            return Ok(Vec::new());
        }
        let batch = self.store.read_part(self.part, self.after.take(), self.limit).await?;
        self.after = batch.last_key();
        self.is_over = self.after.is_none();
        let rows = batch.checksums();
        self.rows += rows.len() as u64;
        rows.iter().for_each(|(_, checksum)| self.sum.add(*checksum));
        Ok(rows)
    }

    fn sum(self) -> Summed {
        Summed { rows: self.rows, checksum: self.sum.finish() }
    }
}
