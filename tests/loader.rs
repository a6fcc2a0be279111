//! The loader from the outside: files in, project and drawn diagnostics out.

#[path = "loader/assembly.rs"]
mod assembly;
#[path = "loader/bad_input.rs"]
mod bad_input;
#[path = "loader/bad_values.rs"]
mod bad_values;
#[path = "loader/config.rs"]
mod config;
#[path = "loader/drawing.rs"]
mod drawing;
#[path = "loader/environment.rs"]
mod environment;
#[path = "loader/files.rs"]
mod files;
#[path = "loader/hostile.rs"]
mod hostile;
#[path = "loader/merging.rs"]
mod merging;
#[path = "loader/model.rs"]
mod model;
#[path = "loader/nodes.rs"]
mod nodes;
#[path = "loader/properties.rs"]
mod properties;
#[path = "loader/support.rs"]
mod support;
#[path = "loader/writing.rs"]
mod writing;
