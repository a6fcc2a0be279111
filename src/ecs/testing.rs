//! Small projects for the unit tests of the translation.

pub(crate) mod members;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;

use crate::compose::Project;
use crate::compose::model::{
    Build, Condition, Dependency, FileObject, FileReference, HealthTest, Healthcheck, Mount,
    MountKind, Network, NetworkAttachment, Port, ProjectExtension, Protocol, Rare, SecretExtension,
    Service, Settings, Volume, Written,
};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::ecs::desired::{self, Body, Kind, Resource, ResourceId, Value};
use crate::ecs::facts::{Facts, ImageFacts, NetworkFacts, Origin};
use crate::ecs::{Translation, translate};
use crate::source::{Located, Sources, Span};

/// A place in a text that says nothing.
pub(crate) fn span() -> Span {
    Span::new(Sources::default().add("compose.yaml", ""), 0, 0)
}

/// The value at [`span`].
pub(crate) fn at<T>(value: T) -> Located<T> {
    Located::new(value, span())
}

/// A service of this image on the network `default`.
pub(crate) fn service(name: &str, image: &str) -> Service {
    Service {
        name: at(name.to_owned()),
        image: Some(at(image.to_owned())),
        build: None,
        platform: None,
        command: None,
        entrypoint: None,
        working_dir: None,
        user: None,
        environment: IndexMap::new(),
        ports: Vec::new(),
        expose: Vec::new(),
        depends_on: IndexMap::new(),
        healthcheck: None,
        deploy: Rare::default(),
        scale: None,
        cpus: None,
        mem_limit: None,
        mem_reservation: None,
        mounts: Vec::new(),
        networks: [("default".to_owned(), attachment(&[]))].into_iter().collect(),
        labels: IndexMap::new(),
        restart: None,
        stop_grace_period: None,
        container_name: None,
        hostname: None,
        init: None,
        read_only: None,
        tty: None,
        stdin_open: None,
        stop_signal: None,
        image_signal: None,
        pull_policy: None,
        pull_refresh_after: None,
        attach: None,
        profiles: Vec::new(),
        annotations: IndexMap::new(),
        volumes_from: Vec::new(),
        models: IndexMap::new(),
        logging: None,
        provider: None,
        hooks: None,
        cpu: None,
        kernel: None,
        namespaces: None,
        privileges: None,
        addressing: None,
        written: Written::default(),
        extension: Rare::default(),
    }
}

/// A service that is built.
pub(crate) fn built(name: &str) -> Service {
    Service { image: None, build: Some(Box::new(at(build()))), ..service(name, "") }
}

/// A `build`.
pub(crate) fn build() -> Build {
    Build {
        context: at(PathBuf::from("/app")),
        dockerfile: None,
        args: IndexMap::new(),
        target: None,
        labels: IndexMap::new(),
        platforms: Vec::new(),
        dockerfile_inline: None,
        is_remote: false,
        places: Vec::new(),
    }
}

/// A place in a network with these aliases.
pub(crate) fn attachment(aliases: &[&str]) -> NetworkAttachment {
    NetworkAttachment {
        aliases: aliases.iter().map(|alias| at((*alias).to_owned())).collect(),
        ..NetworkAttachment::new(span())
    }
}

/// Networks without aliases.
pub(crate) fn networks(names: &[&str]) -> IndexMap<String, NetworkAttachment> {
    names.iter().map(|name| ((*name).to_owned(), attachment(&[]))).collect()
}

/// A published TCP port.
pub(crate) fn port(published: u16, target: u16) -> Located<Port> {
    at(Port { published: Some(published), ..exposed(target).value })
}

/// An exposed TCP port.
pub(crate) fn exposed(target: u16) -> Located<Port> {
    at(Port {
        name: None,
        target,
        published: None,
        protocol: Protocol::Tcp,
        host_ip: None,
        app_protocol: None,
        host_mode: false,
        assumed: false,
    })
}

/// A mount of a named volume.
pub(crate) fn volume_mount(volume: &str, target: &str) -> Located<Mount> {
    mount(MountKind::Volume(volume.to_owned()), target)
}

/// A writable mount.
pub(crate) fn mount(kind: MountKind, target: &str) -> Located<Mount> {
    at(Mount {
        kind,
        target: target.to_owned(),
        read_only: false,
        written: None,
        subpath: None,
        nocopy: false,
        storage: None,
    })
}

/// A health check with Compose's defaults.
pub(crate) fn healthcheck(test: HealthTest) -> Box<Located<Healthcheck>> {
    Box::new(at(Healthcheck {
        test: Some(at(test)),
        interval: None,
        timeout: None,
        retries: None,
        start_period: None,
        start_interval: None,
    }))
}

/// Seconds at [`span`].
pub(crate) fn seconds(seconds: u64) -> Located<Duration> {
    at(Duration::from_secs(seconds))
}

/// Adds an entry of `depends_on`.
pub(crate) fn depends(service: &mut Service, on: &str, condition: Condition) {
    let dependency = Dependency { condition, restart: false, required: true };
    service.depends_on.insert(on.to_owned(), at(dependency));
}

/// Sets a variable.
pub(crate) fn env(service: &mut Service, name: &str, value: &str) {
    service.environment.insert(name.to_owned(), at(value.to_owned()));
}

