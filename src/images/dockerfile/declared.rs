//! What an image will say of itself, as far as its Dockerfile does.

use std::collections::BTreeMap;

use super::copies::Copied;
use super::health::health;
use super::{Dockerfile, Stage, lines};
use crate::images::ImageError;
use crate::images::bases::{bases_of, replaced};
use crate::images::config::ImageHealth;
use crate::images::context::check_directory;
use crate::images::spec::BuildSpec;

/// More ports than anybody writes out: a range of as many is for something else than peers.
const MOST_PORTS: u16 = 64;

/// What an image that is still to be built will say of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// The ports of `EXPOSE`, with their protocols in small letters.
    pub exposed: Vec<(u16, String)>,
    /// The image that the target is made of, where it is no stage, no other context and not `scratch`.
    pub base: Option<String>,
    /// Whether it is made of nothing: `scratch`.
    pub from_scratch: bool,
    /// The last `USER`, its variables filled in; as it is written where only the base knows them.
    pub user: Option<String>,
    /// What `RUN`, `COPY` and `ADD` have behind them, in order.
    pub lines: Vec<String>,
    /// What `COPY` and `ADD` take from the context, their variables filled in.
    pub copied: Vec<String>,
    /// Whether there is an `ENTRYPOINT` or a `CMD`.
    pub has_program: bool,
    /// The last `HEALTHCHECK`; what the base has is not known here.
    pub health: Option<ImageHealth>,
    /// What of the context is in the image; nothing where the Dockerfile, or what the image is made of, is
    /// not known.
    pub copies: Option<Vec<Copied>>,
}

/// What goes on from a stage to the one that is made of it.
struct Inherited {
    environment: BTreeMap<String, String>,
    workdir: Option<String>,
}

/// What the Dockerfile of a build says of the image that it makes. A Dockerfile that is not here, or
/// cannot be read, says nothing: its faults are named where it is built.
#[must_use]
pub fn declared(spec: &BuildSpec) -> Declared {
    examined(spec).0
}

/// The same, and what is wrong with the build, of which the Dockerfile is read once. What lies elsewhere
/// is looked at when it is fetched, if that can be.
#[must_use]
pub fn examined(spec: &BuildSpec) -> (Declared, Option<ImageError>) {
    let is_elsewhere = spec.address.is_some() && spec.dockerfile_inline.is_none();
    let read = (!is_elsewhere).then(|| Dockerfile::read(spec));
    let dockerfile = read.as_ref().and_then(|read| read.as_ref().ok());
    let declared = dockerfile.and_then(|dockerfile| dockerfile.declared(spec));
    let fault = match (spec.is_here(), read) {
        (true, Some(read)) => {
            check_directory(spec).and(read).and_then(|read| bases_of(&read, spec)).err()
        }
        _ => spec.check_address().err(),
    };
    (declared.unwrap_or_default(), fault)
}

impl Dockerfile {
    fn declared(&self, spec: &BuildSpec) -> Option<Declared> {
        let global = self.global_values(spec).ok()?;
        let (mut chain, mut base, mut from_scratch) = (Vec::new(), None, false);
        let mut next = Some(self.target(spec).ok()?);
        while let Some(index) = next {
            let stage = &self.stages[index];
            chain.push(index);
            let from = self.expand(&stage.base, stage.line, &global).ok()?;
            next = self.stage_before(index, &from, false);
            from_scratch = next.is_none() && from == "scratch";
            if next.is_none() && !from.is_empty() && from != "scratch" && !replaced(spec, &from) {
                base = Some(from);
            }
        }
        let workdir = from_scratch.then(|| "/".to_owned());
        let mut inherited = Inherited { environment: BTreeMap::new(), workdir };
        // Images of this kind copy whatever is built on them (Docker Hub, description of `node`).
        let copies = match base.as_ref().is_some_and(|base| base.contains("onbuild")) {
            true => vec![Copied { from: String::new(), to: None }],
            false => Vec::new(),
        };
        let is_known = from_scratch || base.is_some();
        let copies = is_known.then_some(copies);
        let mut declared = Declared { base, from_scratch, copies, ..Declared::default() };
        for &index in chain.iter().rev() {
            self.stage_says(&self.stages[index], spec, &global, &mut inherited, &mut declared);
        }
        if let Some(copies) = &mut declared.copies {
            copies.extend(self.copied_by_way(spec, &chain));
        }
        Some(declared)
    }

