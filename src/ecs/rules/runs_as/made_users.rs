//! Users that a Dockerfile makes with a number of their own: `useradd -u 1001 app`.

use super::super::known_images::Ids;

/// The programs that make users (Debian's and Alpine's manuals of `useradd` and `adduser`).
const MAKERS: &[&str] = &["adduser", "useradd"];

/// Options with a value that is no name of a user.
const VALUED: &[&str] = &["-G", "-g", "--gid", "--groups", "--ingroup", "-c", "-d", "-h", "-s"];

/// Who a user is that the lines of `RUN` make, where they say its number. Its group is root's unless its
/// number is there, too: the user alone must be able to write.
pub(super) fn find(lines: &[String], name: &str) -> Option<Ids> {
    let commands = lines.iter().flat_map(|line| line.split(['\n', ';', '|', '&']));
    let mut numbers = commands.filter_map(|command| {
        let words: Vec<&str> = command.split_whitespace().collect();
        let is_maker = |word: &str| {
            let program = word.rsplit('/').next().unwrap_or(word);
            MAKERS.contains(&program)
        };
        let start = words.iter().position(|word| is_maker(word))?;
        let given = &words[start + 1..];
        // The name comes last, or before its full name and such.
        let is_name = |(place, word): (usize, &&str)| {
            let before = place.checked_sub(1).and_then(|before| given.get(before));
            let is_value = before.is_some_and(|before| VALUED.contains(before));
            !is_value && word.trim_matches(['"', '\'']) == name
        };
        given.iter().enumerate().any(is_name).then_some(())?;
        let uid = option(given, &["-u", "--uid"])?;
        Some((uid, option(given, &["-g", "--gid"]).unwrap_or(0)))
    });
    numbers.next_back()
}

/// The number behind an option: `-u 1001`, `--uid=1001`.
fn option(words: &[&str], names: &[&str]) -> Option<i64> {
    let number = |text: &str| Some(i64::from(text.parse::<u32>().ok()?));
    words.iter().enumerate().find_map(|(place, word)| match word.split_once('=') {
        Some((name, value)) if names.contains(&name) => number(value),
        None if names.contains(word) => number(words.get(place + 1)?),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_with_a_number() {
        for (line, ids) in [
            ("useradd -u 1001 app", Some((1001, 0))),
            ("set -e; groupadd -g 5 g && useradd --uid=1001 -g 5 -m app", Some((1001, 5))),
            ("addgroup -S app && adduser -S -u 1002 -G app app", Some((1002, 0))),
            ("/usr/sbin/adduser --system --uid 1003 'app'", Some((1003, 0))),
            ("useradd app", None),
            ("adduser -u 1001 -G app bob", None),
            ("useradd -u 1001 other", None),
            ("echo app -u 7", None),
        ] {
            assert_eq!(find(&[line.to_owned()], "app"), ids, "{line}");
        }
    }
}
