use crate::source::Located;

/// `x-ecs.repositories`: the ECR repositories of what is built.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Repositories {
    /// `prefix`: stands before the names of repositories
    pub prefix: Option<Located<String>>,
    /// `keep`: how many images stay in each
    pub keep: Option<Located<u32>>,
    /// `scan`: whether a push starts a scan
    pub scan: Option<Located<bool>>,
    /// `immutable`: whether a tag may never name another image
    pub immutable: Option<Located<bool>>,
    /// `kms_key`: the key that images are encrypted with
    pub kms_key: Option<Located<String>>,
}
