//! A plan in a file: what was read is what is done, or nothing is.
//!
//! The file names the place that it is for and what was asked for, and holds the plan as JSON. No
//! value of a secret and none of an environment variable stands in it. So that another value is noticed
//! even so, each step is sealed: a hash of everything that it sends, keyed with a salt of the file's
//! own, and slow to try out where the step may carry something secret.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use ring::{hmac, pbkdf2};
use serde::{Deserialize, Serialize};

use super::{Action, Plan, Step};
use crate::ecs::desired::{Attribute, Desired, Kind, ResourceId};

/// What the file says that it is.
const KIND: &str = "decklift-plan";

/// How often a hash is taken of what may be secret.
const ROUNDS: NonZeroU32 = match NonZeroU32::new(20_000) {
    Some(rounds) => rounds,
    None => NonZeroU32::MIN,
};

/// The place that a plan is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Target {
    /// The Compose project.
    pub project: String,
    /// The environment, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The AWS account.
    pub account: String,
    /// The AWS region.
    pub region: String,
    /// Whether it is the sandbox.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sandbox: bool,
}

/// What was asked for on the command line, by the names of the options: it holds when the plan is
/// applied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(missing_docs, reason = "each is the option of that name")]
pub struct Asked {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub file: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_directory: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env_file: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profile: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecs_params: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inspect_images: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_deps: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scale: BTreeMap<String, u32>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_rollback: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub build: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_cache: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pull: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_public: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub create_vpc: bool,
    /// Empty text: whatever left the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_destroy: Vec<String>,
}

/// The file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SavedPlan {
    kind: String,
    /// The format: [`SavedPlan::VERSION`].
    version: u32,
    /// Which decklift wrote it.
    pub program: String,
    /// The place that it is for.
    pub target: Target,
    /// What was asked for.
    pub options: Asked,
    /// Random, and no secret.
    salt: String,
    /// By step of the plan.
    seals: Vec<String>,
    /// What is to be done.
    pub plan: Plan,
}

/// Why a text is no plan that can be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is none.
    NoPlan,
    /// It is one, and this program cannot read it: why.
    Faulty(String),
}

impl SavedPlan {
    /// The format that this program writes, and reads.
    pub const VERSION: u32 = 1;

    /// A plan to be written. `secret` gives the values of secrets.
    ///
    /// # Errors
    ///
    /// When the operating system gives no random numbers.
    pub fn new(
        target: Target,
        options: Asked,
        plan: Plan,
        desired: &Desired,
        secret: &dyn Fn(&ResourceId) -> Option<String>,
    ) -> Result<Self, String> {
        let salt: [u8; 16] = ring::rand::generate(&ring::rand::SystemRandom::new())
            .map_err(|_| "the operating system gives no random numbers".to_owned())?
            .expose();
        let salt = hex::encode(salt);
        let seals = seals(&salt, &plan, desired, secret);
        let program = env!("CARGO_PKG_VERSION").to_owned();
        let (kind, version) = (KIND.to_owned(), Self::VERSION);
        Ok(Self { kind, version, program, target, options, salt, seals, plan })
    }

