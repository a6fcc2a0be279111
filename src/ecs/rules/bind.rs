//! Files and directories of the machine that runs Compose.

mod machine;
mod names;
mod shared;
mod source;

use std::path::Path;

use super::data_directories;
use super::known_images::Class;
use super::mounts::empty::Empty;
use super::mounts::{Owner, Place, Stored, chosen_place, fresh, of_directory};
use super::runtime_files::hides;
use crate::compose::model::{Launch, Mount, Storage};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::ecs::desired::{Asset, AssetSource, Undecided};
use crate::ecs::facts::{MOST_BYTES, PathFacts, PathKind, is_configuration, looks_like_a_key};
use crate::ecs::translate::context::Output;
use crate::source::Located;

pub(crate) use machine::is_of_the_machine;
use machine::of_the_machine;
use names::{is_data, is_file_name, keeps_state};
pub(crate) use shared::{Written, written};
use source::Source;

/// A bind mount, and what is known of it.
struct Bind<'a, 'b> {
    owner: &'b Owner<'a, 'b>,
    mount: &'a Located<Mount>,
    path: &'a Path,
    /// The path from the project's directory, where it is in it.
    inside: Option<String>,
    /// The path as people know it.
    shown: String,
    facts: Option<&'b PathFacts>,
}

/// Finds a place for a bind mount.
pub(super) fn place<'a>(
    owner: &Owner<'a, '_>,
    mount: &'a Located<Mount>,
    path: &'a Path,
    out: &mut Output,
) -> Stored<'a> {
    if let Some(place) = on_the_instance(owner, mount, path) {
        return place;
    }
    if hides(owner.service, &mount.value.target, mount.span, out) {
        return Stored::at(mount, "", Place::Nowhere);
    }
    if let Some(found) = of_the_machine(path, owner.service.launch()) {
        out.say(found.at(mount.span, "").service(owner.name()));
        return Stored::at(mount, "", Place::Nowhere);
    }
    let facts = owner.cx.facts.paths.get(path);
    let below = path.strip_prefix(&owner.cx.project.directory).ok();
    let inside = below.filter(|_| facts.is_none_or(|facts| !facts.leaves)).map(slashes);
    let written = mount.value.written.clone();
    let shown = match (&inside, written) {
        (Some(inside), _) => format!("./{inside}"),
        (None, Some(written)) => written,
        (None, None) => path.display().to_string(),
    };
    let bind = Bind { owner, mount, path, inside, shown, facts };
    let by_service = owner.service.extension.volume.as_ref().filter(|_| !bind.wants_asset());
    if let Some(chosen) = mount.value.storage.as_ref().or(by_service) {
        return bind.chosen(chosen, out);
    }
    let source = bind.source(path);
    if let Some(dropped) = source.as_ref().and_then(|source| bind.dropped(source)) {
        out.say(dropped);
        return Stored::at(mount, "", Place::Nowhere);
    }
    if let Some(chosen) = bind.by_others() {
        return bind.chosen(chosen, out);
    }
    if let Some(stored) = bind.read_back(out) {
        return stored;
    }
    if bind.inside.is_none() && bind.is_file() {
        out.say(bind.outside());
        return Stored::at(mount, "", Place::Nowhere);
    }
    // Code that cannot become an asset needs somebody to say what is meant.
    let fits = source.is_none() || bind.not_an_asset().is_none();
    if bind.inside.is_some() && bind.wants_asset() && fits {
        let place = bind.asset(out);
        return Stored::at(mount, "", place);
    }
    if bind.inside.is_some() && bind.is_data() && (source.is_none() || bind.is_of_a_database()) {
        bind.starts_empty(out);
        return bind.volume(out);
    }
    bind.undecided(source.as_ref(), out);
    Stored { is_open: true, ..bind.volume(out) }
}

/// The path with slashes.
pub(super) fn slashes(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|c| c.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// A path of the instance: an absolute one outside of the project, unless `x-ecs` says where else it
/// shall live.
fn on_the_instance<'a>(
    owner: &Owner<'a, '_>,
    mount: &'a Located<Mount>,
    path: &Path,
) -> Option<Stored<'a>> {
    // ECS developer guide, "Amazon ECS task definition differences for Amazon ECS Managed Instances": no
    // path of theirs is mounted.
    if owner.service.launch() != Launch::Ec2 || mount.value.storage.is_some() {
        return None;
    }
    let given = path.to_str().filter(|path| path.starts_with('/'))?;
    let is_absolute = mount.value.written.as_ref().is_none_or(|written| written.starts_with('/'));
    if !is_absolute || path.starts_with(&owner.cx.project.directory) {
        return None;
    }
    let id = of_directory(given).id;
    Some(Stored::at(mount, &id, Place::Host(given.to_owned())))
}

