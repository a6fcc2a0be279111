//! `--inspect-images`: what images say of themselves goes into the project, where the Compose file says nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Session, prepare, registries};
use crate::aws::{Aws, ConnectOptions};
use crate::compose::Project;
use crate::compose::model::{HealthTest, Healthcheck, Mount, MountKind, Port, Protocol, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::{docker_platform, user_of};
use crate::error::Error;
use crate::images::{Auth, ImageConfig, ImageHealth, Images};
use crate::source::{Located, Span};

/// How long all registries together may take: nobody waits for what only helps.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks the engine for the images of a project, and registries for those that it does not have; those
/// that nobody has are named.
///
/// # Errors
///
/// The engine stops answering.
pub(super) fn look(
    session: &Session,
    project: &Project,
) -> Result<BTreeMap<String, ImageConfig>, Error> {
    let mut wanted: BTreeMap<&str, &str> = BTreeMap::new();
    for service in project.services.values() {
        let platform = docker_platform(service);
        if let Some(name) = image(service) {
            wanted.entry(name).or_insert(platform);
        }
    }
    let secrets = secrets(session, project);
    let connection = prepare::connection(session, project, None);
    let (asked, unread) = registries::ask("--inspect-images", async |images: Images| {
        let (images, unread) = with_logins(images, &secrets, connection).await;
        (configs(&images, &wanted).await, unread)
    })?;
    for line in unread {
        session.notify(&line);
    }
    let mut found = BTreeMap::new();
    for (name, answer) in asked {
        let why = match answer {
            Ok(Some(config)) => {
                found.insert(name, config);
                continue;
            }
            Ok(None) => "neither this machine nor its registry has it".to_owned(),
            Err(why) => why,
        };
        session.notify(&format!("nothing is known of what {name} says itself: {why}"));
    }
    Ok(found)
}

/// The images with `x-ecs.pull_credentials`, and the secret of each. A sandbox has none of its own.
fn secrets<'a>(session: &Session, project: &'a Project) -> BTreeMap<&'a str, &'a str> {
    if session.global.sandbox {
        return BTreeMap::new();
    }
    let services = project.services.values();
    let of = services.filter_map(|service| {
        Some((image(service)?, service.extension.pull_credentials.as_ref()?.value.as_str()))
    });
    of.collect()
}

/// Adds the logins that this machine lacks, and says which could not be read. AWS is asked for nothing
/// else, and for nothing at all where docker's configuration suffices.
async fn with_logins(
    mut images: Images,
    secrets: &BTreeMap<&str, &str>,
    connection: ConnectOptions,
) -> (Images, Vec<String>) {
    let (mut known, mut unread) = (BTreeSet::new(), Vec::new());
    let mut aws = None;
    for (image, secret) in secrets {
        let Some(host) = Images::lacks_login(image).await else { continue };
        if !known.insert(host.clone()) {
            continue;
        }
        let read = async {
            if aws.is_none() {
                aws = Some(Aws::connect(connection.clone()).await?);
            }
            match &aws {
                Some(aws) => aws.pull_credentials(secret).await.map(Some),
                None => Ok(None),
            }
        };
        let why = match tokio::time::timeout(PATIENCE, read).await {
            Ok(Ok(Some((user, password)))) => {
                images = images.with_login(&host, Auth::Basic { user, password });
                continue;
            }
            Ok(Ok(None)) => continue,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer in {} s", PATIENCE.as_secs()),
        };
        unread.push(format!("the `pull_credentials` of {image} could not be read: {why}"));
    }
    (images, unread)
}

/// The image that a service names, where none is built.
fn image(service: &Service) -> Option<&str> {
    let image = service.image.as_ref().filter(|_| service.build.is_none())?;
    Some(&image.value)
}

/// What was learned of an image, or why nothing was.
type Learned = Result<Option<ImageConfig>, String>;

