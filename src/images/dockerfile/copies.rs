//! What a build takes from its context, and where that stands in the image (Dockerfile reference, `COPY`,
//! `ADD`, `RUN --mount=type=bind`, `WORKDIR`).

use std::collections::BTreeMap;
use std::path::Path;

use super::{Dockerfile, lines};
use crate::images::bases::replaced;
use crate::images::spec::BuildSpec;

/// A file or directory of the context that an image has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Its path from the context's directory; empty for all of it.
    pub from: String,
    /// Its place in the image; nothing where that is not known, or where what was made of it is there.
    pub to: Option<String>,
}

/// A `COPY` or `ADD`, taken apart.
#[derive(Debug, Default)]
struct Copy {
    from: Option<String>,
    keeps_parents: bool,
    sources: Vec<String>,
    target: String,
}

impl Dockerfile {
    /// What the stages have that others copy from, which the target is not made of itself: where that
    /// ends up in the image is not looked for. `chain`: the stages that the target is made of.
    pub(super) fn copied_by_way(&self, spec: &BuildSpec, chain: &[usize]) -> Vec<Copied> {
        let mut seen: Vec<bool> = vec![false; self.stages.len()];
        chain.iter().for_each(|&index| seen[index] = true);
        let used = |index: usize| {
            let stage = &self.stages[index];
            let uses = stage.uses.iter().map(|name| (name.as_str(), true));
            let all = uses.chain([(stage.base.as_str(), false)]);
            all.filter_map(|(name, by_number)| self.stage_before(index, name, by_number))
                .collect::<Vec<_>>()
        };
        let mut open: Vec<usize> = chain.iter().flat_map(|&index| used(index)).collect();
        let mut found = Vec::new();
        while let Some(index) = open.pop() {
            if std::mem::replace(&mut seen[index], true) {
                continue;
            }
            for (keyword, rest) in &self.stages[index].says {
                found.extend(taken(spec, keyword, rest).into_iter().map(|from| anywhere(&from)));
            }
            open.extend(used(index));
        }
        found
    }

    /// What an instruction of the target's own stages copies.
    pub(super) fn copied(
        &self,
        spec: &BuildSpec,
        (keyword, rest): (&str, &str),
        workdir: Option<&str>,
        values: &BTreeMap<String, String>,
    ) -> Vec<Copied> {
        let copy = match copy_of(rest) {
            Some(copy) if keyword != "RUN" && copy.from.is_none() => copy,
            _ => return taken(spec, keyword, rest).iter().map(|from| anywhere(from)).collect(),
        };
        let target = self.place(&copy.target, workdir, values);
        let several = copy.sources.len() > 1;
        let sources = copy.sources.iter().filter(|source| is_of_context(source));
        let one = |source: &String| {
            let Some(source) = self.known(source, values) else { return anywhere("") };
            let (from, is_all) = of_context(&source);
            let last = from.rsplit('/').next().unwrap_or_default();
            let is_directory = is_all || Path::new(&spec.context).join(&from).is_dir();
            let goes_into = several
                || copy.target.ends_with(['/', '.'])
                || target.as_deref().is_some_and(|target| workdir == Some(target));
            let to = target.as_deref().map(|target| match (copy.keeps_parents, is_directory) {
                (true, _) => absolute(target, &from),
                (false, false) if goes_into => absolute(target, last),
                (false, _) => target.to_owned(),
            });
            Copied { from, to }
        };
        sources.map(one).collect()
    }

    /// The directory of `WORKDIR` or the place of a `COPY`, where all of it is known.
    pub(super) fn place(
        &self,
        path: &str,
        workdir: Option<&str>,
        values: &BTreeMap<String, String>,
    ) -> Option<String> {
        let path = self.known(path, values)?;
        match path.starts_with('/') {
            true => Some(absolute("/", &path)),
            false => Some(absolute(workdir?, &path)),
        }
    }

    /// A text with its variables filled in, where all of them are known.
    fn known(&self, text: &str, values: &BTreeMap<String, String>) -> Option<String> {
        let named = |rest: &str| -> bool {
            let rest = rest.strip_prefix('{').unwrap_or(rest);
            let end = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric());
            let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
            values.contains_key(name) || after.starts_with([':', '-'])
        };
        let is_known = text.split('$').skip(1).all(named);
        self.expand(text, 0, values).ok().filter(|_| is_known)
    }
}

fn anywhere(from: &str) -> Copied {
    Copied { from: from.to_owned(), to: None }
}

/// What an instruction takes from the context, wherever it goes. Another context may be any directory.
fn taken(spec: &BuildSpec, keyword: &str, rest: &str) -> Vec<String> {
    if keyword == "RUN" {
        let mounts = rest.split_whitespace().take_while(|word| word.starts_with("--"));
        return mounts.filter_map(|flag| bound(flag.strip_prefix("--mount=")?)).collect();
    }
    if !matches!(keyword, "COPY" | "ADD") {
        return Vec::new();
    }
    let Some(copy) = copy_of(rest) else { return Vec::new() };
    match &copy.from {
        Some(name) if replaced(spec, name) => vec![String::new()],
        Some(_) => Vec::new(),
        None => {
            let sources = copy.sources.iter().filter(|source| is_of_context(source));
            sources.map(|s| if s.contains('$') { String::new() } else { of_context(s).0 }).collect()
        }
    }
}

