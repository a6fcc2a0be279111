//! One mutation a rule: the shop, broken in one place, gives exactly that one fault.

mod ebs;
mod instance;
mod logging;
mod motion;
mod other;
mod quotas;
mod service;
mod shift;
mod task_definition;

use super::*;
use crate::ecs::desired::{
    Attribute, ContainerDefinition, ContainerDependency, ContainerRestartPolicy, ContainerSecret,
    EfsVolumeConfiguration, EnvironmentFile, EphemeralStorage, HealthCheck, HostVolume,
    IngressRule, KernelCapabilities, KeyValuePair, LinuxParameters, Listener, LoadBalancer,
    LogConfiguration, MountPoint, PortMapping, Role, SecurityGroup, Service, SystemControl, Tag,
    Tmpfs, Ulimit, Value,
};
use crate::ecs::testing::{SUBNETS, facts};
use crate::ecs::translate;
use crate::ecs::translate::tests::shop;

fn good() -> Desired {
    translate(&shop(), None, &facts()).desired
}

/// The messages after an edit of one resource.
fn faults(kind: Kind, name: &str, edit: impl FnOnce(&mut Body)) -> Vec<String> {
    let mut desired = good();
    let resource = desired.resources.get_mut(&ResourceId::new(kind, name)).expect("a resource");
    edit(&mut resource.body);
    validate(&desired).into_iter().map(|d| d.message).collect()
}

/// Defines a helper that edits one kind of body.
macro_rules! editor {
    ($helper:ident, $kind:ident, $name:literal, $type:ty) => {
        #[track_caller]
        fn $helper(wanted: &str, edit: impl FnOnce(&mut $type)) {
            let found = faults(Kind::$kind, $name, |body| match body {
                Body::$kind(inner) => edit(inner),
                body => panic!("{body:?}"),
            });
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains(wanted), "{found:?}");
        }
    };
}

editor!(task, TaskDefinition, "web", TaskDefinition);
editor!(stored, TaskDefinition, "store", TaskDefinition);
editor!(service, Service, "web", Service);
editor!(offering, Service, "api", Service);
editor!(balancer, LoadBalancer, "alb", LoadBalancer);
editor!(targets, TargetGroup, "web-80", TargetGroup);
editor!(listener, Listener, "8080", Listener);
editor!(role, Role, "web", Role);
editor!(group, SecurityGroup, "net-default", SecurityGroup);
editor!(rule, IngressRule, "load-balancer-8080", IngressRule);
editor!(logs, LogGroup, "web", crate::ecs::desired::LogGroup);
editor!(cluster, Cluster, "main", crate::ecs::desired::Cluster);
editor!(namespace, Namespace, "main", crate::ecs::desired::Namespace);
editor!(image, Image, "web", crate::ecs::desired::Image);
editor!(system, FileSystem, "data", crate::ecs::desired::FileSystem);
editor!(mount, MountTarget, "data-eu-west-1a", crate::ecs::desired::MountTarget);
editor!(point, AccessPoint, "data", crate::ecs::desired::AccessPoint);

#[track_caller]
fn container(wanted: &str, edit: impl FnOnce(&mut ContainerDefinition)) {
    task(wanted, |task| edit(&mut task.container_definitions[0]));
}

/// A second container for the task of `web`.
fn helper() -> ContainerDefinition {
    ContainerDefinition {
        name: "helper".to_owned(),
        image: Value::from("busybox"),
        ..ContainerDefinition::default()
    }
}

fn depends(on: &str, condition: &str) -> Vec<ContainerDependency> {
    vec![ContainerDependency { container_name: on.to_owned(), condition: condition.to_owned() }]
}

fn check() -> HealthCheck {
    HealthCheck {
        command: vec!["CMD-SHELL".to_owned(), "true".to_owned()],
        interval: 30,
        timeout: 5,
        retries: 3,
        start_period: 0,
    }
}

#[test]
fn the_shop_is_good() {
    assert_eq!(validate(&good()), []);
}

#[test]
fn a_fault_points_at_the_line_and_names_the_service() {
    let mut desired = good();
    let id = ResourceId::new(Kind::TaskDefinition, "web");
    let Some(Body::TaskDefinition(task)) = desired.resources.get_mut(&id).map(|r| &mut r.body)
    else {
        panic!("no task")
    };
    task.cpu = "300".to_owned();
    let found = validate(&desired);
    assert_eq!(found[0].code, Code::AwsRule);
    assert_eq!((found[0].labels.len(), found[0].service.as_deref()), (1, Some("web")));
    assert!(found[0].help.is_some());
}

#[test]
fn tags_of_a_resource() {
    let tag = |key: &str, value: &str| Tag { key: key.to_owned().into(), value: value.into() };
    task("is not taken", |t| t.tags.push(tag("aws:x", "y")));
    task("is not taken", |t| t.tags.push(tag("x", "*")));
    task("stands twice", |t| t.tags.push(t.tags[0].clone()));
    task("51 tags", |t| t.tags.extend((0..48).map(|n| tag(&format!("t{n}"), "x"))));
}

#[test]
fn references_lead_somewhere() {
    service("refers to listener/9", |s| {
        let id = ResourceId::new(Kind::Listener, "9");
        s.network_configuration.awsvpc_configuration.security_groups[0] =
            Value::From(id, Attribute::Id);
    });
    service("its task definition is none", |s| {
        let id = ResourceId::new(Kind::Cluster, "main");
        s.task_definition = Value::From(id, Attribute::Arn);
    });
    let mut desired = good();
    let id = ResourceId::new(Kind::Service, "web");
    let gone = ResourceId::new(Kind::Service, "gone");
    desired.resources.get_mut(&id).expect("web").peers.push(gone);
    assert_eq!(validate(&desired).len(), 1);
}
