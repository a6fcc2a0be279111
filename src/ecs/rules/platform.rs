//! `platform`: what a task runs on.

use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::RuntimePlatform;
use crate::ecs::translate::context::Output;
use crate::ecs::translate::unit::Unit;
use crate::source::Located;

/// What most images are made for.
const X86: &str = "X86_64";
const ARM: &str = "ARM64";

/// Operating systems by the names that Go has for them (containerd, `platforms/database.go`,
/// `isKnownOS`); a platform may be one of these alone.
const SYSTEMS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "macos",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "windows",
    "zos",
];

/// Architectures that a platform may be alone, and that ECS does not have (containerd,
/// `platforms/database.go`, `isKnownArch`).
const OTHER_MACHINES: &[&str] = &[
    "386",
    "amd64p32",
    "arm",
    "arm64be",
    "armbe",
    "armel",
    "armhf",
    "i386",
    "loong64",
    "mips",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "mipsle",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
];

/// Why no task runs a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unfit {
    /// No platform at all.
    Unknown,
    /// Not Linux.
    System,
    /// WebAssembly, which Docker runs through other shims of containerd's.
    Wasm,
    /// Neither x86-64 nor ARM64.
    Machine,
    /// A generation of processors.
    Generation,
}

/// The machine of a unit's task: what its services say, else what most images have.
pub(crate) fn runtime_platform(unit: &Unit<'_>, out: &mut Output) -> RuntimePlatform {
    let mut first: Option<(&'static str, &Located<String>)> = None;
    for service in unit.members.iter().map(|member| member.service) {
        let Some(platform) = platform(service) else { continue };
        let architecture = match architecture(&platform.value) {
            Ok(architecture) => architecture,
            Err(why) => {
                out.say(refusal(platform, why).service(&service.name.value));
                continue;
            }
        };
        match first {
            None => first = Some((architecture, platform)),
            Some((other, place)) if other != architecture => {
                let message = "the services of one task want two kinds of machine";
                out.say(
                    Diagnostic::error(Code::Conflict, message)
                        .at(platform.span, "")
                        .at(place.span, "")
                        .help("write one `platform` at all of them, or give one a task of its own")
                        .service(&service.name.value),
                );
            }
            Some(_) => {}
        }
    }
    RuntimePlatform {
        cpu_architecture: first.map_or(X86, |(architecture, _)| architecture).to_owned(),
        operating_system_family: "LINUX".to_owned(),
    }
}

fn refusal(platform: &Located<String>, why: Unfit) -> Diagnostic {
    const BOTH: &str = "use `linux/amd64` or `linux/arm64`";
    let text = &platform.value;
    let (code, message, help) = match why {
        Unfit::Unknown => (
            Code::InvalidValue,
            format!("{text:?} is no platform"),
            "write the system and the machine: `linux/amd64` or `linux/arm64`",
        ),
        Unfit::System => (
            Code::Refused,
            format!("tasks run Linux, not {text:?}"),
            "use `linux/amd64` or \
             `linux/arm64`, with an image that is made for it; or leave the service out on ECS (with \
             `profiles`)",
        ),
        Unfit::Wasm => (
            Code::Refused,
            format!("ECS runs no Wasm, which {text:?} is"),
            "build the program for `linux/amd64` or `linux/arm64`; or leave the service out on ECS \
             (with `profiles`)",
        ),
        Unfit::Machine => (Code::Refused, format!("ECS has no machine for {text:?}"), BOTH),
        Unfit::Generation => (
            Code::Refused,
            format!("ECS does not say which processor a task gets, as {text:?} wants"),
            "use `linux/amd64` or `linux/arm64`, with an image that runs on every one of them",
        ),
    };
    Diagnostic::error(code, message).at(platform.span, "").help(help)
}

/// `platform`, else what `build.platforms` names: the one, or of several the first that is x86, else
/// that ECS runs at all.
fn platform(service: &Service) -> Option<&Located<String>> {
    let built = service.build.as_ref().and_then(|build| {
        let platforms = &build.value.platforms;
        let of = |wanted: &str| platforms.iter().find(|p| architecture(&p.value) == Ok(wanted));
        match platforms.as_slice() {
            [one] => Some(one),
            _ => of(X86).or_else(|| of(ARM)),
        }
    });
    service.platform.as_ref().or(built)
}

/// What a service runs on, as Docker calls it: one name for each of the machines that ECS has. What it
/// has not is said with the task.
pub(crate) fn docker_platform(service: &Service) -> &'static str {
    let architecture = platform(service).and_then(|platform| architecture(&platform.value).ok());
    of_architecture(architecture.unwrap_or(X86))
}

/// What tasks of an architecture of ECS run, as Docker calls it.
pub(crate) fn of_architecture(architecture: &str) -> &'static str {
    if architecture == ARM { "linux/arm64" } else { "linux/amd64" }
}

