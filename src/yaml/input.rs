use std::cell::Cell;

use saphyr_parser::input::{Input, is_blank_or_breakz};

/// A text for the parser, at one byte's cost a character where the text is ASCII.
///
/// With a limit, the characters that separate values are counted as they are read, and beyond it the
/// text seems to end.
pub(super) struct TextInput<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    lookahead: usize,
    limit: Option<Limit<'a>>,
}

/// How many [`is_mark`] bytes may be read until `seen` is set back.
pub(super) struct Limit<'a> {
    pub(super) seen: &'a Cell<usize>,
    pub(super) most: usize,
}

/// How many characters the parser may ask for at once. It also makes every scalar's buffer this much
/// larger than its text.
const WINDOW: usize = 16;

/// The characters that separate values inside brackets.
pub(super) fn is_mark(byte: u8) -> bool {
    matches!(byte, b',' | b':' | b'[' | b'{')
}

impl<'a> TextInput<'a> {
    pub(super) fn new(text: &'a str, limit: Option<Limit<'a>>) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, lookahead: 0, limit }
    }

    /// The character at a byte, if any.
    #[inline]
    fn character(&self, at: usize) -> Option<char> {
        match self.bytes.get(at) {
            Some(&byte) if byte.is_ascii() => Some(char::from(byte)),
            Some(_) => self.wide(at),
            None => None,
        }
    }

    #[cold]
    fn wide(&self, at: usize) -> Option<char> {
        self.text.get(at..)?.chars().next()
    }

    #[inline]
    fn three(&self, byte: u8) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        rest.starts_with(&[byte; 3])
            && rest.get(3).is_none_or(|&next| is_blank_or_breakz(char::from(next)))
    }
}

impl Input for TextInput<'_> {
    #[inline]
    fn lookahead(&mut self, count: usize) {
        self.lookahead = self.lookahead.max(count);
    }

    #[inline]
    fn buflen(&self) -> usize {
        self.lookahead
    }

    #[inline]
    fn bufmaxlen(&self) -> usize {
        WINDOW
    }

    #[inline]
    fn raw_read_ch(&mut self) -> char {
        let character = self.peek();
        self.skip();
        character
    }

    #[inline]
    fn raw_read_non_breakz_ch(&mut self) -> Option<char> {
        let character =
            self.peek_opt().filter(|c| !matches!(c, '\n' | '\r' | '\0' | '\u{feff}'))?;
        self.skip();
        Some(character)
    }

    #[inline]
    fn skip(&mut self) {
        let Some(&byte) = self.bytes.get(self.at) else { return };
        if let Some(limit) = &self.limit
            && is_mark(byte)
        {
            limit.seen.set(limit.seen.get() + 1);
            if limit.seen.get() > limit.most {
                self.bytes = self.bytes.get(..self.at).unwrap_or_default();
                return;
            }
        }
        self.at += match byte {
            0..0xc0 => 1,
            0xc0..0xe0 => 2,
            0xe0..0xf0 => 3,
            0xf0.. => 4,
        };
    }

    #[inline]
    fn skip_n(&mut self, count: usize) {
        for _ in 0..count {
            self.skip();
        }
    }

    #[inline]
    fn peek(&self) -> char {
        self.character(self.at).unwrap_or('\0')
    }

    #[inline]
    fn peek_nth(&self, n: usize) -> char {
        let mut at = self.at;
        for _ in 0..n {
            let Some(character) = self.character(at) else { return '\0' };
            at += character.len_utf8();
        }
        self.character(at).unwrap_or('\0')
    }

    #[inline]
    fn peek_opt(&self) -> Option<char> {
        self.character(self.at)
    }

    #[inline]
    fn next_2_are(&self, first: char, second: char) -> bool {
        self.peek() == first && self.peek_nth(1) == second
    }

    #[inline]
    fn next_3_are(&self, first: char, second: char, third: char) -> bool {
        self.next_2_are(first, second) && self.peek_nth(2) == third
    }

    #[inline]
    fn next_is_document_indicator(&self) -> bool {
        self.next_is_document_start() || self.next_is_document_end()
    }

    #[inline]
    fn next_is_document_start(&self) -> bool {
        self.three(b'-')
    }

    #[inline]
    fn next_is_document_end(&self) -> bool {
        self.three(b'.')
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use saphyr_parser::{Input, Parser};

    use super::{Limit, TextInput};

    /// The events up to the first fault, after which a parser may repeat itself.
    fn first<T: Input>(parser: Parser<'_, T>) -> Vec<String> {
        let mut out = Vec::new();
        for event in parser {
            out.push(format!("{event:?}"));
            if event.is_err() {
                break;
            }
        }
        out
    }

    #[test]
    fn the_parser_sees_what_it_sees_in_the_text_itself() {
        for text in [
            "a: [1, {b: \"ü\\n\"}, 'c''d']\n---\nx: |\n  ä\n\n  b\ny: >-\n a\n b\n",
            "\u{e9}: &a b  c # d\r\ne: *a\r\n? [x]\n: !!str 1\n",
            "%YAML 1.2\n---\na:\n- - 1\n  -\t2\n...\n",
            "a: [1\nb: 2",
            "a: b: c",
            "\u{1f600}:\u{1f600}: \u{1f600}\n",
            "--",
            "",
        ] {
            let own = first(Parser::new(TextInput::new(text, None)));
            let its = first(Parser::new_from_str(text));
            assert_eq!(own, its, "{text}");
        }
    }

    #[test]
    fn beyond_the_limit_the_text_ends() {
        let seen = Cell::new(0);
        let mut input = TextInput::new("a,b,c,d", Some(Limit { seen: &seen, most: 2 }));
        let read: String =
            std::iter::from_fn(|| input.peek_opt().map(|_| input.raw_read_ch())).collect();
        // The third comma is seen, but not taken.
        assert_eq!((read.as_str(), seen.get()), ("a,b,c,", 3));
        assert_eq!(input.peek(), '\0');
    }
}
