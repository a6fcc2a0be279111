//! One pattern: `*` and `?` stop at a slash, `**/` is any number of directories, a last `**` is
//! everything below, `[a-z]` and `[^a-z]` are classes, `\` takes the next character as it is.
//!
//! Docker turns patterns into regular expressions, and some of its habits come from that: `**x`
//! is a suffix of the whole path, `x**` a prefix, a negated class also takes a slash, and a `^`
//! beside a wildcard only matches at the start. Those habits are kept. Not kept are `|` and `{2}`
//! beside a wildcard, which slip through its escaping as operators: here they are themselves.

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    text: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// No wildcard: the path itself.
    Exact,
    /// `text**`
    Prefix,
    /// `**text`
    Suffix,
    /// Everything else.
    Wild(Vec<Op>),
}

/// A step of a small nondeterministic automaton: time grows with path × pattern, whatever the
/// pattern, where backtracking could be made to hang.
#[derive(Clone, Debug)]
enum Op {
    Char(char),
    /// `?`
    NotSlash,
    /// `*`
    NotSlashes,
    /// `**`: a regular expression's dot, which does not take a newline.
    Anything,
    /// The start of `(.*/)?`: may jump over the next two steps.
    SkipDirectories,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    /// `^`
    Start,
}

impl Pattern {
    pub(super) fn compile(text: &str) -> Result<Self, &'static str> {
        let mut compiler = Compiler { chars: text.chars().collect(), at: 0, ops: Vec::new() };
        let kind = compiler.run()?;
        Ok(Self { text: text.to_owned(), kind })
    }

    /// The text without a last `/**` and then a last `/*`: what a walk compares directories with.
    pub(super) fn prefix(&self) -> &str {
        let text = self.text.strip_suffix("/**").unwrap_or(&self.text);
        text.strip_suffix("/*").unwrap_or(text)
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        match &self.kind {
            Kind::Exact => path == self.text,
            Kind::Prefix => path.starts_with(self.text.trim_end_matches("**")),
            Kind::Suffix => {
                let suffix = &self.text[2..];
                path.ends_with(suffix) || suffix.strip_prefix('/') == Some(path)
            }
            Kind::Wild(ops) => run(ops, path),
        }
    }
}

/// What the pattern is, as far as it has been read.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Exact,
    Prefix,
    Suffix,
    Wild,
}

struct Compiler {
    chars: Vec<char>,
    at: usize,
    ops: Vec<Op>,
}

impl Compiler {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }

    fn run(&mut self) -> Result<Kind, &'static str> {
        let mut shape = Shape::Exact;
        let mut first = true;
        while let Some(c) = self.next() {
            match c {
                '*' if self.peek() == Some('*') => {
                    self.at += 1;
                    shape = self.double_star(shape);
                    if first {
                        shape = Shape::Suffix;
                    }
                }
                '*' => {
                    self.ops.push(Op::NotSlashes);
                    shape = Shape::Wild;
                }
                '?' => {
                    self.ops.push(Op::NotSlash);
                    shape = Shape::Wild;
                }
                '\\' => {
                    let escaped = self.escaped()?;
                    self.ops.push(Op::Char(escaped));
                    shape = Shape::Wild;
                }
                '[' => {
                    let class = self.class()?;
                    self.ops.push(class);
                    shape = Shape::Wild;
                }
                ']' => {
                    self.ops.push(Op::Char(']'));
                    shape = Shape::Wild;
                }
                '^' => self.ops.push(Op::Start),
                c => self.ops.push(Op::Char(c)),
            }
            first = false;
        }
        Ok(match shape {
            Shape::Exact => Kind::Exact,
            Shape::Prefix => Kind::Prefix,
            Shape::Suffix => Kind::Suffix,
            Shape::Wild => Kind::Wild(std::mem::take(&mut self.ops)),
        })
    }

    fn double_star(&mut self, shape: Shape) -> Shape {
        // `**/` is `**`.
        if self.peek() == Some('/') {
            self.at += 1;
        }
        if self.peek().is_some() {
            self.ops.extend([Op::SkipDirectories, Op::Anything, Op::Char('/')]);
            return Shape::Wild;
        }
        self.ops.push(Op::Anything);
        if shape == Shape::Exact { Shape::Prefix } else { Shape::Wild }
    }

    fn escaped(&mut self) -> Result<char, &'static str> {
        match self.next() {
            None => Err("ends in a backslash"),
            // Docker gives `\d` and its like to the regular expression, where they mean something
            // that nobody writing a path can have meant.
            Some(c) if c.is_alphanumeric() => {
                Err("escapes a letter or digit; directories are separated by `/`")
            }
            Some(c) => Ok(c),
        }
    }

    fn class(&mut self) -> Result<Op, &'static str> {
        const OPEN: &str = "has a `[` without its `]`";
        let negated = self.peek() == Some('^');
        self.at += usize::from(negated);
        let mut ranges = Vec::new();
        loop {
            if self.peek() == Some(']') && !ranges.is_empty() {
                self.at += 1;
                return Ok(Op::Class { negated, ranges });
            }
            let low = self.class_char()?;
            let mut high = low;
            if self.peek() == Some('-') {
                self.at += 1;
                high = self.class_char()?;
            }
            if self.peek().is_none() {
                return Err(OPEN);
            }
            if high < low {
                return Err("has a range that runs backwards");
            }
            ranges.push((low, high));
        }
    }

    fn class_char(&mut self) -> Result<char, &'static str> {
        match self.next() {
            None => Err("has a `[` without its `]`"),
            Some('-' | ']') => Err("has a bare `-` or `]` in a class: write `\\-` or `\\]`"),
            Some('\\') => self.escaped(),
            Some(c) => Ok(c),
        }
    }
}

fn run(ops: &[Op], path: &str) -> bool {
    let mut states = vec![false; ops.len() + 1];
    enter(ops, &mut states, 0, true);
    for c in path.chars() {
        let mut next = vec![false; ops.len() + 1];
        for (state, op) in ops.iter().enumerate().filter(|&(state, _)| states[state]) {
            match op {
                Op::NotSlashes if c != '/' => enter(ops, &mut next, state, false),
                Op::Anything if c != '\n' => enter(ops, &mut next, state, false),
                Op::Char(wanted) if *wanted == c => enter(ops, &mut next, state + 1, false),
                Op::NotSlash if c != '/' => enter(ops, &mut next, state + 1, false),
                Op::Class { negated, ranges }
                    if ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated =>
                {
                    enter(ops, &mut next, state + 1, false);
                }
                _ => {}
            }
        }
        states = next;
    }
    states[ops.len()]
}

/// Marks a state and those that follow without reading anything.
fn enter(ops: &[Op], states: &mut [bool], mut state: usize, at_start: bool) {
    while !std::mem::replace(&mut states[state], true) {
        match ops.get(state) {
            Some(Op::NotSlashes | Op::Anything) => state += 1,
            Some(Op::Start) if at_start => state += 1,
            Some(Op::SkipDirectories) => {
                // Past `Anything` and the slash.
                enter(ops, states, state + 3, at_start);
                state += 1;
            }
            _ => return,
        }
    }
}
