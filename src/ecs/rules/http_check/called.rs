//! Which programs a health check calls.

use crate::compose::model::HealthTest;

/// The names of the programs that a health check calls, without their folders.
pub(crate) fn commands(test: &HealthTest) -> Vec<String> {
    let words = match test {
        HealthTest::None => return Vec::new(),
        HealthTest::Command(words) => match words.as_slice() {
            [shell, flag, line] if is_shell(shell) && flag == "-c" => {
                let mut words = vec![shell.clone(), ";".to_owned()];
                words.extend(split(line));
                words
            }
            // Everything behind the first word is handed to it.
            words => words.first().cloned().into_iter().collect(),
        },
        HealthTest::Shell(line) => split(line),
    };
    let mut starts = true;
    let mut found = Vec::new();
    for word in &words {
        if std::mem::replace(&mut starts, ends_a_command(word)) && !ends_a_command(word) {
            let name = word.trim_start_matches(['(', '{', '!']);
            let name = name.rsplit('/').next().unwrap_or(name);
            found.push(name.trim_end_matches([';', ')']).to_owned());
        }
    }
    found
}

/// Whether another command of the shell's follows.
fn ends_a_command(word: &str) -> bool {
    matches!(word, "||" | "&&" | "|" | ";" | "&" | "if" | "then" | "else" | "do" | "!" | "(")
        || word.ends_with(';')
}

fn is_shell(word: &str) -> bool {
    matches!(word.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash"))
}

/// The words of a shell line; quotes are taken off, operators stand alone.
pub(crate) fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote: Option<char> = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => quote = Some(c),
            (None, c) if c.is_whitespace() => words.push(std::mem::take(&mut word)),
            (None, '|' | '&' | ';' | '(' | ')') => {
                words.push(std::mem::take(&mut word));
                words.push(if c == ';' || c == '(' || c == ')' { ";" } else { "|" }.to_owned());
            }
            (None, c) => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}