async fn configs(images: &Images, wanted: &BTreeMap<&str, &str>) -> Vec<(String, Learned)> {
    let asked = wanted.iter().map(|(name, platform)| async move {
        let answer = tokio::time::timeout(PATIENCE, images.describe(name, platform)).await;
        let learned = match answer {
            Ok(answer) => answer.map_err(|error| format!("failed to {error}")),
            Err(_) => Err(format!("no answer in {} s", PATIENCE.as_secs())),
        };
        ((*name).to_owned(), learned)
    });
    futures_util::future::join_all(asked).await
}

/// Adds to every service what its image says, and says what was added.
pub(super) fn apply(
    project: &mut Project,
    found: &BTreeMap<String, ImageConfig>,
) -> Vec<Diagnostic> {
    let mut said = Vec::new();
    for service in project.services.values_mut() {
        let Some(config) = image(service).and_then(|name| found.get(name)) else { continue };
        let Some(span) = service.image.as_ref().map(|image| image.span) else { continue };
        expose(service, &config.exposed, span);
        let whose = ("the image's own", span);
        said.extend(config.health.as_ref().and_then(|health| check(service, health, whose)));
        said.extend(user(service, config, span));
        said.extend(machine(service, config, span));
        service.image_signal = Some(signal(config));
    }
    said
}

/// What ends its containers (Dockerfile reference, `STOPSIGNAL`: SIGTERM unless it is said).
fn signal(config: &ImageConfig) -> String {
    let named = config.stop_signal.trim();
    if named.is_empty() { "SIGTERM" } else { named }.to_owned()
}

/// Peers may call every port that an image exposes.
pub(super) fn expose(service: &mut Service, exposed: &[(u16, String)], span: Span) {
    for (target, protocol) in exposed {
        let protocol = match protocol.as_str() {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => continue,
        };
        let declared = service.ports.iter().chain(&service.expose);
        if declared.into_iter().any(|port| port.value.target == *target) {
            continue;
        }
        let port = Port {
            name: None,
            target: *target,
            published: None,
            protocol,
            host_ip: None,
            app_protocol: None,
            host_mode: false,
            assumed: true,
        };
        service.expose.push(Located::new(port, span));
    }
}

/// ECS does not see the check of an image: it becomes the container's.
pub(super) fn check(
    service: &mut Service,
    health: &ImageHealth,
    (whose, span): (&str, Span),
) -> Option<Diagnostic> {
    let ImageHealth { test, interval, timeout, start_period, retries } = health;
    let test = match test.split_first()? {
        (kind, words) if kind == "CMD" && !words.is_empty() => HealthTest::Command(words.to_vec()),
        (kind, [line]) if kind == "CMD-SHELL" => HealthTest::Shell(line.clone()),
        _ => return None,
    };
    let own = service.healthcheck.get_or_insert_with(|| {
        let nothing = Healthcheck {
            test: None,
            interval: None,
            timeout: None,
            retries: None,
            start_period: None,
            start_interval: None,
        };
        Box::new(Located::new(nothing, span))
    });
    let own = &mut own.value;
    if own.test.is_some() {
        return None;
    }
    own.test = Some(Located::new(test, span));
    // What the file tunes stays as it says (Compose Specification, `healthcheck`).
    let at = |value: &Option<_>| value.map(|value| Located::new(value, span));
    own.interval = own.interval.take().or_else(|| at(interval));
    own.timeout = own.timeout.take().or_else(|| at(timeout));
    own.start_period = own.start_period.take().or_else(|| at(start_period));
    own.retries = own.retries.take().or_else(|| retries.map(|retries| Located::new(retries, span)));
    Some(
        Diagnostic::note(
            Code::Approximated,
            format!("{whose} health check becomes the container's"),
        )
        .at(span, "")
        .help("write `healthcheck: {disable: true}` to have none")
        .service(&service.name.value),
    )
}

