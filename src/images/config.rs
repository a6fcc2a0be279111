//! What an image says of itself, as the engine has it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

/// Settings of an image (OCI image specification, "Image Configuration"; `HEALTHCHECK` is Docker's own).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// `EXPOSE`: ports and `tcp` or `udp`, sorted.
    pub exposed: Vec<(u16, String)>,
    /// `HEALTHCHECK`
    pub health: Option<ImageHealth>,
    /// `USER`; empty for root.
    pub user: String,
    /// `STOPSIGNAL`; empty where it names none.
    pub stop_signal: String,
    /// Such as `linux/arm64`.
    pub platform: String,
    /// Whether a registry has it: what was pulled may be there for other platforms as well.
    pub is_public: bool,
}

/// `HEALTHCHECK` of an image; nothing where Docker's default holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageHealth {
    /// `["CMD", …]`, `["CMD-SHELL", line]` or `["NONE"]`
    pub test: Vec<String>,
    /// `--interval`
    pub interval: Option<Duration>,
    /// `--timeout`
    pub timeout: Option<Duration>,
    /// `--start-period`
    pub start_period: Option<Duration>,
    /// `--retries`
    pub retries: Option<u32>,
}

/// Docker's answer to `docker image inspect`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Answer {
    os: String,
    architecture: String,
    repo_digests: Option<Vec<String>>,
    config: Option<Settings>,
}

/// A configuration as it is stored (OCI image specification, "Image Configuration").
#[derive(Deserialize, Default)]
#[serde(default)]
struct Stored {
    os: String,
    architecture: String,
    config: Option<Settings>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Settings {
    user: String,
    stop_signal: Option<String>,
    exposed_ports: Option<BTreeMap<String, serde_json::Value>>,
    healthcheck: Option<Check>,
}

/// Times are nanoseconds (Docker Engine API, `HealthConfig`).
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Check {
    test: Option<Vec<String>>,
    interval: u64,
    timeout: u64,
    start_period: u64,
    retries: u32,
}

impl ImageConfig {
    /// Reads what `docker image inspect` says of one image; nothing when it is no such answer.
    pub(super) fn read(json: &[u8]) -> Option<Self> {
        let Answer { os, architecture, repo_digests, config } =
            serde_json::from_slice(json).ok()?;
        let is_public = repo_digests.is_some_and(|digests| !digests.is_empty());
        Some(Self::of(&os, &architecture, config.unwrap_or_default(), is_public))
    }

    /// Reads the configuration that a registry has of an image; nothing when it is none.
    pub(super) fn read_stored(json: &[u8]) -> Option<Self> {
        let Stored { os, architecture, config } = serde_json::from_slice(json).ok()?;
        Some(Self::of(&os, &architecture, config.unwrap_or_default(), true))
    }

    fn of(os: &str, architecture: &str, settings: Settings, is_public: bool) -> Self {
        let Settings { user, stop_signal, exposed_ports, healthcheck } = settings;
        let ports = exposed_ports.unwrap_or_default();
        let mut exposed: Vec<_> = ports.keys().filter_map(|port| exposed_port(port)).collect();
        exposed.sort();
        Self {
            exposed,
            health: healthcheck.and_then(health),
            user,
            stop_signal: stop_signal.unwrap_or_default(),
            platform: format!("{os}/{architecture}"),
            is_public,
        }
    }
}

/// `80/tcp`
fn exposed_port(text: &str) -> Option<(u16, String)> {
    let (port, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    Some((port.parse().ok().filter(|port| *port > 0)?, protocol.to_owned()))
}

fn health(check: Check) -> Option<ImageHealth> {
    let Check { test, interval, timeout, start_period, retries } = check;
    let time = |nanoseconds| Some(Duration::from_nanos(nanoseconds)).filter(|time| !time.is_zero());
    Some(ImageHealth {
        test: test.filter(|test| !test.is_empty())?,
        interval: time(interval),
        timeout: time(timeout),
        start_period: time(start_period),
        retries: Some(retries).filter(|retries| *retries > 0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_docker_says_is_read() {
        let json = br#"{"Id": "sha256:1", "Os": "linux", "Architecture": "arm64", "RepoDigests": [],
            "Config": {"User": "app", "StopSignal": "SIGQUIT", "ExposedPorts": {"9000/udp": {}, "80/tcp": {}, "0/tcp": {}},
            "Healthcheck": {"Test": ["CMD-SHELL", "true"], "Interval": 5000000000, "Retries": 3}}}"#;
        let found = ImageConfig::read(json).expect("a configuration");
        let health = found.health.expect("a check");
        assert_eq!(found.exposed, [(80, "tcp".to_owned()), (9000, "udp".to_owned())]);
        assert_eq!((found.user.as_str(), found.platform.as_str()), ("app", "linux/arm64"));
        assert_eq!((health.interval, health.timeout), (Some(Duration::from_secs(5)), None));
        assert_eq!(found.stop_signal, "SIGQUIT");
        assert_eq!((health.retries, health.test.len(), found.is_public), (Some(3), 2, false));
    }

    #[test]
    fn what_is_stored_is_read() {
        let json = br#"{"os": "linux", "architecture": "arm64", "rootfs": {"type": "layers"},
            "config": {"User": "1001", "ExposedPorts": {"80/tcp": {}}}}"#;
        let found = ImageConfig::read_stored(json).expect("a configuration");
        assert_eq!((found.user.as_str(), found.platform.as_str()), ("1001", "linux/arm64"));
        assert_eq!((found.exposed, found.is_public), (vec![(80, "tcp".to_owned())], true));
        assert_eq!(ImageConfig::read_stored(b"1"), None);
    }

    #[test]
    fn an_image_may_say_nothing() {
        let found = ImageConfig::read(br#"{"Os": "linux", "Architecture": "amd64", "Config": {}}"#);
        let expected = ImageConfig { platform: "linux/amd64".to_owned(), ..ImageConfig::default() };
        assert_eq!(found, Some(expected));
        assert_eq!(ImageConfig::read(b"{"), None);
    }
}
