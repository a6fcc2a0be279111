"""Deployments: start, success, failure, roll back.

Amazon ECS Developer Guide, "How the Amazon ECS deployment circuit breaker
detects failures", and the API Reference of Deployment, ServiceDeployment and
ServiceRevision.
"""

import time

from . import names, state
from .state import Deployment, Revision, ServiceDeployment

HISTORY_KEPT = 100


def begin(service, settings):
    """A new primary deployment of the service's settings; the caller holds the lock."""
    revision = Revision(service, settings)
    service.revisions[revision.arn] = revision
    previous = service.primary()
    for old in service.history:
        if old.status in ("IN_PROGRESS", "ROLLBACK_IN_PROGRESS"):
            old.move("STOPPED", "Service deployment was superseded by a new service deployment.")
    sources = [previous.revision] if previous else []
    sd = ServiceDeployment(service, revision, sources)
    sd.breaker_status = "MONITORING" if service.breaker().get("enable") else "DISABLED"
    service.history.insert(0, sd)
    del service.history[HISTORY_KEPT:]
    # The new deployment sees the endpoints that exist now, its own among them.
    deployment = Deployment(service, revision, sd, set())
    for one in service.deployments:
        one.status = "ACTIVE"
    service.deployments = [one for one in service.deployments if one.alive()]
    service.deployments.insert(0, deployment)
    service.steady = False
    see(service, deployment)
    state.WAKE.set()
    return deployment


def see(service, deployment):
    """Fix the Service Connect endpoints that the deployment's tasks resolve."""
    if deployment.revision.connect():
        deployment.visible = names.existing_endpoints(
            service.account, service.region, deployment.revision.namespace)


def complete(service, deployment):
    """The rollout is over and good."""
    deployment.state, deployment.updated = "COMPLETED", state.now()
    deployment.reason = f"ECS deployment {deployment.id} completed."
    deployment.revision.succeeded = True
    service.good = deployment.revision
    sd = deployment.sd
    if sd.status in ("ROLLBACK_IN_PROGRESS", "ROLLBACK_REQUESTED"):
        sd.move("ROLLBACK_SUCCESSFUL")
    elif sd.status == "IN_PROGRESS":
        if sd.breaker_status == "MONITORING":
            sd.breaker_status = "MONITORING_COMPLETE"
        sd.move("SUCCESSFUL")
    service.event(f"(deployment {deployment.id}) deployment completed.")


def count_failure(scheduler, task):
    """A task that failed to start or to stay healthy: back-off, circuit breaker."""
    deployment, service = task.deployment, task.service
    if deployment is None or task.failure_counted or task.abandoned:
        return
    task.failure_counted = True
    deployment.failures_in_row += 1
    width = max(1, service.record["desiredCount"])
    rounds = (deployment.failures_in_row - 1) // width
    from .scheduler import BACKOFF_FACTOR, BACKOFF_FIRST, BACKOFF_MOST
    deployment.next_start = time.monotonic() + min(BACKOFF_MOST, BACKOFF_FIRST * BACKOFF_FACTOR ** min(rounds, 20))
    deployment.updated = state.now()
    if deployment.state != "IN_PROGRESS" or service.record["status"] != "ACTIVE":
        return
    deployment.failed_tasks += 1
    deployment.sd.failures = max(deployment.sd.failures, deployment.failed_tasks)
    if service.breaker().get("enable"):
        if deployment is service.primary() and deployment.failed_tasks >= service.threshold():
            fail(scheduler, service, deployment, "tasks failed to start.")
    elif deployment.failures_in_row >= 3 * width and not deployment.complained:
        deployment.complained = True
        service.event("is unable to consistently start tasks successfully. "
                      "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.")


def fail(scheduler, service, deployment, why):
    """The circuit breaker opened."""
    deployment.state, deployment.updated = "FAILED", state.now()
    deployment.reason = f"ECS deployment circuit breaker: {why}"
    service.event(f"(deployment {deployment.id}) deployment failed: {why}")
    sd = deployment.sd
    sd.breaker_status = "TRIGGERED"
    if deployment.rollback_of is not None:
        sd.move("ROLLBACK_FAILED", f"Service deployment rollback failed: {why}")
    elif not service.breaker().get("rollback"):
        sd.move("STOPPED", f"Service deployment failed: ECS deployment circuit breaker: {why}")
    elif not roll_back(scheduler, service, deployment, f"ECS deployment circuit breaker: {why}"):
        sd.move("ROLLBACK_FAILED", "Service deployment rollback failed: no rollback candidate was found "
                                   "to run the rollback.")


def roll_back(scheduler, service, failed, reason):
    """Back to the last revision that completed, as a deployment of its own id."""
    good = service.good
    if good is None or good is failed.revision:
        return False
    sd = failed.sd
    sd.rollback = {"reason": reason, "startedAt": state.now(), "serviceRevisionArn": good.arn}
    sd.move("ROLLBACK_IN_PROGRESS", f"Service deployment rolling back: {reason}")
    sd.stage = "SCALE_UP"
    failed.status, failed.desired = "ACTIVE", 0
    back = Deployment(service, good, sd, set(), rollback_of=failed)
    back.reason = f"ECS deployment circuit breaker: rolling back to deploymentId {back.id}."
    # Tasks of that very revision that still run belong to the rollback now.
    for one in list(service.deployments):
        if one.revision is good:
            for task in one.tasks():
                if task.alive():
                    task.deployment = back
            service.deployments.remove(one)
    service.deployments.insert(0, back)
    adopt(service, good)
    see(service, back)
    service.steady = False
    service.event(f"rolling back to deployment {back.id}.")
    state.WAKE.set()
    return True


def adopt(service, revision):
    """The service shows the settings of the revision it runs."""
    for field in Revision.FIELDS:
        if field in ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"):
            service.record[f"_{field}"] = revision.settings.get(field)
        else:
            service.record[field] = revision.settings.get(field)
    service.record["_namespace"] = revision.namespace


def forced_roll_back(scheduler, service, sd):
    """StopServiceDeployment with ROLLBACK: "You can use this option even if you
    didn't configure the service deployment for the rollback option"."""
    deployment = service.primary()
    if deployment is None or deployment.sd is not sd or deployment.state != "IN_PROGRESS":
        return False
    before = deployment.state, deployment.reason
    deployment.state, deployment.updated = "FAILED", state.now()
    deployment.reason = f"ECS deployment {deployment.id} was stopped by the user."
    if not roll_back(scheduler, service, deployment, "Service deployment was stopped by the user."):
        deployment.state, deployment.reason = before
        return False
    return True
