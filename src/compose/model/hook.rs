use indexmap::IndexMap;

use super::Extensions;
use crate::source::Located;

/// What runs at the turns of a container's life.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hooks {
    /// `post_start`: in the container, once it runs
    pub post_start: Vec<Located<Hook>>,
    /// `pre_stop`: in the container, before it is stopped
    pub pre_stop: Vec<Located<Hook>>,
}

/// One command of `post_start` or `pre_stop`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hook {
    /// `command`; `None` where it is null.
    pub command: Option<Located<Vec<String>>>,
    /// `user`
    pub user: Option<Located<String>>,
    /// `privileged`
    pub privileged: Option<Located<bool>>,
    /// `working_dir`
    pub working_dir: Option<Located<String>>,
    /// `environment`; the caller's values are not filled in for bare names.
    pub environment: IndexMap<String, Located<Option<String>>>,
    /// `x-…`
    pub extensions: Extensions,
}
