//! The variables that the project is read with.

use std::collections::{BTreeMap, HashMap};

use super::template::Lookup;

/// The caller's environment and the `.env` files: the caller's values win.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment {
    values: HashMap<String, String>,
}

impl Environment {
    /// The caller's variables alone.
    pub(super) fn new(variables: &BTreeMap<String, String>) -> Self {
        let values = variables.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        Self { values }
    }

    /// The value of a variable.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Adds what is not there yet.
    pub(super) fn add_missing(&mut self, more: impl IntoIterator<Item = (String, String)>) {
        for (key, value) in more {
            self.values.entry(key).or_insert(value);
        }
    }

    /// Sets a variable.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_owned(), value.to_owned());
    }
}

impl Lookup for Environment {
    fn value(&self, name: &str) -> Option<&str> {
        self.get(name)
    }
}
