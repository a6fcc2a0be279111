//! The tables of attributes that [`super::shape`] reads by.

use super::shape::{Form, Shape};
use crate::compose::unsupported::Level;

const ORDERS: Shape = Shape::Choice(&["start-first", "stop-first"]);

pub(super) const BUILD: Form = Form {
    level: Level::Build,
    attributes: &[
        ("context", Shape::Context),
        ("dockerfile", Shape::Text),
        ("dockerfile_inline", Shape::Text),
        ("entitlements", Shape::Texts),
        ("args", Shape::Elsewhere),
        ("provenance", Shape::Scalar),
        ("sbom", Shape::Scalar),
        ("ssh", Shape::Ssh),
        ("labels", Shape::Labels),
        ("cache_from", Shape::Texts),
        ("cache_to", Shape::Texts),
        ("no_cache", Shape::Flag),
        // Docker Compose 2.40.3, which is followed here, does not know it yet; the specification does.
        ("no_cache_filter", Shape::OneOrMore),
        ("additional_contexts", Shape::Contexts),
        ("pull", Shape::Flag),
        ("extra_hosts", Shape::Hosts),
        ("isolation", Shape::Text),
        ("network", Shape::Text),
        ("target", Shape::Text),
        ("secrets", Shape::Elsewhere),
        ("shm_size", Shape::Bytes),
        ("tags", Shape::Set),
        ("ulimits", Shape::Ulimits),
        ("platforms", Shape::Texts),
        ("privileged", Shape::Flag),
    ],
    required: &[],
};

pub(super) const DEPLOY: Form = Form {
    level: Level::Deploy,
    attributes: &[
        ("mode", Shape::Text),
        ("replicas", Shape::Count),
        ("labels", Shape::Labels),
        ("update_config", Shape::Table(&UPDATE)),
        ("rollback_config", Shape::Table(&UPDATE)),
        ("resources", Shape::Part(&RESOURCES)),
        ("restart_policy", Shape::Table(&RESTART)),
        ("placement", Shape::Part(&PLACEMENT)),
        ("endpoint_mode", Shape::Text),
    ],
    required: &[],
};

const UPDATE: Form = Form {
    level: Level::UpdateConfig,
    attributes: &[
        ("parallelism", Shape::Count),
        ("delay", Shape::Duration),
        ("failure_action", Shape::Text),
        ("monitor", Shape::Duration),
        ("max_failure_ratio", Shape::Ratio),
        ("order", ORDERS),
    ],
    required: &[],
};

const RESOURCES: Form = Form {
    level: Level::Resources,
    attributes: &[("limits", Shape::Table(&LIMITS)), ("reservations", Shape::Table(&RESERVATIONS))],
    required: &[],
};

const LIMITS: Form = Form {
    level: Level::Limits,
    attributes: &[("cpus", Shape::Cpus), ("memory", Shape::Memory), ("pids", Shape::Whole)],
    required: &[],
};

const RESERVATIONS: Form = Form {
    level: Level::Reservations,
    attributes: &[
        ("cpus", Shape::Cpus),
        ("memory", Shape::Memory),
        ("devices", Shape::Elsewhere),
        ("generic_resources", Shape::Tables(&GENERIC)),
    ],
    required: &[],
};

/// `deploy.resources.reservations.devices`, one of them
pub(super) const DEVICE: Form = Form {
    level: Level::Part("a device"),
    attributes: &[
        ("capabilities", Shape::Unique),
        ("driver", Shape::Text),
        ("count", Shape::DeviceCount),
        ("device_ids", Shape::Unique),
        ("options", Shape::Labels),
    ],
    required: &[("capabilities", "say what it must be able to do: `capabilities: [gpu]`")],
};

const GENERIC: Form = Form {
    level: Level::Part("a generic resource"),
    attributes: &[("discrete_resource_spec", Shape::Table(&DISCRETE))],
    required: &[],
};

