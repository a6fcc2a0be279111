//! The loader from the outside: files in, project and drawn diagnostics out.

#[path = "loader/any_input.rs"]
mod any_input;
#[path = "loader/assembly.rs"]
mod assembly;
#[path = "loader/attributes.rs"]
mod attributes;
#[path = "loader/bad_input.rs"]
mod bad_input;
#[path = "loader/bad_values.rs"]
mod bad_values;
#[path = "loader/config.rs"]
mod config;
#[path = "loader/corpus.rs"]
mod corpus;
#[path = "loader/drawing.rs"]
mod drawing;
#[path = "loader/environment.rs"]
mod environment;
#[path = "loader/files.rs"]
mod files;
#[path = "loader/fixed_point.rs"]
mod fixed_point;
#[path = "loader/hostile.rs"]
mod hostile;
#[path = "loader/kept.rs"]
mod kept;
#[path = "loader/limits.rs"]
mod limits;
#[path = "loader/many.rs"]
mod many;
#[path = "loader/merging.rs"]
mod merging;
#[path = "loader/model.rs"]
mod model;
#[path = "loader/no_interpolate.rs"]
mod no_interpolate;
#[path = "loader/nodes.rs"]
mod nodes;
#[path = "loader/numbers.rs"]
mod numbers;
#[path = "loader/parts.rs"]
mod parts;
#[path = "loader/properties.rs"]
mod properties;
#[path = "loader/resources.rs"]
mod resources;
#[path = "loader/support.rs"]
mod support;
#[path = "loader/writing.rs"]
mod writing;
