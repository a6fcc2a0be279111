//! What a health check asks of the container itself over HTTP, and which answers it takes for good.
//!
//! The check is read as the shell would read it (`shell`), and run with everything that may come of
//! one of its requests (`eval`): whether the check then ends well says which statuses are good, however
//! it is written. Requests come from the programs that make them (`client`) and from those that stand
//! in the check themselves (`program`).

mod address;
mod called;
mod client;
mod codes;
mod eval;
mod options;
mod pattern;
mod program;
mod shell;

use self::address::Place;
use self::codes::Codes;
use self::eval::{Made, World};
use self::shell::{Command, Node, Part};
use crate::compose::model::{HealthTest, Service};

pub(crate) use self::called::{commands, split};
pub(crate) use self::client::Need;

/// The longest check that is read.
const LONGEST: usize = 8192;

/// What a load balancer may ask in the place of a health check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The port.
    pub(crate) port: u16,
    /// Whether it speaks TLS.
    pub(crate) tls: bool,
    /// The path, and query.
    pub(crate) path: String,
    /// Whether that is a method of gRPC.
    pub(crate) grpc: bool,
    /// The statuses that are good, as a matcher has them.
    pub(crate) codes: String,
    /// Whether every status is good.
    pub(crate) any_status: bool,
    /// Whether the check looks at the text of the answer, too.
    pub(crate) reads: bool,
    /// How many other requests the check makes.
    pub(crate) others: usize,
}

/// The requests of a health check to the container itself.
#[derive(Debug)]
pub(crate) struct HttpCheck<'a> {
    service: &'a Service,
    node: Option<Node>,
    /// Each place once.
    made: Vec<Made>,
}

impl<'a> HttpCheck<'a> {
    /// Reads the health check of a service.
    pub(crate) fn read(service: &'a Service) -> Self {
        let test = service.healthcheck.as_ref().and_then(|check| check.value.test.as_ref());
        let node = test.and_then(|test| match &test.value {
            HealthTest::None => None,
            HealthTest::Command(words) => {
                let short = words.iter().map(String::len).sum::<usize>() <= LONGEST;
                let words = words.iter().map(|word| vec![Part::Text(word.clone())]).collect();
                short.then_some(Node::Command(Command { words, redirects: Vec::new() }))
            }
            HealthTest::Shell(line) => (line.len() <= LONGEST).then(|| shell::parse(line))?,
        });
        let mut made: Vec<Made> = Vec::new();
        if let Some(node) = &node {
            let world = World { service, focus: None, others_answer: true };
            for found in eval::run(world, node).1 {
                if !made.iter().any(|other| other.place == found.place) {
                    made.push(found);
                }
            }
        }
        Self { service, node, made }
    }

    /// Whether the container asks itself over TLS at a port.
    pub(crate) fn speaks_tls(&self, port: u16) -> bool {
        let mut at_port = self.made.iter().filter(|made| made.place.port == port).peekable();
        at_port.peek().is_some() && at_port.all(|made| made.place.tls)
    }

    /// What a load balancer can ask for in the place of the check: on this port if the check asks
    /// there, else on another. It speaks HTTP, or gRPC.
    pub(crate) fn asked(&self, port: u16, grpc: bool) -> Option<Result<Asked, Need>> {
        let node = self.node.as_ref()?;
        let all: Vec<&Made> = self.made.iter().filter(|made| made.place.grpc == grpc).collect();
        // Those without which the check fails, and those of which one is enough.
        let (mut needed, mut enough) = (Vec::new(), Vec::new());
        for made in &all {
            let found = self.judged(node, made, true);
            if found.codes != Codes::all() {
                needed.push(found);
                continue;
            }
            let found = self.judged(node, made, false);
            if found.codes != Codes::all() && !found.codes.and(Codes::answers()).is_empty() {
                enough.push(found);
            }
        }
        let chosen = if !needed.is_empty() {
            first(&needed, port)
        } else if enough.is_empty() {
            // It never fails.
            let any = |made| Judged { made, codes: Codes::answers(), reads: false };
            first(&all.iter().map(|made| any(*made)).collect::<Vec<_>>(), port)
        } else {
            let here: Vec<_> =
                enough.iter().filter(|found| found.made.place.port == port).copied().collect();
            match (here.as_slice(), enough.as_slice()) {
                ([one], _) | ([], [one]) => Some(*one),
                _ => return Some(Err(Need::Several)),
            }
        };
        Some(Self::answer(chosen?, all.len()))
    }

    /// With which outcomes of a request the check ends well, all others being answered, or none.
    fn judged<'m>(&self, node: &Node, made: &'m Made, others_answer: bool) -> Judged<'m> {
        let place = &made.place;
        let world = World { service: self.service, focus: Some(place), others_answer };
        let (codes, all) = eval::run(world, node);
        let reads = all.iter().any(|made| made.reads && made.place == *place);
        Judged { made, codes, reads }
    }

    fn answer(found: Judged<'_>, all: usize) -> Result<Asked, Need> {
        let Judged { made, codes, reads } = found;
        if let Some(need) = made.need {
            return Err(need);
        }
        let mut codes = codes;
        let redirects = Codes::range(300, 399);
        // What is followed to a good answer is good itself.
        if made.follows
            && !codes.and(Codes::range(200, 299)).is_empty()
            && codes.and(redirects).is_empty()
        {
            codes = codes.or(redirects);
        }
        let Place { port, tls, path, grpc } = made.place.clone();
        let any_status = codes.is_any_answer();
        // The codes of gRPC are others: 0 is a good answer.
        let codes = match grpc {
            true => Some(if any_status { "0-99" } else { "0" }.to_owned()),
            false => codes.matcher(),
        };
        let codes = codes.ok_or(Need::Status)?;
        let any_status = any_status && !grpc;
        Ok(Asked { port, tls, path, grpc, codes, any_status, reads, others: all - 1 })
    }
}

/// A request, and the outcomes with which the check ends well.
#[derive(Clone, Copy, Debug)]
struct Judged<'m> {
    made: &'m Made,
    codes: Codes,
    /// Whether the text of the answer is looked at.
    reads: bool,
}

/// The first on this port that a load balancer can make, else the first that it can make.
fn first<'m>(found: &[Judged<'m>], port: u16) -> Option<Judged<'m>> {
    let plain = |found: &&Judged<'_>| found.made.need.is_none();
    let here = found.iter().find(|found| found.made.place.port == port && plain(found));
    here.or_else(|| found.iter().find(plain)).or(found.first()).copied()
}

#[cfg(test)]
mod tests;
