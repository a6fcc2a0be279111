//! Expressions of the cluster query language (ECS developer guide, "Create expressions to define
//! container instances for Amazon ECS tasks").

/// What an expression may be about; `attribute:NAME` is one more.
const SUBJECTS: [&str; 6] = [
    "agentConnected",
    "agentVersion",
    "ec2InstanceId",
    "registeredAt",
    "runningTasksCount",
    "task:group",
];

/// What compares with something; what is longer stands before what it starts with.
const OPERATORS: [&str; 18] = [
    "greater_than_equal",
    "greater_than",
    "less_than_equal",
    "less_than",
    "not_equals",
    "equals",
    "not_matches",
    "matches",
    "not_in",
    "in",
    "==",
    "!=",
    ">=",
    "<=",
    "=~",
    "!~",
    "!in",
    ">",
];

/// The attributes that an expression names.
pub(crate) fn attributes(text: &str) -> impl Iterator<Item = &str> {
    text.split("attribute:").skip(1).map(|rest| {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_./\\".contains(c)));
        &rest[..end.unwrap_or(rest.len())]
    })
}

/// Whether ECS can read it.
pub(crate) fn is_expression(text: &str) -> bool {
    // Deeper than anybody writes, and far from the end of the stack.
    const DEEP: usize = 50;
    either(text, DEEP).is_some_and(|rest| rest.trim().is_empty())
}

/// Comparisons between `and` and `or`; what stands behind them.
fn either(text: &str, depth: usize) -> Option<&str> {
    let mut rest = term(text, depth)?;
    loop {
        let next = rest.trim_start();
        let joined = ["&&", "||"].iter().find_map(|sign| next.strip_prefix(sign));
        let Some(more) = joined.or_else(|| word(next, "and")).or_else(|| word(next, "or")) else {
            return Some(rest);
        };
        rest = term(more, depth)?;
    }
}

fn term(text: &str, depth: usize) -> Option<&str> {
    let depth = depth.checked_sub(1)?;
    let text = text.trim_start();
    if let Some(inner) = text.strip_prefix('(') {
        return either(inner, depth)?.trim_start().strip_prefix(')');
    }
    if let Some(inner) = text.strip_prefix('!').or_else(|| word(text, "not")) {
        return term(inner, depth);
    }
    comparison(text)
}

/// What is behind a word, which ends where it does.
fn word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(word)?;
    rest.starts_with(|c: char| c.is_whitespace() || "([!'\"".contains(c)).then_some(rest)
}

fn comparison(text: &str) -> Option<&str> {
    let rest = subject(text)?.trim_start();
    for alone in ["exists", "!exists", "not_exists"] {
        if let Some(rest) = rest.strip_prefix(alone)
            && rest.chars().next().is_none_or(|c| c.is_whitespace() || c == ')')
        {
            return Some(rest);
        }
    }
    let less = rest.strip_prefix('<').map(|rest| rest.strip_prefix('=').unwrap_or(rest));
    let compared = OPERATORS.iter().find_map(|operator| match operator.as_bytes()[0] {
        b'a'..=b'z' => word(rest, operator),
        _ if *operator == "!in" => word(rest, operator),
        _ => rest.strip_prefix(operator),
    });
    argument(compared.or(less)?.trim_start())
}

fn subject(text: &str) -> Option<&str> {
    if let Some(name) = text.strip_prefix("attribute:") {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_./\\:".contains(c);
        let rest = name.trim_start_matches(is_name);
        return (rest.len() < name.len()).then_some(rest);
    }
    SUBJECTS.iter().find_map(|subject| text.strip_prefix(subject))
}

/// A list in brackets, a quoted text, or a word.
fn argument(text: &str) -> Option<&str> {
    if let Some(list) = text.strip_prefix('[') {
        let (items, rest) = list.split_once(']')?;
        return (!items.trim().is_empty()).then_some(rest);
    }
    for quote in ['\'', '"'] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).map(|(_, rest)| rest);
        }
    }
    let mut open = 0usize;
    let end = text.find(|c: char| {
        match c {
            '(' => open += 1,
            ')' if open == 0 => return true,
            ')' => open -= 1,
            _ => {}
        }
        c.is_whitespace()
    });
    let end = end.unwrap_or(text.len());
    let is_word = end > 0 && !text[..end].starts_with(['=', '!', '<', '>', '&', '|']);
    is_word.then(|| &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_developer_guide() {
        for good in [
            "attribute:ecs.instance-type == t2.small",
            "attribute:ecs.availability-zone in [us-east-1a, us-east-1b]",
            "task:group == service:production",
            "not(task:group == databases)",
            "runningTasksCount == 1",
            "ec2InstanceId in ['i-abcd1234', 'i-wxyx7890']",
            "attribute:ecs.instance-type =~ g2.* and attribute:ecs.availability-zone != us-east-1d",
            "attribute:stack exists",
            "attribute:stack !exists",
            "(attribute:a == 1 || attribute:b == 2) && !(attribute:c == 3)",
            "agentVersion >= 1.2.0",
            "agentConnected equals true",
            "attribute:rack==7",
            "attribute:ecs.instance-type matches (m5|c5).*",
            "registeredAt < '2024-02-18'",
        ] {
            assert!(is_expression(good), "{good}");
        }
    }

    #[test]
    fn what_ecs_would_not_read() {
        let deep = "(".repeat(100_000);
        for bad in [
            "",
            "attribute:x =",
            "attribute:x = y",
            "attribute: == y",
            "memberOf(attribute:x == y)",
            "memberOf: attribute:stack == prod",
            "instance-type == t2.small",
            "attribute:x == y and",
            "attribute:x == y z",
            "(attribute:x == y",
            "attribute:x in []",
            &deep,
        ] {
            assert!(!is_expression(bad), "{:.60}", bad);
        }
    }
}
