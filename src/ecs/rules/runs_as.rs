//! Whom a container runs as from its first moment: who must be able to write to its volumes.

mod made_users;

use super::known_images::{Ids, named_user, user_of};
use crate::compose::model::Service;
use crate::ecs::translate::context::Context;

/// Whom a container runs as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RunsAs {
    /// As root, or as nobody knows whom: an image that is not known runs as root more often than not,
    /// and hands over what it needs.
    Root,
    /// As this user and group.
    User(Ids),
    /// As a user whose number only the image knows.
    Named(String),
}

/// Whom a service's container runs as: the Compose file says it, the Dockerfile, or the table of known
/// images.
pub(crate) fn runs_as(cx: &Context<'_>, service: &Service) -> RunsAs {
    let dockerfile = cx.facts.dockerfiles.get(&service.name.value);
    let base = match (&service.build, &service.image) {
        (Some(_), _) => dockerfile.map(|facts| facts.base.as_str()),
        (None, image) => image.as_ref().map(|image| image.value.as_str()),
    };
    let written = service.user.as_ref().map(|user| user.value.as_str());
    let written = written.or(dockerfile.and_then(|facts| facts.user.as_deref()));
    let Some(written) = written else {
        return base.and_then(user_of).map_or(RunsAs::Root, RunsAs::User);
    };
    let (user, group) = written.split_once(':').unwrap_or((written, ""));
    let made = || {
        let lines = &dockerfile?.lines;
        made_users::find(lines, user)
    };
    let known = match number(user) {
        // Without a group, it is root's (Dockerfile reference, `USER`).
        Some(user) => Some((user, 0)),
        None if user == "root" => Some((0, 0)),
        None => made().or_else(|| base.and_then(|base| named_user(base, user))),
    };
    match known {
        Some((0, _)) => RunsAs::Root,
        Some((user, own)) => RunsAs::User((user, number(group).unwrap_or(own))),
        None => RunsAs::Named(user.to_owned()),
    }
}

fn number(text: &str) -> Option<i64> {
    Some(text.parse::<u32>().ok()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::facts::{DockerfileFacts, Facts};
    use crate::ecs::testing::{access_point, at, built, facts, project, service, volume_mount};
    use crate::ecs::translate;

    /// Who owns the new volume of a service, of which the Dockerfile says this.
    fn owner(mut web: Service, dockerfile: Option<DockerfileFacts>) -> Ids {
        web.mounts = vec![volume_mount("data", "/app/data")];
        let dockerfiles = dockerfile.map(|says| (web.name.value.clone(), says));
        let facts = Facts { dockerfiles: dockerfiles.into_iter().collect(), ..facts() };
        let done = translate(&project(vec![web]), None, &facts);
        let info = access_point(&done, "data").root_directory.creation_info;
        (info.owner_uid, info.owner_gid)
    }

    fn says(base: &str, user: Option<&str>, lines: &[&str]) -> Option<DockerfileFacts> {
        Some(DockerfileFacts {
            base: base.to_owned(),
            user: user.map(str::to_owned),
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            ..DockerfileFacts::default()
        })
    }

    #[test]
    fn known_images_own_their_volumes() {
        assert_eq!(owner(service("web", "prom/prometheus:v2.53.0"), None), (65534, 65534));
        assert_eq!(owner(service("web", "postgres:16"), None), (0, 0));
        assert_eq!(owner(service("web", "acme/web:1"), None), (0, 0));
    }

    #[test]
    fn the_compose_file_counts_before_the_image() {
        let as_user = |user: &str| {
            let mut web = service("web", "grafana/grafana");
            web.user = Some(at(user.to_owned()));
            owner(web, None)
        };
        assert_eq!(as_user("root"), (0, 0));
        assert_eq!(as_user("0"), (0, 0));
        assert_eq!(as_user("7:8"), (7, 8));
        assert_eq!(as_user("grafana"), (472, 0));
    }

    #[test]
    fn a_dockerfile_says_it() {
        let of = |base, user, lines: &[&str]| owner(built("web"), says(base, user, lines));
        assert_eq!(of("node:20", Some("node"), &[]), (1000, 1000));
        assert_eq!(of("node:20", Some("1001:1002"), &[]), (1001, 1002));
        assert_eq!(of("node:20", None, &[]), (0, 0));
        assert_eq!(of("grafana/grafana", None, &[]), (472, 0));
        let lines = ["addgroup --system --gid 1003 app", "adduser --system --uid 1002 app"];
        assert_eq!(of("python:3.12", Some("app"), &lines), (1002, 0));
        assert_eq!(of("scratch", Some("root"), &[]), (0, 0));
        assert_eq!(owner(built("web"), None), (0, 0));
    }
}
