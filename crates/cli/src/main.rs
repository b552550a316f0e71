//! The binary; the program is in `lib.rs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    rotunda::main()
}
