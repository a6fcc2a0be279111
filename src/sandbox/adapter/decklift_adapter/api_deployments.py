"""ListServiceDeployments, DescribeServiceDeployments, DescribeServiceRevisions, StopServiceDeployment.

Amazon ECS API Reference, ServiceDeployment and ServiceRevision.
"""

import copy

from ministack.core.responses import get_account_id, get_region, json_response

from . import rollouts, state
from .api_services import Refusal, answering, cluster_of, find, page, summary

_scheduler = None


def set_scheduler(one):
    global _scheduler
    _scheduler = one


def _brief(sd):
    return _drop({
        "serviceDeploymentArn": sd.arn, "serviceArn": sd.service.record["serviceArn"],
        "clusterArn": sd.service.record["clusterArn"], "startedAt": sd.started, "createdAt": sd.created,
        "finishedAt": sd.finished, "targetServiceRevisionArn": sd.target.arn,
        "status": sd.status, "statusReason": sd.reason})


def _full(sd):
    service = sd.service
    primary = service.primary()
    current = primary is not None and primary.sd is sd
    failures = primary.failed_tasks if current and sd.rollback is None else sd.failures
    return _drop({
        **{key: value for key, value in _brief(sd).items() if key != "targetServiceRevisionArn"},
        "stoppedAt": sd.stopped, "updatedAt": sd.updated,
        "sourceServiceRevisions": [summary(revision, service) for revision in sd.sources],
        "targetServiceRevision": summary(sd.target, service),
        "lifecycleStage": sd.stage, "deploymentConfiguration": copy.deepcopy(sd.configuration),
        "rollback": sd.rollback,
        "deploymentCircuitBreaker": {"status": sd.breaker_status, "failureCount": failures,
                                     "threshold": service.threshold()},
        "alarms": {"status": "DISABLED", "alarmNames": [], "triggeredAlarmNames": []}})


def _drop(record):
    return {key: value for key, value in record.items() if value is not None}


def _mine():
    return [service for service in state.services.values() if service.key[:2] == (get_account_id(), get_region())]


@answering
def list_service_deployments(data):
    reference = data.get("service") or ""
    cluster = reference.split("/")[-2] if reference.startswith("arn:") and reference.count("/") >= 2 else None
    cluster = cluster_of({"cluster": data.get("cluster") or cluster})
    service = find(cluster, reference)
    if service is None:
        raise Refusal("ServiceNotFoundException", "Service not found.")
    wanted, created = data.get("status") or [], data.get("createdAt") or {}
    found = [_brief(sd) for sd in service.history
             if (not wanted or sd.status in wanted)
             and sd.created >= float(created.get("after") or 0)
             and sd.created <= float(created.get("before") or 1e12)]
    return json_response(page(found, data, "serviceDeployments", 20))


@answering
def describe_service_deployments(data):
    by_arn = {sd.arn: sd for service in _mine() for sd in service.history}
    arns = data.get("serviceDeploymentArns") or []
    if not arns:
        raise Refusal("InvalidParameterException", "serviceDeploymentArns cannot be empty.")
    return json_response({"serviceDeployments": [_full(by_arn[arn]) for arn in arns if arn in by_arn],
                          "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in by_arn]})


@answering
def describe_service_revisions(data):
    by_arn = {arn: (service, revision) for service in _mine() for arn, revision in service.revisions.items()}
    arns = data.get("serviceRevisionArns") or []
    found = []
    for service, revision in (by_arn[arn] for arn in arns if arn in by_arn):
        found.append(_drop({
            "serviceRevisionArn": revision.arn, "serviceArn": service.record["serviceArn"],
            "clusterArn": service.record["clusterArn"], "createdAt": revision.created, "guardDutyEnabled": False,
            "containerImages": [_drop({"containerName": name, "image": image,
                                       "imageDigest": pinned.split("@")[1] if pinned else None})
                                for name, (image, pinned) in revision.images.items()],
            **copy.deepcopy(revision.settings)}))
    return json_response({"serviceRevisions": found,
                          "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in by_arn]})


@answering
def stop_service_deployment(data):
    arn = data.get("serviceDeploymentArn")
    if (data.get("stopType") or "ROLLBACK") != "ROLLBACK":
        raise Refusal("InvalidParameterException", "Invalid stopType: the valid value is ROLLBACK.")
    for service in _mine():
        for sd in service.history:
            if sd.arn != arn:
                continue
            if not rollouts.forced_roll_back(_scheduler, service, sd):
                raise Refusal("ConflictException", "The service deployment cannot be stopped: it is not in progress, "
                                                   "or there is no earlier service revision to roll back to.")
            return json_response({"serviceDeploymentArn": arn})
    raise Refusal("ServiceDeploymentNotFoundException", "The service deployment wasn't found.")
