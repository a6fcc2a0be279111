//! Reads a line of the shell, as far as health checks go (POSIX, "Shell Command Language"; bash's
//! manual for `[[`, `/dev/tcp` and `<<<`).

mod lexer;

use self::lexer::Token;

/// The deepest nesting that is followed.
const DEEPEST: u32 = 12;

/// What runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Command(Command),
    /// `a | b`, or a group alone.
    Pipe(Vec<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
    /// One after another.
    List(Vec<Node>),
    /// A condition, what runs if it holds, and what otherwise.
    If(Box<Node>, Box<Node>, Box<Node>),
    /// `( … )`, whose `exit` leaves it alone.
    Subshell(Box<Node>),
}

/// A command with its words.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Command {
    pub(super) words: Vec<Word>,
    pub(super) redirects: Vec<Redirect>,
}

/// `2>&1`, `3<>/dev/tcp/localhost/80`
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Redirect {
    /// The number before it.
    pub(super) from: Option<u32>,
    pub(super) operator: String,
    pub(super) to: Word,
}

/// A word, of which quotes are taken off.
pub(super) type Word = Vec<Part>;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    Text(String),
    /// `$NAME`, `${NAME:-default}`
    Variable(String, Option<Word>),
    /// `$(…)`
    Output(Box<Node>),
    /// What nobody knows here.
    Unknown,
}

/// The tree of a line; nothing for what is not understood.
pub(super) fn parse(line: &str) -> Option<Node> {
    parse_at(line, 0)
}

fn parse_at(line: &str, depth: u32) -> Option<Node> {
    if depth > DEEPEST {
        return None;
    }
    let mut parser = Parser { tokens: lexer::tokens(line, depth)?, at: 0, depth };
    let node = parser.list(&[])?;
    (parser.at == parser.tokens.len()).then_some(node)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
}

