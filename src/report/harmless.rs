//! Text of others, such as what a container logged, made harmless for a terminal.

/// Where a tab leads: to the next multiple of this.
const TAB: usize = 8;

/// The text as one line that steers no terminal: escape sequences are gone, tabs are blanks, other
/// control characters and what turns the direction of writing show as `U+FFFD`. Of a line that was
/// drawn over with carriage returns, what was seen last stays.
#[must_use]
pub fn harmless(text: &str) -> String {
    let text = text.trim_end_matches(['\r', '\n']);
    let seen_last = text.rsplit('\r').find(|part| !part.is_empty()).unwrap_or_default();
    if !seen_last.contains(is_harmful) {
        return seen_last.to_owned();
    }
    let mut out = String::with_capacity(seen_last.len());
    let mut column = 0;
    let mut rest = seen_last.chars();
    while let Some(c) = rest.next() {
        let shown = match c {
            '\t' => {
                let blanks = TAB - column % TAB;
                out.extend(std::iter::repeat_n(' ', blanks));
                column += blanks;
                continue;
            }
            '\n' => ' ',
            '\u{1b}' => {
                skip_escape(&mut rest);
                continue;
            }
            // CSI in one character.
            '\u{9b}' => {
                skip_until_final(&mut rest);
                continue;
            }
            c if is_invisible(c) => continue,
            c if is_harmful(c) => '\u{fffd}',
            c => c,
        };
        out.push(shown);
        column += 1;
    }
    out
}

/// What steers a terminal, turns the direction, or takes no place where its width says it does.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
        || is_invisible(c)
}

/// Joiners and selectors: terminals do not agree on the width of what they make.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

/// Skips what follows an ESC (ECMA-48, 5.4 to 5.6).
fn skip_escape(rest: &mut std::str::Chars<'_>) {
    match rest.next() {
        Some('[') => skip_until_final(rest),
        // OSC, DCS, SOS, PM and APC carry a string up to BEL or ST.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(c) = rest.next() {
                match c {
                    '\u{7}' | '\u{9c}' => break,
                    '\u{1b}' => {
                        // The `\` of ST.
                        rest.next();
                        break;
                    }
                    _ => {}
                }
            }
        }
        // One more byte follows these intermediates.
        Some(' '..='/') => {
            rest.next();
        }
        _ => {}
    }
}

/// Skips the parameters of a control sequence and its final byte.
fn skip_until_final(rest: &mut std::str::Chars<'_>) {
    for c in rest.by_ref() {
        if !matches!(c, ' '..='?') {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_go_and_text_stays() {
        for (raw, shown) in [
            ("plain", "plain"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}after", "after"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}(Bascii", "ascii"),
            ("a\tb", "a       b"),
            ("12345678\tb", "12345678        b"),
            ("10%\r50%\r100%\r\n", "100%"),
            ("bell\u{7}", "bell\u{fffd}"),
            ("\u{9b}2Jgone", "gone"),
            ("a\u{202e}b", "a\u{fffd}b"),
            ("two\nlines", "two lines"),
            ("ends in an escape\u{1b}", "ends in an escape"),
            ("ends in one\u{1b}[3", "ends in one"),
        ] {
            assert_eq!(harmless(raw), shown, "{raw:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left(text in "(\\PC|\\pC|\u{1b}\\[[0-9;]*m|\t|\r){0,40}") {
            prop_assert!(!harmless(&text).contains(is_harmful));
        }
    }
}
