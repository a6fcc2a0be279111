//! Where a secret or config stands in a container, and who may read it there.

use crate::compose::model::{FileReference, Service, Setting};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;

/// Permissions of what says nothing of them (Compose Specification, `secrets` and `configs`).
const MODE: u32 = 0o444;

/// A file as a container sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    /// Absolute path without `.` and `..`.
    pub(crate) target: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mode: u32,
}

/// What a service says of a secret or config that it takes; nothing, reported, when it cannot be.
/// `base` is the directory that names without `/` stand in.
pub(crate) fn placed(
    service: &Service,
    reference: &FileReference,
    base: &str,
    out: &mut Output,
) -> Option<Placed> {
    let FileReference { source, settings } = reference;
    let written = settings.text("target").filter(|target| !target.is_empty());
    let target = absolute(written.unwrap_or(&source.value), base);
    let uid = id(settings.text("uid"));
    let gid = id(settings.text("gid"));
    let mode = mode(settings.attributes.get("mode"));
    let mut refuse = |message: String, help: &str| {
        out.say(
            Diagnostic::error(Code::InvalidValue, message)
                .at(source.span, "")
                .help(help)
                .service(&service.name.value),
        );
    };
    if target.is_none() {
        let given = written.unwrap_or(&source.value);
        refuse(format!("{given:?} is no place for a file"), "write an absolute path without `..`");
    }
    if uid.is_none() || gid.is_none() {
        refuse(
            format!("the owner of {} is no number", source.value),
            "`uid` and `gid` are numbers: names are only known inside the image",
        );
    }
    if mode.is_none() {
        let message = format!("the mode of {} is none", source.value);
        refuse(message, "write it in octal, up to `07777`");
    }
    Some(Placed { target: target?, uid: uid?, gid: gid?, mode: mode? })
}

/// The path, without what changes nothing about it.
fn absolute(target: &str, base: &str) -> Option<String> {
    let path = if target.starts_with('/') { target.to_owned() } else { format!("{base}/{target}") };
    let mut out = String::with_capacity(path.len());
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." || part.contains('\0') {
            return None;
        }
        out.push('/');
        out.push_str(part);
    }
    (!out.is_empty() && !target.ends_with('/')).then_some(out)
}

fn id(text: Option<&str>) -> Option<u32> {
    let Some(text) = text else { return Some(0) };
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn mode(setting: Option<&Setting>) -> Option<u32> {
    let Some(setting) = setting else { return Some(MODE) };
    u32::from_str_radix(setting.as_text()?, 8).ok().filter(|mode| *mode <= 0o7777)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{loud, reference, service};

    fn place(attributes: &[(&'static str, &str)]) -> Option<Placed> {
        let mut out = Output::default();
        let found =
            placed(&service("web", "x"), &reference("db", attributes), "/run/secrets", &mut out);
        let wanted =
            if found.is_some() { vec![] } else { vec![(Severity::Error, Code::InvalidValue)] };
        assert_eq!(loud(&out.diagnostics), wanted);
        found
    }

    #[test]
    fn compose_s_defaults() {
        let placed = place(&[]).expect("a place");
        let wanted = Placed { target: "/run/secrets/db".into(), uid: 0, gid: 0, mode: 0o444 };
        assert_eq!(placed, wanted);
    }

    #[test]
    fn what_is_written_counts() {
        let given = [("target", "./tls//key.pem"), ("uid", "103"), ("gid", "7"), ("mode", "0440")];
        let wanted =
            Placed { target: "/run/secrets/tls/key.pem".into(), uid: 103, gid: 7, mode: 0o440 };
        assert_eq!(place(&given), Some(wanted));
        let target = place(&[("target", "/etc/db")]).expect("a place").target;
        assert_eq!(target, "/etc/db");
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for (key, value) in [
            ("target", "../../etc/passwd"),
            ("target", "/"),
            ("target", "/etc/"),
            ("uid", "www-data"),
            ("gid", "$(id)"),
            ("uid", "99999999999"),
            ("mode", "0-1"),
            ("mode", "0777777"),
        ] {
            assert_eq!(place(&[(key, value)]), None, "{key} {value}");
        }
    }
}
