//! The calls of the cloud in memory.

use super::Memory;
use crate::apply::cloud::{
    Changed, Cloud, CloudError, CloudErrorKind, JobRun, JobState, JobTask, LogPage, ServiceStatus,
};
use crate::ecs::desired::{Attribute, Body, Desired, Job, ResourceId, Service};
use crate::event::{ContainerEnd, TargetHealth, TaskFailure};
use crate::plan::{Action, Actual, Change, Observed};

impl Cloud for Memory {
    async fn observe(&self, desired: &Desired) -> Result<Actual, CloudError> {
        let state = self.state.borrow();
        let mut actual = Actual::default();
        for (id, entry) in &state.resources {
            if desired.resources.contains_key(id) {
                actual.resources.insert(id.clone(), entry.observed.clone());
            } else {
                actual.orphans.push((id.clone(), entry.observed.clone()));
            }
        }
        actual.revisions = state.revisions.clone();
        Ok(actual)
    }

    async fn create(
        &self,
        id: &ResourceId,
        body: &Body,
        idle: bool,
    ) -> Result<Changed, CloudError> {
        self.call(&format!("create {id}"), |state| state.create(id, body, idle))
    }

    async fn update(
        &self,
        id: &ResourceId,
        body: &Body,
        action: Action,
        changes: &[Change],
    ) -> Result<Changed, CloudError> {
        let name = format!("{} {id}", action.label());
        self.call(&name, |state| state.update(id, body, action, changes))
    }

    async fn delete(&self, id: &ResourceId, _observed: &Observed) -> Result<(), CloudError> {
        self.call(&format!("delete {id}"), |state| {
            super::refusals::of_deletion(&state.resources, id)?;
            state.resources.remove(id);
            state.revisions.remove(id);
            Ok(())
        })
    }

    async fn status(&self, service: &Service) -> Result<ServiceStatus, CloudError> {
        let mut state = self.state.borrow_mut();
        let gone = || CloudError::new(CloudErrorKind::NotFound, "status", "no such service");
        let id = state.id_of(service).ok_or_else(gone)?;
        state.advance(&id).ok_or_else(gone)
    }

    async fn failures(
        &self,
        service: &Service,
        deployment: &str,
    ) -> Result<Vec<TaskFailure>, CloudError> {
        Ok(vec![TaskFailure {
            task: format!("task-of-{deployment}"),
            address: None,
            reason: "Essential container in task exited".to_owned(),
            containers: vec![ContainerEnd {
                name: service.service_name.clone(),
                exit_code: Some(1),
                reason: None,
            }],
            log: vec!["crashing".to_owned()],
            targets: Vec::new(),
        }])
    }

    async fn target_health(&self, _service: &Service) -> Result<Vec<TargetHealth>, CloudError> {
        Ok(Vec::new())
    }

    async fn run_job(&self, run: &JobRun) -> Result<Vec<String>, CloudError> {
        let by = run.body.started_by.replace(Job::RELEASE, &run.release.to_string());
        let revision = run.body.task_definition.to_string();
        let key = format!("{by} {revision}");
        let found = self.state.borrow().runs.contains(&key) && !self.fails(run);
        if !found {
            self.call(&format!("run {by}"), |state| {
                state.runs.push(key.clone());
                Ok(())
            })?;
        }
        Ok(vec![format!("arn:aws:test:task/{key}")])
    }

    async fn job_tasks(&self, run: &JobRun, tasks: &[String]) -> Result<Vec<JobTask>, CloudError> {
        let failed = self.fails(run);
        let task = |arn: &String| JobTask {
            arn: arn.clone(),
            state: JobState::Stopped,
            exit_code: Some(i32::from(failed)),
            failure: failed.then(|| TaskFailure {
                task: "task-of-the-job".to_owned(),
                address: None,
                reason: "Essential container in task exited".to_owned(),
                containers: Vec::new(),
                log: vec!["no database".to_owned()],
                targets: Vec::new(),
            }),
        };
        Ok(tasks.iter().map(task).collect())
    }

    async fn job_log(
        &self,
        _run: &JobRun,
        _task: &str,
        position: Option<String>,
    ) -> Result<LogPage, CloudError> {
        let lines = if position.is_none() { vec!["working".to_owned()] } else { Vec::new() };
        Ok(LogPage { lines, position: Some("end".to_owned()) })
    }

    async fn complete_job(&self, run: &JobRun) -> Result<(), CloudError> {
        let revision = run.body.task_definition.to_string();
        self.call(&format!("complete {revision}"), |state| {
            let has =
                |observed: &Observed| observed.attributes.get(&Attribute::Arn) == Some(&revision);
            let newest = state.resources.values_mut().map(|entry| &mut entry.observed);
            let all = newest.chain(state.revisions.values_mut().flatten());
            for observed in all.filter(|observed| has(observed)) {
                let release = run.release.to_string();
                observed.attributes.insert(Attribute::Completed, release);
            }
            Ok(())
        })
    }
}
