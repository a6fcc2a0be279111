//! AWS behind [`Cloud`]: the only module that names the SDK.
//!
//! One file a service. Each makes, changes, deletes and reads the kinds of resources that its service
//! has; `observe` joins what they read, `error` names what went wrong, `pace` waits. A new kind needs
//! four functions in the file of its service, a line in each `match` below, and a line in
//! `observe::key`.

mod access;
mod align;
mod certificate;
mod connect;
mod dns;
mod ec2;
mod ecr;
mod ecs;
mod efs;
mod elb;
mod emulated;
mod error;
mod facts;
mod iam;
mod linked_role;
mod logs;
mod look;
#[cfg(test)]
mod lost_tests;
mod namespace;
mod network;
mod observe;
mod pace;
#[cfg(test)]
mod recorder;
mod route53;
mod scaling;
mod scheduler;
mod secrets;
mod ssm;
#[cfg(test)]
mod ssm_tests;
mod tags;
#[cfg(test)]
mod tests;
mod traces;
mod traffic;
mod values;

pub use access::AssumeRole;
pub use connect::{Aws, ConnectOptions, Identity, Sandbox};
pub use ecr::RegistryAuth;
pub use elb::BalancerRequest;
pub use look::CredentialsLook;
pub use network::{NetworkRequest, NewNetwork, VpcRequest};
pub use route53::RecordRequest;
pub use ssm::Parameters;
pub use tags::Owner;
pub use traffic::{Figures, Traffic};

use self::observe::Foreign;
use crate::apply::cloud::{
    Changed, Cloud, CloudError, CloudErrorKind, JobRun, JobTask, LogPage, ServiceStatus,
};
use crate::ecs::desired::{Attribute, Body, Desired, ResourceId, Service};
use crate::event::{TargetHealth, TaskFailure};
use crate::plan::{Action, Actual, Change, Observed, Recorded};

impl Aws {
    /// As [`Cloud::observe`], in fewer calls: task definitions of which it is known what was registered
    /// are not read again, and what left the file is looked for by its tags where nothing of its kind
    /// is desired any more, or not at all where nothing can have left it.
    ///
    /// # Errors
    ///
    /// As [`Cloud::observe`].
    pub async fn observe_knowing(
        &self,
        desired: &Desired,
        known: &Recorded,
    ) -> Result<Actual, CloudError> {
        self.observe_stack(desired, Some(known), Foreign::Refused).await
    }

    /// As [`Cloud::observe`], for a removal: what is somebody else's under a wanted name is left out of it
    /// and told, and is no error.
    ///
    /// # Errors
    ///
    /// As [`Cloud::observe`].
    pub async fn observe_to_remove(&self, desired: &Desired) -> Result<Actual, CloudError> {
        self.observe_stack(desired, None, Foreign::LeftAlone).await
    }
}

impl Cloud for Aws {
    async fn observe(&self, desired: &Desired) -> Result<Actual, CloudError> {
        self.observe_stack(desired, None, Foreign::Refused).await
    }

    async fn create(
        &self,
        id: &ResourceId,
        body: &Body,
        idle: bool,
    ) -> Result<Changed, CloudError> {
        let made = match body {
            Body::Vpc(body) => self.create_vpc(body).await,
            Body::Subnet(body) => self.create_subnet(body).await,
            Body::InternetGateway(body) => self.create_internet_gateway(body).await,
            Body::Address(body) => self.create_address(body).await,
            Body::NatGateway(body) => self.create_nat_gateway(body).await,
            Body::RouteTable(body) => self.create_route_table(body).await,
            Body::VpcEndpoint(body) => self.create_vpc_endpoint(body).await,
            Body::Cluster(body) => self.create_cluster(body).await,
            Body::Namespace(body) => self.create_namespace(body).await,
            Body::PrivateNamespace(body) => self.create_private_namespace(body).await,
            Body::DnsName(body) => self.create_dns_name(body).await,
            Body::LogGroup(body) => self.create_log_group(body).await,
            Body::Secret(body) => self.create_secret(body).await,
            Body::Role(body) => self.create_role(body).await,
            Body::Repository(body) => self.create_repository(body).await,
            Body::Image(_) => Err(not_built()),
            Body::SecurityGroup(body) => self.create_security_group(body).await,
            Body::IngressRule(body) => self.create_rule(body).await,
            Body::FileSystem(body) => self.create_file_system(body).await,
            Body::MountTarget(body) => self.create_mount_target(body).await,
            Body::AccessPoint(body) => self.create_access_point(body).await,
            Body::LoadBalancer(body) => self.create_load_balancer(body).await,
            Body::TargetGroup(body) => self.create_target_group(body).await,
            Body::Listener(body) => self.create_listener(body).await,
            Body::ListenerRule(body) => self.create_listener_rule(body).await,
            Body::AliasRecord(body) => self.create_alias_record(body).await,
            Body::TaskDefinition(body) => self.register(body).await,
            Body::Service(body) => self.create_service(body, idle).await,
            Body::Job(_) => Err(not_run()),
            Body::ScalableTarget(body) => self.create_scalable_target(body).await,
            Body::ScalingPolicy(body) => self.put_scaling_policy(body).await,
            Body::Alarm(body) => self.create_alarm(body).await,
            Body::ScheduledAction(body) => self.put_scheduled_action(body).await,
            Body::ScheduleGroup(body) => self.create_schedule_group(body).await,
            Body::Schedule(body) => self.create_schedule(body).await,
        };
        made.map_err(|error| error.on(id))
    }

