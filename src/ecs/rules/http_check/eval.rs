//! What a line of the shell comes to, for everything that may come of one of its requests at once: a
//! set of outcomes goes into each command, and those with which it ends well and badly come out.

use std::collections::HashMap;

use super::address::Place;
use super::client::{self, Call, Need};
use super::codes::{Codes, DOWN};
use super::shell::{Command, Node, Part, Redirect};
use crate::compose::model::Service;

mod called;
mod test;
mod words;
mod written;

use self::written::Written;

/// What is known of a request that the line makes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Made {
    pub(super) place: Place,
    pub(super) need: Option<Need>,
    pub(super) follows: bool,
    /// Whether the text of the answer is looked at.
    pub(super) reads: bool,
}

/// Which request has every outcome, and what becomes of the others.
#[derive(Clone, Copy, Debug)]
pub(super) struct World<'a> {
    pub(super) service: &'a Service,
    pub(super) focus: Option<&'a Place>,
    pub(super) others_answer: bool,
}

/// Where the outcomes go.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    good: Codes,
    bad: Codes,
    /// Those with which the whole line has ended.
    ended_good: Codes,
    ended_bad: Codes,
}

/// A line of the shell that runs.
pub(super) struct Run<'a> {
    world: World<'a>,
    pub(super) made: Vec<Made>,
    variables: HashMap<String, Written>,
    /// Connections by their number, and what was sent.
    connections: HashMap<u32, (String, String)>,
    answers: HashMap<u32, Written>,
    /// The outcomes with which the last command ended well.
    last: Codes,
    depth: u32,
}

/// The outcomes with which the line ends well, and the requests that it makes.
pub(super) fn run(world: World<'_>, node: &Node) -> (Codes, Vec<Made>) {
    let mut run = Run {
        world,
        made: Vec::new(),
        variables: HashMap::new(),
        connections: HashMap::new(),
        answers: HashMap::new(),
        last: Codes::all(),
        depth: 0,
    };
    let (flow, _) = run.node(node, Codes::all(), None);
    (flow.good.or(flow.ended_good), run.made)
}

