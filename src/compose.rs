//! Compose files: from text to a validated [`Project`].
//!
//! `load` is the pipeline: files → documents → variables → merging → decoding → validation. It
//! does not look at build contexts or mounted files, and it knows nothing of ECS.

mod canonical;
mod coverage;
mod decode;
mod dotenv;
mod environment;
mod files;
mod interpolate;
mod load;
mod merge;
pub mod model;
mod name;
mod options;
mod paths;
mod scalar;
mod suggest;
mod template;
mod unsupported;
mod validate;

pub use canonical::{ConfigForm, canonical, print_canonical};
pub use coverage::coverage;
pub use load::{Loaded, load};
pub use model::Project;
pub use name::normalize_project_name;
pub use options::LoadOptions;
pub use suggest::did_you_mean;
