//! What stands in the way of a deploy, said before it begins: what AWS has of the things that a file
//! names and decklift did not make, and what the caller may do. Looking is `aws`'s; here what was
//! seen is judged, by functions that call nothing.

mod caller;
mod finding;
mod named;
mod network;
mod permission;
mod quota;
mod repository;
mod role;
mod secret;
mod storage;
mod trust;

pub use caller::{Caller, role_of};
pub use finding::{Finding, Level, Named};
pub use named::{Names, RoleUse, named};
pub use network::{GroupLook, closed, groups, room, subnets, ways_out};
pub use permission::{Denied, Permission, Why, denied, permissions_of, sample};
pub use quota::{Counts, QUOTAS, Quota, Use, used, weigh};
pub use repository::{RepositoryLook, repository};
pub use role::{RoleLook, role, without_given_roles};
pub use secret::{SecretLook, parameter, secret};
pub use storage::{CertificateLook, FileSystemLook, certificate, cluster, file_system};
pub use trust::{Trust, trusts};