/// Settings that are texts.
pub(crate) fn settings(attributes: &[(&'static str, &str)]) -> Settings {
    let mut settings = Settings::default();
    for (key, value) in attributes {
        settings.set(key, *value);
    }
    settings
}

/// A secret or config of the project.
pub(crate) fn object(attributes: &[(&'static str, &str)]) -> FileObject {
    FileObject {
        span: span(),
        name: None,
        external: false,
        settings: settings(attributes),
        extension: SecretExtension::default(),
    }
}

/// A service's use of a secret or config.
pub(crate) fn reference(source: &str, attributes: &[(&'static str, &str)]) -> FileReference {
    FileReference { source: at(source.to_owned()), settings: settings(attributes) }
}

/// The project `shop` of these services, with every network and volume that they name.
pub(crate) fn project(services: Vec<Service>) -> Project {
    let mut networks = IndexMap::new();
    let mut volumes = IndexMap::new();
    for service in &services {
        for name in service.networks.keys() {
            networks.entry(name.clone()).or_insert(Network::new(span()));
        }
        for mount in &service.mounts {
            if let MountKind::Volume(name) = &mount.value.kind {
                volumes.entry(name.clone()).or_insert(Volume {
                    span: span(),
                    name: None,
                    external: false,
                    driver: None,
                    driver_opts: IndexMap::new(),
                    labels: IndexMap::new(),
                    storage: None,
                    settings: Settings::default(),
                });
            }
        }
    }
    Project {
        name: "shop".to_owned(),
        directory: PathBuf::from("/app"),
        services: services.into_iter().map(|s| (s.name.value.clone(), Box::new(s))).collect(),
        networks,
        volumes,
        secrets: IndexMap::new(),
        configs: IndexMap::new(),
        models: IndexMap::new(),
        extensions: IndexMap::new(),
        extension: ProjectExtension::default(),
    }
}

/// The subnets of [`facts`].
pub(crate) const SUBNETS: [&str; 2] = ["subnet-0a0a0a0a0a0a0a0a0", "subnet-0b0b0b0b0b0b0b0b0"];

/// Facts of an account that does not exist.
pub(crate) fn facts() -> Facts {
    Facts {
        partition: "aws".to_owned(),
        account: "123456789012".to_owned(),
        region: "eu-west-1".to_owned(),
        network: NetworkFacts {
            vpc_id: "vpc-0123456789abcdef0".into(),
            task_subnets: SUBNETS.map(Value::from).into(),
            assign_public_ip: true,
            load_balancer_subnets: SUBNETS.map(Value::from).into(),
            zone_subnets: vec![
                ("eu-west-1a".to_owned(), SUBNETS[0].into()),
                ("eu-west-1b".to_owned(), SUBNETS[1].into()),
            ],
            assumed_public: false,
            subnets: Vec::new(),
            origin: Origin::Default,
        },
        balancers: BTreeMap::new(),
        certificates: BTreeMap::new(),
        zones: BTreeMap::new(),
        images: BTreeMap::from([("web".to_owned(), ImageFacts { tag: "c-0123".to_owned() })]),
        cached: BTreeMap::new(),
        pinned: BTreeMap::new(),
        secrets: BTreeMap::new(),
        paths: BTreeMap::new(),
        dockerfiles: BTreeMap::new(),
    }
}

/// Translates services with [`facts`], on a cluster with instances where any of them wants these.
pub(crate) fn run(services: Vec<Service>) -> Translation {
    let mut project = project(services);
    if project.services.values().any(|service| service.on_instances()) {
        project.extension.cluster = Some(at("machines".to_owned()));
    }
    translate(&project, None, &facts())
}

/// The one resource of this id.
pub(crate) fn resource<'a>(translation: &'a Translation, kind: Kind, name: &str) -> &'a Resource {
    let id = ResourceId::new(kind, name);
    translation.desired.resources.get(&id).unwrap_or_else(|| panic!("no {id}"))
}

/// The access point of a volume.
pub(crate) fn access_point(translation: &Translation, volume: &str) -> desired::AccessPoint {
    match &resource(translation, Kind::AccessPoint, volume).body {
        Body::AccessPoint(point) => (**point).clone(),
        body => panic!("{body:?}"),
    }
}

/// Whether there is such a resource.
pub(crate) fn has(translation: &Translation, kind: Kind, name: &str) -> bool {
    translation.desired.resources.contains_key(&ResourceId::new(kind, name))
}

/// The task definition of a service.
pub(crate) fn task<'a>(translation: &'a Translation, name: &str) -> &'a desired::TaskDefinition {
    match &resource(translation, Kind::TaskDefinition, name).body {
        Body::TaskDefinition(task) => task,
        body => panic!("{body:?}"),
    }
}

/// The container of a service.
pub(crate) fn container<'a>(
    translation: &'a Translation,
    name: &str,
) -> &'a desired::ContainerDefinition {
    &task(translation, name).container_definitions[0]
}

/// The ECS service of a service.
pub(crate) fn ecs_service<'a>(translation: &'a Translation, name: &str) -> &'a desired::Service {
    match &resource(translation, Kind::Service, name).body {
        Body::Service(service) => service,
        body => panic!("{body:?}"),
    }
}

/// The first diagnostic of a code.
pub(crate) fn find(diagnostics: &Diagnostics, code: Code) -> Option<&Diagnostic> {
    diagnostics.iter().find(|d| d.code == code)
}

/// The codes and severities, in order, without the notes. That an image here names no version is nobody's
/// business but unpinned.rs's.
pub(crate) fn loud(diagnostics: &Diagnostics) -> Vec<(Severity, Code)> {
    diagnostics
        .iter()
        .filter(|d| d.severity != Severity::Note && d.code != Code::UnpinnedImage)
        .map(|d| (d.severity, d.code))
        .collect()
}

/// The document of a role's inline policy.
pub(crate) fn policy(role: &desired::Role) -> &str {
    &role.policy.as_ref().expect("a policy").policy_document
}