/// Whoever the image runs as must be let into new volumes: by number that is known, as it is of a
/// `user` in the file; what number a name has, only the image knows.
fn user(service: &mut Service, config: &ImageConfig, span: Span) -> Option<Diagnostic> {
    let user = config.user.trim();
    let name = user.split(':').next().unwrap_or_default();
    if service.user.is_some() || matches!(name, "" | "0" | "root") {
        return None;
    }
    let found = if name.bytes().all(|byte| byte.is_ascii_digit()) {
        service.user = Some(Located::new(user.to_owned(), span));
        Diagnostic::note(Code::Approximated, format!("the image runs as user {user}"))
            .at(span, "")
            .help("its new volumes belong to it; `user` at the service names another")
    } else {
        let writes = |mount: &&Located<Mount>| {
            !mount.value.read_only && matches!(mount.value.kind, MountKind::Volume(_))
        };
        // The new volumes of those that are known belong to them.
        let is_known = image(service).is_some_and(|image| user_of(image).is_some());
        match service.mounts.iter().find(writes).filter(|_| !is_known) {
            Some(mount) => Diagnostic::warning(
                Code::Approximated,
                format!("the image runs as {user}, and a new volume belongs to root"),
            )
            .at(span, "")
            .at(mount.span, "it may not write here")
            .help(
                "write the user's numbers as `driver_opts: {uid, gid}` at the volume, or as `user` \
                 at the service",
            ),
            None => Diagnostic::note(Code::Approximated, format!("the image runs as {user}"))
                .at(span, "")
                .help("`user` at the service names another"),
        }
    };
    Some(found.service(&service.name.value))
}

