//! Search engines that want more memory maps of the kernel than a process has on Fargate.
//!
//! Elasticsearch guide, "Maximum map count check": a node that others reach does not start with less than
//! 262144, unless it may not use mmap; one of `discovery.type: single-node` passes ("Bootstrap checks",
//! "Single-node discovery"). OpenSearch has the same check. SonarQube has an Elasticsearch inside, and asks
//! for as much (SonarQube documentation, "Installation requirements on Linux").

use super::known_images::repository;
use super::other_program::{runs_a_script, runs_a_tool};
use crate::compose::model::{Launch, Mount, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::source::Located;

/// What a process has that nobody gave more: Linux's own number (kernel documentation,
/// `vm.max_map_count`), which is Fargate's (github.com/aws/amazon-ecs-cli, issue 1102).
const HAS: u32 = 65530;

/// A program, and how it is told to do without.
struct Program {
    /// The repositories of its images.
    images: &'static [&'static str],
    /// The file of its settings, where all of this may stand too.
    file: &'static str,
    /// Settings with which it starts, in lower case.
    starts_with: &'static [&'static str],
    /// What to write.
    cure: &'static str,
}

const PROGRAMS: [Program; 3] = [
    Program {
        images: &["elasticsearch", "elasticsearch/elasticsearch"],
        file: "/elasticsearch.yml",
        starts_with: &["discovery.type=single-node", "node.store.allow_mmap=false"],
        cure: "set the variable `node.store.allow_mmap: \"false\"`, or `discovery.type: single-node` \
               where it is the only node",
    },
    Program {
        images: &["opensearchproject/opensearch"],
        file: "/opensearch.yml",
        starts_with: &["discovery.type=single-node", "node.store.allow_mmap=false"],
        cure: "set the variable `node.store.allow_mmap: \"false\"`, or `discovery.type: single-node` \
               where it is the only node",
    },
    Program {
        images: &["sonarqube"],
        file: "/sonar.properties",
        starts_with: &[
            "node.store.allow_mmap=false",
            "sonar.es.bootstrap.checks.disable=true",
            "sonar_es_bootstrap_checks_disable=true",
        ],
        cure: "set the variable `SONAR_SEARCH_JAVAADDITIONALOPTS: \
               \"-Dnode.store.allow_mmap=false\"`",
    },
];

/// Warns of a program that does not start, or says what instances need for it.
pub(crate) fn check(service: &Service, out: &mut Output) {
    let (None, Some(image)) = (&service.build, &service.image) else { return };
    let name = repository(&image.value);
    let Some(program) = PROGRAMS.iter().find(|program| program.images.contains(&name)) else {
        return;
    };
    let is_other = runs_a_tool(service) || runs_a_script(service);
    if is_other || starts(service, program) || has_settings(service, program.file) {
        return;
    }
    let diagnostic = match service.launch() {
        Launch::Fargate => Diagnostic::warning(
            Code::KernelLimit,
            format!(
                "{name} may not start: `vm.max_map_count` is {HAS} on Fargate, and cannot be set"
            ),
        )
        .help(program.cure),
        Launch::Ec2 => Diagnostic::note(
            Code::KernelLimit,
            format!("{name} needs a larger `vm.max_map_count` of its instance than Linux's {HAS}"),
        )
        .help(format!("set it on the instances, in their user data; or {}", program.cure)),
        // Their kernel is AWS's to set.
        Launch::ManagedInstances => return,
    };
    out.say(diagnostic.at(image.span, "").service(&service.name.value));
}

/// Whether a setting with which it starts stands in the variables or at the prompt.
fn starts(service: &Service, program: &Program) -> bool {
    let variables = service.environment.iter().map(|(name, v)| format!("{name}={}", v.value));
    let words = [&service.entrypoint, &service.command].into_iter().flatten();
    let words = words.flat_map(|words| words.value.iter().cloned());
    let mut all = variables.chain(words);
    all.any(|text| {
        let text = text.to_ascii_lowercase();
        program.starts_with.iter().any(|setting| text.contains(setting))
    })
}

/// Whether the project brings settings of its own, of which nothing is known.
fn has_settings(service: &Service, file: &str) -> bool {
    let is_it = |mount: &Located<Mount>| mount.value.target.ends_with(file);
    let mut configs =
        service.written.configs.iter().filter_map(|config| config.settings.text("target"));
    service.mounts.iter().any(is_it) || configs.any(|target| target.ends_with(file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{at, env, run, service};

    fn said(service: Service) -> Option<Severity> {
        let done = run(vec![service]);
        let found = done.diagnostics.iter().find(|d| d.code == Code::KernelLimit)?;
        Some(found.severity)
    }

    #[test]
    fn a_cluster_does_not_start_on_fargate() {
        for (image, name, value) in [
            (
                "docker.elastic.co/elasticsearch/elasticsearch:8.14.1",
                "discovery.type",
                "single-node",
            ),
            ("elasticsearch:8.14.1", "node.store.allow_mmap", "false"),
            ("opensearchproject/opensearch:2", "discovery.type", "single-node"),
            (
                "sonarqube:10-community",
                "SONAR_SEARCH_JAVAADDITIONALOPTS",
                "-Xmx1g -Dnode.store.allow_mmap=false",
            ),
            ("sonarqube", "SONAR_ES_BOOTSTRAP_CHECKS_DISABLE", "true"),
        ] {
            let mut search = service("search", image);
            env(&mut search, "cluster.name", "shop");
            assert_eq!(said(search.clone()), Some(Severity::Warning), "{image}");
            env(&mut search, name, value);
            assert_eq!(said(search), None, "{image}");
        }
        let mut search = service("search", "elasticsearch:8.14.1");
        search.extension.launch = Some(at(Launch::Ec2));
        assert_eq!(said(search.clone()), Some(Severity::Note));
        search.extension.launch = Some(at(Launch::ManagedInstances));
        assert_eq!(said(search), None);
    }

    #[test]
    fn options_at_the_prompt_count_and_tools_do_not_listen() {
        let mut sonar = service("sonar", "sonarqube:10");
        let option = "-Dsonar.search.javaAdditionalOpts=-Dnode.store.allow_mmap=false";
        sonar.command = Some(at(vec![option.to_owned()]));
        assert_eq!(said(sonar), None);
        let mut setup = service("setup", "elasticsearch:8.14.1");
        setup.command = Some(at(vec!["curl".to_owned(), "http://search:9200".to_owned()]));
        assert_eq!(said(setup.clone()), None);
        let script = ["bash", "-c", "bin/elasticsearch-certutil ca --out ca.zip"];
        setup.command = Some(at(script.map(str::to_owned).to_vec()));
        assert_eq!(said(setup), None);
        let mut own = service("own", "elasticsearch:8.14.1");
        let kind = crate::compose::model::MountKind::Bind("/app/es.yml".into());
        let target = "/usr/share/elasticsearch/config/elasticsearch.yml";
        own.mounts = vec![crate::ecs::testing::mount(kind, target)];
        assert_eq!(said(own), None);
    }
}
