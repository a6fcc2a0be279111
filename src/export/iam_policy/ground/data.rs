//! What is kept: files, logs, images, secrets.

use std::collections::BTreeSet;

use super::super::grant::{Grant, Scope};
use super::Ground;
use crate::ecs::desired::{Body, Image, ImageRegistry, Kind};

impl Ground<'_> {
    pub(super) fn efs(&self, grant: Grant) -> Option<Scope> {
        let any =
            || ["file-system/*", "access-point/*"].map(|any| self.arn("elasticfilesystem", any));
        match grant {
            Grant::FileSystemsOfOthers => {
                let arns = self.named("elasticfilesystem", foreign_file_system, |id| {
                    format!("file-system/{id}")
                });
                (!arns.is_empty()).then(|| Scope::of(arns))
            }
            Grant::NewFileSystems => {
                self.with(Kind::FileSystem, || self.to_be_tagged(Scope::all()))
            }
            Grant::FileSystemTags if self.has(Kind::FileSystem) || self.has(Kind::AccessPoint) => {
                Some(self.to_be_tagged(Scope::of(any())))
            }
            Grant::FileSystems if self.has(Kind::FileSystem) || self.has(Kind::AccessPoint) => {
                Some(self.tagged(Scope::of(any())))
            }
            Grant::MountTargets => self.with(Kind::MountTarget, || {
                let kinds = ["network-interface/*", "security-group/*", "subnet/*"];
                Scope::of(kinds.map(|kind| self.arn("ec2", kind)))
            }),
            Grant::MountTargetLists => self.with(Kind::MountTarget, Scope::all),
            _ => None,
        }
    }

    /// Below the project's prefix stand its groups alone.
    pub(super) fn logs(&self, grant: Grant) -> Option<Scope> {
        let own = || format!("log-group:/decklift/{}/*", self.stack());
        match grant {
            Grant::LogGroups => self.with(Kind::LogGroup, || Scope::of([self.arn("logs", &own())])),
            _ => {
                let prefix = format!("/decklift/{}/", self.stack());
                let named = self.bodies().filter_map(|body| match body {
                    Body::TaskDefinition(task) => Some(&task.container_definitions),
                    _ => None,
                });
                let groups = named.flatten().filter_map(|container| {
                    let log = container.log_configuration.as_ref()?;
                    log.options.get("awslogs-group").filter(|group| !group.starts_with(&prefix))
                });
                let groups = groups.map(|group| format!("log-group:{group}:*"));
                Some(Scope::of(groups.chain([own()]).map(|group| self.arn("logs", &group))))
            }
        }
    }

    pub(super) fn ecr(&self, grant: Grant) -> Option<Scope> {
        match grant {
            Grant::RepositoryLists => Some(Scope::of([self.arn("ecr", "repository/*")])),
            Grant::RegistryTokens => self.with(Kind::Image, Scope::all),
            Grant::CacheRules => {
                let is_copy = |body: &Body| matches!(body, Body::Image(i) if i.base.is_some() && !i.is_extended());
                self.bodies().any(is_copy).then(Scope::all)
            }
            // They stand in the repositories of the project, or in one that is somebody else's.
            Grant::Images => self.with(Kind::Image, || {
                let arns = self.bodies().filter_map(|body| match body {
                    Body::Image(image) => Some(self.arn_of_repository(image)),
                    Body::Repository(repository) => {
                        Some(self.arn("ecr", &format!("repository/{}", repository.repository_name)))
                    }
                    _ => None,
                });
                Scope::of(arns.collect::<BTreeSet<_>>())
            }),
            Grant::RepositoryKeys => {
                let keys = self.bodies().filter_map(|body| match body {
                    Body::Repository(repository) => {
                        Some(repository.encryption_configuration.as_ref()?.kms_key.as_str())
                    }
                    _ => None,
                });
                let arn = |key: &str| match key {
                    arn if arn.starts_with("arn:") && !arn.contains(":alias/") => arn.to_owned(),
                    // An alias is no key's name for IAM (AWS KMS developer guide, "Aliases").
                    alias if alias.contains("alias/") => self.arn("kms", "key/*"),
                    id => self.arn("kms", &format!("key/{id}")),
                };
                let arns: BTreeSet<String> = keys.map(arn).collect();
                (!arns.is_empty()).then(|| Scope::of(arns))
            }
            _ => self.with(Kind::Repository, || {
                Scope::of(self.named("ecr", repository, |name| format!("repository/{name}")))
            }),
        }
    }

    fn arn_of_repository(&self, image: &Image) -> String {
        let name = &image.repository_name;
        match &image.registry {
            Some(ImageRegistry { account, region }) => {
                let partition = &self.deployer.partition;
                format!("arn:{partition}:ecr:{region}:{account}:repository/{name}")
            }
            None => self.arn("ecr", &format!("repository/{name}")),
        }
    }

    /// Secrets Manager puts a hyphen and six characters behind a name.
    pub(super) fn secrets(&self, grant: Grant) -> Option<Scope> {
        let arn = |name: &str| self.arn("secretsmanager", &format!("secret:{name}-??????"));
        let others = &self.deployer.secrets;
        match grant {
            Grant::Secrets => self.with(Kind::Secret, || {
                Scope::of(
                    self.named("secretsmanager", secret, |name| format!("secret:{name}-??????")),
                )
            }),
            Grant::SecretsOfOthers => {
                (!others.is_empty()).then(|| Scope::of(others.iter().map(|name| arn(name))))
            }
            Grant::PullCredentials => {
                let given = &self.deployer.pull_credentials;
                let whole = |text: &String| match text.starts_with("arn:") {
                    true => text.clone(),
                    false => arn(text),
                };
                (!given.is_empty()).then(|| Scope::of(given.iter().map(whole)))
            }
            _ => self.with(Kind::Secret, Scope::all),
        }
    }
}

/// The file system of an access point that stands on a file system of others.
fn foreign_file_system(body: &Body) -> Option<&str> {
    match body {
        Body::AccessPoint(point) => point.file_system_id.known(),
        _ => None,
    }
}

fn repository(body: &Body) -> Option<&str> {
    match body {
        Body::Repository(repository) => Some(&repository.repository_name),
        _ => None,
    }
}

fn secret(body: &Body) -> Option<&str> {
    match body {
        Body::Secret(secret) => Some(&secret.name),
        _ => None,
    }
}
