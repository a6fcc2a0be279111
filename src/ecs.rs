//! From a Compose [`Project`](crate::compose::Project) and [`Facts`](facts::Facts) to AWS resources.

pub mod deployable;
pub mod desired;
pub mod facts;
mod rules;
pub mod secret_value;
#[cfg(test)]
pub(crate) mod testing;
pub mod translate;
pub mod validate;

pub use deployable::undeployable;
pub(crate) use rules::container::container_name;
pub(crate) use rules::known_images::{listening_ports, user_of};
pub(crate) use rules::load_balancer::certificate_domain;
pub(crate) use rules::network::services as endpoint_services;
pub(crate) use rules::platform::docker_platform;
pub(crate) use rules::proxy::is_proxy;
pub(crate) use rules::secrets::to_look_up;
pub use translate::{Translation, translate};
pub use validate::validate;
