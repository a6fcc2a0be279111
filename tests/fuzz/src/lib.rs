//! The loader, and the drawing of its diagnostics, without the rest of the program.

#[path = "../../../src"]
mod program {
    pub mod compose;
    pub mod diagnostic;
    pub mod source;
    pub mod yaml;
}

pub use program::{compose, diagnostic, source, yaml};

#[path = "../../../src/report"]
pub mod report {
    pub mod diagnostics;
}
