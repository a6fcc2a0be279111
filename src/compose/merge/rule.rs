/// How the values of one attribute are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// The whole document.
    Root,
    /// `services`
    Services,
    /// One service.
    Service,
    /// `networks`, `volumes`, `secrets` or `configs` at the top level, and whether labels may be a
    /// list there.
    Resources(bool),
    /// One of them.
    Resource(bool),
    /// `ipam` of a network.
    Ipam,
    /// Its `config`: entries of one subnet are one.
    IpamConfig,
    /// `build`, in its short form the context.
    Build,
    /// `deploy`
    Deploy,
    /// `healthcheck`
    Healthcheck,
    /// `logging`: the options of two drivers are not mixed.
    Logging,
    /// `ulimits`: each limit is replaced as a whole.
    Limits,
    /// `environment` and its like: `A=1` in a list or `A: 1`, the later value wins.
    KeyValues,
    /// `extra_hosts`: `host=ip` in a list or `host: ip`, joined; of equal entries one is kept.
    Hosts,
    /// `gpus`: a list, or `all`.
    Gpus,
    /// `build.ssh`: `id=path` in a list or `id: path`.
    Ssh,
    /// A list, or one text; the lists are joined.
    List,
    /// The later value wins as a whole.
    Replace,
    /// `depends_on`
    Dependencies,
    /// A list of names, or a mapping of them.
    Names,
    /// Mappings are merged, lists are joined, single values are replaced.
    Generic,
}

impl Rule {
    /// The rule of the attribute `key` inside a value with this rule.
    pub(super) fn below(self, key: &str) -> Rule {
        match self {
            Rule::Root => match key {
                "services" => Rule::Services,
                "networks" | "volumes" => Rule::Resources(true),
                "secrets" | "configs" => Rule::Resources(false),
                _ => Rule::Generic,
            },
            Rule::Services => Rule::Service,
            Rule::Resources(labels) => Rule::Resource(labels),
            Rule::Resource(true) if key == "labels" => Rule::KeyValues,
            Rule::Resource(true) if key == "ipam" => Rule::Ipam,
            Rule::Ipam if key == "config" => Rule::IpamConfig,
            Rule::Service => service(key),
            Rule::Build => match key {
                "args" | "labels" | "additional_contexts" => Rule::KeyValues,
                "extra_hosts" => Rule::Hosts,
                "ssh" => Rule::Ssh,
                _ => Rule::Generic,
            },
            Rule::Deploy if key == "labels" => Rule::KeyValues,
            Rule::Healthcheck if key == "test" => Rule::Replace,
            Rule::Limits | Rule::KeyValues => Rule::Replace,
            _ => Rule::Generic,
        }
    }
}

fn service(key: &str) -> Rule {
    match key {
        "build" => Rule::Build,
        "command" | "entrypoint" => Rule::Replace,
        "annotations" | "environment" | "labels" | "sysctls" => Rule::KeyValues,
        "extra_hosts" => Rule::Hosts,
        "gpus" => Rule::Gpus,
        "dns" | "dns_opt" | "dns_search" | "env_file" | "label_file" | "tmpfs" => Rule::List,
        "depends_on" => Rule::Dependencies,
        "networks" | "models" => Rule::Names,
        "deploy" => Rule::Deploy,
        "healthcheck" => Rule::Healthcheck,
        "logging" => Rule::Logging,
        "ulimits" => Rule::Limits,
        _ => Rule::Generic,
    }
}
