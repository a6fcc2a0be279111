/// The text with some line breaks inside brackets made blanks, character for character, so that
/// `]` and `}` may stand in the column of the key that they belong to. YAML forbids that, the
/// reference's library takes it, and people write it. `None` when there is nothing to change.
pub(super) fn relax(text: &str) -> Option<String> {
    let mut relaxer = Relaxer { out: text.chars().collect(), changed: false };
    let mut at = 0;
    // The indentation of the line that opened a text block after `|` or `>`.
    let mut block: Option<usize> = None;
    while at < relaxer.out.len() {
        let end = relaxer.line_end(at);
        let indent = relaxer.out[at..end].iter().take_while(|&&c| c == ' ').count();
        let is_blank = relaxer.out[at..end].iter().all(|c| c.is_whitespace());
        if let Some(opener) = block {
            if is_blank || indent > opener {
                at = end + 1;
                continue;
            }
            block = None;
        }
        match relaxer.value(at + indent, end) {
            Some(start) if matches!(relaxer.out[start], '[' | '{') => at = relaxer.flow(start),
            Some(start) => {
                if matches!(relaxer.out[start], '|' | '>') {
                    block = Some(indent);
                }
                at = end + 1;
            }
            None => at = end + 1,
        }
    }
    relaxer.changed.then(|| relaxer.out.into_iter().collect())
}

struct Relaxer {
    out: Vec<char>,
    changed: bool,
}

impl Relaxer {
    fn line_end(&self, at: usize) -> usize {
        self.out[at..].iter().position(|&c| c == '\n').map_or(self.out.len(), |found| at + found)
    }

    /// Where the value of a line starts: after `- ` and `key: `, anchor and tag.
    fn value(&self, mut at: usize, end: usize) -> Option<usize> {
        loop {
            while at < end && self.out[at].is_whitespace() {
                at += 1;
            }
            let next_blank = |at: usize| at + 1 >= end || self.out[at + 1].is_whitespace();
            match self.out.get(at..end)?.first()? {
                '#' => return None,
                '-' if next_blank(at) => at += 1,
                '&' | '!' => {
                    while at < end && !self.out[at].is_whitespace() {
                        at += 1;
                    }
                }
                '[' | '{' | '|' | '>' => return Some(at),
                _ => {
                    let colon = (at..end).find(|&at| self.out[at] == ':' && next_blank(at))?;
                    at = colon + 1;
                }
            }
        }
    }

    /// Walks over one bracketed value; answers where the next line starts.
    fn flow(&mut self, start: usize) -> usize {
        let (mut at, mut depth) = (start, 0_usize);
        // The last character that is no blank, comment or line break.
        let mut before = ' ';
        while let Some(&character) = self.out.get(at) {
            match character {
                '[' | '{' => depth += 1,
                ']' | '}' => depth = depth.saturating_sub(1),
                '"' | '\'' if matches!(before, '[' | '{' | ',' | ':') => {
                    at = self.quoted(at, character)
                }
                '#' if at > 0 && self.out[at - 1].is_whitespace() => {
                    at = self.line_end(at);
                    continue;
                }
                '\n' => self.line_break(at, before),
                _ => {}
            }
            if depth == 0 {
                return self.line_end(at) + 1;
            }
            if !character.is_whitespace() {
                before = character;
            }
            at += 1;
        }
        at
    }

    /// The place of the closing quote.
    fn quoted(&self, start: usize, quote: char) -> usize {
        let mut at = start + 1;
        while let Some(&character) = self.out.get(at) {
            match character {
                '\\' if quote == '"' => at += 1,
                _ if character == quote => return at,
                _ => {}
            }
            at += 1;
        }
        at.min(self.out.len() - 1)
    }

    /// Makes a line break a blank where no text can stand on both sides of it.
    fn line_break(&mut self, at: usize, before: char) {
        let after = self.out[at..].iter().find(|c| !c.is_whitespace()).copied();
        let closes = matches!(after, Some(']' | '}' | ','));
        if !closes && !matches!(before, '[' | '{' | ',') || after == Some('#') {
            return;
        }
        // A comment at the end of the line would swallow what follows.
        let line = self.out[..at].iter().rposition(|&c| c == '\n').map_or(0, |found| found + 1);
        let comment = (line + 1..at)
            .rev()
            .find(|&place| self.out[place] == '#' && self.out[place - 1].is_whitespace());
        if let Some(comment) = comment {
            self.out[comment..at].fill(' ');
        }
        self.out[at] = ' ';
        if at > 0 && self.out[at - 1] == '\r' {
            self.out[at - 1] = ' ';
        }
        self.changed = true;
    }
}

#[cfg(test)]
mod tests {
    use super::relax;

    #[test]
    fn brackets_may_close_in_the_column_of_their_key() {
        let text = "a:\n  c: [\n    \"x\",  # one\n  ]\nd: |\n  [\n  ]\ne: {f: [1,\n2]}\n";
        let relaxed = relax(text).expect("changes");
        assert_eq!(relaxed, "a:\n  c: [     \"x\",          ]\nd: |\n  [\n  ]\ne: {f: [1, 2]}\n");
        assert_eq!(relax("a: [1, 2]\nb: |\n  [\n  ]\n"), None);
        assert_eq!(relax("a: [x\n y]\n"), None);
    }
}
