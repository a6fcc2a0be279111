//! The `decklift` program.

use std::process::ExitCode;

/// Many small things are made on all processors at once. The system's allocator grows what a thread
/// has page by page there, and each growth holds up the others.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    decklift::run(std::env::args_os())
}
