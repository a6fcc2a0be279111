//! `[ … ]`, `test …` and `[[ … ]]` (POSIX, "test"; bash's manual, "Conditional Constructs").

use super::super::codes::Codes;
use super::super::pattern::Pattern;
use super::super::shell::{Part, Word};
use super::{Run, Written};

impl Run<'_> {
    /// With which outcomes a test holds.
    pub(super) fn test(&mut self, words: &[Word]) -> Codes {
        let name = words.first().and_then(|name| self.text(name)).unwrap_or_default();
        let end = words.len() - usize::from(name != "test" && words.len() > 1);
        let words = words.get(1..end).unwrap_or_default();
        let of = |word: &Word, signs: [&str; 2]| match word.as_slice() {
            [Part::Text(text)] => signs.contains(&text.as_str()),
            _ => false,
        };
        let mut any = Codes::NONE;
        for choice in words.split(|word| of(word, ["-o", "||"])) {
            let mut all = Codes::all();
            for part in choice.split(|word| of(word, ["-a", "&&"])) {
                all = all.and(self.condition(part, name == "[["));
            }
            any = any.or(all);
        }
        any
    }

    fn condition(&mut self, words: &[Word], extended: bool) -> Codes {
        let bracket =
            |word: &Word| matches!(word.as_slice(), [Part::Text(t)] if t == "(" || t == ")");
        if let [first, rest @ ..] = words
            && matches!(first.as_slice(), [Part::Text(not)] if not == "!")
        {
            return Codes::all().without(self.condition(rest, extended));
        }
        let pattern =
            words.get(1).and_then(|word| self.text(word)).is_some_and(|sign| sign == "=~");
        let words: Vec<&Word> = words.iter().filter(|word| pattern || !bracket(word)).collect();
        match words.as_slice() {
            [word] => self.is_something(word, true),
            [sign, word] => match self.text(sign).as_deref() {
                Some("-n") => self.is_something(word, true),
                Some("-z") => self.is_something(word, false),
                // Files and other things are as they should be.
                _ => Codes::all(),
            },
            [left, sign, right @ ..] => {
                let Some(sign) = self.text(sign) else { return Codes::all() };
                let texts: Option<Vec<String>> = right.iter().map(|word| self.text(word)).collect();
                match texts {
                    Some(texts) => self.compare(left, &sign, &texts.concat(), extended),
                    None => match (right, self.text(left)) {
                        // `[ 200 = "$(…)" ]`
                        ([right], Some(left)) => {
                            self.compare(right, mirrored(&sign), &left, extended)
                        }
                        _ => Codes::all(),
                    },
                }
            }
            [] => Codes::NONE,
        }
    }

    fn compare(&mut self, word: &Word, sign: &str, other: &str, extended: bool) -> Codes {
        if matches!(word.as_slice(), [Part::Variable(name, None)] if name == "?") {
            let is_zero = number_holds("0", sign, other);
            return if is_zero { self.last } else { Codes::all().without(self.last) };
        }
        let written = match self.answer_of(word) {
            Some(written) => written,
            None => Written { fixed: self.text(word), ..Written::default() },
        };
        let pattern = match sign {
            "=~" => Pattern::new(other, true, false),
            "==" | "=" | "!=" if extended => Pattern::glob(other),
            _ => None,
        };
        self.holds(&written, |line| match (&pattern, sign) {
            (Some(pattern), "!=") => !pattern.fits(line),
            (Some(pattern), _) => pattern.fits(line),
            // What cannot be read is about the text.
            (None, "=~") => false,
            (None, "=" | "==") => line == other,
            (None, "!=") => line != other,
            (None, sign) => number_holds(line, sign, other),
        })
    }

    fn is_something(&mut self, word: &Word, wanted: bool) -> Codes {
        match self.answer_of(word) {
            Some(written) => {
                let found = self.holds(&written, |_| false);
                if wanted { found } else { Codes::all().without(found) }
            }
            None => Codes::all(),
        }
    }
}

fn number_holds(left: &str, sign: &str, right: &str) -> bool {
    let (Ok(left), Ok(right)) = (left.trim().parse::<i64>(), right.trim().parse::<i64>()) else {
        return matches!(sign, "=" | "==") && left == right;
    };
    match sign {
        "-eq" | "=" | "==" => left == right,
        "-ne" | "!=" => left != right,
        "-lt" | "<" => left < right,
        "-le" => left <= right,
        "-gt" | ">" => left > right,
        "-ge" => left >= right,
        _ => false,
    }
}

fn mirrored(sign: &str) -> &str {
    match sign {
        "-lt" => "-gt",
        "-le" => "-ge",
        "-gt" => "-lt",
        "-ge" => "-le",
        sign => sign,
    }
}