    async fn update(
        &self,
        id: &ResourceId,
        body: &Body,
        action: Action,
        changes: &[Change],
    ) -> Result<Changed, CloudError> {
        let updated = match body {
            Body::Vpc(body) => self.update_vpc(body).await,
            Body::Subnet(body) => self.update_subnet(body).await,
            Body::InternetGateway(body) => self.update_internet_gateway(body).await,
            Body::Address(body) => self.update_address(body).await,
            Body::NatGateway(body) => self.update_nat_gateway(body).await,
            Body::RouteTable(body) => self.update_route_table(body).await,
            Body::VpcEndpoint(body) => self.update_vpc_endpoint(body).await,
            Body::Cluster(body) => self.update_cluster(body).await,
            Body::Namespace(body) => self.update_namespace(body).await,
            Body::PrivateNamespace(body) => self.update_private_namespace(body).await,
            Body::DnsName(body) => self.update_dns_name(body, changes).await,
            Body::LogGroup(body) => self.update_log_group(body).await,
            Body::Secret(body) => self.update_secret(body).await,
            Body::Role(body) => self.update_role(body).await,
            Body::Repository(body) => self.update_repository(body).await,
            Body::Image(_) => Err(not_built()),
            Body::SecurityGroup(body) => self.update_security_group(body).await,
            Body::IngressRule(body) => self.update_rule(body, changes).await,
            Body::FileSystem(body) => self.update_file_system(body).await,
            Body::MountTarget(body) => self.update_mount_target(body).await,
            Body::AccessPoint(body) => self.update_access_point(body).await,
            Body::LoadBalancer(body) => self.update_load_balancer(body).await,
            Body::TargetGroup(body) => self.update_target_group(body).await,
            Body::Listener(body) => self.update_listener(body).await,
            Body::ListenerRule(body) => self.update_listener_rule(body).await,
            Body::AliasRecord(body) => self.update_alias_record(body).await,
            // A revision cannot be changed: another one is registered.
            Body::TaskDefinition(body) => self.register(body).await,
            Body::Service(body) => self.update_service(body, action, changes).await,
            Body::Job(_) => Err(not_run()),
            Body::ScalableTarget(body) => self.update_scalable_target(body, changes).await,
            Body::ScalingPolicy(body) => self.put_scaling_policy(body).await,
            Body::Alarm(body) => self.update_alarm(body, changes).await,
            Body::ScheduledAction(body) => self.put_scheduled_action(body).await,
            Body::ScheduleGroup(body) => self.update_schedule_group(body).await,
            Body::Schedule(body) => self.update_schedule(body).await,
        };
        updated.map_err(|error| error.on(id))
    }

