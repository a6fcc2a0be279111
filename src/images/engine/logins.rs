//! Logins for the builder, which takes and leaves steps in registries by itself.
//!
//! The command gets a configuration of its own for as long as it runs: the user's, with a
//! credential helper for each registry in front of it. A helper says what stands in its environment,
//! so that no password is in a file or on a command line, and the user's configuration stays as it is.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

#[cfg(unix)]
use serde_json::{Value, json};
use tokio::process::Command;

use crate::images::credentials::Credentials;
use crate::images::registry::Auth;

/// The variable in which a helper finds its answer, before its number.
const ANSWER: &str = "DECKLIFT_LOGIN_";

/// A directory with a configuration for docker; gone when it is dropped.
#[derive(Debug)]
pub(super) struct Logins {
    directory: PathBuf,
    variables: Vec<(OsString, OsString)>,
}

impl Drop for Logins {
    fn drop(&mut self) {
        // It holds no secret. Links in it are removed, not followed.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl Logins {
    /// What to give the command.
    pub(super) fn give(&self, command: &mut Command) {
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
    }

    /// A configuration with these logins beside those of the user's, which is in `own`; nothing where
    /// there are none, or where a helper cannot be a script.
    ///
    /// # Errors
    ///
    /// The temporary files cannot be written.
    #[cfg(not(unix))]
    pub(super) fn new(_: Option<PathBuf>, _: &[(String, Auth)]) -> io::Result<Option<Self>> {
        Ok(None)
    }

    /// As [`Logins::new`].
    ///
    /// # Errors
    ///
    /// None.
    #[cfg(not(unix))]
    pub(super) fn for_containers(
        _: &Credentials,
        _: &[(String, Auth)],
    ) -> io::Result<Option<Self>> {
        Ok(None)
    }

    /// A configuration with these logins beside those of the user's, which is in `own`; nothing where
    /// there are none.
    ///
    /// # Errors
    ///
    /// The temporary files cannot be written.
    #[cfg(unix)]
    pub(super) fn new(own: Option<PathBuf>, logins: &[(String, Auth)]) -> io::Result<Option<Self>> {
        if logins.iter().all(|(_, auth)| auth.helper_answer("").is_none()) {
            return Ok(None);
        }
        let mut made = Self { directory: unix::private_directory()?, variables: Vec::new() };
        let directory = made.directory.clone();
        let mut config = json!({});
        if let Some(own) = &own {
            // Contexts, plugins, builders and whatever else the command keeps there.
            unix::link_all(own, &directory)?;
            let text = std::fs::read(own.join("config.json")).unwrap_or_default();
            if let Ok(found @ Value::Object(_)) = serde_json::from_slice(&text) {
                config = found;
            }
            // Builders that are made later belong there, too.
            if std::env::var_os("BUILDX_CONFIG").is_none_or(|value| value.is_empty()) {
                made.variables.push(("BUILDX_CONFIG".into(), own.join("buildx").into()));
            }
        }
        made.help(&mut config, logins)?;
        made.variables.push(("DOCKER_CONFIG".into(), directory.into()));
        Ok(Some(made))
    }

    /// As [`Logins::new`], for podman and buildah: `own` are the user's logins wherever they stand, which no
    /// longer are looked for once a file is named (containers-auth.json(5)).
    ///
    /// # Errors
    ///
    /// The temporary files cannot be written.
    #[cfg(unix)]
    pub(super) fn for_containers(
        own: &Credentials,
        logins: &[(String, Auth)],
    ) -> io::Result<Option<Self>> {
        if logins.iter().all(|(_, auth)| auth.helper_answer("").is_none()) {
            return Ok(None);
        }
        let mut made = Self { directory: unix::private_directory()?, variables: Vec::new() };
        let mut config = json!({ "credHelpers": own.helpers() });
        let mut all: Vec<(String, Auth)> = own.stored();
        all.retain(|(host, _)| logins.iter().all(|(other, _)| other != host));
        all.extend_from_slice(logins);
        made.help(&mut config, &all)?;
        let file = made.directory.join("config.json");
        made.variables.push(("REGISTRY_AUTH_FILE".into(), file.into()));
        Ok(Some(made))
    }

    /// Writes a configuration with a helper for each login.
    #[cfg(unix)]
    fn help(&mut self, config: &mut Value, logins: &[(String, Auth)]) -> io::Result<()> {
        let directory = self.directory.clone();
        for (number, (host, auth)) in logins.iter().enumerate() {
            let Some(answer) = auth.helper_answer(host) else { continue };
            let variable = format!("{ANSWER}{number}");
            unix::helper(&directory, &format!("decklift-{number}"), &variable)?;
            if !config["credHelpers"].is_object() {
                config["credHelpers"] = json!({});
            }
            config["credHelpers"][host] = json!(format!("decklift-{number}"));
            self.variables.push((variable.into(), answer.into()));
        }
        unix::write(&directory.join("config.json"), &config.to_string(), 0o600)?;
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let paths = [directory].into_iter().chain(std::env::split_paths(&paths));
        let paths = std::env::join_paths(paths).map_err(io::Error::other)?;
        self.variables.push(("PATH".into(), paths));
        Ok(())
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::{DirBuilder, OpenOptions};
    use std::io::{self, Write as _};
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A new directory that this user alone may enter.
    pub(super) fn private_directory() -> io::Result<PathBuf> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        for _ in 0..1000 {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("decklift-docker-{}-{number}", std::process::id());
            let path = std::env::temp_dir().join(name);
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("too many directories named decklift-docker-*"))
    }

    /// Links to everything in a directory but the configuration itself.
    pub(super) fn link_all(from: &Path, to: &Path) -> io::Result<()> {
        let from = std::path::absolute(from)?;
        let Ok(entries) = std::fs::read_dir(&from) else { return Ok(()) };
        for entry in entries.flatten() {
            if entry.file_name() != "config.json" {
                symlink(entry.path(), to.join(entry.file_name()))?;
            }
        }
        Ok(())
    }

    pub(super) fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(text.as_bytes())
    }