/// A platform of Docker's as ECS calls it: `os`, `architecture`, `os/architecture` or
/// `os/architecture/variant`, in any case, with what systems call their machines (containerd,
/// `platforms/platforms.go`, `Parse`, and `platforms/database.go`). Where it takes the builder's own
/// for what is left out, a task is x86-64 Linux.
fn architecture(platform: &str) -> Result<&'static str, Unfit> {
    let lower = platform.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split('/').collect();
    // A version of Windows may stand behind its name: `windows(10.0.17763)/amd64`.
    let is_word = |part: &&str| {
        let part = part.split_once('(').map_or(*part, |(name, _)| name);
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
    };
    if parts.len() > 3 || !parts.iter().all(is_word) {
        return Err(Unfit::Unknown);
    }
    let named = |system: &str| system.split('(').next().is_some_and(|s| SYSTEMS.contains(&s));
    let (system, machine, variant) = match parts.as_slice() {
        [one] if named(one) => (*one, "amd64", ""),
        [one] => ("linux", *one, ""),
        [system, machine] => (*system, *machine, ""),
        [system, machine, variant] => (*system, *machine, *variant),
        _ => return Err(Unfit::Unknown),
    };
    // Docker documentation, "Wasm workloads": `wasi/wasm`, and `wasi/wasm32` before.
    if matches!(system, "wasi" | "wasip1" | "wasip2") || machine.starts_with("wasm") {
        return Err(Unfit::Wasm);
    }
    if system != "linux" {
        return Err(if named(system) { Unfit::System } else { Unfit::Unknown });
    }
    match (machine, variant) {
        ("amd64" | "x86_64" | "x86-64", "" | "v1") => Ok(X86),
        ("arm64" | "aarch64", "" | "8" | "v8" | "v8.0") => Ok(ARM),
        ("amd64" | "x86_64" | "x86-64" | "arm64" | "aarch64", _) => Err(Unfit::Generation),
        _ if OTHER_MACHINES.contains(&machine) => Err(Unfit::Machine),
        _ => Err(Unfit::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{at, built, facts, loud, project, run, service, task};
    use crate::ecs::translate;

    #[test]
    fn platforms() {
        for (platform, wanted) in [
            (None, "X86_64"),
            (Some("linux/amd64"), "X86_64"),
            (Some("linux/arm64"), "ARM64"),
            (Some("linux/arm64/v8"), "ARM64"),
        ] {
            let mut web = service("web", "acme/web:1");
            web.platform = platform.map(|p| at(p.to_owned()));
            let done = run(vec![web]);
            assert_eq!(task(&done, "web").runtime_platform.cpu_architecture, wanted);
        }
        let mut web = service("web", "acme/web:1");
        web.platform = Some(at("windows/amd64".to_owned()));
        assert_eq!(loud(&run(vec![web]).diagnostics), [(Severity::Error, Code::Refused)]);
    }

    #[test]
    fn the_one_platform_of_a_build_is_the_task_s() {
        let mut web = built("web");
        web.build.as_mut().expect("built").value.platforms = vec![at("linux/arm64".to_owned())];
        let done = translate(&project(vec![web]), None, &facts());
        assert_eq!(task(&done, "web").runtime_platform.cpu_architecture, "ARM64");
    }

    #[test]
    fn platforms_by_every_name_that_docker_takes() {
        for text in ["linux", "amd64", "x86_64", "Linux/AMD64", "linux/x86-64", "linux/amd64/v1"] {
            assert_eq!(architecture(text), Ok(X86), "{text}");
        }
        for text in ["arm64", "aarch64", "linux/aarch64", "linux/arm64/v8", "linux/arm64/8"] {
            assert_eq!(architecture(text), Ok(ARM), "{text}");
        }
        for text in ["linux/arm/v7", "armhf", "386", "linux/riscv64", "linux/s390x"] {
            assert_eq!(architecture(text), Err(Unfit::Machine), "{text}");
        }
        for text in ["windows/amd64", "windows", "windows(10.0.17763)/amd64", "darwin/arm64"] {
            assert_eq!(architecture(text), Err(Unfit::System), "{text}");
        }
        for text in ["wasi/wasm", "wasi/wasm32", "WASI/Wasm", "wasm", "wasip1/wasm", "js/wasm"] {
            assert_eq!(architecture(text), Err(Unfit::Wasm), "{text}");
        }
        for text in ["linux/amd64/v3", "linux/arm64/v9"] {
            assert_eq!(architecture(text), Err(Unfit::Generation), "{text}");
        }
        for text in ["foo", "foo/amd64", "linux/foo", "linux/", "/amd64", "a/b/c/d", "linux/am d64"]
        {
            assert_eq!(architecture(text), Err(Unfit::Unknown), "{text}");
        }
    }

    #[test]
    fn images_are_made_and_pinned_for_one_name_of_a_machine() {
        let mut web = built("web");
        assert_eq!(docker_platform(&web), "linux/amd64");
        web.platform = Some(at("aarch64".to_owned()));
        assert_eq!(docker_platform(&web), "linux/arm64");
    }
}
