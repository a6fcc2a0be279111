//! `podman build` and `buildah build`: in most things as docker has them, in some not.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use super::build::in_background;
use super::{Builder, EPOCH, Engine};
use crate::images::assets::TemporaryFile;
use crate::images::context::{Context, Entry};
use crate::images::error::ImageError;
use crate::images::event::ImageEvent;
use crate::images::ignore::Ignore;
use crate::images::options::BuildOptions;
use crate::images::spec::BuildSpec;

/// The options that the installed version has, out of its help.
#[derive(Clone, Debug, Default)]
pub(super) struct Flags(BTreeSet<String>);

impl Flags {
    fn read(help: &str) -> Self {
        let words = help.split_whitespace().filter_map(|word| word.strip_prefix("--"));
        Self(words.map(str::to_owned).collect())
    }

    /// Help that cannot be read forbids nothing.
    fn has(&self, flag: &str) -> bool {
        self.0.is_empty() || self.0.contains(flag)
    }
}

/// The file that says what is left out of a context, and the time that it has to be there.
pub(super) struct IgnoreFile {
    path: PathBuf,
    _made: Option<TemporaryFile>,
}

impl Engine {
    /// The subcommand that builds. Old versions of buildah know it by its first name alone.
    pub(super) fn builds(&self) -> &'static str {
        if self.info.builder == Builder::Buildah { "bud" } else { "build" }
    }

    /// Asked for once.
    async fn flags(&self) -> &Flags {
        let ask = async || match self.output(&[self.builds(), "--help"]).await {
            Ok(output) => Flags::read(&String::from_utf8_lossy(&output.stdout)),
            Err(_) => Flags::default(),
        };
        self.flags.get_or_init(ask).await
    }

    /// The arguments of a build that are not those of docker, and of which it is told what is not to
    /// be had. The file is needed until the build is over.
    pub(super) async fn container_arguments(
        &self,
        spec: &BuildSpec,
        on_event: &mut dyn FnMut(ImageEvent),
    ) -> Result<(Vec<OsString>, IgnoreFile), ImageError> {
        let flags = self.flags().await;
        let needed = missing(spec, flags);
        if !needed.is_empty() {
            let builder = format!("{} {}", self.info.builder.name(), self.info.version);
            return Err(ImageError::BuilderLacks {
                service: spec.service.clone(),
                builder,
                needed,
            });
        }
        // The other format has no place for HEALTHCHECK, SHELL and ONBUILD.
        let mut arguments: Vec<OsString> = vec!["--format=docker".into()];
        if self.info.builder == Builder::Buildah {
            // As docker and podman do: a layer for each step, found again the next time.
            arguments.push("--layers".into());
        }
        if flags.has("identity-label") {
            arguments.push("--identity-label=false".into());
        }
        if let Some(epoch) = spec.epoch()? {
            let is_argument = spec.args.iter().any(|(name, _)| name == EPOCH);
            // As an argument newer ones hear it themselves, and take one word for it only. By that
            // word files older than it keep their time, which is not that of another clone.
            if is_argument && flags.has("source-date-epoch") && flags.has("rewrite-timestamp") {
                arguments.push("--rewrite-timestamp".into());
            } else if flags.has("timestamp") {
                arguments.push(format!("--timestamp={epoch}").into());
            }
        }
        let (options, left_out) = option_arguments(&spec.options, self.info.builder, flags);
        arguments.extend(options.into_iter().map(OsString::from));
        for cache in left_out {
            let line = format!("{} has no use for the cache {cache}", self.info.builder.name());
            on_event(ImageEvent::BuildLine(line));
        }
        let spec = spec.clone();
        let ignore = in_background(move || ignore_file(&spec)).await?;
        if flags.has("ignorefile") {
            let mut argument = OsString::from("--ignorefile=");
            argument.push(&ignore.path);
            arguments.push(argument);
        }
        Ok((arguments, ignore))
    }
}

/// The attributes of `build` that this version has no option for.
fn missing(spec: &BuildSpec, flags: &Flags) -> Vec<&'static str> {
    let has_kind = |kind: &str| spec.contexts.iter().any(|(_, text)| text.starts_with(kind));
    let needed = [
        (
            "additional_contexts",
            !spec.contexts.is_empty() && (!flags.has("build-context") || has_kind("oci-layout://")),
        ),
        // No builder but BuildKit knows the word.
        ("entitlements", !spec.options.allow.is_empty()),
        ("secrets", !spec.secrets.is_empty() && !flags.has("secret")),
        ("ssh", !spec.ssh.is_empty() && !flags.has("ssh")),
    ];
    needed.into_iter().filter(|(_, is_missing)| *is_missing).map(|(name, _)| name).collect()
}

