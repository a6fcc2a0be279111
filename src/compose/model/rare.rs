use std::ops::{Deref, DerefMut};
use std::sync::LazyLock;

/// A large part of a service that most services say nothing of: it takes room only where something
/// was said, and reads as the default elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Rare<T>(Option<Box<T>>);

/// What a [`Rare`] reads as where nothing was said.
pub trait Unsaid: Default + 'static {
    /// One default for all.
    fn unsaid() -> &'static Self;
}

/// Keeps the default of types that are rarely said.
macro_rules! rarely_said {
    ($($type:ty),+ $(,)?) => {
        $(impl Unsaid for $type {
            fn unsaid() -> &'static Self {
                static UNSAID: LazyLock<$type> = LazyLock::new(<$type>::default);
                &UNSAID
            }
        })+
    };
}

rarely_said!(super::Deploy, super::ServiceExtension);

impl<T: Unsaid> Deref for Rare<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Some(said) => said,
            None => T::unsaid(),
        }
    }
}

/// To write is to say: it takes room from then on.
impl<T: Unsaid> DerefMut for Rare<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

impl<T: Unsaid + PartialEq> PartialEq for Rare<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Unsaid + PartialEq> From<T> for Rare<T> {
    fn from(said: T) -> Self {
        Self((said != *T::unsaid()).then(|| Box::new(said)))
    }
}