/// The source of `--mount=type=bind`, which is the usual type.
fn bound(mount: &str) -> Option<String> {
    let mut source = String::new();
    for part in mount.split(',') {
        match part.split_once('=').unwrap_or((part, "")) {
            ("type", "bind") => {}
            ("type" | "from", _) => return None,
            ("source" | "src", path) => source = of_context(path).0,
            _ => {}
        }
    }
    Some(source)
}

fn copy_of(rest: &str) -> Option<Copy> {
    let words = lines::words(rest);
    let (flags, paths): (Vec<_>, Vec<_>) = {
        let first = words.iter().position(|word| !word.starts_with("--"))?;
        (words[..first].to_vec(), words[first..].to_vec())
    };
    let mut copy = Copy::default();
    for flag in &flags {
        match flag.split_once('=').unwrap_or((flag, "")) {
            ("--from", name) => copy.from = Some(name.trim_matches(['"', '\'']).to_owned()),
            ("--parents", value) => copy.keeps_parents = value != "false",
            _ => {}
        }
    }
    let joined = paths.join(" ");
    let mut paths = match serde_json::from_str::<Vec<String>>(&joined) {
        Ok(list) => list,
        Err(_) => paths.iter().map(|path| path.trim_matches(['"', '\'']).to_owned()).collect(),
    };
    copy.target = paths.pop()?;
    copy.sources = paths;
    (!copy.sources.is_empty()).then_some(copy)
}

/// Whether a source of `COPY` or `ADD` is a path: not an address, and not a text behind `<<`.
fn is_of_context(source: &str) -> bool {
    !source.contains("://") && !source.starts_with("git@") && !source.starts_with("<<")
}

/// A path of the context without `.` and `..`, and whether it is all that a directory has.
fn of_context(path: &str) -> (String, bool) {
    let mut parts: Vec<&str> = Vec::new();
    let mut is_all = false;
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            "*" | "**" => {
                is_all = true;
                break;
            }
            part => parts.push(part),
        }
    }
    let is_root = parts.is_empty();
    (parts.join("/"), is_all || is_root)
}

/// A path below a directory of the image, without `.` and `..`.
fn absolute(directory: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::dockerfile::declared;

    fn copies(dockerfile: &str, target: Option<&str>) -> Option<Vec<(String, String)>> {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(directory.path().join("src")).expect("a directory");
        let mut spec = BuildSpec::new("web", directory.path(), "linux/amd64");
        spec.dockerfile_inline = Some(dockerfile.to_owned());
        spec.target = target.map(str::to_owned);
        let pair = |copied: Copied| (copied.from, copied.to.unwrap_or_else(|| "?".to_owned()));
        Some(declared(&spec).copies?.into_iter().map(pair).collect())
    }

    fn of(dockerfile: &str) -> Vec<(String, String)> {
        copies(dockerfile, None).expect("a Dockerfile")
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
    }

    #[test]
    fn places_of_what_is_copied() {
        for (text, wanted) in [
            ("FROM a\nWORKDIR /app\nCOPY . .", &[("", "/app")][..]),
            (
                "FROM a\nWORKDIR /app\nCOPY requirements.txt .",
                &[("requirements.txt", "/app/requirements.txt")],
            ),
            ("FROM a\nWORKDIR /app\nCOPY src ./src", &[("src", "/app/src")]),
            (
                "FROM a\nWORKDIR /app\nCOPY src app.py ./",
                &[("src", "/app"), ("app.py", "/app/app.py")],
            ),
            ("FROM a\nCOPY a.conf /etc/b.conf", &[("a.conf", "/etc/b.conf")]),
            ("FROM a\nADD --chown=1:1 [\"./src/\", \"/x\"]", &[("src", "/x")]),
            (
                "FROM a\nENV HOME=/home\nWORKDIR $HOME\nWORKDIR app\nCOPY src/* ../b/",
                &[("src", "/home/b")],
            ),
            ("FROM a\nCOPY --parents src/x /y/", &[("src/x", "/y/src/x")]),
            ("FROM a\nADD https://example.com/x /x\nCOPY <<EOF /y\nz\nEOF", &[]),
            // Only the base knows the directory.
            ("FROM a\nCOPY . .", &[("", "?")]),
            ("FROM a\nCOPY . $APP_HOME/x", &[("", "?")]),
            ("FROM scratch\nCOPY . .", &[("", "/")]),
            ("FROM node:onbuild", &[("", "?")]),
            (
                "FROM a\nRUN --mount=type=bind,source=src,target=/s make\nRUN --mount=type=cache,target=/c x",
                &[("src", "?")],
            ),
        ] {
            assert_eq!(of(text), pairs(wanted), "{text}");
        }
        assert_eq!(copies("COPY . .", None), None);
    }

    #[test]
    fn stages_hand_on_what_they_have() {
        let text = "FROM a AS base\nWORKDIR /app\nCOPY src src\nFROM b AS build\nWORKDIR /b\nCOPY . .\n\
                    FROM base\nCOPY --from=build /b/out out\nFROM c AS other\nCOPY x /x";
        assert_eq!(copies(text, Some("other")).expect("copies"), pairs(&[("x", "/x")]));
        let last = "FROM a AS base\nWORKDIR /app\nCOPY src src\nFROM b AS build\nWORKDIR /b\nCOPY . .\n\
                    FROM base\nCOPY --from=build /b/out out";
        assert_eq!(of(last), pairs(&[("src", "/app/src"), ("", "?")]));
    }
}
