//! From a Compose project and facts to the AWS resources that should exist.
//!
//! What this does not promise: that AWS takes the result. [`validate`](crate::ecs::validate())
//! holds the rules of AWS, and runs on every result before anything is sent.

pub(crate) mod context;
pub(crate) mod names;
pub(crate) mod survey;
pub(crate) mod unit;

use std::collections::HashSet;
use std::convert::Infallible;

use crate::compose::Project;
use crate::compose::model::{MountKind, ProjectExtension};
use crate::diagnostic::Diagnostics;
use crate::ecs::desired::Desired;
use crate::ecs::facts::Facts;
use crate::ecs::rules;
use crate::parallel;

use context::{Context, Output};
use names::{Grammar, fit};
pub use names::{private_zone, schedule_group};
use survey::survey;
use unit::units;

/// How many services a thread translates at a time.
const A_PART: usize = 32;

/// How many resources most services have.
const OF_A_SERVICE: usize = 6;

/// The environment of a project that names none.
const DEFAULT_ENVIRONMENT: &str = "default";

/// The result of a translation.
#[derive(Clone, Debug)]
pub struct Translation {
    /// What should exist. Only to be used when `diagnostics` has no errors.
    pub desired: Desired,
    /// What was approximated, ignored or refused, and what is at fault.
    pub diagnostics: Diagnostics,
}

/// The name that every AWS name of a project in an environment starts with.
///
/// `default` is the environment of a project that names none: the tag `decklift:environment` says
/// the same for both, so their names do, too.
#[must_use]
pub fn stack_name(project: &str, environment: Option<&str>) -> String {
    match environment.filter(|environment| *environment != DEFAULT_ENVIRONMENT) {
        None => fit(project, Grammar::Segment),
        Some(environment) => fit(&format!("{project}-{environment}"), Grammar::Segment),
    }
}

/// Translates a project. The same input gives the same output, byte by byte.
#[must_use]
pub fn translate(project: &Project, environment: Option<&str>, facts: &Facts) -> Translation {
    let Project {
        name,
        directory: _,
        services: _,
        networks: _,
        volumes: _,
        secrets: _, // secrets.rs
        configs: _, // configs.rs
        // What ECS does not take is in the table of compose/unsupported.rs.
        models: _,
        extensions: _,
        extension,
    } = project;
    // Region, VPC and subnets are facts by now.
    let ProjectExtension {
        region: _,
        vpc: _, // network.rs
        subnets: _,
        log_retention: _,
        tags: _,
        cluster: _,              // base.rs
        capacity: _,             // capacity.rs
        permissions_boundary: _, // role.rs
        repositories: _,         // repository.rs
        certificate: _,          // load_balancer.rs
        domains: _,              // load_balancer/record.rs
        load_balancers: _,       // load_balancer/existing.rs
        launch: _,               // the loader's
        network_mode: _,         // the loader's
        instances: _,            // bridge.rs
        discovery: _,            // cloud_map.rs
    } = extension;
    let mut out = Output::default();
    let facts = &*rules::network::known(project, facts);
    let cx = Context {
        project,
        facts,
        stack: stack_name(name, environment),
        environment: environment.unwrap_or(DEFAULT_ENVIRONMENT).to_owned(),
        trust: rules::role::trust(facts),
        tags: rules::tags::project_tags(extension, &mut out),
        log_retention: rules::log_group::retention(extension, &mut out),
        written: written(project),
        jobs: rules::ending::ending(project).jobs,
    };
    out.desired.stack.clone_from(&cx.stack);
    out.desired.resources.reserve(cx.project.services.len() * OF_A_SERVICE);
    rules::secrets::add(&cx, &mut out);
    rules::configs::check(&cx, &mut out);
    rules::elsewhere::check(&cx, &mut out);
    let mut members = survey(&cx, &mut out);
    rules::load_balancer::assign(&cx, &mut members, &mut out);
    rules::proxy::check(&cx, &members, &mut out);
    rules::proxy::behind(&cx, &members, &mut out);
    rules::router_rules::check(&members, &mut out);
    rules::alone::check(&cx, &members, &mut out);
    rules::base::add(&cx, members.iter().any(|member| member.connected), &mut out);
    rules::cloud_map::add(&cx, &members, &mut out);
    rules::network::add(&cx, &members, &mut out);
    rules::security_groups::add_networks(&cx, &members, &mut out);
    rules::instance_networks::check(&cx, &members, &mut out);
    rules::bridge::add(&cx, &members, &mut out);
    rules::capacity::check(&cx, &members, &mut out);
    rules::fleet::check(&cx, &members, &mut out);
    rules::file_system::add(&cx, &members, &mut out);
    rules::homes::on_existing(&cx, &members, &mut out);
    rules::homes::labels(&cx, &members, &mut out);
    rules::shared_data::check(&members, &mut out);
    rules::load_balancer::add(&cx, &members, &mut out);
    each(&members, &mut out, |member, out| {
        rules::image_name::check(member.service, out);
        rules::log_group::add(&cx, member.service, out);
        rules::image::add(&cx, member, out);
    });
    each(&units(&members), &mut out, |unit, out| {
        rules::task::add(&cx, unit, out);
        match unit.leader().job {
            Some(count) => rules::job::add(&cx, unit, count, out),
            None => rules::service::add(&cx, unit, out),
        }
    });
    rules::helper_image::add(&cx, &mut out);
    rules::security_groups::tag_rules(&cx, &mut out);
    let Output { mut desired, diagnostics, empty: _ } = out;
    // The sort is stable: within a kind, the order of the file stays.
    desired.resources.sort_by_cached_key(|id, _| id.kind);
    Translation { desired, diagnostics }
}

/// Adds what each of many makes, in their order: on all processors, so that none sees what was added
/// before.
fn each<T: Sync>(all: &[T], out: &mut Output, add: impl Fn(&T, &mut Output) + Sync) {
    let parts: Vec<&[T]> = all.chunks(A_PART).collect();
    let make = |part: usize| {
        let mut made = Output::default();
        parts[part].iter().for_each(|one| add(one, &mut made));
        made
    };
    let Ok(()) = parallel::in_order(
        parts.len(),
        || make,
        |made| {
            out.append(made);
            Ok::<_, Infallible>(())
        },
    );
}

/// What services mount to write to it.
fn written(project: &Project) -> HashSet<&MountKind> {
    let mounts = project.services.values().flat_map(|service| &service.mounts);
    mounts.filter(|mount| !mount.value.read_only).map(|mount| &mount.value.kind).collect()
}

#[cfg(test)]
#[path = "translate/tests.rs"]
pub(crate) mod tests;