const DISCRETE: Form = Form {
    level: Level::Part("`discrete_resource_spec`"),
    attributes: &[("kind", Shape::Kind), ("value", Shape::Amount)],
    required: &[],
};

const RESTART: Form = Form {
    level: Level::Part("`restart_policy`"),
    attributes: &[
        ("condition", Shape::Text),
        ("delay", Shape::Span),
        ("max_attempts", Shape::Count),
        ("window", Shape::Span),
    ],
    required: &[],
};

const PLACEMENT: Form = Form {
    level: Level::Part("`placement`"),
    attributes: &[
        ("constraints", Shape::Texts),
        ("preferences", Shape::Tables(&PREFERENCE)),
        ("max_replicas_per_node", Shape::Natural),
    ],
    required: &[],
};

const PREFERENCE: Form = Form {
    level: Level::Part("a placement preference"),
    attributes: &[("spread", Shape::Text)],
    required: &[],
};

pub(super) const DEVELOP: Form = Form {
    level: Level::Part("`develop`"),
    attributes: &[("watch", Shape::Tables(&WATCH))],
    required: &[],
};

const WATCH: Form = Form {
    level: Level::Part("an entry of `watch`"),
    attributes: &[
        ("path", Shape::Path),
        ("action", Shape::Choice(&["sync", "rebuild", "restart", "sync+restart", "sync+exec"])),
        ("target", Shape::Text),
        ("exec", Shape::Part(&HOOK)),
        ("include", Shape::OneOrMore),
        ("ignore", Shape::OneOrMore),
        ("initial_sync", Shape::StrictFlag),
    ],
    required: &[
        ("path", "say what is watched"),
        ("action", "say what happens then: `sync`, `rebuild`, `restart`"),
    ],
};

const HOOK: Form = Form {
    level: Level::Part("`exec`"),
    attributes: &[
        ("command", Shape::Command),
        ("user", Shape::Text),
        ("privileged", Shape::Flag),
        ("working_dir", Shape::Text),
        ("environment", Shape::Environment),
    ],
    required: &[("command", "say what is run")],
};

pub(super) const PORT: Form = Form {
    level: Level::Port,
    attributes: &[
        ("name", Shape::Text),
        ("mode", Shape::Text),
        ("host_ip", Shape::Text),
        ("target", Shape::Elsewhere),
        ("published", Shape::Elsewhere),
        ("protocol", Shape::Text),
        ("app_protocol", Shape::Text),
    ],
    required: &[("target", "say which port of the container is meant")],
};

pub(super) const MOUNT: Form = Form {
    level: Level::Mount,
    attributes: &[
        ("type", Shape::Choice(&["bind", "volume", "tmpfs", "cluster", "npipe", "image"])),
        ("source", Shape::Text),
        ("target", Shape::Word),
        ("read_only", Shape::Flag),
        ("consistency", Shape::Text),
        ("bind", Shape::Table(&MOUNT_BIND)),
        ("volume", Shape::Table(&MOUNT_VOLUME)),
        ("tmpfs", Shape::Table(&MOUNT_TMPFS)),
        ("image", Shape::Table(&MOUNT_IMAGE)),
    ],
    required: &[
        ("type", "write `type: volume`, `bind` or `tmpfs`"),
        ("target", "say where it is mounted in the container"),
    ],
};

const MOUNT_BIND: Form = Form {
    level: Level::MountBind,
    attributes: &[
        ("selinux", Shape::Choice(&["z", "Z"])),
        ("propagation", Shape::Text),
        ("create_host_path", Shape::Flag),
        ("recursive", Shape::Choice(&["enabled", "disabled", "writable", "readonly"])),
    ],
    required: &[],
};

const MOUNT_VOLUME: Form = Form {
    level: Level::MountVolume,
    attributes: &[("labels", Shape::Labels), ("nocopy", Shape::Flag), ("subpath", Shape::Text)],
    required: &[],
};

