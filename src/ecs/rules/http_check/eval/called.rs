//! The programs that a line calls.

use super::written::Written;
use super::{Flow, Run};
use crate::ecs::rules::http_check::codes::Codes;
use crate::ecs::rules::http_check::options::{Item, options};
use crate::ecs::rules::http_check::shell::Word;
use crate::ecs::rules::http_check::{client, program, shell};

impl Run<'_> {
    /// What a program with these words comes to.
    pub(super) fn called(
        &mut self,
        name: &str,
        words: &[Word],
        all: &[Option<String>],
        live: Codes,
        input: Option<&Written>,
    ) -> (Flow, Written) {
        let name = name.rsplit('/').next().unwrap_or(name);
        let args = all.get(1..).unwrap_or_default();
        let nothing = Written::default();
        if let Some(skip) = wrapped(name, args) {
            let inner = words.get(skip + 1..).unwrap_or_default();
            let rest = all.get(skip + 1..).unwrap_or_default();
            let Some(Some(next)) = rest.first() else { return (Flow::good(live), nothing) };
            if !self.deeper() {
                return (Flow::good(live), nothing);
            }
            let found = self.called(next, inner, rest, live, input);
            self.depth -= 1;
            return found;
        }
        if let Some(found) = self.builtin(name, words, args, live) {
            return found;
        }
        match name {
            "grep" | "egrep" | "fgrep" | "rg" => {
                let holds = self.grep(name, args, input);
                let flow =
                    Flow { good: live.and(holds), bad: live.without(holds), ..Flow::default() };
                (flow, input.map(Written::cut).unwrap_or_default())
            }
            "sh" | "bash" | "ash" | "dash" | "zsh" => self.script(args, live, input),
            "nc" | "ncat" | "netcat" | "telnet" | "openssl" => {
                self.sent_over(name, args, live, input)
            }
            name if client::is_silent(name) || is_filter(name) => {
                (Flow::good(live), input.map(Written::cut).unwrap_or_default())
            }
            name => self.program(name, args, live, input),
        }
    }

    /// `sh -c 'LINE'`
    fn script(
        &mut self,
        args: &[Option<String>],
        live: Codes,
        input: Option<&Written>,
    ) -> (Flow, Written) {
        let arg = |at: usize| args.get(at).and_then(|arg| arg.as_deref());
        let nothing = Written::default();
        let at = args.iter().position(|arg| {
            arg.as_deref().is_some_and(|arg| arg.starts_with('-') && arg.ends_with('c'))
        });
        let line = at.and_then(|at| arg(at + 1)).and_then(shell::parse);
        match line.filter(|_| self.deeper()) {
            Some(node) => {
                let found = self.node(&node, live, input);
                self.depth -= 1;
                (found.0.closed(), found.1)
            }
            None => (Flow::good(live), nothing),
        }
    }

    /// A program that may make requests.
    fn program(
        &mut self,
        name: &str,
        args: &[Option<String>],
        live: Codes,
        input: Option<&Written>,
    ) -> (Flow, Written) {
        let call = match program::of(name, args) {
            Some(program) => program::read(self.world.service, program),
            None => client::read(self.world.service, name, args),
        };
        match call {
            Some(call) => self.make(call, live),
            // It is about something else, which goes well, or about the text of an answer.
            None => {
                let holds = input.map_or(Codes::all(), |input| self.holds(input, |_| false));
                let (good, bad) = (live.and(holds), live.without(holds));
                (Flow { good, bad, ..Flow::default() }, input.map(Written::cut).unwrap_or_default())
            }
        }
    }

    /// What the shell does by itself.
    fn builtin(
        &mut self,
        name: &str,
        words: &[Word],
        args: &[Option<String>],
        live: Codes,
    ) -> Option<(Flow, Written)> {
        let arg = |at: usize| args.get(at).and_then(|arg| arg.as_deref());
        let nothing = Written::default();
        Some(match name {
            "exit" | "return" => {
                let (good, bad) = match arg(0) {
                    Some("0") => (live, Codes::NONE),
                    None if !args.is_empty() => (live.and(self.last), live.without(self.last)),
                    None => (live.and(self.last), live.without(self.last)),
                    Some(_) => (Codes::NONE, live),
                };
                (Flow { ended_good: good, ended_bad: bad, ..Flow::default() }, nothing)
            }
            "true" | ":" | "wait" => (Flow::good(live), nothing),
            // Where the check ends what it checks, it fails.
            "kill" | "killall" | "pkill" | "shutdown" => {
                (Flow { ended_bad: live, ..Flow::default() }, nothing)
            }
            "false" => (Flow { bad: live, ..Flow::default() }, nothing),
            "echo" | "printf" => {
                // What a variable holds that came of a request stays that.
                let of = words.iter().skip(1).find_map(|word| self.answer_of(word));
                let is_option = |arg: &&str| matches!(*arg, "-e" | "-n" | "-en" | "-ne" | "--");
                let text = args.iter().flatten().map(String::as_str);
                let text: Vec<&str> = text.skip_while(is_option).collect();
                let fixed = Written { fixed: Some(text.join(" ")), ..nothing };
                (Flow::good(live), of.unwrap_or(fixed))
            }
            "[" | "test" | "[[" => {
                let holds = self.test(words);
                (
                    Flow { good: live.and(holds), bad: live.without(holds), ..Flow::default() },
                    nothing,
                )
            }
            _ => return None,
        })
    }

    pub(super) fn deeper(&mut self) -> bool {
        self.depth += 1;
        let fits = self.depth < 12;
        if !fits {
            self.depth -= 1;
        }
        fits
    }

    /// `printf 'GET / …' | nc localhost 80`
    fn sent_over(
        &mut self,
        name: &str,
        args: &[Option<String>],
        live: Codes,
        input: Option<&Written>,
    ) -> (Flow, Written) {
        let values = match name {
            "openssl" => &["connect", "servername"][..],
            _ => &[],
        };
        let mut words = Vec::new();
        for item in options(args, "wipqXxoGd", values) {
            match item {
                Item::Operand(Some(text)) => words.push(text),
                Item::Option(name, Some(value)) if name == "connect" => {
                    words.extend(value.split(':').map(str::to_owned));
                }
                _ => {}
            }
        }
        words.retain(|word| word != "s_client");
        let text = input.and_then(|input| input.fixed.clone()).unwrap_or_default();
        let call = match words.as_slice() {
            [host, port, ..] => client::raw(self.world.service, host, port, &text),
            _ => None,
        };
        match call {
            Some(mut call) => {
                if name == "openssl" {
                    call.asks.iter_mut().for_each(|place| place.tls = true);
                }
                self.make(call, live)
            }
            None => (Flow::good(live), Written::default()),
        }
    }
}

