//! Compose files: from text to a validated [`Project`].
//!
//! `load` is the pipeline: files → documents → one document (variables, `extends`, `include`,
//! merging) → decoding → validation. It does not look at build contexts or mounted files. Of ECS it
//! knows one table, [`unsupported`], of what does not carry over yet: [`Loaded::outcomes`].

mod assemble;
mod canonical;
mod conceal;
mod coverage;
mod decode;
mod dotenv;
mod environment;
mod extends;
mod files;
mod implied;
mod include;
mod interpolate;
mod load;
mod long_form;
mod merge;
pub mod model;
mod name;
mod options;
mod paths;
mod relative;
mod required_version;
mod reset;
mod scalar;
mod select;
mod suggest;
pub mod support;
mod template;
mod uninterpolated;
mod unique;
mod unsupported;
mod users;
mod validate;
mod variables;

pub use canonical::{ConfigForm, canonical, print_canonical};
pub use coverage::coverage;
pub(crate) use implied::is_implied;
pub use load::{Loaded, load};
pub use model::Project;
pub use name::normalize_project_name;
pub use options::LoadOptions;
pub use suggest::{closest_first, did_you_mean};
pub use uninterpolated::uninterpolated;
pub use users::Users;
pub use variables::{Variable, variables};
