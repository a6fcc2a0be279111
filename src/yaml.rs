//! YAML with places: text becomes [`Node`]s whose every key and value knows its bytes, and values
//! become text again that YAML 1.1 and 1.2 readers agree on.
//!
//! The reader keeps the exact text and the quoting of every scalar; what a scalar means is decided
//! by the field that reads it. It promises bounded time, memory and depth for any input. It does
//! not know Compose: `!reset` and `!override` are kept as tags, nothing is interpolated.

mod build;
mod file;
mod input;
mod mapping;
mod node;
mod position;
mod read;
mod relax;
mod syntax;
mod write;

pub use file::{MAX_BYTES, read_file, read_text};
pub use node::{Entry, Key, Kind, Mapping, Node, Scalar, Style, Tag};
pub(crate) use read::empty;
pub use read::{MAX_DEPTH, MAX_NODES, parse, parse_all};
pub use write::{to_yaml, write_entry};
