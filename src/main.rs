//! The `decklift` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    decklift::run(std::env::args_os())
}
