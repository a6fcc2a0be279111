//! Programs with a database, or other files of their own, that two copies must not have open at once.
//!
//! Source: the vendors' documentation of where data is kept, of the database that is taken when nothing
//! else is said, and of the variables that name another one.

use super::repository;
use crate::compose::model::Service;

/// A program that keeps files of its own.
struct Embedded {
    /// The repositories of its images.
    images: &'static [&'static str],
    /// Where it keeps them.
    directories: &'static [&'static str],
    /// Variables that name another database, on a server of its own.
    unless: &'static [&'static str],
}

const fn program(
    images: &'static [&'static str],
    directories: &'static [&'static str],
    unless: &'static [&'static str],
) -> Embedded {
    Embedded { images, directories, unless }
}

/// Sorted by the first image.
const PROGRAMS: &[Embedded] = &[
    program(&["actualbudget/actual-server"], &["/data"], &[]),
    program(&["adguard/adguardhome"], &["/opt/adguardhome/work"], &[]),
    program(&["advplyr/audiobookshelf"], &["/config"], &[]),
    program(&["baserow/baserow"], &["/baserow/data"], &["DATABASE_HOST", "DATABASE_URL"]),
    program(&["binwiederhier/ntfy"], &["/var/cache/ntfy", "/var/lib/ntfy"], &[]),
    program(&["deluan/navidrome"], &["/data"], &[]),
    program(&["directus/directus"], &["/directus/database"], &["DB_CLIENT"]),
    program(&["dpage/pgadmin4"], &["/var/lib/pgadmin"], &["PGADMIN_CONFIG_CONFIG_DATABASE_URI"]),
    program(&["drone/drone"], &["/data"], &["DRONE_DATABASE_DRIVER"]),
    program(&["flowiseai/flowise"], &["/root/.flowise"], &["DATABASE_TYPE"]),
    program(
        &["forgejo/forgejo", "gitea/gitea"],
        &["/data", "/var/lib/gitea"],
        &["DB_TYPE", "FORGEJO__DATABASE__DB_TYPE", "GITEA__DATABASE__DB_TYPE"],
    ),
    program(&["freshrss/freshrss"], &["/var/www/FreshRSS/data"], &["FRESHRSS_INSTALL"]),
    program(&["gitlab/gitlab-ce", "gitlab/gitlab-ee"], &["/var/opt/gitlab"], &[]),
    program(&["gogs/gogs"], &["/data"], &[]),
    program(&["gotify/server"], &["/app/data"], &["GOTIFY_DATABASE_DIALECT"]),
    program(
        &["grafana/grafana", "grafana/grafana-enterprise", "grafana/grafana-oss"],
        &["/var/lib/grafana"],
        &["GF_DATABASE_TYPE", "GF_DATABASE_URL"],
    ),
    // The write-ahead logs and, on a disk, the blocks.
    program(&["grafana/loki"], &["/loki", "/var/loki"], &[]),
    program(&["grafana/mimir"], &["/data", "/var/mimir"], &[]),
    program(&["grafana/tempo"], &["/var/tempo", "/tmp/tempo"], &[]),
    program(&["headscale/headscale", "juanfont/headscale"], &["/var/lib/headscale"], &[]),
    program(&["healthchecks/healthchecks"], &["/data"], &["DB"]),
    program(&["hkotel/mealie", "mealie-recipes/mealie"], &["/app/data"], &["DB_ENGINE"]),
    program(
        &[
            "home-assistant/home-assistant",
            "homeassistant/home-assistant",
            "linuxserver/homeassistant",
        ],
        &["/config"],
        &[],
    ),
    program(&["itzg/minecraft-bedrock-server", "itzg/minecraft-server"], &["/data"], &[]),
    program(&["jc21/nginx-proxy-manager"], &["/data"], &["DB_MYSQL_HOST", "DB_POSTGRES_HOST"]),
    program(&["jellyfin/jellyfin", "linuxserver/emby", "linuxserver/jellyfin"], &["/config"], &[]),
    program(&["jenkins/jenkins"], &["/var/jenkins_home"], &[]),
    program(&["jetbrains/teamcity-server"], &["/data/teamcity_server/datadir"], &[]),
    program(&["keycloak/keycloak"], &["/opt/keycloak/data"], &["KC_DB", "KC_DB_URL"]),
    program(&["langflowai/langflow"], &["/app/langflow"], &["LANGFLOW_DATABASE_URL"]),
    program(
        &[
            "linuxserver/bazarr",
            "linuxserver/lidarr",
            "linuxserver/prowlarr",
            "linuxserver/radarr",
            "linuxserver/readarr",
            "linuxserver/sonarr",
        ],
        &["/config"],
        &[
            "LIDARR__POSTGRES__HOST",
            "PROWLARR__POSTGRES__HOST",
            "RADARR__POSTGRES__HOST",
            "SONARR__POSTGRES__HOST",
        ],
    ),
    program(&["linuxserver/plex", "plexinc/pms-docker"], &["/config"], &[]),
    program(&["linuxserver/syncthing", "syncthing/syncthing"], &["/config", "/var/syncthing"], &[]),
    program(&["lloesche/valheim-server"], &["/config", "/opt/valheim"], &[]),
    program(&["louislam/uptime-kuma"], &["/app/data"], &["UPTIME_KUMA_DB_TYPE"]),
    program(&["metabase/metabase"], &["/metabase-data", "/metabase.db"], &["MB_DB_TYPE"]),
    program(&["muchobien/pocketbase", "spectado/pocketbase"], &["/pb_data"], &[]),
    program(&["n8nio/n8n"], &["/home/node/.n8n"], &["DB_TYPE"]),
    program(&["neosmemo/memos"], &["/var/opt/memos"], &["MEMOS_DRIVER"]),
    program(&["nocodb/nocodb"], &["/usr/app/data"], &["NC_DB", "NC_DB_JSON"]),
    program(&["nodered/node-red"], &["/data"], &[]),
    program(&["open-webui/open-webui"], &["/app/backend/data"], &["DATABASE_URL"]),
    program(
        &["paperless-ngx/paperless-ngx", "paperlessngx/paperless-ngx"],
        &["/usr/src/paperless/data"],
        &["PAPERLESS_DBHOST"],
    ),
    program(&["photoprism/photoprism"], &["/photoprism/storage"], &["PHOTOPRISM_DATABASE_DRIVER"]),
    program(&["pihole/pihole"], &["/etc/pihole"], &[]),
    program(
        &["portainer/portainer", "portainer/portainer-ce", "portainer/portainer-ee"],
        &["/data"],
        &[],
    ),
    program(&["rundeck/rundeck"], &["/home/rundeck/server/data"], &["RUNDECK_DATABASE_URL"]),
    program(&["sissbruecker/linkding"], &["/etc/linkding/data"], &["LD_DB_ENGINE"]),
    program(&["sonarqube"], &["/opt/sonarqube/data"], &[]),
    program(&["sonatype/nexus3"], &["/nexus-data"], &["NEXUS_DATASTORE_NEXUS_JDBCURL"]),
    program(&["teamspeak"], &["/var/ts3server"], &["TS3SERVER_DB_PLUGIN"]),
    program(
        &["triliumnext/notes", "triliumnext/trilium", "zadam/trilium"],
        &["/home/node/trilium-data"],
        &[],
    ),
    program(&["vaultwarden/server"], &["/data"], &["DATABASE_URL"]),
    program(
        &["wallabag/wallabag"],
        &["/var/www/wallabag/data"],
        &["SYMFONY__ENV__DATABASE_DRIVER"],
    ),
    program(
        &["woodpeckerci/woodpecker-server"],
        &["/var/lib/woodpecker"],
        &["WOODPECKER_DATABASE_DRIVER"],
    ),
];

