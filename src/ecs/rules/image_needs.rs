//! What known images need to start: memory, and a kind of machine.

mod memory_of_images;

use self::memory_of_images::{NEEDS, heap};
use super::known_images::{architecture_of, repository, tag};
use super::other_program::runs_a_tool;
use super::size::{ContainerSize, TaskSize};
use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;

/// Images that are made for x86 alone: repository, and the start of the tags.
///
/// Source: the platforms that the images' registries list.
const X86_ALONE: &[(&str, &str)] =
    &[("mssql/server", ""), ("mysql", "5.5"), ("mysql", "5.6"), ("mysql", "5.7")];

/// Warns of a container with less memory than its image needs.
pub(crate) fn memory(
    service: &Service,
    task: TaskSize,
    container: ContainerSize,
    out: &mut Output,
) {
    let (None, Some(image)) = (&service.build, &service.image) else { return };
    let repository = repository(&image.value);
    let Some(needs) = NEEDS.iter().find(|needs| needs.image == repository) else { return };
    if runs_a_tool(service) {
        return;
    }
    let limit = container.memory.and_then(|limit| u64::try_from(limit).ok());
    let has = limit.unwrap_or(task.memory);
    let set = needs.variables.iter().find_map(|name| service.environment.get_key_value(*name));
    let (least, why, place) = match set {
        None => (needs.least, needs.why.to_owned(), image.span),
        // Beside its heap a virtual machine needs something for itself, however little.
        Some((name, value)) => match heap(&value.value) {
            Some(heap) => (heap + 1, format!("{name} gives its heap {heap} MiB"), value.span),
            None => return,
        },
    };
    if has >= least {
        return;
    }
    let message = format!("{has} MiB are too little for {repository}: {why}");
    let less = match (set, needs.variables) {
        (None, [name, ..]) => format!(", or set {name}"),
        (None, []) => String::new(),
        (Some((name, _)), _) => format!(", or a smaller {name}"),
    };
    let wanted = if set.is_some() { least + least / 4 } else { least };
    out.say(
        Diagnostic::warning(Code::LittleMemory, message)
            .at(place, "")
            .help(format!("write `mem_limit: {}m` or more{less}", wanted.next_multiple_of(256)))
            .service(&service.name.value),
    );
}

/// Warns of an image that the task's machine cannot run.
pub(crate) fn machine(service: &Service, architecture: &str, out: &mut Output) {
    let (None, Some(image)) = (&service.build, &service.image) else { return };
    let (repository, tag) = (repository(&image.value), tag(&image.value).unwrap_or_default());
    let is_x86 =
        X86_ALONE.iter().any(|(name, start)| *name == repository && tag.starts_with(start));
    let on = if architecture == "ARM64" { "ARM" } else { "x86" };
    let (made_for, help) = match architecture_of(&image.value) {
        Some("amd64" | "i386") if on == "ARM" => {
            ("x86", format!("name {repository}, which is made for ARM as well"))
        }
        Some("amd64" | "i386") => return,
        Some("arm64v8") if on == "x86" => {
            ("ARM", format!("write `platform: linux/arm64`, or name {repository}"))
        }
        Some("arm64v8") => return,
        Some(other) => {
            (other, format!("name {repository}: ECS has machines of x86 and of 64-bit ARM alone"))
        }
        None if is_x86 && on == "ARM" => {
            let help =
                "write `platform: linux/amd64`, or name an image that is made for ARM as well";
            ("x86", help.to_owned())
        }
        None => return,
    };
    let message =
        format!("{} is made for {made_for} alone, and the task runs on {on}", image.value);
    out.say(
        Diagnostic::warning(Code::WrongMachine, message)
            .at(image.span, "")
            .at(service.platform.as_ref().map_or(service.span(), |platform| platform.span), "")
            .help(help)
            .service(&service.name.value),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{at, env, loud, run, service};

    fn said(service: Service, code: Code) -> Vec<(Severity, Code)> {
        let mut found = loud(&run(vec![service]).diagnostics);
        found.retain(|(_, found)| *found == code);
        found
    }

    #[test]
    fn too_little_memory_is_said() {
        let warned = [(Severity::Warning, Code::LittleMemory)];
        let mut db = service("db", "mcr.microsoft.com/mssql/server:2022-latest");
        assert_eq!(said(db.clone(), Code::LittleMemory), warned);
        db.mem_limit = Some(at(2 << 30));
        assert_eq!(said(db, Code::LittleMemory), []);
        let mut kafka = service("kafka", "apache/kafka:3.9.0");
        assert_eq!(said(kafka.clone(), Code::LittleMemory), warned);
        env(&mut kafka, "KAFKA_HEAP_OPTS", "-Xmx256m");
        assert_eq!(said(kafka.clone(), Code::LittleMemory), []);
        env(&mut kafka, "KAFKA_HEAP_OPTS", "-Xms1g -Xmx1g");
        assert_eq!(said(kafka.clone(), Code::LittleMemory), warned);
        kafka.entrypoint = Some(at(vec!["kafka-topics".to_owned(), "--list".to_owned()]));
        assert_eq!(said(kafka, Code::LittleMemory), []);
        for image in ["sonatype/nexus3:3.70.1", "docker.elastic.co/logstash/logstash:8.14.1"] {
            assert_eq!(said(service("web", image), Code::LittleMemory), warned, "{image}");
        }
    }

    #[test]
    fn images_for_x86_do_not_run_on_arm() {
        let mut db = service("db", "mysql:5.7");
        assert_eq!(said(db.clone(), Code::WrongMachine), []);
        db.platform = Some(at("linux/arm64".to_owned()));
        assert_eq!(said(db.clone(), Code::WrongMachine), [(Severity::Warning, Code::WrongMachine)]);
        db.image = Some(at("mysql:8".to_owned()));
        assert_eq!(said(db, Code::WrongMachine), []);
    }

    #[test]
    fn repositories_of_one_architecture() {
        for (image, platform, is_wrong) in [
            ("arm64v8/nginx:1.27", None, true),
            ("docker.io/arm64v8/nginx:1.27", Some("linux/amd64"), true),
            ("arm64v8/nginx:1.27", Some("linux/arm64"), false),
            ("amd64/redis:7", Some("linux/arm64"), true),
            ("i386/redis:7", Some("linux/arm64"), true),
            ("amd64/redis:7", None, false),
            ("arm32v7/redis:7", Some("linux/arm64"), true),
            ("s390x/redis:7", None, true),
            ("ghcr.io/s390x/redis:7", None, false),
            ("acme/arm64v8:7", None, false),
        ] {
            let mut one = service("one", image);
            one.platform = platform.map(|platform| at(platform.to_owned()));
            let wanted = [(Severity::Warning, Code::WrongMachine)];
            let wanted = if is_wrong { &wanted[..] } else { &[] };
            assert_eq!(said(one, Code::WrongMachine), wanted, "{image} {platform:?}");
        }
        assert_eq!(repository("arm64v8/nginx:1.27"), "nginx");
        assert_eq!(repository("acme/arm64v8"), "acme/arm64v8");
    }
}
