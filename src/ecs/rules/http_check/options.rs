//! The options of a command line.

/// An option with its value, or a word that is none.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Option(String, Option<String>),
    /// Nothing for what is not known.
    Operand(Option<String>),
}

/// The options and the other words, where these letters and these names take a value. A long option may
/// have a single dash where it is a name of the list, or no letters do.
pub(super) fn options(args: &[Option<String>], letters: &str, names: &[&str]) -> Vec<Item> {
    let mut items = Vec::new();
    let mut args = args.iter();
    let mut only_operands = false;
    while let Some(arg) = args.next() {
        let Some(text) = arg.as_deref().filter(|text| !only_operands && text.len() > 1) else {
            items.push(Item::Operand(arg.clone()));
            continue;
        };
        if text == "--" {
            only_operands = true;
            continue;
        }
        let Some(name) = text.strip_prefix('-') else {
            items.push(Item::Operand(arg.clone()));
            continue;
        };
        let long = name.strip_prefix('-');
        let bare = long.unwrap_or(name);
        let (head, value) = match bare.split_once('=') {
            Some((head, value)) => (head, Some(value.to_owned())),
            None => (bare, None),
        };
        if long.is_some() || letters.is_empty() || head.len() > 1 && names.contains(&head) {
            let value = match value {
                None if names.contains(&head) => args.next().cloned().flatten(),
                value => value,
            };
            items.push(Item::Option(head.to_owned(), value));
            continue;
        }
        for (at, letter) in name.char_indices() {
            if !letters.contains(letter) {
                items.push(Item::Option(letter.to_string(), None));
                continue;
            }
            let rest = &name[at + letter.len_utf8()..];
            let value = match rest {
                "" => args.next().cloned().flatten(),
                rest => Some(rest.to_owned()),
            };
            items.push(Item::Option(letter.to_string(), value));
            break;
        }
    }
    items
}