/// Programs that keep their data in a bucket where several run beside each other (Grafana Labs'
/// documentation, "Deployment modes"): what they share then are files that each may write.
const CLUSTERED: &[&str] = &["grafana/loki", "grafana/mimir", "grafana/tempo"];

/// What the value of such a variable begins with that names a database of files after all.
const OF_FILES: &[&str] = &["better-sqlite", "dev-", "file:", "h2", "pdo_sqlite", "sqlite", "/"];

/// The directories in which the program of a service keeps files that two copies must not share.
pub(crate) fn own_files(service: &Service) -> &'static [&'static str] {
    let (None, Some(image)) = (&service.build, &service.image) else { return &[] };
    let repository = repository(&image.value);
    let Some(program) = PROGRAMS.iter().find(|program| program.images.contains(&repository)) else {
        return &[];
    };
    let copies = service.scale.as_ref().or(service.deploy.replicas.as_ref());
    if CLUSTERED.contains(&repository) && copies.is_some_and(|copies| copies.value > 1) {
        return &[];
    }
    let is_named = |name: &str| program.unless.iter().any(|known| known.eq_ignore_ascii_case(name));
    let is_of_files = |value: &str| {
        let value = value.to_ascii_lowercase();
        value.is_empty() || OF_FILES.iter().any(|start| value.starts_with(start))
    };
    let mut variables = service.environment.iter();
    let elsewhere = variables.any(|(name, value)| is_named(name) && !is_of_files(&value.value))
        || service.extension.secret_env.keys().any(|name| is_named(name));
    if elsewhere { &[] } else { program.directories }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{env, find, run, service, volume_mount};

    fn kept(image: &str, variables: &[(&str, &str)]) -> &'static [&'static str] {
        let mut web = service("web", image);
        for (name, value) in variables {
            env(&mut web, name, value);
        }
        own_files(&web)
    }

    #[test]
    fn a_database_of_its_own_unless_another_is_named() {
        assert_eq!(kept("jenkins/jenkins:lts", &[]), ["/var/jenkins_home"]);
        assert_eq!(kept("acme/jenkins", &[]), [""; 0]);
        assert_eq!(kept("codeberg.org/forgejo/forgejo:9", &[])[0], "/data");
        for (image, name, value, is_own) in [
            ("n8nio/n8n", "DB_TYPE", "postgresdb", false),
            ("n8nio/n8n", "DB_TYPE", "sqlite", true),
            ("gitea/gitea:1", "GITEA__database__DB_TYPE", "mysql", false),
            ("gitea/gitea:1", "GITEA__database__DB_TYPE", "sqlite3", true),
            ("vaultwarden/server", "DATABASE_URL", "mysql://u@db/x", false),
            ("vaultwarden/server", "DATABASE_URL", "/data/db.sqlite3", true),
            ("keycloak/keycloak:26", "KC_DB", "dev-file", true),
            ("grafana/grafana", "GF_SERVER_ROOT_URL", "https://a", true),
        ] {
            assert_eq!(!kept(image, &[(name, value)]).is_empty(), is_own, "{image} {name}={value}");
        }
    }

    #[test]
    fn two_copies_on_one_volume_are_refused() {
        let said = |target: &str, copies: u32| {
            let mut web = service("web", "n8nio/n8n:1");
            web.mounts = vec![volume_mount("data", target)];
            web.scale = Some(crate::ecs::testing::at(copies));
            find(&run(vec![web]).diagnostics, Code::Refused).map(|said| said.severity)
        };
        assert_eq!(said("/home/node/.n8n", 2), Some(Severity::Error));
        assert_eq!(said("/home/node/.n8n", 1), None);
        assert_eq!(said("/files", 2), None);
    }

    #[test]
    fn programs_that_form_clusters_may_share_a_volume() {
        let kept = |copies: u32| {
            let mut loki = service("loki", "grafana/loki:3.1.0");
            loki.scale = Some(crate::ecs::testing::at(copies));
            own_files(&loki)
        };
        assert_eq!(kept(1), ["/loki", "/var/loki"]);
        assert_eq!(kept(3), [""; 0]);
    }

    #[test]
    fn every_program_stands_once() {
        assert!(PROGRAMS.is_sorted_by_key(|program| program.images[0]));
        let mut names: Vec<_> = PROGRAMS.iter().flat_map(|program| program.images).collect();
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