impl<'a> Bind<'a, '_> {
    fn target(&self) -> &'a str {
        &self.mount.value.target
    }

    fn diagnostic(&self, diagnostic: Diagnostic, help: &str) -> Diagnostic {
        diagnostic.at(self.mount.span, "").help(help).service(self.owner.name())
    }

    /// Whether it is one file: as it is at home, else as the names have it.
    fn is_file(&self) -> bool {
        match self.facts.map(|facts| facts.kind) {
            Some(PathKind::File) => true,
            Some(PathKind::Directory { .. }) => false,
            Some(PathKind::Missing | PathKind::Other) | None => {
                is_file_name(&self.shown, self.target())
            }
        }
    }

    /// Whether it is what the container reads: a file, `:ro`, or a directory of configuration.
    fn wants_asset(&self) -> bool {
        self.is_file()
            || self.mount.value.read_only
            || is_configuration(self.target()) && !self.is_filled_there()
    }

    /// Whether it is the container that fills a directory which it may write to: nothing is in it at
    /// home, or there is none and the program is known to keep its state there.
    fn is_filled_there(&self) -> bool {
        match self.facts.map(|facts| facts.kind) {
            Some(PathKind::Directory { empty }) => empty,
            Some(PathKind::Missing) | None => keeps_state(self.target()),
            Some(PathKind::File | PathKind::Other) => false,
        }
    }

    /// Whether it is what the container writes: nothing is there at home, or it is mounted where
    /// programs keep their data.
    fn is_data(&self) -> bool {
        let kind = self.facts.map(|facts| facts.kind);
        let is_new = matches!(kind, Some(PathKind::Missing | PathKind::Directory { empty: true }));
        is_new || self.is_of_a_database() || self.is_data_by_name()
    }

    /// Whether a database keeps its files there: the image or the place in it says so.
    fn is_of_a_database(&self) -> bool {
        data_directories::is_one(self.target())
            || self.owner.known.is_some_and(|image| image.class == Class::Database)
    }

    fn is_data_by_name(&self) -> bool {
        is_data(&self.shown, self.target()) || keeps_state(self.target())
    }

    fn outside(&self) -> Diagnostic {
        let message = format!("{} is a file outside the project, which is never read", self.shown);
        let help = if looks_like_a_key(&self.shown) {
            "pass it as a secret (`secrets`); an IAM role (`x-ecs.policies`) stands for AWS credentials"
        } else {
            "move it into the project's directory and mount it from there, or use `configs`"
        };
        self.diagnostic(Diagnostic::error(Code::Refused, message), help)
    }

    /// What `x-ecs` says.
    fn chosen(&self, chosen: &Located<Storage>, out: &mut Output) -> Stored<'a> {
        let place = match &chosen.value {
            Storage::Asset if self.inside.is_some() => self.asset(out),
            Storage::Asset => {
                let message = format!("{} is outside the project, and never read", self.shown);
                let help = "move it into the project's directory, or choose `efs` or `ephemeral`";
                out.say(self.diagnostic(Diagnostic::error(Code::Refused, message), help));
                Place::Nowhere
            }
            _ if self.is_file() => {
                let message = format!("{} is a file, and volumes are directories", self.shown);
                let help =
                    "mount its directory, or let it be a part of the image: `x-ecs: {asset}`";
                out.say(self.diagnostic(Diagnostic::error(Code::Refused, message), help));
                Place::Nowhere
            }
            Storage::Efs => return self.volume(out),
            storage => chosen_place(self.owner, self.mount, storage, chosen, out),
        };
        Stored::at(self.mount, &self.volume_name(), place)
    }

    /// What the name of its volume is made of: the same on every machine.
    fn volume_name(&self) -> String {
        of_directory(self.inside.as_deref().unwrap_or(&self.shown)).id
    }

    fn volume(&self, out: &mut Output) -> Stored<'a> {
        let volume = of_directory(self.inside.as_deref().unwrap_or(&self.shown));
        let name = volume.id.clone();
        Stored::at(self.mount, &name, Place::Own(self.within(volume, out)))
    }

    fn starts_empty(&self, out: &mut Output) {
        let is_full = matches!(
            self.facts.map(|facts| facts.kind),
            Some(PathKind::Directory { empty: false })
        );
        let is_missed = is_full || self.facts.is_none() && !self.is_of_a_database();
        out.empty.push(Empty {
            volume: self.volume_name(),
            service: self.owner.name().to_owned(),
            span: self.mount.span,
            label: "",
            message: format!("{} becomes a volume on EFS that starts empty", self.shown),
            help: "what is in the directory at home stays there; `x-ecs: {asset}` at the mount puts \
                   it into the image",
            severity: if is_missed { Severity::Warning } else { Severity::Note },
            is_seeded: false,
        });
    }

    /// Goes on with EFS, until somebody says what is meant.
    fn undecided(&self, source: Option<&Source>, out: &mut Output) {
        let may_be_asset = self.inside.is_some();
        let message = format!(
            "where {} shall live is not said: it becomes an empty volume on EFS",
            self.shown
        );
        let diagnostic = Diagnostic::warning(Code::Approximated, message);
        out.say(match source {
            Some(source) => self.not_copied(source),
            None => self.diagnostic(diagnostic, decide(may_be_asset)),
        });
        out.desired.undecided.push(Undecided {
            service: self.owner.name().to_owned(),
            path: self.shown.clone(),
            may_be_asset,
            span: self.mount.span,
        });
    }

    /// The files become a part of the image, unless they must not.
    fn asset(&self, out: &mut Output) -> Place<'a> {
        let path = self.inside.clone().unwrap_or_default();
        if let Some(refused) = self.not_an_asset() {
            out.say(refused);
            return Place::Nowhere;
        }
        if self.facts.is_some_and(|facts| facts.kind == PathKind::Missing) {
            let message = format!("{} does not exist here", self.shown);
            let help = if self.is_file() || self.mount.value.read_only {
                "it becomes a part of the image, so it has to be there for a deploy"
            } else {
                "it becomes a part of the image, so it has to be there for a deploy; where the \
                container keeps its own state there, `x-ecs: {efs}` at the mount makes it a volume"
            };
            out.say(self.diagnostic(Diagnostic::warning(Code::FileNotFound, message), help));
        }
        if !self.mount.value.read_only {
            let message =
                format!("what the container writes to {} is lost with its task", self.target());
            out.say(fresh(self.owner, self.mount, &message));
        }
        let source = AssetSource::Path(if path.is_empty() { ".".to_owned() } else { path });
        Place::Asset(Asset::of_root(self.target().to_owned(), source, !self.is_file()))
    }

    /// Why the files must not become a part of an image, which everybody who may pull it can read.
    fn not_an_asset(&self) -> Option<Diagnostic> {
        let error = |message: String, help: &str| {
            Some(self.diagnostic(Diagnostic::error(Code::Refused, message), help))
        };
        const SECRET: &str = "pass it as a secret: `secrets: {NAME: {file: …}}` at the top level, and `secrets: [NAME]` at the service";
        let named =
            looks_like_a_key(&self.shown) && self.facts.is_none_or(|f| f.kind != PathKind::Missing);
        let key = self.facts.and_then(|facts| facts.key.as_ref());
        if let Some(key) = key.or(named.then_some(&self.shown)) {
            return error(format!("{key} looks like a key or credentials"), SECRET);
        }
        let facts = self.facts?;
        if let Some(ignored) = &facts.ignored {
            return error(
                format!("git ignores {ignored}, so it does not belong into an image"),
                "let git know it, pass it as a secret (`secrets`), or choose `x-ecs: {efs}` for a directory",
            );
        }
        if facts.size > MOST_BYTES {
            return error(
                format!("{} has more than 100 MiB", self.shown),
                "COPY it in the Dockerfile, or keep it on EFS: `x-ecs: {efs}` at the mount",
            );
        }
        if let Some((path, link)) = &facts.link_out {
            return error(
                format!("{path} is a link to {link}, which is not mounted with it"),
                "put the file itself there, or mount a directory that has both",
            );
        }
        if facts.kind == PathKind::Other {
            return error(
                format!("{} is no file and no directory that can be read", self.shown),
                "sockets and devices of this machine are not on ECS",
            );
        }
        None
    }
}

/// What to do about a mount of which nobody said where it shall live.
pub(crate) fn decide(may_be_asset: bool) -> &'static str {
    if may_be_asset {
        "say it at the mount, in its long form: `x-ecs: {asset}` for files of the project, `{efs}` \
         for data that stays, `{ephemeral}` for data that may go; `deploy` needs it"
    } else {
        "say it at the mount, in its long form: `x-ecs: {efs}` for data that stays, `{ephemeral}` \
         for data that may go; `deploy` needs it, and files outside the project are never read"
    }
}

#[cfg(test)]
#[path = "bind_tests.rs"]
mod tests;
