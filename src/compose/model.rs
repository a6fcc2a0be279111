//! The validated Compose model: what the files mean after interpolation, merging and validation.
//!
//! Durations are [`std::time::Duration`], memory is bytes, CPUs are a share of one virtual CPU.
//! Every value that a diagnostic may have to point at keeps its place.

mod addressing;
mod attributes;
mod autoscaling;
mod block_io;
mod build;
mod capacity;
mod cpu;
mod credential_spec;
mod dependency;
mod deploy;
mod device;
mod ebs;
mod ecr_host;
mod existing_balancer;
mod extension;
mod extensions;
mod healthcheck;
mod hook;
mod image_name;
mod kernel;
mod launch;
mod log_router;
mod logging;
mod name_service;
mod namespaces;
mod network;
mod overrides;
mod policy;
mod port;
mod privileges;
mod project;
mod provider;
mod rare;
mod repositories;
mod rollout;
mod service;
mod service_model;
mod setting;
mod volume;
mod vpc;
mod written;

pub use addressing::{Addressing, ExtraHost};
pub use attributes::Attributes;
pub use autoscaling::{Autoscaling, QueueScaling, ScheduledScaling, Step, StepMetric, StepScaling};
pub use block_io::{BlockDevice, BlockIo};
pub use build::Build;
pub use capacity::Capacity;
pub use cpu::CpuSettings;
pub use credential_spec::CredentialSpec;
pub use dependency::{Condition, Dependency};
pub use deploy::{
    Deploy, DeviceRequest, FailureAction, Mode, Order, Placement, Resources, RestartPolicy,
    UpdateConfig,
};
pub use device::{Device, Gpu};
pub use ebs::{Ebs, EbsType};
pub use ecr_host::ecr_host;
pub use existing_balancer::{ExistingBalancer, NoBalancer};
pub use extension::{Http, PortExposure, ProjectExtension, SecretExtension, ServiceExtension};
pub use extensions::Extensions;
pub use healthcheck::{HealthTest, Healthcheck};
pub use hook::{Hook, Hooks};
pub use image_name::fault_of_image_name;
pub use kernel::{KernelSettings, Ulimit};
pub use launch::{
    Instances, Launch, PlacementExtension, PlacementRule, PlacementStep, TaskNetwork,
};
pub use log_router::{LogRouter, RouterKind};
pub use logging::Logging;
pub use name_service::NameService;
pub use namespaces::Namespaces;
pub use network::{
    AttachmentOption, Network, NetworkAttachment, NetworkOption, is_security_group_id,
};
pub use overrides::{Overrides, Patch};
pub use policy::Policy;
pub use port::{Port, Protocol};
pub use privileges::Privileges;
pub use project::Project;
pub use provider::Provider;
pub use rare::{Rare, Unsaid};
pub use repositories::{ExistingRepository, Repositories};
pub use rollout::{Pause, Rollout, Strategy};
pub use service::{Restart, Service};
pub use service_model::ServiceModel;
pub use setting::{Setting, SettingExtensions, Settings};
pub use volume::{Mount, MountKind, Storage, Volume};
pub use vpc::{Cidr, Endpoints, Nat, NewVpc, Vpc};
pub use written::{FileObject, FileReference, Written};
