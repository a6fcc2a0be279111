use super::registry::Auth;

/// How an image is built, beside what it is built from: as `docker build` takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildOptions {
    /// `host:address`: names that the steps of the build may use.
    pub extra_hosts: Vec<String>,
    /// The network of the steps.
    pub network: Option<String>,
    /// Bytes of `/dev/shm`.
    pub shm_size: Option<String>,
    /// `name=soft:hard`
    pub ulimits: Vec<String>,
    /// Whether each step runs anew.
    pub no_cache: bool,
    /// The stages of which each step runs anew; buildx alone.
    pub no_cache_filter: Vec<String>,
    /// Whether base images are looked for in their registries, even where the engine has them.
    pub pull: bool,
    /// Where steps of earlier builds are found.
    pub cache_from: Vec<String>,
    /// Where steps are left for later builds; BuildKit alone.
    pub cache_to: Vec<String>,
    /// Logins for the registries of these caches, beside those of docker's configuration: host and login.
    pub logins: Vec<(String, Auth)>,
    /// What steps may do beyond the usual, such as `security.insecure`; buildx alone.
    pub allow: Vec<String>,
}

impl BuildOptions {
    /// What may change the image, and so is part of its name: kind and values.
    pub(super) fn making(&self) -> Vec<(&'static str, Vec<&str>)> {
        let Self {
            extra_hosts,
            network,
            shm_size,
            ulimits,
            // A cache makes the same image sooner.
            no_cache: _,
            no_cache_filter: _,
            pull: _,
            cache_from: _,
            cache_to: _,
            logins: _,
            allow,
        } = self;
        let mut making = Vec::new();
        for (kind, list) in [("host", extra_hosts), ("ulimit", ulimits), ("allow", allow)] {
            if !list.is_empty() {
                making.push((kind, list.iter().map(String::as_str).collect()));
            }
        }
        for (kind, value) in [("network", network), ("shm", shm_size)] {
            making.extend(value.as_deref().map(|value| (kind, vec![value])));
        }
        making
    }

    /// The registries that caches are in: what stands before the first `/` of their references.
    #[must_use]
    pub fn cache_registries(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for entry in self.cache_from.iter().chain(&self.cache_to) {
            let mut fields = entry.split(',');
            let reference = match entry.contains('=') {
                true => fields.find_map(|field| field.trim().strip_prefix("ref=")),
                false => Some(entry.as_str()),
            };
            let host =
                reference.and_then(|reference| reference.split_once('/')).map(|(host, _)| host);
            let host = host.filter(|host| host.contains(['.', ':']));
            if let Some(host) = host.filter(|host| found.iter().all(|known| known != host)) {
                found.push(host.to_owned());
            }
        }
        found
    }

    /// The arguments of `docker build`.
    pub(super) fn arguments(&self, has_buildkit: bool) -> Vec<String> {
        let Self {
            extra_hosts,
            network,
            shm_size,
            ulimits,
            no_cache,
            no_cache_filter,
            pull,
            cache_from,
            cache_to,
            logins: _,
            allow,
        } = self;
        let list = |flag: &str, values: &[String]| -> Vec<String> {
            values.iter().map(|value| format!("--{flag}={value}")).collect()
        };
        let mut arguments = list("add-host", extra_hosts);
        arguments.extend(network.iter().map(|network| format!("--network={network}")));
        arguments.extend(shm_size.iter().map(|size| format!("--shm-size={size}")));
        arguments.extend(list("ulimit", ulimits));
        let switches = [(no_cache, "--no-cache"), (pull, "--pull")];
        arguments
            .extend(switches.iter().filter(|(on, _)| **on).map(|(_, flag)| (*flag).to_owned()));
        arguments.extend(list("cache-from", cache_from));
        if has_buildkit {
            arguments.extend(list("no-cache-filter", no_cache_filter));
            arguments.extend(list("cache-to", cache_to));
            arguments.extend(list("allow", allow));
        }
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::BuildOptions;

    fn options() -> BuildOptions {
        BuildOptions {
            extra_hosts: vec!["db:10.0.0.1".to_owned()],
            network: Some("host".to_owned()),
            shm_size: Some("67108864".to_owned()),
            ulimits: vec!["nofile=1024:2048".to_owned()],
            no_cache: true,
            no_cache_filter: vec!["base".to_owned()],
            pull: true,
            cache_from: vec!["acme/web:cache".to_owned()],
            cache_to: vec!["type=inline".to_owned()],
            logins: Vec::new(),
            allow: vec!["network.host".to_owned()],
        }
    }

    #[test]
    fn arguments_of_docker_build() {
        let common = [
            "--add-host=db:10.0.0.1",
            "--network=host",
            "--shm-size=67108864",
            "--ulimit=nofile=1024:2048",
            "--no-cache",
            "--pull",
            "--cache-from=acme/web:cache",
        ];
        assert_eq!(options().arguments(false), common);
        let buildkit = ["--no-cache-filter=base", "--cache-to=type=inline", "--allow=network.host"];
        assert_eq!(options().arguments(true), [&common[..], &buildkit[..]].concat());
        assert!(BuildOptions::default().arguments(true).is_empty());
    }

    #[test]
    fn registries_of_caches() {
        let options = BuildOptions {
            cache_from: vec![
                "type=registry,ref=1.dkr.ecr.eu-west-1.amazonaws.com/shop/web:cache".to_owned(),
                "localhost:5000/web".to_owned(),
                "acme/web:cache".to_owned(),
                "type=local,src=cache".to_owned(),
            ],
            cache_to: vec![
                "type=registry,mode=max,ref=1.dkr.ecr.eu-west-1.amazonaws.com/shop/web:cache"
                    .to_owned(),
            ],
            ..BuildOptions::default()
        };
        assert_eq!(
            options.cache_registries(),
            ["1.dkr.ecr.eu-west-1.amazonaws.com", "localhost:5000"]
        );
    }

    #[test]
    fn a_cache_is_no_part_of_the_name() {
        let kinds: Vec<_> = options().making().into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["host", "ulimit", "allow", "network", "shm"]);
        assert!(BuildOptions::default().making().is_empty());
    }
}
