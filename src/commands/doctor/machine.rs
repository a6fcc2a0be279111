//! This machine: what builds, what opens sessions, room, proxies, certificates.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::images::{Builder, Engine};
use crate::trust;
use crate::verify::Finding;

/// What an image of usual size takes while it is packed.
const ROOM: u64 = 2 << 30;

pub(super) async fn all() -> Vec<Finding> {
    let (engine, plugin) = futures_util::future::join(engine(), plugin()).await;
    let mut found = vec![engine, plugin];
    found.extend(room());
    found.push(super::cloud::shared());
    found.extend(proxies(|name| std::env::var(name).ok()));
    found.push(certificates());
    found
}

async fn engine() -> Finding {
    const CHECK: &str = "engine";
    match Engine::detect().await {
        Ok(engine) => {
            let info = engine.info();
            let builder = match info.builder {
                Builder::Buildx => "docker with buildx",
                Builder::Legacy => "docker without buildx",
                Builder::Podman => "podman",
                Builder::Buildah => "buildah",
            };
            let message = format!("{builder}, {} on {}", info.version, info.platform);
            match info.builder {
                Builder::Legacy => Finding::note(CHECK, message),
                _ => Finding::ok(CHECK, message),
            }
        }
        Err(error) => {
            let message = format!("nothing can be built: failed to {error}");
            let finding = Finding::warning(CHECK, message);
            Finding { help: error.help(), ..finding }
        }
    }
}

/// What opens shells in containers (AWS Systems Manager user guide, "Install the Session Manager
/// plugin").
async fn plugin() -> Finding {
    const CHECK: &str = "sessions";
    const PROGRAM: &str = "session-manager-plugin";
    let asked = tokio::process::Command::new(PROGRAM)
        .arg("--version")
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    match tokio::time::timeout(Duration::from_secs(10), asked).await {
        Ok(Ok(output)) if output.status.success() => {
            let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            Finding::ok(CHECK, format!("{PROGRAM} {version}"))
        }
        _ => Finding::note(
            CHECK,
            format!("no {PROGRAM}: shells in containers take it, deploys do not"),
        ),
    }
}

/// Room where images are packed.
fn room() -> Vec<Finding> {
    let mut places: Vec<PathBuf> = vec![std::env::temp_dir()];
    places.extend(crate::commands::sandbox::paths().ok().and_then(|paths| paths.images()));
    let free = places.iter().filter_map(|place| Some((place, free(place)?)));
    free.map(|(place, free)| enough(place, free)).collect()
}

fn enough(place: &Path, free: u64) -> Finding {
    let message = format!("{:.1} GiB free in {}", gib(free), place.display());
    match free < ROOM {
        true => Finding::warning("disk", message)
            .help("make room, or name another folder with TMPDIR: layers are packed there"),
        false => Finding::ok("disk", message),
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is shown with one digit")]
fn gib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 30)
}

/// Bytes that are free where a path is, or will be.
#[cfg(unix)]
fn free(path: &Path) -> Option<u64> {
    let there = path.ancestors().find(|path| path.exists())?;
    let found = rustix::fs::statvfs(there).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

/// The variables that decide which way calls go.
fn proxies(variable: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    const NAMES: [&str; 10] = [
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
        "AWS_ENDPOINT_URL",
        "AWS_USE_FIPS_ENDPOINT",
    ];
    let set = NAMES.iter().filter_map(|name| {
        let value = variable(name).filter(|value| !value.is_empty())?;
        Some(Finding::note("network", format!("{name}={}", without_login(&value))))
    });
    set.collect()
}

/// An address without the user and password in it.
fn without_login(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    if scheme.is_empty() { host.to_owned() } else { format!("{scheme}://{host}") }
}

fn certificates() -> Finding {
    const CHECK: &str = "certificates";
    match (trust::bundle(), trust::has_system_roots()) {
        (Err(error), _) => Finding::failure(CHECK, format!("failed to {error}")).help(error.help()),
        (Ok(Some(bundle)), _) => {
            let place = bundle.path.display();
            Finding::ok(CHECK, format!("the system's, and those in {place} ({})", bundle.named_by))
        }
        (Ok(None), true) => Finding::ok(CHECK, "the system's"),
        (Ok(None), false) => Finding::failure(CHECK, "the system has none to trust")
            .help("install them (Debian: ca-certificates), or name a bundle with SSL_CERT_FILE"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::Level;

    #[test]
    fn proxies_are_told_without_their_logins() {
        let variable = |name: &str| match name {
            "HTTPS_PROXY" => Some("http://anna:canary@proxy.corp:3128".to_owned()),
            "ALL_PROXY" => Some("anna:canary@other:1".to_owned()),
            _ => None,
        };
        let said: Vec<String> = proxies(variable).into_iter().map(|f| f.message).collect();
        assert_eq!(said, ["HTTPS_PROXY=http://proxy.corp:3128", "ALL_PROXY=other:1"]);
    }

    #[test]
    fn little_room_is_a_warning() {
        assert_eq!(enough(Path::new("/tmp"), 1 << 30).level, Level::Warning);
        let much = enough(Path::new("/tmp"), 5 << 30);
        assert_eq!((much.level, much.message.as_str()), (Level::Ok, "5.0 GiB free in /tmp"));
    }

    #[cfg(unix)]
    #[test]
    fn room_is_found_for_what_is_not_there_yet() {
        assert!(free(Path::new("/tmp/decklift-not-there/at/all")).is_some_and(|bytes| bytes > 0));
    }
}
