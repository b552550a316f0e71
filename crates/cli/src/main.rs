//! The binary; the program is in `lib.rs`.

use std::process::ExitCode;

/// A refresh makes and drops some hundred small values: beside Debian's allocator this one brings a fourteenth more refreshes on
/// PostgreSQL. Its background thread gives back what a password hash needed (`docs/decisions/0017-allocator-and-dist-profile.md`).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    rotunda::main()
}
