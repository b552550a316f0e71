//! The binary; the program is in `lib.rs`.

use std::process::ExitCode;

/// A refresh makes and drops some hundred small values: on two processors this allocator brought 12,500 refreshes a second on
/// PostgreSQL where Debian's brought 10,900 (`scripts/measure-stores`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    rotunda::main()
}