    async fn delete(&self, id: &ResourceId, observed: &Observed) -> Result<(), CloudError> {
        let given = |attribute| {
            observed.attributes.get(&attribute).map(String::as_str).ok_or_else(|| unnamed(id))
        };
        let deleted = match &observed.body {
            Body::Vpc(_) => self.delete_vpc(given(Attribute::Id)?).await,
            Body::Subnet(_) => self.delete_subnet(given(Attribute::Id)?).await,
            Body::InternetGateway(body) => {
                self.delete_internet_gateway(body, given(Attribute::Id)?).await
            }
            Body::Address(_) => self.delete_address(given(Attribute::Id)?).await,
            Body::NatGateway(_) => self.delete_nat_gateway(given(Attribute::Id)?).await,
            Body::RouteTable(_) => self.delete_route_table(given(Attribute::Id)?).await,
            Body::VpcEndpoint(_) => self.delete_vpc_endpoint(given(Attribute::Id)?).await,
            Body::Cluster(body) => self.delete_cluster(body).await,
            Body::Namespace(_) | Body::PrivateNamespace(_) => {
                self.delete_namespace(given(Attribute::Id)?).await
            }
            Body::DnsName(_) => self.delete_dns_name(given(Attribute::Id)?).await,
            Body::LogGroup(body) => self.delete_log_group(&body.create.log_group_name).await,
            Body::Secret(_) => self.delete_secret(given(Attribute::Arn)?).await,
            Body::Role(body) => self.delete_role(&body.create.role_name).await,
            Body::Repository(body) => {
                let owner = tags::Owner::of(&tags::of_body(&observed.body));
                self.delete_repository(&body.repository_name, owner.as_ref()).await
            }
            // An image goes with its repository.
            Body::Image(_) => Ok(()),
            Body::SecurityGroup(_) => self.delete_security_group(given(Attribute::Id)?).await,
            Body::IngressRule(body) => self.delete_rule(body, given(Attribute::Id)?).await,
            Body::FileSystem(_) => self.delete_file_system(given(Attribute::Id)?).await,
            Body::MountTarget(body) => self.delete_mount_target(body, given(Attribute::Id)?).await,
            Body::AccessPoint(_) => self.delete_access_point(given(Attribute::Id)?).await,
            Body::LoadBalancer(_) => self.delete_load_balancer(given(Attribute::Arn)?).await,
            Body::TargetGroup(_) => self.delete_target_group(given(Attribute::Arn)?).await,
            Body::Listener(_) => self.delete_listener(given(Attribute::Arn)?).await,
            Body::ListenerRule(_) => self.delete_listener_rule(given(Attribute::Arn)?).await,
            Body::AliasRecord(body) => {
                let balancer = observed.attributes.get(&Attribute::Arn).map(String::as_str);
                self.delete_alias_record(body, balancer).await
            }
            Body::TaskDefinition(body) => self.delete_family(&body.family).await,
            Body::Service(body) => self.delete_service(body).await,
            Body::Job(body) => self.delete_job(body).await,
            Body::ScalableTarget(body) => self.delete_scalable_target(body).await,
            Body::ScalingPolicy(body) => self.delete_scaling_policy(body).await,
            Body::Alarm(body) => self.delete_alarm(body).await,
            Body::ScheduledAction(body) => self.delete_scheduled_action(body).await,
            Body::ScheduleGroup(body) => self.delete_schedule_group(body).await,
            Body::Schedule(body) => self.delete_schedule(body).await,
        };
        deleted.map_err(|error| error.on(id))
    }

    async fn status(&self, service: &Service) -> Result<ServiceStatus, CloudError> {
        self.service_status(service).await
    }

    async fn failures(
        &self,
        service: &Service,
        deployment: &str,
    ) -> Result<Vec<TaskFailure>, CloudError> {
        self.task_failures(service, deployment).await
    }

    async fn target_health(&self, service: &Service) -> Result<Vec<TargetHealth>, CloudError> {
        self.health_of_targets(service).await
    }

    async fn run_job(&self, run: &JobRun) -> Result<Vec<String>, CloudError> {
        self.run_tasks(run).await
    }

    async fn job_tasks(&self, run: &JobRun, tasks: &[String]) -> Result<Vec<JobTask>, CloudError> {
        self.tasks_of_job(run, tasks).await
    }

    async fn job_log(
        &self,
        run: &JobRun,
        task: &str,
        position: Option<String>,
    ) -> Result<LogPage, CloudError> {
        self.log_of_job(run, task, position).await
    }

    async fn complete_job(&self, run: &JobRun) -> Result<(), CloudError> {
        self.mark_completed(run).await
    }
}

fn not_run() -> CloudError {
    CloudError::new(CloudErrorKind::Service, "run the job", "a job is run, not made")
        .help("this is a fault of decklift; please report it")
}

fn not_built() -> CloudError {
    CloudError::new(CloudErrorKind::Image, "push the image", "no call of AWS builds an image")
        .help("this is a fault of decklift; please report it")
}

/// What was observed without the name that AWS gave it cannot be deleted.
fn unnamed(id: &ResourceId) -> CloudError {
    CloudError::new(CloudErrorKind::NotFound, "delete", "it was read without its id").on(id)
}
