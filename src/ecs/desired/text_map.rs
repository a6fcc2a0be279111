use std::borrow::Cow;
use std::fmt;
use std::ops::Index;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Texts by key, sorted. Most resources have a few tags, and a project has many resources: a list takes
/// far less memory than a tree, and keys that are known take none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TextMap(Vec<(Cow<'static, str>, String)>);

impl TextMap {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.place(key).ok().map(|place| self.0[place].1.as_str())
    }

    /// Whether there is a text of this key.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.place(key).is_ok()
    }

    /// Sets the text of a key.
    pub fn insert(&mut self, key: impl Into<Cow<'static, str>>, text: impl Into<String>) {
        let (key, text) = (key.into(), text.into());
        match self.place(&key) {
            Ok(place) => self.0[place].1 = text,
            Err(place) => self.0.insert(place, (key, text)),
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> Option<String> {
        self.place(key).ok().map(|place| self.0.remove(place).1)
    }

    /// Keeps those that `keep` says so of.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        self.0.retain(|(key, text)| keep(key, text));
    }

    /// Keys and texts, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, text)| (&**key, text.as_str()))
    }

    /// A copy, as whoever else keeps texts by key has it.
    #[must_use]
    pub fn to_map<M: FromIterator<(String, String)>>(&self) -> M {
        self.iter().map(|(key, text)| (key.to_owned(), text.to_owned())).collect()
    }

    /// The keys, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(key, _)| key)
    }

    /// Where a key stands, or would.
    fn place(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| (**other).cmp(key))
    }
}

impl fmt::Debug for TextMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// For a key that is there.
impl Index<&str> for TextMap {
    type Output = String;

    fn index(&self, key: &str) -> &String {
        let place = self.place(key).unwrap_or_else(|_| panic!("there is no {key}"));
        &self.0[place].1
    }
}

impl IntoIterator for TextMap {
    type Item = (Cow<'static, str>, String);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<K: Into<Cow<'static, str>>, T: Into<String>> Extend<(K, T)> for TextMap {
    fn extend<I: IntoIterator<Item = (K, T)>>(&mut self, iter: I) {
        let iter = iter.into_iter();
        self.0.reserve_exact(iter.size_hint().0);
        iter.for_each(|(key, text)| self.insert(key, text));
    }
}

impl<K: Into<Cow<'static, str>>, T: Into<String>> FromIterator<(K, T)> for TextMap {
    fn from_iter<I: IntoIterator<Item = (K, T)>>(iter: I) -> Self {
        let mut map = Self::new();
        map.extend(iter);
        map
    }
}

impl Serialize for TextMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for TextMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;

        impl<'de> Visitor<'de> for Texts {
            type Value = TextMap;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("texts by key")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TextMap, A::Error> {
                let mut texts = TextMap::new();
                while let Some((key, text)) = map.next_entry::<String, String>()? {
                    texts.insert(key, text);
                }
                Ok(texts)
            }
        }

        deserializer.deserialize_map(Texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_sorted_and_the_last_text_of_a_key_counts() {
        let mut map: TextMap = [("b", "1"), ("a", "2"), ("b", "3")].into_iter().collect();
        assert_eq!(map.iter().collect::<Vec<_>>(), [("a", "2"), ("b", "3")]);
        assert_eq!((map.get("b"), map.get("c"), map.len()), (Some("3"), None, 2));
        assert_eq!((map.remove("a"), map.remove("a")), (Some("2".to_owned()), None));
        map.insert("0".to_owned(), "4");
        assert_eq!(map.keys().collect::<Vec<_>>(), ["0", "b"]);
        assert!(map.contains_key("b") && !map.is_empty());
    }

    #[test]
    fn it_is_an_object_of_json_both_ways() {
        let map: TextMap = [("b", "1"), ("a", "2")].into_iter().collect();
        let text = serde_json::to_string(&map).expect("it is written");
        assert_eq!(text, r#"{"a":"2","b":"1"}"#);
        assert_eq!(serde_json::from_str::<TextMap>(&text).expect("it is read"), map);
    }
}