    /// Reads what [`SavedPlan::to_text`] wrote.
    ///
    /// # Errors
    ///
    /// Says whether it is a plan at all.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Format {
            kind: String,
            version: u32,
        }
        let format: Format = serde_json::from_str(text).map_err(|_| Unreadable::NoPlan)?;
        if format.kind != KIND {
            return Err(Unreadable::NoPlan);
        }
        if format.version != Self::VERSION {
            let (theirs, own) = (format.version, Self::VERSION);
            let why = format!("it has format {theirs}, and this decklift reads format {own}");
            return Err(Unreadable::Faulty(why));
        }
        let plan: Self =
            serde_json::from_str(text).map_err(|e| Unreadable::Faulty(e.to_string()))?;
        match plan.seals.len() == plan.plan.steps.len() {
            true => Ok(plan),
            false => Err(Unreadable::Faulty("it was changed by hand".to_owned())),
        }
    }

    /// The text of the file.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Strings, numbers, lists and maps with keys that are strings always serialise.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// What a plan that is made now would do otherwise, in words; nothing where it is the same.
    #[must_use]
    pub fn moved(
        &self,
        now: &Plan,
        desired: &Desired,
        secret: &dyn Fn(&ResourceId) -> Option<String>,
    ) -> Vec<String> {
        let seals = seals(&self.salt, now, desired, secret);
        let mut found = Vec::new();
        let mut met = BTreeSet::new();
        for (step, seal) in self.plan.steps.iter().zip(&self.seals) {
            let mut others = now.steps.iter().enumerate();
            let same = others.find(|(place, o)| is_same_place(step, o) && !met.contains(place));
            let place = same.map(|(place, _)| place);
            met.extend(place);
            match place {
                None => found.push(format!("{}: {} is not due any more", step.resource, act(step))),
                Some(place) if !does_the_same(step, &now.steps[place]) => {
                    found.push(differs(step, &now.steps[place]));
                }
                Some(place) if seals[place] != *seal => {
                    found.push(format!("{}: something else would be sent", step.resource));
                }
                Some(_) => {}
            }
        }
        let new = now.steps.iter().enumerate().filter(|(place, _)| !met.contains(place));
        found.extend(new.map(|(_, step)| format!("{}: {} is due", step.resource, act(step))));
        let order = |plan: &Plan| -> Vec<_> {
            plan.steps.iter().map(|s| (s.resource.clone(), s.action, s.after.clone())).collect()
        };
        if found.is_empty() && (order(&self.plan) != order(now) || self.plan.public != now.public) {
            found.push("the steps have another order, or open other ports".to_owned());
        }
        found
    }
}

fn act(step: &Step) -> &'static str {
    step.action.label()
}

/// Whether two steps are about the same.
fn is_same_place(one: &Step, other: &Step) -> bool {
    one.resource == other.resource && one.action == other.action
}

/// Lines of the Compose file may have moved, and whoever changed what is only for people.
fn does_the_same(one: &Step, other: &Step) -> bool {
    (&one.changes, &one.reason, &one.replaces) == (&other.changes, &other.reason, &other.replaces)
}

fn differs(then: &Step, now: &Step) -> String {
    let id = &then.resource;
    for change in &now.changes {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "(none)".to_owned());
        let before = then.changes.iter().find(|other| other.path == change.path);
        match before {
            None => return format!("{id}: {} differs too", change.path),
            Some(before) if before != change => {
                let (from, to) = (text(&change.from), text(&change.to));
                return format!("{id}: {} is now {from}, and would become {to}", change.path);
            }
            Some(_) => {}
        }
    }
    match then.changes.iter().find(|old| now.changes.iter().all(|new| new.path != old.path)) {
        Some(gone) => format!("{id}: {} does not differ any more", gone.path),
        None => format!("{id}: it is due for another reason"),
    }
}

/// A hash of what each step sends, or of what it deletes.
fn seals(
    salt: &str,
    plan: &Plan,
    desired: &Desired,
    secret: &dyn Fn(&ResourceId) -> Option<String>,
) -> Vec<String> {
    let known = |id: &ResourceId, attribute: Attribute| {
        plan.known.get(id).and_then(|attributes| attributes.get(&attribute)).cloned()
    };
    let seal = |step: &Step| {
        let mut text = format!("{} {}\n", step.resource, act(step));
        match desired.resources.get(&step.resource).filter(|_| step.action != Action::Delete) {
            Some(resource) => {
                let body = resource.body.resolve(&known);
                text.push_str(&serde_json::to_string(&body).unwrap_or_default());
            }
            None => {
                let observed = step.observed.as_ref().map(|observed| &observed.attributes);
                text.push_str(&serde_json::to_string(&observed).unwrap_or_default());
            }
        }
        if let Some(value) = secret(&step.resource).filter(|_| step.resource.kind == Kind::Secret) {
            text.push('\n');
            text.push_str(&value);
        }
        let secretive = matches!(
            step.resource.kind,
            Kind::Secret | Kind::TaskDefinition | Kind::Job | Kind::Schedule
        );
        if secretive { slow(salt, &text) } else { fast(salt, &text) }
    };
    plan.steps.iter().map(seal).collect()
}

fn fast(salt: &str, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, salt.as_bytes());
    hex::encode(&hmac::sign(&key, text.as_bytes()).as_ref()[..16])
}

fn slow(salt: &str, text: &str) -> String {
    let mut out = [0; 16];
    let (salt, text) = (salt.as_bytes(), text.as_bytes());
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt, text, &mut out);
    hex::encode(out)
}