const MOUNT_TMPFS: Form = Form {
    level: Level::MountTmpfs,
    attributes: &[("size", Shape::Bytes), ("mode", Shape::TmpfsMode)],
    required: &[],
};

const MOUNT_IMAGE: Form = Form {
    level: Level::Part("`image` of a mount"),
    attributes: &[("subpath", Shape::Text)],
    required: &[],
};

pub(super) const ATTACHMENT: Form = Form {
    level: Level::Attachment,
    attributes: &[
        ("aliases", Shape::Set),
        ("driver_opts", Shape::Options),
        ("gw_priority", Shape::Cut),
        ("interface_name", Shape::Text),
        ("ipv4_address", Shape::Text),
        ("ipv6_address", Shape::Text),
        ("link_local_ips", Shape::Set),
        ("mac_address", Shape::Text),
        ("priority", Shape::Cut),
    ],
    required: &[],
};

pub(super) const FILE_REFERENCE: Form = Form {
    level: Level::Part("a reference to a file"),
    attributes: &[
        ("source", Shape::Text),
        ("target", Shape::Word),
        ("uid", Shape::Text),
        ("gid", Shape::Text),
        ("mode", Shape::Mode),
    ],
    required: &[],
};

pub(super) const NETWORK: Form = Form {
    level: Level::Network,
    attributes: &[
        ("name", Shape::Elsewhere),
        ("driver", Shape::Text),
        ("driver_opts", Shape::Options),
        ("ipam", Shape::Part(&IPAM)),
        ("external", Shape::Elsewhere),
        ("internal", Shape::Flag),
        ("attachable", Shape::Flag),
        ("labels", Shape::Labels),
        ("enable_ipv4", Shape::Switch),
        ("enable_ipv6", Shape::Switch),
    ],
    required: &[],
};

const IPAM: Form = Form {
    level: Level::Part("`ipam`"),
    attributes: &[
        ("driver", Shape::Text),
        ("config", Shape::Tables(&POOL)),
        ("options", Shape::Dropped(&Shape::TextMap)),
    ],
    required: &[],
};

const POOL: Form = Form {
    level: Level::Part("an address pool"),
    attributes: &[
        ("subnet", Shape::Text),
        ("gateway", Shape::Text),
        ("ip_range", Shape::Text),
        ("aux_addresses", Shape::TextMap),
    ],
    required: &[],
};

pub(super) const VOLUME: Form = Form {
    level: Level::Volume,
    attributes: &[
        ("name", Shape::Elsewhere),
        ("driver", Shape::Text),
        ("driver_opts", Shape::Options),
        ("external", Shape::Elsewhere),
        ("labels", Shape::Labels),
    ],
    required: &[],
};

pub(super) const SECRET: Form = Form {
    level: Level::Part("a secret"),
    attributes: &[
        ("name", Shape::Elsewhere),
        ("file", Shape::Path),
        ("environment", Shape::Text),
        ("external", Shape::Elsewhere),
        ("labels", Shape::Labels),
        ("driver", Shape::Text),
        ("driver_opts", Shape::Options),
        ("template_driver", Shape::Text),
    ],
    required: &[],
};

pub(super) const CONFIG: Form = Form {
    level: Level::Part("a config"),
    attributes: &[
        ("name", Shape::Elsewhere),
        ("file", Shape::Path),
        ("environment", Shape::Text),
        ("content", Shape::Text),
        ("external", Shape::Elsewhere),
        ("labels", Shape::Labels),
        ("template_driver", Shape::Text),
    ],
    required: &[],
};

pub(super) const MODEL: Form = Form {
    level: Level::Part("a model"),
    attributes: &[
        ("name", Shape::Text),
        ("model", Shape::Text),
        ("context_size", Shape::StrictWhole),
        ("runtime_flags", Shape::Texts),
    ],
    required: &[("model", "name the model that is run")],
};
