//! The bare hash: what a login is measured against.
//!
//! Argon2id with the parameters of Rotunda's default, one after the other on each processor, in memory that is there already. No
//! HTTP, no user, no session.

use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use rotunda_outside::ArgonParameters;

use super::drive::Measured;
use crate::moment::now;

/// Hashes on all processors for so long.
pub(super) fn hash(span: Duration) -> anyhow::Result<Measured> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let all = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(|| hash_on_one(span))).collect();
        running
            .into_iter()
            .map(|it| it.join().map_err(|_| anyhow!("a thread panicked"))?)
            .collect::<anyhow::Result<Vec<_>>>()
    })?;
    let mut measured = Measured::new()?;
    for one in all {
        measured.rate += one.rate;
        measured.latencies.join(&one.latencies);
    }
    Ok(measured)
}

fn hash_on_one(span: Duration) -> anyhow::Result<Measured> {
    let with = ArgonParameters::default();
    let params = Params::new(with.memory_kib(), with.iterations(), with.lanes(), Some(32));
    let params = params.map_err(|e| anyhow!("Argon2's parameters: {e}"))?;
    let mut memory = vec![Block::new(); params.block_count()];
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let (mut out, mut measured, began) = ([0; 32], Measured::new()?, now());
    loop {
        let at = now();
        argon
            .hash_password_into_with_memory(
                b"correct horse battery",
                b"as many bytes as a salt",
                &mut out,
                &mut memory,
            )
            .map_err(|e| anyhow!("{e}"))
            .context("hashing")?;
        if began.elapsed() > span {
            return Ok(measured);
        }
        measured.latencies.add(at.elapsed());
        measured.rate += 1.0 / span.as_secs_f64();
    }
}
