/// How the values of one attribute are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// The whole document.
    Root,
    /// `services`
    Services,
    /// One service.
    Service,
    /// `networks` or `volumes` at the top level.
    Resources,
    /// One of them.
    Resource,
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
                "networks" | "volumes" => Rule::Resources,
                _ => Rule::Generic,
            },
            Rule::Services => Rule::Service,
            Rule::Resources => Rule::Resource,
            Rule::Resource if key == "labels" => Rule::KeyValues,
            Rule::Service => service(key),
            Rule::Build => match key {
                "args" | "labels" | "additional_contexts" | "extra_hosts" => Rule::KeyValues,
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
        "annotations" | "environment" | "extra_hosts" | "labels" | "sysctls" => Rule::KeyValues,
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
