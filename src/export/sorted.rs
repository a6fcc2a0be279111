//! JSON as text with the keys of every object sorted, without a value in between.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};

/// Prints what serialises, one after the other: the bytes that `serde_json` prints, indented, of a
/// [`serde_json::Value`] whose maps are sorted. No object may have a key twice.
#[derive(Debug, Default)]
pub(super) struct Printer {
    text: Vec<u8>,
    /// How deep what is printed stands.
    depth: usize,
    /// Whether the array or object that ends next holds anything.
    has_value: bool,
    /// The objects that are not finished.
    open: Vec<Open>,
    /// Their members, those of the innermost at the end.
    members: Vec<Member>,
    /// Whether the key that was printed last has an escape.
    is_escaped: bool,
    /// Room for putting members into their order.
    spare: Vec<u8>,
}

/// An object that is not finished.
#[derive(Debug)]
struct Open {
    /// Its first member.
    first: usize,
    /// Whether its keys came in their order so far.
    is_sorted: bool,
    /// Whether a key has an escape, which does not compare as what it stands for.
    is_escaped: bool,
}

/// A member of an object, by places in the text.
#[derive(Clone, Copy, Debug)]
struct Member {
    /// Behind the bracket or the comma.
    start: usize,
    /// The key's opening quotation mark.
    key: usize,
    /// Behind the key's closing quotation mark.
    colon: usize,
    /// Behind the value.
    end: usize,
}

impl Printer {
    /// Prints a value at a depth; one that fails to serialise is printed as `null`.
    pub(super) fn print<T: Serialize + ?Sized>(&mut self, value: &T, depth: usize) {
        let start = self.text.len();
        self.depth = depth;
        self.has_value = false;
        if value.serialize(&mut Serializer::with_formatter(io::sink(), &mut *self)).is_err() {
            self.open.clear();
            self.members.clear();
            self.text.truncate(start);
            self.text.extend(b"null");
        }
    }

    /// Adds a text as it is.
    pub(super) fn push(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    /// What was printed.
    pub(super) fn text(&self) -> &str {
        // Nothing but texts was put together.
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    /// Begins anew.
    pub(super) fn clear(&mut self) {
        self.text.clear();
    }

    /// Takes what was printed, and begins anew with as much room.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let room = Vec::with_capacity(self.text.len() + self.text.len() / 8);
        std::mem::replace(&mut self.text, room)
    }

    fn new_line(&mut self) {
        const SPACES: [u8; 32] = [b' '; 32];
        self.text.push(b'\n');
        let mut left = self.depth * 2;
        while left > 0 {
            let some = left.min(SPACES.len());
            self.text.extend_from_slice(&SPACES[..some]);
            left -= some;
        }
    }

    fn begin(&mut self, bracket: u8) {
        self.text.push(bracket);
        self.depth += 1;
        self.has_value = false;
    }

    fn end(&mut self, bracket: u8) {
        self.depth -= 1;
        if self.has_value {
            self.new_line();
        }
        self.text.push(bracket);
    }

    /// The key as it is printed, without the quotation marks.
    fn printed(&self, member: Member) -> &[u8] {
        &self.text[member.key + 1..member.colon - 1]
    }

    /// What the key says.
    fn key(&self, member: Member) -> String {
        serde_json::from_slice(&self.text[member.key..member.colon]).unwrap_or_default()
    }

    /// Puts the members of an object into the order of their keys.
    fn sort(&mut self, open: &Open) {
        let Some(start) = self.members.get(open.first).map(|member| member.start) else { return };
        let mut members = std::mem::take(&mut self.members);
        let own = &mut members[open.first..];
        match open.is_escaped {
            true => own.sort_by_cached_key(|member| self.key(*member)),
            false => own.sort_by(|a, b| self.printed(*a).cmp(self.printed(*b))),
        }
        self.spare.clear();
        for member in own {
            if !self.spare.is_empty() {
                self.spare.push(b',');
            }
            self.spare.extend_from_slice(&self.text[member.start..member.end]);
        }
        self.text[start..].copy_from_slice(&self.spare);
        self.members = members;
    }
}

/// Hands each number to the formatter that prints it, with the text as the writer.
macro_rules! numbers {
    ($($name:ident: $number:ty),+) => {$(
        fn $name<W: ?Sized + io::Write>(&mut self, _: &mut W, value: $number) -> io::Result<()> {
            CompactFormatter.$name(&mut self.text, value)
        }
    )+};
}

// The writer is none: an object that has to be sorted must still be at hand when it ends.
impl Formatter for &mut Printer {
    numbers!(
        write_i8: i8, write_i16: i16, write_i32: i32, write_i64: i64, write_i128: i128,
        write_u8: u8, write_u16: u16, write_u32: u32, write_u64: u64, write_u128: u128,
        write_f32: f32, write_f64: f64, write_bool: bool, write_number_str: &str,
        write_raw_fragment: &str
    );

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        _: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        self.is_escaped = true;
        CompactFormatter.write_char_escape(&mut self.text, escape)
    }

