//! Releases and the lock, run against a store that loses answers and returns old reads.

#[path = "release/model.rs"]
mod model;
#[path = "release/program.rs"]
mod program;
#[path = "release/properties.rs"]
mod properties;
#[path = "release/stories.rs"]
mod stories;
