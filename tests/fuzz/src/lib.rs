//! The loader, and the drawing of its diagnostics, without the rest of the program. The files are
//! links: a module that is included by `#[path]` looks for its own modules in the wrong folder.

#![expect(dead_code, reason = "the rest of the program calls more of it")]

pub mod compose;
pub mod diagnostic;
pub mod source;
pub mod yaml;

#[path = "../../../src/report"]
pub mod report {
    pub mod diagnostics;
}
