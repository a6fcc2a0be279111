//! What a command that only looks knows of the Compose files.

use super::{load_files, region};
use crate::commands::Session;
use crate::compose::Project;
use crate::ecs::desired::{Body, ContainerDefinition, Desired, Kind, ResourceId};
use crate::ecs::facts::Facts;
use crate::ecs::{container_name, translate};
use crate::error::Error;

/// A project, and the names that its resources have on AWS. What is at fault for ECS is no fault for
/// those who only look, and warnings are `check`'s.
#[derive(Debug)]
pub(in crate::commands) struct Known {
    pub(in crate::commands) project: Project,
    pub(in crate::commands) desired: Desired,
}

impl Known {
    /// The family that a job of the file runs; nothing for a service that is no job.
    pub(in crate::commands) fn job_family(&self, service: &str) -> Option<&str> {
        self.desired.job_family(&ResourceId::new(Kind::Job, service))
    }

    /// The container of a service, in whichever task it stands.
    pub(in crate::commands) fn container(&self, service: &str) -> Option<&ContainerDefinition> {
        let name = container_name(service);
        let mut tasks = self.desired.resources.values().filter_map(|r| match &r.body {
            Body::TaskDefinition(task) => Some(task),
            _ => None,
        });
        tasks.find_map(|task| task.container_definitions.iter().find(|c| c.name == name))
    }
}

/// Reads the Compose files for a command that only looks.
pub(in crate::commands) fn known(session: &Session) -> Result<Known, Error> {
    let loaded = load_files(session)?;
    let project = match loaded.project {
        Some(project) if !loaded.diagnostics.has_errors() => project,
        _ => {
            session.print(&loaded.diagnostics, &loaded.sources);
            return Err(Error::Compose);
        }
    };
    let facts = Facts::offline(region(session, &project).as_deref());
    let environment = session.global.environment.as_deref();
    let desired = translate(&project, environment, &facts).desired;
    Ok(Known { project, desired })
}