    fn write_null<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.push("null");
        Ok(())
    }

    fn begin_string<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.text.push(b'"');
        Ok(())
    }

    fn end_string<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.text.push(b'"');
        Ok(())
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        _: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        self.push(fragment);
        Ok(())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.begin(b'[');
        Ok(())
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.end(b']');
        Ok(())
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        _: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if !first {
            self.text.push(b',');
        }
        self.new_line();
        Ok(())
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.begin(b'{');
        let first = self.members.len();
        self.open.push(Open { first, is_sorted: true, is_escaped: false });
        Ok(())
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        if let Some(open) = self.open.pop() {
            if open.is_escaped || !open.is_sorted {
                self.sort(&open);
            }
            self.members.truncate(open.first);
        }
        self.end(b'}');
        Ok(())
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        _: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if !first {
            self.text.push(b',');
        }
        self.is_escaped = false;
        let start = self.text.len();
        self.new_line();
        let key = self.text.len();
        self.members.push(Member { start, key, colon: key, end: key });
        Ok(())
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        if let Some(member) = self.members.last_mut() {
            member.colon = self.text.len();
        }
        let is_escaped = std::mem::take(&mut self.is_escaped);
        let Some(&Open { first, is_sorted, .. }) = self.open.last() else { return Ok(()) };
        let is_sorted = is_sorted
            && match &self.members[first..] {
                [.., before, last] => self.printed(*before) < self.printed(*last),
                _ => true,
            };
        if let Some(open) = self.open.last_mut() {
            open.is_sorted = is_sorted;
            open.is_escaped |= is_escaped;
        }
        Ok(())
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.push(": ");
        Ok(())
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        if let Some(member) = self.members.last_mut() {
            member.end = self.text.len();
        }
        self.has_value = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// JSON whose maps keep the order in which they were made.
    #[derive(Clone, Debug, Serialize)]
    #[serde(untagged)]
    enum Tree {
        Null,
        Bool(bool),
        Whole(i64),
        Float(f64),
        Text(String),
        List(Vec<Tree>),
        Map(IndexMap<String, Tree>),
    }

    fn tree() -> impl Strategy<Value = Tree> {
        let text = r#"[a-cZ "\\\\\n\x01/é-]{0,6}"#;
        let leaf = prop_oneof![
            Just(Tree::Null),
            any::<bool>().prop_map(Tree::Bool),
            any::<i64>().prop_map(Tree::Whole),
            any::<f64>().prop_map(Tree::Float),
            text.prop_map(Tree::Text),
        ];
        leaf.prop_recursive(5, 60, 6, move |inner| {
            let members = prop::collection::vec((text, inner.clone()), 0..6);
            prop_oneof![
                prop::collection::vec(inner, 0..5).prop_map(Tree::List),
                members.prop_map(|members| Tree::Map(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_prints_what_serde_json_prints_of_a_value(trees in prop::collection::vec(tree(), 1..4)) {
            let mut printer = Printer::default();
            for tree in &trees {
                printer.clear();
                printer.print(tree, 0);
                let value = serde_json::to_value(tree).expect("a value");
                let wanted = serde_json::to_string_pretty(&value).expect("text");
                prop_assert_eq!(printer.text(), &wanted);
                // No text has a line end of its own.
                printer.clear();
                printer.print(tree, 2);
                prop_assert_eq!(printer.text(), wanted.replace('\n', "\n    "));
            }
        }
    }

    #[test]
    fn what_does_not_serialise_is_null_and_leaves_nothing_behind() {
        let mut printer = Printer::default();
        let keys: IndexMap<Vec<u8>, u8> = [(vec![1], 1)].into_iter().collect();
        printer.print(&json!(["before"]), 0);
        printer.print(&[[(); 0]; 1].map(|_| &keys), 0);
        printer.print(&json!({"b": 1, "a": {"d": 2, "c": 3}}), 0);
        assert_eq!(
            printer.text(),
            "[\n  \"before\"\n]null{\n  \"a\": {\n    \"c\": 3,\n    \"d\": 2\n  },\n  \"b\": 1\n}"
        );
    }
}
