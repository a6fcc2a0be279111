//! The files that the AWS CLI and all SDKs share, as far as the SDK here does not tell what is in
//! them: which profiles there are, and which certificates one wants trusted.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What the two files say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SharedConfig {
    /// The files, whether they are there or not.
    pub files: Vec<PathBuf>,
    /// By profile: its settings. Those that are secret are left out.
    profiles: BTreeMap<String, BTreeMap<String, String>>,
}

/// Settings that are told. No other is even kept: some are secret.
const TOLD: [&str; 6] =
    ["ca_bundle", "credential_process", "region", "role_arn", "sso_session", "sso_start_url"];

impl SharedConfig {
    /// Reads them where the variables say (AWS SDKs and tools reference guide, "Location of the shared
    /// config and credentials files"). A file that is not there has no profiles.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let home = set("HOME").or_else(|| set("USERPROFILE")).map(PathBuf::from);
        let path = |name: &str, file: &str| {
            let given = set(name).map(PathBuf::from);
            given.or_else(|| home.as_ref().map(|home| home.join(".aws").join(file)))
        };
        let config = path("AWS_CONFIG_FILE", "config");
        let credentials = path("AWS_SHARED_CREDENTIALS_FILE", "credentials");
        let mut found = Self::default();
        for (path, is_config) in [(config, true), (credentials, false)] {
            let Some(path) = path else { continue };
            let text = std::fs::read(&path).unwrap_or_default();
            found.take(&String::from_utf8_lossy(&text), is_config);
            found.files.push(path);
        }
        found
    }

    /// Adds what a file says. In `config` all profiles but the default one bear the word.
    fn take(&mut self, text: &str, is_config: bool) {
        let mut profile: Option<String> = None;
        for line in text.lines() {
            if let Some(head) = line.trim_end().strip_prefix('[') {
                let head = head.split(']').next().unwrap_or_default().trim();
                profile = match head.strip_prefix("profile").filter(|_| is_config) {
                    Some(name) if name.starts_with([' ', '\t']) => Some(name.trim().to_owned()),
                    _ if is_config && head != "default" => None,
                    _ => Some(head.to_owned()),
                };
                if let Some(name) = &profile {
                    self.profiles.entry(name.clone()).or_default();
                }
                continue;
            }
            // A line that is set in belongs to the setting above it.
            if line.starts_with([' ', '\t', '#', ';']) {
                continue;
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
            let Some(settings) = profile.as_ref().and_then(|name| self.profiles.get_mut(name))
            else {
                continue;
            };
            if TOLD.contains(&key.as_str()) && !value.is_empty() {
                settings.entry(key).or_insert_with(|| value.to_owned());
            }
        }
    }

    /// The names of all profiles.
    #[must_use]
    pub fn names(&self) -> BTreeSet<&str> {
        self.profiles.keys().map(String::as_str).collect()
    }

    /// A setting of a profile.
    #[must_use]
    pub fn setting(&self, profile: &str, key: &str) -> Option<&str> {
        self.profiles.get(profile)?.get(key).map(String::as_str)
    }

    /// A setting that is a path, with `~` for the home directory.
    #[must_use]
    pub fn path(&self, profile: &str, key: &str, home: Option<&Path>) -> Option<PathBuf> {
        let text = self.setting(profile, key)?;
        match (text.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => Some(home.join(rest)),
            _ => Some(PathBuf::from(text)),
        }
    }
}

/// The profile that counts: the one that was chosen, else the one of the environment, else `default`
/// (AWS SDKs and tools reference guide, `AWS_PROFILE`).
pub fn profile_name(chosen: Option<&str>, variable: impl Fn(&str) -> Option<OsString>) -> String {
    let of_environment = || {
        let names = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];
        let value = names.iter().filter_map(|name| variable(name)).find(|value| !value.is_empty());
        value.and_then(|value| value.into_string().ok())
    };
    chosen.map(str::to_owned).or_else(of_environment).unwrap_or_else(|| "default".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "\
[default]
region = eu-west-1
[profile prod]  # the real one
ca_bundle = ~/ca.pem
aws_secret_access_key = canary
s3 =
  region = nested
[profile\tstage]
[sso-session corp]
sso_start_url = https://corp
[ignored]
region = x
";

    #[test]
    fn profiles_of_both_files() {
        let mut found = SharedConfig::default();
        found.take(CONFIG, true);
        found.take("[default]\n[ci]\naws_access_key_id = AKIA\nregion=us-east-1\n", false);
        assert_eq!(
            found.names().into_iter().collect::<Vec<_>>(),
            ["ci", "default", "prod", "stage"]
        );
        assert_eq!(found.setting("default", "region"), Some("eu-west-1"));
        assert_eq!(found.setting("prod", "region"), None);
        let home = Path::new("/home/anna");
        let bundle = found.path("prod", "ca_bundle", Some(home));
        assert_eq!(bundle.as_deref(), Some(Path::new("/home/anna/ca.pem")));
        assert!(!format!("{found:?}").contains("canary"));
        assert!(!format!("{found:?}").contains("AKIA"));
    }

    #[test]
    fn files_stand_where_the_variables_say() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("elsewhere");
        std::fs::write(&path, "[profile a]\n").expect("a file");
        let variable = |name: &str| match name {
            "AWS_CONFIG_FILE" => Some(path.clone().into_os_string()),
            "HOME" => Some("/nonexistent".into()),
            _ => None,
        };
        let found = SharedConfig::read(variable);
        assert_eq!(found.names().into_iter().collect::<Vec<_>>(), ["a"]);
        assert_eq!(found.files[1], Path::new("/nonexistent/.aws/credentials"));
        assert_eq!(profile_name(None, |_| None), "default");
        assert_eq!(profile_name(Some("x"), |_| Some("y".into())), "x");
        assert_eq!(profile_name(None, |n| (n == "AWS_PROFILE").then(|| "y".into())), "y");
    }
}