impl Parser {
    fn operator(&self) -> Option<&'static str> {
        match self.tokens.get(self.at) {
            Some(Token::Operator(operator)) => Some(operator),
            _ => None,
        }
    }

    fn takes(&mut self, operator: &str) -> bool {
        let found = self.operator() == Some(operator);
        self.at += usize::from(found);
        found
    }

    /// The word of the language at hand, where a command starts.
    fn keyword(&self) -> Option<&str> {
        match self.tokens.get(self.at) {
            Some(Token::Word(word)) => match word.as_slice() {
                [Part::Text(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    fn takes_keyword(&mut self, keyword: &str) -> bool {
        let found = self.keyword() == Some(keyword);
        self.at += usize::from(found);
        found
    }

    fn list(&mut self, ends: &[&str]) -> Option<Node> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut nodes = Vec::new();
        loop {
            while matches!(self.operator(), Some(";" | "\n" | "&")) {
                self.at += 1;
            }
            let is_over = self.at == self.tokens.len()
                || self.operator() == Some(")")
                || self.keyword().is_some_and(|word| ends.contains(&word));
            if is_over {
                break;
            }
            nodes.push(self.and_or(ends)?);
        }
        self.depth -= 1;
        Some(if nodes.len() == 1 { nodes.remove(0) } else { Node::List(nodes) })
    }

    fn and_or(&mut self, ends: &[&str]) -> Option<Node> {
        let mut left = self.pipeline(ends)?;
        loop {
            let and = self.takes("&&");
            if !and && !self.takes("||") {
                return Some(left);
            }
            while self.takes("\n") {}
            let right = Box::new(self.pipeline(ends)?);
            left = match and {
                true => Node::And(Box::new(left), right),
                false => Node::Or(Box::new(left), right),
            };
        }
    }

    fn pipeline(&mut self, ends: &[&str]) -> Option<Node> {
        if self.takes_keyword("!") {
            return Some(Node::Not(Box::new(self.pipeline(ends)?)));
        }
        let mut nodes = vec![self.command(ends)?];
        while self.takes("|") {
            // `|&`
            self.takes("&");
            while self.takes("\n") {}
            nodes.push(self.command(ends)?);
        }
        Some(if nodes.len() == 1 { nodes.remove(0) } else { Node::Pipe(nodes) })
    }

    fn command(&mut self, ends: &[&str]) -> Option<Node> {
        if self.takes("(") {
            let inner = self.list(&[])?;
            self.takes(")").then_some(())?;
            self.redirects()?;
            return Some(Node::Subshell(Box::new(inner)));
        }
        if self.takes_keyword("{") {
            let inner = self.list(&["}"])?;
            self.takes_keyword("}").then_some(())?;
            self.redirects()?;
            return Some(inner);
        }
        if self.takes_keyword("if") {
            let node = self.branches()?;
            self.redirects()?;
            return Some(node);
        }
        if matches!(self.keyword(), Some("while" | "until" | "for")) {
            return self.repeated();
        }
        if matches!(self.keyword(), Some("case" | "function" | "select")) {
            return None;
        }
        let mut command = Command::default();
        loop {
            match self.tokens.get(self.at) {
                Some(Token::Word(word)) => {
                    self.at += 1;
                    command.words.push(word.clone());
                }
                Some(Token::Redirect(..)) => command.redirects.extend(self.redirects()?),
                // What groups conditions in `[[ … ]]`.
                Some(Token::Operator(operator)) if self.in_test(&command) => {
                    self.at += 1;
                    command.words.push(vec![Part::Text((*operator).to_owned())]);
                }
                _ => break,
            }
        }
        let empty = command.words.is_empty() && command.redirects.is_empty();
        (!empty && !ends.contains(&"")).then_some(Node::Command(command))
    }

    fn in_test(&self, command: &Command) -> bool {
        let is = |word: Option<&Word>, text: &str| matches!(word.map(Vec::as_slice), Some([Part::Text(t)]) if t == text);
        is(command.words.first(), "[[") && !is(command.words.last(), "]]")
    }

    fn redirects(&mut self) -> Option<Vec<Redirect>> {
        let mut all = Vec::new();
        while let Some(Token::Redirect(from, operator)) = self.tokens.get(self.at).cloned() {
            self.at += 1;
            let Some(Token::Word(to)) = self.tokens.get(self.at) else { return None };
            all.push(Redirect { from, operator, to: to.clone() });
            self.at += 1;
        }
        Some(all)
    }

    /// What follows `if` or `elif`.
    fn branches(&mut self) -> Option<Node> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let condition = self.list(&["then"])?;
        self.takes_keyword("then").then_some(())?;
        let then = self.list(&["elif", "else", "fi"])?;
        let otherwise = if self.takes_keyword("elif") {
            self.branches()?
        } else {
            let otherwise = match self.takes_keyword("else") {
                true => self.list(&["fi"])?,
                false => Node::List(Vec::new()),
            };
            self.takes_keyword("fi").then_some(())?;
            otherwise
        };
        self.depth -= 1;
        Some(Node::If(Box::new(condition), Box::new(then), Box::new(otherwise)))
    }

    /// A loop: its parts once.
    fn repeated(&mut self) -> Option<Node> {
        let is_for = self.keyword() == Some("for");
        self.at += 1;
        let mut nodes = Vec::new();
        if is_for {
            while !matches!(self.operator(), Some(";" | "\n")) && self.keyword() != Some("do") {
                self.tokens.get(self.at)?;
                self.at += 1;
            }
            while matches!(self.operator(), Some(";" | "\n")) {
                self.at += 1;
            }
        } else {
            nodes.push(self.list(&["do"])?);
        }
        self.takes_keyword("do").then_some(())?;
        nodes.push(self.list(&["done"])?);
        self.takes_keyword("done").then_some(())?;
        self.redirects()?;
        Some(Node::List(nodes))
    }
}
