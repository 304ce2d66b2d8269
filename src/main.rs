//! The binary: everything is in the library.

use std::process::ExitCode;

/// What a bug of the program itself exits with.
const INTERNAL: u8 = 3;

fn main() -> ExitCode {
    ExitCode::from(std::panic::catch_unwind(fleetsim::cli::main).unwrap_or(INTERNAL))
}