/// The arguments for how an image is built, and the caches that it is built without.
fn option_arguments(
    options: &BuildOptions,
    builder: Builder,
    flags: &Flags,
) -> (Vec<String>, Vec<String>) {
    let BuildOptions {
        extra_hosts,
        network,
        shm_size,
        ulimits,
        no_cache,
        no_cache_filter,
        pull,
        cache_from,
        cache_to,
        allow: _,
        // They stand in the command's environment.
        logins: _,
    } = options;
    let list = |flag: &'static str, values: &[String]| -> Vec<String> {
        values.iter().map(|value| format!("--{flag}={value}")).collect()
    };
    let mut arguments = list("add-host", extra_hosts);
    arguments.extend(network.iter().map(|network| format!("--network={network}")));
    arguments.extend(shm_size.iter().map(|size| format!("--shm-size={size}")));
    arguments.extend(list("ulimit", ulimits));
    // One stage alone cannot be told to run anew: all of them are.
    if *no_cache || !no_cache_filter.is_empty() {
        arguments.push("--no-cache".to_owned());
    }
    match (pull, builder) {
        (true, _) => arguments.push("--pull=always".to_owned()),
        // It looks for newer ones when nothing is said. docker and podman take the copy that they
        // have, and that is the one that the image is named by.
        (false, Builder::Buildah) => arguments.push("--pull=false".to_owned()),
        (false, _) => {}
    }
    let mut left_out = Vec::new();
    for (flag, caches) in [("cache-from", cache_from), ("cache-to", cache_to)] {
        for cache in caches {
            match cache_repository(cache).filter(|_| flags.has(flag)) {
                Some(repository) => arguments.push(format!("--{flag}={repository}")),
                None => left_out.push(cache.clone()),
            }
        }
    }
    (arguments, left_out)
}

/// Layers are kept in a repository, each under a tag of its own; docker's other kinds of caches
/// (`type=gha` …) are its own.
fn cache_repository(cache: &str) -> Option<&str> {
    let reference = if cache.contains('=') {
        let fields: Vec<(&str, &str)> =
            cache.split(',').filter_map(|field| field.split_once('=')).collect();
        let get = |name: &str| fields.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        get("ref").filter(|_| get("type") == Some("registry"))?
    } else {
        cache
    };
    let reference = reference.split('@').next()?;
    Some(match reference.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => reference,
    })
}

/// Which files are left out is said in so many words: left alone, both look for other files first,
/// and do not find `!**/x` in a directory that is left out.
fn ignore_file(spec: &BuildSpec) -> Result<IgnoreFile, ImageError> {
    let Some(path) = spec.ignore_path() else {
        return Ok(IgnoreFile { path: PathBuf::from("/dev/null"), _made: None });
    };
    let unreadable = |path: PathBuf| move |source| ImageError::Unreadable { path, source };
    let mut text = std::fs::read(&path).map_err(unreadable(path.clone()))?;
    let ignore =
        Ignore::parse(&text).map_err(|source| ImageError::Ignore { path: path.clone(), source })?;
    if !ignore.has_wild_exceptions() {
        return Ok(IgnoreFile { path, _made: None });
    }
    for (path, entry) in Context::read(spec)?.entries {
        if entry != Entry::Directory {
            text.extend(b"\n!");
            for byte in path {
                if b"*?[]\\".contains(&byte) {
                    text.push(b'\\');
                }
                text.push(byte);
            }
        }
    }
    let (made, mut file) = TemporaryFile::create().map_err(unreadable(path.clone()))?;
    file.write_all(&text).map_err(unreadable(path))?;
    Ok(IgnoreFile { path: made.path().to_owned(), _made: Some(made) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELP: &str =
        "Options:\n      --secret stringArray   a secret, see --ssh\n  -t, --tag name\n";

    #[test]
    fn what_the_version_does_not_have_is_named() {
        let flags = Flags::read(HELP);
        assert!(flags.has("secret") && flags.has("ssh") && flags.has("tag"));
        assert!(!flags.has("build-context"));
        assert!(Flags::default().has("build-context"));
        let mut spec = BuildSpec::new("web", "/c", "linux/amd64");
        spec.ssh = vec!["default".to_owned()];
        assert!(missing(&spec, &flags).is_empty());
        spec.contexts = vec![("base".to_owned(), "oci-layout:///base".to_owned())];
        spec.options.allow = vec!["network.host".to_owned()];
        let all = ["additional_contexts", "entitlements"];
        assert_eq!(missing(&spec, &flags), all);
        assert_eq!(missing(&spec, &Flags::default()), all);
        spec.contexts = vec![("base".to_owned(), "/base".to_owned())];
        assert_eq!(missing(&spec, &Flags::default()), ["entitlements"]);
    }

    #[test]
    fn options() {
        let options = BuildOptions {
            extra_hosts: vec!["db:10.0.0.1".to_owned()],
            network: Some("host".to_owned()),
            shm_size: Some("67108864".to_owned()),
            ulimits: vec!["nofile=1024:2048".to_owned()],
            no_cache_filter: vec!["base".to_owned()],
            cache_from: vec!["my.io:5000/a/b:cache".to_owned(), "type=gha".to_owned()],
            cache_to: vec!["mode=max,type=registry,ref=a/b@sha256:00".to_owned()],
            ..BuildOptions::default()
        };
        let (arguments, left_out) = option_arguments(&options, Builder::Podman, &Flags::default());
        assert_eq!(
            arguments,
            [
                "--add-host=db:10.0.0.1",
                "--network=host",
                "--shm-size=67108864",
                "--ulimit=nofile=1024:2048",
                "--no-cache",
                "--cache-from=my.io:5000/a/b",
                "--cache-to=a/b",
            ]
        );
        assert_eq!(left_out, ["type=gha"]);
        let plain = BuildOptions::default();
        let of = |options: &BuildOptions, builder| {
            option_arguments(options, builder, &Flags::read(HELP)).0
        };
        assert!(of(&plain, Builder::Podman).is_empty());
        assert_eq!(of(&plain, Builder::Buildah), ["--pull=false"]);
        let fresh = BuildOptions { pull: true, ..plain };
        assert_eq!(of(&fresh, Builder::Buildah), ["--pull=always"]);
        assert!(option_arguments(&options, Builder::Podman, &Flags::read(HELP)).1.len() == 3);
    }
}
