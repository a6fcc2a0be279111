//! Asset layers: files, directories, links and settings that are put on top of an image that is
//! there already, without building anything and without an engine.
//!
//! What is mounted from a project's directory under Compose becomes a part of the image on ECS. An
//! [`Extension`] says what; [`Extension::prepare`] reads it; [`Prepared::tag`] names the image that
//! comes of it, before anything of the base is read; [`Prepared::extend`] makes it.
//!
//! The same files on the same base give the same bytes on every machine. Not promised: that a
//! base's layers which no engine could unpack are found out, because only their headers are read.

mod asset;
mod base;
mod base_tree;
mod content;
mod error;
mod extend;
mod gathered;
mod git_index;
mod layer;
mod name;
mod paths;
mod prepared;
mod rewrite;
mod tar_entries;
mod tar_writer;
mod temporary;
#[cfg(all(test, unix))]
mod testing;
mod unpack;

pub use asset::{Asset, AssetSource, ImageSource};
pub use base::Base;
pub use error::AssetError;
pub use extend::Extended;
pub use gathered::link_stays;
pub use prepared::{Extension, Prepared};
pub use rewrite::{Blob, Rewrites};
pub use temporary::TemporaryFile;
pub(super) use unpack::unpack;
