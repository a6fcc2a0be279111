//! Regular expressions and patterns as `grep`, `[[ … =~ … ]]` and `[[ … == … ]]` have them (POSIX,
//! "Regular Expressions" and "Pattern Matching Notation"), as far as checks of a status need them.

/// How often a place of the text is tried, all in all: patterns are input.
const MOST_STEPS: u32 = 20_000;

#[derive(Clone, Debug)]
enum Atom {
    Char(char),
    Any,
    Set { not: bool, ranges: Vec<(char, char)> },
    Group(Vec<Sequence>),
    Start,
    End,
}

type Sequence = Vec<(Atom, u32, u32)>;

/// A regular expression.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    alternatives: Vec<Sequence>,
    any_case: bool,
}

impl Pattern {
    /// `extended` as in `grep -E`; nothing for what cannot be read.
    pub(super) fn new(text: &str, extended: bool, any_case: bool) -> Option<Self> {
        if text.len() > 256 {
            return None;
        }
        let mut reader = Reader { chars: text.chars().collect(), at: 0, extended, depth: 0 };
        let alternatives = reader.alternatives()?;
        (reader.at == reader.chars.len()).then_some(Self { alternatives, any_case })
    }

    /// A pattern of file names, for all of a text.
    pub(super) fn glob(text: &str) -> Option<Self> {
        let mut expression = String::from("^");
        let (mut chars, mut in_set) = (text.chars(), false);
        while let Some(c) = chars.next() {
            match c {
                '*' if !in_set => expression.push_str(".*"),
                '?' if !in_set => expression.push('.'),
                '!' if expression.ends_with('[') => expression.push('^'),
                '[' | ']' => {
                    in_set = c == '[';
                    expression.push(c);
                }
                '\\' => expression.extend(['\\', chars.next()?]),
                c if c.is_ascii_alphanumeric() || in_set => expression.push(c),
                c => expression.extend(['\\', c]),
            }
        }
        expression.push('$');
        Self::new(&expression, true, false)
    }

    /// Whether it fits somewhere in a line.
    pub(super) fn fits(&self, line: &str) -> bool {
        let line = if self.any_case { line.to_ascii_lowercase() } else { line.to_owned() };
        let chars: Vec<char> = line.chars().collect();
        let mut run = Run { chars: &chars, any_case: self.any_case, steps: 0 };
        (0..=chars.len()).any(|at| {
            self.alternatives.iter().any(|sequence| run.sequence(sequence, at, &mut |_, _| true))
        })
    }
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    extended: bool,
    depth: u32,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    /// An operator: with a backslash in a basic expression, without in an extended one.
    fn takes(&mut self, operator: char) -> bool {
        let escaped = self.peek() == Some('\\') && self.chars.get(self.at + 1) == Some(&operator);
        let found = if self.extended { self.peek() == Some(operator) } else { escaped };
        if found {
            self.at += if self.extended { 1 } else { 2 };
        }
        found
    }

    fn alternatives(&mut self) -> Option<Vec<Sequence>> {
        self.depth += 1;
        if self.depth > 8 {
            return None;
        }
        let mut all = vec![self.sequence()?];
        while self.takes('|') {
            all.push(self.sequence()?);
        }
        self.depth -= 1;
        Some(all)
    }

    fn ends(&self) -> bool {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        match rest {
            [] => true,
            ['|' | ')', ..] => self.extended && (rest[0] == '|' || self.depth > 1),
            ['\\', '|' | ')', ..] => !self.extended,
            _ => false,
        }
    }

    fn sequence(&mut self) -> Option<Sequence> {
        let mut sequence = Vec::new();
        while !self.ends() {
            let atom = self.atom(sequence.is_empty())?;
            let (least, most) = self.times()?;
            sequence.push((atom, least, most));
        }
        Some(sequence)
    }

    fn times(&mut self) -> Option<(u32, u32)> {
        if self.peek() == Some('*') {
            self.at += 1;
            return Some((0, u32::MAX));
        }
        if self.takes('+') {
            return Some((1, u32::MAX));
        }
        if self.takes('?') {
            return Some((0, 1));
        }
        if !self.takes('{') {
            return Some((1, 1));
        }
        let mut text = String::new();
        while !self.takes('}') {
            text.push(self.peek()?);
            self.at += 1;
        }
        let (least, most) = text.split_once(',').unwrap_or((&text, &text));
        let most = if most.is_empty() { u32::MAX } else { most.parse().ok()? };
        Some((least.parse().ok()?, most))
    }

