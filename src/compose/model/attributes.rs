use super::Setting;

/// Attributes by name, in the order they were set. A place has few of them, and a project many such
/// places: a list takes far less memory than a table, and is searched as fast.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Attributes(Vec<(&'static str, Setting)>);

impl Attributes {
    /// The value of an attribute.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, setting)| setting)
    }

    /// Whether an attribute is there.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Setting)> {
        self.0.iter().map(|(name, setting)| (*name, setting))
    }

    pub(in crate::compose) fn get_mut(&mut self, key: &str) -> Option<&mut Setting> {
        self.0.iter_mut().find(|(name, _)| *name == key).map(|(_, setting)| setting)
    }

    /// Sets an attribute.
    pub(crate) fn insert(&mut self, key: &'static str, setting: Setting) {
        match self.get_mut(key) {
            Some(present) => *present = setting,
            None => self.0.push((key, setting)),
        }
    }

    /// The value of an attribute; `make` says what it is where there is none.
    pub(in crate::compose) fn get_or_insert_with(
        &mut self,
        key: &'static str,
        make: impl FnOnce() -> Setting,
    ) -> &mut Setting {
        let at = self.0.iter().position(|(name, _)| *name == key).unwrap_or_else(|| {
            self.0.push((key, make()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }

    /// Takes an attribute out.
    pub(in crate::compose) fn remove(&mut self, key: &str) -> Option<Setting> {
        let at = self.0.iter().position(|(name, _)| *name == key)?;
        Some(self.0.remove(at).1)
    }

    /// Gives back the room that nothing was set in.
    pub(in crate::compose) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }
}