/// An image that is nowhere but here is pushed as it is; of one that a registry has, there may be more
/// than this machine's.
fn machine(service: &Service, config: &ImageConfig, span: Span) -> Option<Diagnostic> {
    let wanted = docker_platform(service);
    let is_same = config.platform == wanted || config.platform.starts_with(&format!("{wanted}/"));
    let here = &config.platform;
    // An engine that does not say it knows no better.
    if is_same || here.trim_matches('/').is_empty() {
        return None;
    }
    if config.is_public && service.platform.is_none() {
        let message = format!("the task runs {wanted}, and the image on this machine {here}");
        return Some(
            Diagnostic::note(Code::WrongMachine, message)
                .at(span, "")
                .help(format!("the registry must have it for {wanted}, too"))
                .service(&service.name.value),
        );
    }
    let message = format!("the image is made for {here}, and the task runs {wanted}");
    Some(
        Diagnostic::warning(Code::WrongMachine, message)
            .at(span, "")
            .help(format!("have it made for {wanted}, or write `platform: {here}`"))
            .service(&service.name.value),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{LoadOptions, load};
    use crate::diagnostic::Severity;

    fn applied(attributes: &str, config: ImageConfig) -> (Service, Vec<(Severity, Code)>) {
        applied_to("a:1", attributes, config)
    }

    fn applied_to(
        image: &str,
        attributes: &str,
        config: ImageConfig,
    ) -> (Service, Vec<(Severity, Code)>) {
        let text = format!(
            "services: {{web: {{image: '{image}', {attributes}}}}}\nvolumes: {{data: {{}}}}\n"
        );
        let options = LoadOptions {
            files: vec!["-".into()],
            stdin: Some(text),
            cwd: "/".into(),
            project_name: Some("app".to_owned()),
            ..LoadOptions::default()
        };
        let mut project = load(&options).project.expect("a project");
        let said = apply(&mut project, &BTreeMap::from([(image.to_owned(), config)]));
        let said = said.into_iter().map(|found| (found.severity, found.code)).collect();
        ((*project.services["web"]).clone(), said)
    }

    #[test]
    fn the_signal_of_the_image_is_known() {
        let config =
            |signal: &str| ImageConfig { stop_signal: signal.to_owned(), ..ImageConfig::default() };
        let of = |signal| applied("stop_signal: SIGINT", config(signal)).0.image_signal;
        assert_eq!(of("SIGQUIT").as_deref(), Some("SIGQUIT"));
        assert_eq!(of("").as_deref(), Some("SIGTERM"));
    }

    fn healthy() -> ImageConfig {
        let health = ImageHealth {
            test: vec!["CMD".to_owned(), "/check".to_owned()],
            interval: Some(Duration::from_secs(7)),
            ..ImageHealth::default()
        };
        let platform = "linux/amd64".to_owned();
        ImageConfig { health: Some(health), platform, ..ImageConfig::default() }
    }

    #[test]
    fn exposed_ports_are_added_once() {
        let exposed = vec![(80, "tcp".to_owned()), (53, "udp".to_owned()), (9, "sctp".to_owned())];
        let config = ImageConfig { exposed, is_public: true, ..ImageConfig::default() };
        let (web, said) = applied("ports: ['8080:80']", config);
        let ports: Vec<_> = web.expose.iter().map(|p| (p.value.target, p.value.protocol)).collect();
        assert_eq!((ports, said), (vec![(53, Protocol::Udp)], vec![]));
    }

    #[test]
    fn the_check_of_an_image_counts_where_the_file_has_none() {
        let (web, said) = applied("tty: true", healthy());
        let check = web.healthcheck.expect("a check").value;
        let test = check.test.map(|test| test.value);
        assert_eq!(test, Some(HealthTest::Command(vec!["/check".to_owned()])));
        assert_eq!(check.interval.map(|time| time.value), Some(Duration::from_secs(7)));
        assert_eq!(said, [(Severity::Note, Code::Approximated)]);

        let (web, _) = applied("healthcheck: {interval: 9s}", healthy());
        let check = web.healthcheck.expect("a check").value;
        assert_eq!(check.interval.map(|time| time.value), Some(Duration::from_secs(9)));
        assert!(check.test.is_some());

        for own in ["healthcheck: {test: mine}", "healthcheck: {disable: true}"] {
            let (web, said) = applied(own, healthy());
            let test = web.healthcheck.and_then(|check| check.value.test);
            assert_ne!(test.map(|t| t.value), Some(HealthTest::Command(vec!["/check".to_owned()])));
            assert_eq!(said, []);
        }
    }

    #[test]
    fn an_image_of_this_machine_alone_must_fit_the_task() {
        let arm = ImageConfig { platform: "linux/arm64".to_owned(), ..ImageConfig::default() };
        assert_eq!(applied("tty: true", arm.clone()).1, [(Severity::Warning, Code::WrongMachine)]);
        assert_eq!(applied("platform: linux/arm64/v8", arm.clone()).1, []);
        let public = ImageConfig { is_public: true, ..arm };
        assert_eq!(applied("tty: true", public.clone()).1, [(Severity::Note, Code::WrongMachine)]);
        let x86 = applied("platform: linux/amd64", public).1;
        assert_eq!(x86, [(Severity::Warning, Code::WrongMachine)]);
    }

    #[test]
    fn the_user_of_an_image_is_said_and_let_into_its_volumes() {
        let config = |user: &str| {
            let platform = "linux/amd64".to_owned();
            ImageConfig { user: user.to_owned(), platform, ..ImageConfig::default() }
        };
        let user = |web: Service| web.user.map(|user| user.value);
        let (web, said) = applied("tty: true", config("1001:1001"));
        assert_eq!(user(web).as_deref(), Some("1001:1001"));
        assert_eq!(said, [(Severity::Note, Code::Approximated)]);
        let (web, said) = applied("user: '5'", config("1001"));
        assert_eq!((user(web).as_deref(), said), (Some("5"), vec![]));
        for root in ["", "root", "0:0"] {
            assert_eq!(applied("tty: true", config(root)).1, []);
        }
        let (web, said) = applied("tty: true", config("node"));
        assert_eq!((user(web), said), (None, vec![(Severity::Note, Code::Approximated)]));
        let (_, said) = applied("volumes: ['data:/d']", config("node"));
        assert_eq!(said, [(Severity::Warning, Code::Approximated)]);
        let known = applied_to("prom/prometheus", "volumes: ['data:/d']", config("nobody"));
        assert_eq!(known.1, [(Severity::Note, Code::Approximated)]);
        let (_, said) = applied("volumes: ['data:/d:ro']", config("node"));
        assert_eq!(said, [(Severity::Note, Code::Approximated)]);
    }
}
