//! Looks at what others made, for `verify`: whether it is there, and what it is like. Nothing is
//! changed, and no value of a secret is read.

mod balancers;
mod network;
mod quotas;
mod reach;
mod repositories;
mod roles;
mod secrets;
mod simulate;
mod storage;
#[cfg(test)]
mod tests;

pub use reach::CredentialsLook;