    fn atom(&mut self, first: bool) -> Option<Atom> {
        if self.takes('(') {
            let group = self.alternatives()?;
            return self.takes(')').then_some(Atom::Group(group));
        }
        let c = self.peek()?;
        self.at += 1;
        Some(match c {
            '.' => Atom::Any,
            '^' if first || self.extended => Atom::Start,
            '$' if self.at == self.chars.len() || self.extended => Atom::End,
            '[' => self.set()?,
            '\\' => {
                let escaped = self.peek()?;
                self.at += 1;
                match escaped {
                    'd' => Atom::Set { not: false, ranges: vec![('0', '9')] },
                    's' => Atom::Set { not: false, ranges: vec![(' ', ' '), ('\t', '\r')] },
                    'w' => word(false),
                    'W' => word(true),
                    // A border of a word has no width; what is beside it is looked for, too.
                    'b' | '<' | '>' => Atom::Group(vec![Vec::new()]),
                    c => Atom::Char(c),
                }
            }
            c => Atom::Char(c),
        })
    }

    fn set(&mut self) -> Option<Atom> {
        let not = self.peek() == Some('^');
        self.at += usize::from(not);
        let mut ranges = Vec::new();
        loop {
            let c = self.peek()?;
            self.at += 1;
            match c {
                ']' if !ranges.is_empty() => return Some(Atom::Set { not, ranges }),
                '[' if self.peek() == Some(':') => {
                    let rest: String = self.chars.get(self.at + 1..)?.iter().collect();
                    let (class, _) = rest.split_once(":]")?;
                    self.at += class.chars().count() + 3;
                    ranges.extend(match class {
                        "digit" => vec![('0', '9')],
                        "space" | "blank" => vec![(' ', ' '), ('\t', '\r')],
                        "alpha" => vec![('a', 'z'), ('A', 'Z')],
                        "alnum" => vec![('0', '9'), ('a', 'z'), ('A', 'Z')],
                        _ => return None,
                    });
                }
                c => {
                    let to = self.chars.get(self.at + 1).copied().filter(|to| *to != ']');
                    match to.filter(|_| self.peek() == Some('-')) {
                        Some(to) => {
                            self.at += 2;
                            ranges.push((c, to));
                        }
                        None => ranges.push((c, c)),
                    }
                }
            }
        }
    }
}

fn word(not: bool) -> Atom {
    Atom::Set { not, ranges: vec![('0', '9'), ('a', 'z'), ('A', 'Z'), ('_', '_')] }
}

struct Run<'a> {
    chars: &'a [char],
    any_case: bool,
    steps: u32,
}

type Then<'t> = &'t mut dyn FnMut(&mut Run<'_>, usize) -> bool;

impl Run<'_> {
    fn sequence(&mut self, sequence: &[(Atom, u32, u32)], at: usize, then: Then<'_>) -> bool {
        match sequence.split_first() {
            None => then(self, at),
            Some(((atom, least, most), rest)) => self.repeat(atom, (*least, *most), rest, at, then),
        }
    }

    fn repeat(
        &mut self,
        atom: &Atom,
        (least, most): (u32, u32),
        rest: &[(Atom, u32, u32)],
        at: usize,
        then: Then<'_>,
    ) -> bool {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return false;
        }
        if least == 0 && self.sequence(rest, at, then) {
            return true;
        }
        let left = (least.saturating_sub(1), most.saturating_sub(1));
        most > 0
            && self.atom(atom, at, &mut |run, next| {
                // What has no width is not repeated for ever.
                (next > at || least > 0) && run.repeat(atom, left, rest, next, then)
            })
    }

    fn atom(&mut self, atom: &Atom, at: usize, then: Then<'_>) -> bool {
        let here = self.chars.get(at).copied();
        let lower = |c: char| if self.any_case { c.to_ascii_lowercase() } else { c };
        let fits = match atom {
            Atom::Start => return at == 0 && then(self, at),
            Atom::End => return at == self.chars.len() && then(self, at),
            Atom::Group(alternatives) => {
                return alternatives.iter().any(|sequence| self.sequence(sequence, at, then));
            }
            Atom::Char(c) => here == Some(lower(*c)),
            Atom::Any => here.is_some(),
            Atom::Set { not, ranges } => here.is_some_and(|here| {
                ranges.iter().any(|(a, b)| (lower(*a)..=lower(*b)).contains(&here)) != *not
            }),
        };
        fits && then(self, at + 1)
    }
}