    /// Adds what a stage says. The environment goes on to the stages that are made of it; arguments do
    /// not (Dockerfile reference, `ARG`, "Scope").
    fn stage_says(
        &self,
        stage: &Stage,
        spec: &BuildSpec,
        global: &BTreeMap<String, String>,
        inherited: &mut Inherited,
        declared: &mut Declared,
    ) {
        let Inherited { environment, workdir } = inherited;
        let mut values = environment.clone();
        for (keyword, rest) in &stage.says {
            let expand = |text: &str, values: &_| self.expand(text, stage.line, values).ok();
            match keyword.as_str() {
                "ARG" => {
                    for word in lines::words(rest) {
                        let (name, default) = match word.split_once('=') {
                            Some((name, default)) => (name, expand(default, &values)),
                            None => (word.as_str(), global.get(&word).cloned()),
                        };
                        let given = spec.args.iter().rev().find(|(given, _)| given == name);
                        let value = given.map(|(_, value)| value.clone()).or(default);
                        // What the environment says counts (Dockerfile reference, `ARG`).
                        if let (Some(value), None) = (value, environment.get(name)) {
                            values.insert(name.to_owned(), value);
                        }
                    }
                }
                "ENV" => {
                    for (name, text) in pairs(rest) {
                        if let Some(value) = expand(&text, &values) {
                            environment.insert(name.clone(), value.clone());
                            values.insert(name, value);
                        }
                    }
                }
                "EXPOSE" => {
                    let words = lines::words(rest).into_iter();
                    for port in words.filter_map(|w| expand(&w, &values)).flat_map(|w| ports(&w)) {
                        if !declared.exposed.contains(&port) {
                            declared.exposed.push(port);
                        }
                    }
                }
                "USER" => {
                    let known = expand(rest, &values);
                    let known = known.filter(|user| !user.trim_matches(':').is_empty());
                    declared.user = Some(known.unwrap_or_else(|| rest.clone()));
                }
                "ENTRYPOINT" | "CMD" => declared.has_program = true,
                "HEALTHCHECK" => declared.health = health(rest),
                "WORKDIR" => *workdir = self.place(rest, workdir.as_deref(), &values),
                "RUN" | "COPY" | "ADD" => {
                    if keyword != "RUN" {
                        let taken = taken(rest);
                        declared.copied.extend(taken.iter().filter_map(|w| expand(w, &values)));
                    }
                    if let Some(copies) = &mut declared.copies {
                        let says = (keyword.as_str(), rest.as_str());
                        copies.extend(self.copied(spec, says, workdir.as_deref(), &values));
                    }
                    declared.lines.push(rest.clone());
                }
                _ => {}
            }
        }
    }
}

/// What a `COPY` or `ADD` takes from the context: `--chown=… FROM… TO`, or the same as a list in JSON
/// (Dockerfile reference, `COPY`).
fn taken(rest: &str) -> Vec<String> {
    let mut words = lines::words(rest);
    let options = words.iter().take_while(|word| word.starts_with("--")).count();
    if words.iter().take(options).any(|word| word.starts_with("--from")) {
        return Vec::new();
    }
    words.drain(..options);
    let list = rest.find('[').filter(|_| words.first().is_some_and(|word| word.starts_with('[')));
    if let Some(list) = list.and_then(|at| serde_json::from_str::<Vec<String>>(&rest[at..]).ok()) {
        words = list;
    }
    words.pop();
    words
}

/// `NAME=value OTHER=value`, or `NAME the whole value`.
fn pairs(rest: &str) -> Vec<(String, String)> {
    let words = lines::words(rest);
    match words.first() {
        Some(first) if !first.contains('=') => {
            let value = rest.trim_start()[first.len()..].trim().to_owned();
            vec![(first.clone(), value)]
        }
        _ => {
            let pair =
                |word: &String| word.split_once('=').map(|(n, v)| (n.to_owned(), v.to_owned()));
            words.iter().filter_map(pair).collect()
        }
    }
}

