//! The variables that the project is read with.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use super::template::Lookup;

/// The caller's environment and the `.env` files: the caller's values win.
#[derive(Clone, Default)]
pub(super) struct Environment {
    values: HashMap<String, String>,
    /// The variables of the project that includes this one: they win.
    outer: Option<Arc<Environment>>,
}

impl Environment {
    /// The caller's variables alone.
    pub(super) fn new(variables: &BTreeMap<String, String>) -> Self {
        let values = variables.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        Self { values, outer: None }
    }

    /// The variables of an included project: those of the including one, then `values`.
    pub(super) fn within(
        outer: &Arc<Environment>,
        values: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let mut inner = Self { values: HashMap::new(), outer: Some(Arc::clone(outer)) };
        inner.add_missing(values);
        inner
    }

    /// The value of a variable.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let outer = self.outer.as_ref().and_then(|outer| outer.get(name));
        outer.or_else(|| self.values.get(name).map(String::as_str))
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

    /// All variables in the order of their names.
    pub(super) fn all(&self) -> BTreeMap<&str, &str> {
        let mut all: BTreeMap<&str, &str> =
            self.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend(self.outer.iter().flat_map(|outer| outer.all()));
        all
    }
}

/// The values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.all().keys()).finish()
    }
}

impl Lookup for Environment {
    fn value(&self, name: &str) -> Option<&str> {
        self.get(name)
    }
}