/// How many words stand before the program that another one runs.
fn wrapped(name: &str, args: &[Option<String>]) -> Option<usize> {
    let values: &str = match name {
        "exec" | "command" | "busybox" | "toybox" | "nohup" | "time" | "eval" => "",
        "sudo" | "doas" => "ugp",
        "env" => "uC",
        "nice" => "n",
        "timeout" => "ks",
        "su-exec" | "gosu" | "chroot" => "",
        "tini" | "dumb-init" => "",
        _ => return None,
    };
    let mut at = 0;
    while let Some(Some(arg)) = args.get(at) {
        if arg.starts_with('-') && arg.len() > 1 {
            let takes = arg.len() == 2 && values.contains(&arg[1..]);
            at += 1 + usize::from(takes);
        } else if name == "env" && arg.contains('=') {
            at += 1;
        } else {
            break;
        }
    }
    // A time, or a user.
    let operand = matches!(name, "timeout" | "su-exec" | "gosu" | "chroot");
    Some(at + usize::from(operand))
}

/// Whether a program writes parts of what it reads.
fn is_filter(name: &str) -> bool {
    matches!(
        name,
        "awk"
            | "cat"
            | "cut"
            | "dd"
            | "gawk"
            | "head"
            | "sed"
            | "sort"
            | "tail"
            | "tee"
            | "tr"
            | "uniq"
            | "wc"
            | "xargs"
    )
}