/// `80`, `53/udp` or `8000-8003` (Dockerfile reference, `EXPOSE`).
fn ports(word: &str) -> Vec<(u16, String)> {
    let (numbers, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
    let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
    let (Ok(first), Ok(last)) = (first.parse::<u16>(), last.parse::<u16>()) else {
        return Vec::new();
    };
    if first == 0 || last < first || last - first >= MOST_PORTS {
        return Vec::new();
    }
    (first..=last).map(|port| (port, protocol.to_ascii_lowercase())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(dockerfile: &str, target: Option<&str>) -> (Vec<u16>, Option<String>) {
        let mut spec = BuildSpec::new("web", "/none", "linux/amd64");
        spec.dockerfile_inline = Some(dockerfile.to_owned());
        spec.target = target.map(str::to_owned);
        spec.args = vec![("PORT".to_owned(), "9001".to_owned())];
        spec.contexts = vec![("ours".to_owned(), "../ours".to_owned())];
        let Declared { exposed, base, .. } = declared(&spec);
        (exposed.into_iter().map(|(port, _)| port).collect(), base)
    }

    #[test]
    fn what_is_exposed_and_what_it_is_made_of() {
        for (text, ports, base) in [
            ("FROM python:3.12\nEXPOSE 8000/tcp 8001", vec![8000, 8001], Some("python:3.12")),
            (
                "ARG V=8\nFROM php:$V-fpm AS base\nEXPOSE 9000\nFROM base\nEXPOSE 80 9000",
                vec![9000, 80],
                Some("php:8-fpm"),
            ),
            (
                "FROM a AS build\nEXPOSE 1\nFROM scratch\nCOPY --from=build /a /a\nEXPOSE 2",
                vec![2],
                None,
            ),
            ("FROM a\nENV P=7000 Q=\"1\"\nEXPOSE $P ${Q} $NONE", vec![7000, 1], Some("a")),
            ("FROM a\nENV P 7001\nEXPOSE ${P}", vec![7001], Some("a")),
            ("FROM a\nARG PORT=3000\nEXPOSE $PORT", vec![9001], Some("a")),
            ("FROM a\nARG OTHER=3000\nEXPOSE $OTHER", vec![3000], Some("a")),
            ("ARG G=5\nFROM a\nARG G\nEXPOSE $G", vec![5], Some("a")),
            ("FROM a\nEXPOSE 8000-8002 1-65535 0 x 70000", vec![8000, 8001, 8002], Some("a")),
            ("FROM ours\nEXPOSE 4", vec![4], None),
            ("EXPOSE 4", vec![], None),
        ] {
            assert_eq!(says(text, None), (ports, base.map(str::to_owned)), "{text}");
        }
        let stages = "FROM a AS one\nEXPOSE 1\nFROM b AS two\nEXPOSE 2";
        assert_eq!(says(stages, Some("one")), (vec![1], Some("a".to_owned())));
        assert_eq!(declared(&BuildSpec::new("web", "/none", "linux/amd64")), Declared::default());
    }

    fn of(dockerfile: &str, args: &[(&str, &str)], target: Option<&str>) -> Declared {
        let mut spec = BuildSpec::new("web", "/none", "linux/amd64");
        spec.dockerfile_inline = Some(dockerfile.to_owned());
        spec.target = target.map(str::to_owned);
        spec.args = args.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        declared(&spec)
    }

    #[test]
    fn a_stage_has_what_it_stands_on() {
        let text = "ARG V=20\nFROM node:${V} AS base\nRUN apt-get install curl\nUSER node\n\
                    FROM golang AS other\nUSER nobody\nRUN go build\n\
                    FROM base\nCOPY . .\nENTRYPOINT [\"x\"]\n";
        let found = of(text, &[], None);
        assert_eq!((found.base.as_deref(), found.user.as_deref()), (Some("node:20"), Some("node")));
        assert_eq!(found.lines, ["apt-get install curl", ". ."]);
        assert_eq!(of(text, &[], Some("other")).user.as_deref(), Some("nobody"));
        assert!(!found.from_scratch && of("FROM scratch", &[], None).from_scratch);
    }

    #[test]
    fn users_that_arguments_name() {
        let user = |text: &str, args: &[(&str, &str)]| of(text, args, None).user;
        let text = "ARG UID=7\nFROM a\nARG UID\nARG GID=8\nUSER ${UID}:$GID\n";
        assert_eq!(user(text, &[]).as_deref(), Some("7:8"));
        assert_eq!(user(text, &[("UID", "1000")]).as_deref(), Some("1000:8"));
        assert_eq!(user("FROM a\nENV ME=bob\nUSER $ME", &[]).as_deref(), Some("bob"));
        // Only the base knows.
        assert_eq!(user("FROM a\nUSER $APP_UID", &[]).as_deref(), Some("$APP_UID"));
        assert_eq!(user("FROM a\nUSER root\nRUN x\nUSER app", &[]).as_deref(), Some("app"));
        assert_eq!(user("FROM a", &[]), None);
    }

    #[test]
    fn what_is_taken_from_the_context() {
        let text = "ARG F=b.conf\nFROM a AS one\nCOPY --from=x /k /k\nCOPY --chown=1:1 a.conf $F /etc/\n\
                    FROM one\nADD [\"c d\", \"/x\"]\n";
        // The argument is the whole file's, and the stage does not ask for it.
        assert_eq!(of(text, &[], None).copied, ["a.conf", "", "c d"]);
        assert!(!of(text, &[], None).has_program);
        assert!(of("FROM a AS one\nCMD x\nFROM one", &[], None).has_program);
    }

    #[test]
    fn the_last_health_check_counts() {
        let test = |text: &str| of(text, &[], None).health.map(|health| health.test.join(" "));
        let text = "FROM a AS base\nHEALTHCHECK --retries=2 CMD one\nFROM base\nRUN x";
        assert_eq!(test(text).as_deref(), Some("CMD-SHELL one"));
        assert_eq!(test("FROM a\nHEALTHCHECK CMD one\nHEALTHCHECK NONE").as_deref(), Some("NONE"));
        assert_eq!(test("FROM a\nONBUILD HEALTHCHECK CMD one"), None);
        assert_eq!(test("FROM a AS b\nHEALTHCHECK CMD one\nFROM c\nCOPY --from=b / /"), None);
    }

    #[test]
    fn protocols_are_kept() {
        let mut spec = BuildSpec::new("web", "/none", "linux/amd64");
        spec.dockerfile_inline = Some("FROM a\nEXPOSE 53/udp 53/TCP".to_owned());
        let wanted = vec![(53, "udp".to_owned()), (53, "tcp".to_owned())];
        assert_eq!(declared(&spec).exposed, wanted);
    }
}
