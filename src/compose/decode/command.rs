use super::Decoder;
use super::stage::Stage;
use crate::compose::scalar::{Typed, typed};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::{Kind, Node};

impl Decoder<'_> {
    /// `command` or `entrypoint`: a list, or a text that is split as a shell would, without running
    /// one. Null leaves the image's own.
    pub(super) fn command(&mut self, field: &str, node: &Node) -> Option<Located<Vec<String>>> {
        if node.is_null() {
            return None;
        }
        let words = match &node.kind {
            Kind::Sequence(_) => {
                self.strings(field, node).into_iter().map(|text| text.value).collect()
            }
            Kind::Scalar(scalar) => {
                let Typed::Text(text) = typed(scalar) else {
                    self.wrong_type(field, node, "a list of texts");
                    return None;
                };
                match split(text) {
                    Some(Words { words, rest: None }) => words,
                    Some(Words { words, rest: Some(sign) }) => {
                        self.cut_short(field, node, sign);
                        words
                    }
                    None => {
                        let help =
                            "close the quotes and parentheses, or write a list: `[cmd, arg]`";
                        self.values_at(Stage::Whole, |d| {
                            d.invalid(field, node, "cannot be split into words", help);
                        });
                        return None;
                    }
                }
            }
            Kind::Mapping(_) => {
                self.wrong_type(field, node, "a list of texts");
                return None;
            }
        };
        Some(Located::new(words, node.span))
    }

    fn cut_short(&mut self, field: &str, node: &Node, sign: char) {
        let fault = Diagnostic::warning(
            Code::CommandCutShort,
            format!(
                "`{field}` ends at `{sign}`: no shell reads it, and docker compose drops the rest"
            ),
        )
        .help("run a shell: `[sh, -c, \"first && second\"]`");
        self.report_at(fault, node, "");
    }
}

/// The words of a command line.
#[derive(Debug, PartialEq, Eq)]
struct Words {
    words: Vec<String>,
    /// The shell operator where the line was cut off.
    rest: Option<char>,
}

/// Splits as docker compose does: quotes, backslashes, and an end at the first `;`, `&`, `|`, `<`
/// or `>` outside quotes. `None` when a quote or parenthesis stays open.
fn split(line: &str) -> Option<Words> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut has_word = false;
    let (mut escaped, mut double, mut single) = (false, false, false);
    let (mut back, mut dollar) = (false, false);
    let mut rest = None;
    for character in line.chars() {
        if escaped {
            word.push(match character {
                't' => '\t',
                'n' => '\n',
                other => other,
            });
            (escaped, has_word) = (false, true);
            continue;
        }
        let quoted = single || double || back || dollar;
        match character {
            '\\' if !single => escaped = true,
            '\\' => word.push(character),
            ' ' | '\t' | '\r' | '\n' if quoted => word.push(character),
            ' ' | '\t' | '\r' | '\n' => {
                if has_word {
                    words.push(std::mem::take(&mut word));
                    has_word = false;
                }
            }
            '"' if !single && !dollar => {
                has_word |= double;
                double = !double;
            }
            '\'' if !double && !dollar => {
                has_word |= single;
                single = !single;
            }
            '(' if !single && !double && !back => {
                if dollar || !word.ends_with('$') {
                    return None;
                }
                dollar = true;
                word.push('(');
            }
            ';' | '&' | '|' | '<' | '>' if !quoted => {
                rest = Some(character);
                // `2>` belongs to the redirection, not to the words.
                if character == '>' && word.starts_with(|c: char| c.is_ascii_digit()) {
                    has_word = false;
                }
                break;
            }
            other => {
                if other == '`' && !single && !double && !dollar {
                    back = !back;
                }
                if other == ')' && !single && !double && !back {
                    dollar = !dollar;
                }
                has_word = true;
                word.push(other);
            }
        }
    }
    if has_word {
        words.push(word);
    }
    let open = escaped || single || double || back || dollar;
    (!open).then_some(Words { words, rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_split_as_the_reference_splits_them() {
        for (line, want) in [
            ("a b  c", vec!["a", "b", "c"]),
            ("a 'b c' \"d e\"", vec!["a", "b c", "d e"]),
            ("a\\ b \\n", vec!["a b", "\n"]),
            ("sh -c 'a && b'", vec!["sh", "-c", "a && b"]),
            ("a '' \"\"", vec!["a", "", ""]),
            ("a=\"b c\"d", vec!["a=b cd"]),
            ("echo $(date x)", vec!["echo", "$(date x)"]),
            ("echo `a b`", vec!["echo", "`a b`"]),
            ("", vec![]),
        ] {
            assert_eq!(split(line).expect("splits").words, want, "{line}");
        }
        let cut = split("echo a && echo b").expect("splits");
        assert_eq!((cut.words, cut.rest), (vec!["echo".into(), "a".into()], Some('&')));
        assert_eq!(split("run 2>&1").expect("splits").words, ["run"]);
        for line in ["a 'b", "a \"b", "a \\", "a (b)", "a `b"] {
            assert_eq!(split(line), None, "{line}");
        }
    }
}
