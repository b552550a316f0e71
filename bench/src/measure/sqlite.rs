//! SQLite.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Options, Site, site};
use crate::fill;
use crate::seed::Seed;
use crate::server::{Server, Stores};

pub(super) fn measure(options: &Options, tell: &impl Fn(&str)) -> anyhow::Result<Value> {
    let folder = tempfile::tempdir()?;
    let mut few = small(options, folder.path())?;
    let stores = Stores::default();
    let place = folder.path().join("many");
    let mut many =
        Site::new(options, &place, &stores, options.many, |it, seed| filled(it, seed, options.many))?;
    #[expect(clippy::cast_precision_loss, reason = "a size for people")]
    let bytes = std::fs::metadata(many.server.database())?.len() as f64 / options.many as f64;
    few.warm_up(Duration::from_secs(options.warm_up.min(3)))?;
    many.warm_up(Duration::from_secs(options.warm_up))?;
    for _ in 0..options.turns {
        few.turn(options.turn())?;
        many.turn(options.turn())?;
    }
    let listing = many.listing()?;
    tell(&format!("sqlite: {}", site::sizes(&few, &many)));
    tell(&format!(
        "sqlite: {bytes:.0} bytes a session in the file, with its user, device and event; listing {listing}"
    ));
    Ok(json!({
        "few": few.json(), "many": many.json(), "p99_ratio": many.p99() / few.p99(), "bytes_per_session": bytes,
        "listing": listing,
    }))
}

/// The smaller one.
pub(super) fn small(options: &Options, folder: &std::path::Path) -> anyhow::Result<Site> {
    let place = folder.join("few");
    Site::new(options, &place, &Stores::default(), options.few, |it, seed| filled(it, seed, options.few))
}

fn filled(server: &Server, seed: Seed, sessions: u64) -> anyhow::Result<()> {
    fill::sqlite(seed, &server.database(), sessions)
}
