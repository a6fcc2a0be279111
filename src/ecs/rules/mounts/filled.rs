//! Directories that need nothing of what an image has: what fills them itself, and who only reads them.

use super::super::data_directories;
use super::super::known_images::{own_files, repository};
use crate::compose::model::{Mount, Service};
use crate::ecs::translate::context::Context;
use crate::source::Located;

/// Directories of known images that are empty in the image, or that the program, or the script that
/// starts it, fills when it finds them empty. Sorted by repository.
///
/// Source: the images' Dockerfiles and `docker-entrypoint.sh`, and the vendors' documentation.
const FILLED: &[(&str, &[&str])] = &[
    ("caddy", &["/config", "/data"]),
    ("certbot/certbot", &["/etc/letsencrypt", "/var/lib/letsencrypt"]),
    ("ghost", &["/var/lib/ghost/content"]),
    ("gitlab/gitlab-ce", &["/etc/gitlab", "/var/log/gitlab"]),
    ("gitlab/gitlab-ee", &["/etc/gitlab", "/var/log/gitlab"]),
    ("grafana/loki", &["/loki"]),
    ("grafana/tempo", &["/var/tempo"]),
    ("jc21/nginx-proxy-manager", &["/etc/letsencrypt"]),
    ("jellyfin/jellyfin", &["/cache"]),
    ("joomla", &["/var/www/html"]),
    ("matomo", &["/var/www/html"]),
    ("minio/minio", &["/data"]),
    ("nextcloud", &["/var/www/html"]),
    ("ollama/ollama", &["/root/.ollama"]),
    ("pihole/pihole", &["/etc/dnsmasq.d"]),
    ("prom/alertmanager", &["/alertmanager"]),
    ("registry", &["/var/lib/registry"]),
    ("traefik", &["/acme", "/letsencrypt"]),
    ("vllm/vllm-openai", &["/root/.cache/huggingface"]),
    ("wordpress", &["/var/www/html"]),
];

/// Whether a mount only reads what another service writes, which is told then.
pub(super) fn only_reads(cx: &Context<'_>, mount: &Located<Mount>) -> bool {
    mount.value.read_only && cx.written.contains(&mount.value.kind)
}

/// Whether a service's image has nothing in a directory, or fills it by itself.
pub(super) fn is_filled(service: &Service, target: &str) -> bool {
    let (None, Some(image)) = (&service.build, &service.image) else { return false };
    let repository = repository(&image.value);
    let filled = FILLED.iter().find(|(name, _)| *name == repository).map_or(&[][..], |(_, d)| d);
    let mut all = filled.iter().chain(own_files(service));
    all.any(|directory| data_directories::is_in(target, directory))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{loud, run, service, volume_mount};

    const WARNED: [(Severity, Code); 1] = [(Severity::Warning, Code::VolumeStartsEmpty)];

    fn said(image: &str, target: &str) -> Vec<(Severity, Code)> {
        let mut web = service("web", image);
        web.mounts = vec![volume_mount("data", target)];
        let mut found = loud(&run(vec![web]).diagnostics);
        found.retain(|(_, code)| *code == Code::VolumeStartsEmpty);
        found
    }

    #[test]
    fn directories_that_fill_themselves() {
        for (image, target) in [
            ("nextcloud:29-apache", "/var/www/html"),
            ("wordpress:6", "/var/www/html/wp-content"),
            ("jenkins/jenkins:lts", "/var/jenkins_home"),
            ("docker.n8n.io/n8nio/n8n", "/home/node/.n8n"),
            ("ollama/ollama", "/root/.ollama"),
        ] {
            assert_eq!(said(image, target), [], "{image}");
        }
        assert_eq!(said("nextcloud:29", "/opt"), WARNED);
        assert_eq!(said("acme/wordpress", "/var/www/html"), WARNED);
    }

    #[test]
    fn who_only_reads_is_told_nothing_of_seeds() {
        let mut web = service("web", "acme/web:1");
        web.mounts = vec![volume_mount("data", "/data")];
        web.mounts[0].value.read_only = true;
        let mut writer = service("writer", "acme/writer:1");
        writer.mounts = vec![volume_mount("data", "/out")];
        let done = run(vec![web.clone(), writer]);
        let told: Vec<_> = done.diagnostics.iter().map(|said| said.service.clone()).collect();
        assert_eq!(told, [Some("writer".to_owned())]);
        let done = run(vec![web]);
        assert_eq!(loud(&done.diagnostics), WARNED);
        assert!(done.diagnostics.iter().all(|d| d.help.iter().all(|help| !help.contains("seed"))));
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(FILLED.is_sorted());
    }
}
