use decklift::diagnostic::Diagnostics;
use decklift::source::Sources;
use decklift::yaml::{Kind, Node, Style, Tag, parse};

fn read(text: &str) -> (Node, Sources) {
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let id = sources.add("a.yaml", text);
    let node = parse(id, &sources, &mut diagnostics);
    (node.unwrap_or_else(|| panic!("{diagnostics:?}")), sources)
}

fn at<'n>(node: &'n Node, path: &[&str]) -> &'n Node {
    path.iter().fold(node, |node, key| match key.parse::<usize>() {
        Ok(index) => &node.as_sequence().expect("a list")[index],
        Err(_) => node.get(key).unwrap_or_else(|| panic!("no {key}")),
    })
}

#[test]
fn scalars_keep_their_text_style_and_place() {
    let text = "plain: 0644 # c\nsingle: 'it''s'\ndouble: \"a\\nb\"\nblock: |\n  one\n  two\nwide: ü€😀\nmore: x\ntagged: !!str 12\nnumber: !!int \"5\"\nnull:\n";
    let (node, sources) = read(text);
    let scalar = |key: &str| {
        let node = at(&node, &[key]);
        let scalar = node.as_scalar().expect("a scalar");
        (scalar.text.to_string(), scalar.style, sources.slice(node.span).to_owned())
    };
    let want = |text: &str, style, raw: &str| (text.to_owned(), style, raw.to_owned());
    assert_eq!(scalar("plain"), want("0644", Style::Plain, "0644"));
    assert_eq!(scalar("single"), want("it's", Style::SingleQuoted, "'it''s'"));
    assert_eq!(scalar("double"), want("a\nb", Style::DoubleQuoted, "\"a\\nb\""));
    assert_eq!(scalar("block"), want("one\ntwo\n", Style::Block, "one\n  two"));
    assert_eq!(scalar("wide"), want("ü€😀", Style::Plain, "ü€😀"));
    assert_eq!(scalar("more"), want("x", Style::Plain, "x"));
    assert_eq!(scalar("tagged"), want("12", Style::DoubleQuoted, "12"));
    assert_eq!(scalar("number"), want("5", Style::Plain, "\"5\""));
    assert_eq!(scalar("null"), want("", Style::Plain, "null"));
}

#[test]
fn collections_have_places() {
    let (node, sources) = read("a: &x {b: 1, c: [2, 3]} # c\nd: !override\n  - e\n  - f\n\ng: 1\n");
    assert_eq!(sources.slice(at(&node, &["a"]).span), "{b: 1, c: [2, 3]}");
    assert_eq!(sources.slice(at(&node, &["a", "c"]).span), "[2, 3]");
    let list = at(&node, &["d"]);
    assert_eq!(sources.slice(list.span), "- e\n  - f");
    assert_eq!(list.tag.as_ref().map(|tag| &tag.value), Some(&Tag::Override));
}

#[test]
fn aliases_know_both_places() {
    let (node, sources) = read("a: &x\n  b: [1]\nc: *x\nd:\n  <<: *x\n  e: 2\n");
    let inner = at(&node, &["c", "b", "0"]);
    assert_eq!(sources.place(inner.span), "a.yaml:2:7");
    assert_eq!(sources.place(inner.alias.expect("an alias")), "a.yaml:3:4");
    let merged = at(&node, &["d", "b", "0"]);
    assert_eq!(sources.place(merged.alias.expect("an alias")), "a.yaml:5:7");
    assert_eq!(at(&node, &["d", "e"]).alias, None);
}

#[test]
fn an_anchor_can_be_given_again() {
    let (node, _) = read("a: &x 1\nb: *x\nc: &x 2\nd: *x\n");
    let text = |key: &str| at(&node, &[key]).as_scalar().expect("a scalar").text.to_string();
    assert_eq!((text("b"), text("d")), ("1".into(), "2".into()));
}

#[test]
fn a_quoted_merge_key_is_a_key() {
    let (node, _) = read("a: {\"<<\": 1}\n");
    assert!(at(&node, &["a"]).get("<<").is_some());
}

#[test]
fn brackets_may_close_in_the_column_of_their_key() {
    let (node, sources) = read("a:\n  b: [\n    \"x\", # c\n    \"ü\"\n  ]\nc: |\n  [\n  ]\n");
    assert_eq!(at(&node, &["a", "b"]).as_sequence().map(<[Node]>::len), Some(2));
    assert_eq!(sources.slice(at(&node, &["a", "b", "1"]).span), "\"ü\"");
    assert_eq!(at(&node, &["c"]).as_scalar().map(|scalar| &*scalar.text), Some("[\n]\n"));
}

#[test]
fn line_ends_of_windows_and_a_byte_order_mark_are_no_content() {
    let (node, sources) = read("\u{feff}a: ü\r\nb: |\r\n  x\r\n  y\r\n");
    assert_eq!(sources.slice(at(&node, &["a"]).span), "ü");
    assert_eq!(at(&node, &["b"]).as_scalar().map(|scalar| &*scalar.text), Some("x\ny\n"));
    assert!(matches!(node.kind, Kind::Mapping(_)));
}