    /// A credential helper that says what its variable holds (docker-credential-helpers, "Development").
    pub(super) fn helper(directory: &Path, name: &str, variable: &str) -> io::Result<()> {
        let text = format!(
            "#!/bin/sh\n[ \"$1\" = get ] || exit 1\ncat >/dev/null\nprintf '%s\\n' \"${variable}\"\n"
        );
        write(&directory.join(format!("docker-credential-{name}")), &text, 0o700)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn auth() -> Auth {
        Auth::Basic { user: "AWS".to_owned(), password: "canary\"$(id)\\".to_owned() }
    }

    #[tokio::test]
    async fn the_command_has_the_user_s_configuration_and_one_login_more() {
        let own = tempfile::tempdir().expect("a directory");
        let text = r#"{"auths":{"other":{"auth":"x"}},"currentContext":"far","credHelpers":{"gcr.io":"g"}}"#;
        std::fs::write(own.path().join("config.json"), text).expect("written");
        std::fs::create_dir(own.path().join("contexts")).expect("made");
        std::fs::write(own.path().join("contexts/far"), "far").expect("written");
        let host = "1.dkr.ecr.eu-west-1.amazonaws.com".to_owned();
        let given = [(host.clone(), auth()), ("public".to_owned(), Auth::Anonymous)];
        let logins = Logins::new(Some(own.path().to_owned()), &given);
        let logins = logins.expect("written").expect("a login");
        let directory = logins.directory.clone();

        let mode = |path: &std::path::Path| path.metadata().expect("there").permissions().mode();
        assert_eq!(mode(&directory) & 0o777, 0o700);
        let config = std::fs::read_to_string(directory.join("config.json")).expect("read");
        assert_eq!(mode(&directory.join("config.json")) & 0o777, 0o600);
        let config: Value = serde_json::from_str(&config).expect("JSON");
        assert_eq!(config["currentContext"], "far");
        assert_eq!(config["auths"]["other"]["auth"], "x");
        assert_eq!(config["credHelpers"]["gcr.io"], "g");
        let helper = config["credHelpers"][&host].as_str().expect("a helper").to_owned();
        assert_eq!(config["credHelpers"].as_object().expect("helpers").len(), 2);
        let context = std::fs::read_to_string(directory.join("contexts/far")).expect("linked");
        assert_eq!(context, "far");
        // No file of it has the password.
        for entry in std::fs::read_dir(&directory).expect("read").flatten() {
            let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
            assert!(!text.contains("canary"), "{entry:?}");
        }

        // The helper is found by its name, as docker does it, and says what it must.
        let mut command = Command::new("sh");
        let line = format!("echo {host} | docker-credential-{helper} get; echo $DOCKER_CONFIG");
        logins.give(command.arg("-c").arg(line));
        let output = command.output().await.expect("it runs");
        let output = String::from_utf8(output.stdout).expect("text");
        let (answer, rest) = output.split_once('\n').expect("two lines");
        let answer: Value = serde_json::from_str(answer).expect("JSON");
        assert_eq!(
            (&answer["Username"], &answer["Secret"]),
            (&"AWS".into(), &"canary\"$(id)\\".into())
        );
        assert_eq!(rest.trim(), directory.to_string_lossy());

        drop(logins);
        assert!(!directory.exists());
        assert!(own.path().join("contexts/far").exists(), "what was linked stays");
    }

    #[test]
    fn without_logins_docker_has_its_own_configuration() {
        assert!(Logins::new(None, &[]).expect("nothing to do").is_none());
        let none = [("public".to_owned(), Auth::Anonymous)];
        assert!(Logins::new(None, &none).expect("nothing to do").is_none());
    }

    #[tokio::test]
    async fn podman_and_buildah_have_the_user_s_logins_and_one_more() {
        let own: Credentials = serde_json::from_str(
            r#"{"auths":{"https://index.docker.io/v1/":{"auth":"YTpiLWNhbmFyeQ=="},
                "r.io":{"identitytoken":"i-canary"}},"credHelpers":{"gcr.io":"g"}}"#,
        )
        .expect("logins");
        let host = "1.dkr.ecr.eu-west-1.amazonaws.com".to_owned();
        assert!(Logins::for_containers(&own, &[]).expect("nothing to do").is_none());
        let logins = Logins::for_containers(&own, &[(host.clone(), auth())]);
        let logins = logins.expect("written").expect("a login");
        let text = std::fs::read_to_string(logins.directory.join("config.json")).expect("read");
        assert!(!text.contains("canary") && !text.contains("YTpi"), "{text}");
        let config: Value = serde_json::from_str(&text).expect("JSON");
        let helpers = config["credHelpers"].as_object().expect("helpers");
        assert_eq!((helpers.len(), &helpers["gcr.io"]), (4, &"g".into()));
        for (host, user, secret) in [
            (host.as_str(), "AWS", "canary\"$(id)\\"),
            ("docker.io", "a", "b-canary"),
            ("r.io", "<token>", "i-canary"),
        ] {
            let helper = helpers[host].as_str().expect("a helper");
            let mut command = Command::new("sh");
            let line =
                format!("echo {host} | docker-credential-{helper} get; echo $REGISTRY_AUTH_FILE");
            logins.give(command.arg("-c").arg(line));
            let output = command.output().await.expect("it runs").stdout;
            let output = String::from_utf8(output).expect("text");
            let (answer, file) = output.split_once('\n').expect("two lines");
            let answer: Value = serde_json::from_str(answer).expect("JSON");
            assert_eq!((&answer["Username"], &answer["Secret"]), (&user.into(), &secret.into()));
            assert!(file.trim().ends_with("/config.json"), "{file}");
        }
    }
}
