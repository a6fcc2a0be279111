//! One mapping a file: what an attribute of Compose becomes on ECS. `mapping.md` is the contract.

pub(crate) mod base;
pub(crate) mod container;
pub(crate) mod credentials;
pub(crate) mod dependencies;
pub(crate) mod discovery;
pub(crate) mod exposure;
pub(crate) mod file_system;
pub(crate) mod health;
pub(crate) mod http_check;
pub(crate) mod image;
pub(crate) mod image_quirks;
pub(crate) mod job;
pub(crate) mod known_images;
pub(crate) mod load_balancer;
pub(crate) mod log_group;
pub(crate) mod mentions;
pub(crate) mod namespaces;
pub(crate) mod ports;
pub(crate) mod role;
pub(crate) mod rollout;
pub(crate) mod security_groups;
pub(crate) mod service;
pub(crate) mod size;
pub(crate) mod tags;
pub(crate) mod task;
pub(crate) mod volumes;