impl Run<'_> {
    fn node(&mut self, node: &Node, live: Codes, input: Option<&Written>) -> (Flow, Written) {
        match node {
            Node::Command(command) => {
                let (flow, written) = self.command(command, live, input);
                self.last = flow.good;
                (flow, written)
            }
            Node::Pipe(nodes) => self.pipe(nodes, live, input),
            Node::And(left, right) => {
                let (a, _) = self.node(left, live, input);
                let (b, written) = self.node(right, a.good, input);
                (a.then(b, a.bad, Codes::NONE), written)
            }
            Node::Or(left, right) => {
                let (a, first) = self.node(left, live, input);
                let (b, second) = self.node(right, a.bad, input);
                let written = if first.of.is_some() { first } else { second };
                (a.then(b, Codes::NONE, a.good), written)
            }
            Node::Not(inner) => {
                let (flow, written) = self.node(inner, live, input);
                (Flow { good: flow.bad, bad: flow.good, ..flow }, written)
            }
            Node::List(nodes) => {
                let mut flow = Flow { good: live, ..Flow::default() };
                let mut written = Written::default();
                for node in nodes {
                    let (next, out) = self.node(node, flow.good.or(flow.bad), input);
                    flow = flow.then(next, Codes::NONE, Codes::NONE);
                    if written.of.is_none() && written.fixed.is_none() {
                        written = out;
                    }
                }
                (flow, written)
            }
            Node::If(condition, then, otherwise) => {
                let (flow, _) = self.node(condition, live, input);
                let (yes, first) = self.node(then, flow.good, input);
                let (no, second) = self.node(otherwise, flow.bad, input);
                let both = Flow {
                    good: yes.good.or(no.good),
                    bad: yes.bad.or(no.bad),
                    ended_good: yes.ended_good.or(no.ended_good),
                    ended_bad: yes.ended_bad.or(no.ended_bad),
                };
                let written = if first.of.is_some() { first } else { second };
                (flow.then(both, Codes::NONE, Codes::NONE), written)
            }
            Node::Subshell(inner) => {
                let (flow, written) = self.node(inner, live, input);
                (flow.closed(), written)
            }
        }
    }

    fn pipe(&mut self, nodes: &[Node], live: Codes, input: Option<&Written>) -> (Flow, Written) {
        let mut written = input.cloned();
        let mut flow = Flow { good: live, ..Flow::default() };
        for node in nodes {
            let (next, out) = self.node(node, live, written.as_ref());
            // Each part has a shell of its own.
            flow = next.closed();
            written = Some(out);
        }
        (flow, written.unwrap_or_default())
    }

    fn command(
        &mut self,
        command: &Command,
        live: Codes,
        input: Option<&Written>,
    ) -> (Flow, Written) {
        let connection = self.redirected(&command.redirects);
        let input = connection.as_ref().or(input);
        let set = command.words.iter().take_while(|word| self.assign(word)).count();
        let words = command.words.get(set..).unwrap_or_default();
        let Some(name) = words.first() else {
            // `x=$(…)` ends as its command does.
            let (flow, _) = self.outcome_of(command.words.last(), live);
            return (flow, Written::default());
        };
        let all: Vec<Option<String>> = words.iter().map(|word| self.text(word)).collect();
        let name = all.first().cloned().flatten().unwrap_or_else(|| {
            // A program whose name is put in is any program.
            name.iter()
                .find_map(|part| match part {
                    Part::Text(text) => Some(text.clone()),
                    _ => None,
                })
                .unwrap_or_default()
        });
        let (mut flow, mut written) = self.called(&name, words, &all, live, input);
        if let Some(sent) = self.sent(command, &written, live) {
            flow = sent;
        }
        for Redirect { from, operator, to } in &command.redirects {
            let to_error = self.text(to).is_some_and(|to| to == "1");
            match (from, operator.as_str()) {
                (Some(2), ">&") if to_error => written.prints.line_to_error = false,
                (None | Some(1), ">" | ">>") | (_, "&>" | "&>>") => {
                    written.prints.body = false;
                    written.prints.template = None;
                    if !written.prints.line_to_error {
                        written.prints.line = false;
                    }
                }
                _ => {}
            }
        }
        (flow, written)
    }

    /// Makes a program's requests.
    fn make(&mut self, call: Call, live: Codes) -> (Flow, Written) {
        let Call { asks, need, passes, follows, prints } = call;
        let (mut good, mut is_focus) = (live, false);
        for place in asks {
            if self.world.focus == Some(&place) {
                is_focus = true;
                good = good.and(passes);
            } else if !self.world.others_answer {
                good = Codes::NONE;
            }
            self.made.push(Made { place, need, follows, reads: false });
        }
        let silent = match is_focus {
            // `curl -f` writes nothing of an error.
            true => Codes::answers().without(passes).or(Codes::range(DOWN, DOWN)),
            false => Codes::NONE,
        };
        let written = Written {
            of: self.made.len().checked_sub(1),
            is_focus,
            prints,
            silent,
            ..Written::default()
        };
        (Flow { good, bad: live.without(good), ..Flow::default() }, written)
    }

    /// Opens `/dev/tcp/HOST/PORT`, and gives what comes from a connection that a command reads.
    fn redirected(&mut self, redirects: &[Redirect]) -> Option<Written> {
        let mut read = None;
        for Redirect { from, operator, to } in redirects {
            let Some(to) = self.text(to) else { continue };
            if let Some(place) = to.strip_prefix("/dev/tcp/")
                && let Some((host, port)) = place.split_once('/')
            {
                // `> /dev/tcp/…` is the standard output's.
                let number = from.unwrap_or(1);
                self.connections.insert(number, (host.to_owned(), port.to_owned()));
            } else if operator == "<&"
                && let Some(answer) = to.parse().ok().and_then(|number| self.answers.get(&number))
            {
                read = Some(answer.clone());
            } else if operator == "<<<" {
                read = Some(Written { fixed: Some(to), ..Written::default() });
            }
        }
        read
    }

    /// Sends what a command writes to a connection.
    fn sent(&mut self, command: &Command, written: &Written, live: Codes) -> Option<Flow> {
        let mut flow = None;
        for Redirect { from: _, operator, to } in &command.redirects {
            let number = self.text(to).and_then(|to| match operator.as_str() {
                ">&" => to.parse().ok(),
                _ => to.starts_with("/dev/tcp/").then_some(1),
            });
            let Some(number) = number else { continue };
            let Some((host, port)) = self.connections.get(&number).cloned() else { continue };
            let text = written.fixed.clone().unwrap_or_default();
            if let Some(call) = client::raw(self.world.service, &host, &port, &text) {
                let (sent, answer) = self.make(call, live);
                self.answers.insert(number, answer);
                flow = Some(sent);
            }
        }
        flow
    }
}

impl Flow {
    fn good(live: Codes) -> Self {
        Self { good: live, ..Self::default() }
    }

    /// This one and what follows; `bad` and `good` are kept of this one.
    fn then(self, next: Self, bad: Codes, good: Codes) -> Self {
        Self {
            good: next.good.or(good),
            bad: next.bad.or(bad),
            ended_good: self.ended_good.or(next.ended_good),
            ended_bad: self.ended_bad.or(next.ended_bad),
        }
    }

    /// As it is from outside, where `exit` leaves it alone.
    fn closed(self) -> Self {
        Self {
            good: self.good.or(self.ended_good),
            bad: self.bad.or(self.ended_bad),
            ..Self::default()
        }
    }
}
