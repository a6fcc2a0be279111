"""RunTask, StopTask, DescribeTasks, ListTasks, ExecuteCommand, and clusters' refusals.

Amazon ECS API Reference.
"""

import copy
import json

from ministack.core.responses import get_account_id, get_region, json_response
from ministack.services import ecs

from . import scheduler, state
from .api_services import Refusal, answering, check_volumes, cluster_of, definition_of, page

_scheduler = None  # set by install(): starts the tasks


def set_scheduler(one):
    global _scheduler
    _scheduler = one


def view(task, tags=False):
    record = copy.deepcopy({key: value for key, value in task.record.items()
                            if not key.startswith("_") and value is not None})
    if not record.get("stoppedReason"):
        record.pop("stoppedReason", None)
    if tags:
        record["tags"] = copy.deepcopy(ecs._tags.get(task.arn, []))
    return record


def find(cluster, reference):
    task = state.tasks.get((reference or "").rsplit("/", 1)[-1])
    if task is None or (task.account, task.region, task.cluster) != (get_account_id(), get_region(), cluster):
        return None
    return task


def run_task(data):
    answer, made = _run_task(data)
    for task in made:
        _scheduler.run(task)
    return answer


def _run_task(data):
    made = []

    @answering
    def body(given):
        account, region = get_account_id(), get_region()
        cluster = cluster_of(given)
        definition = definition_of(given.get("taskDefinition"))
        token = given.get("clientToken")
        key = (account, region, cluster, token)
        request = json.dumps({name: value for name, value in given.items() if name != "clientToken"}, sort_keys=True)
        if token and key in state.run_tokens:
            before, ids = state.run_tokens[key]
            if before != request:
                # API Reference, "Ensuring idempotency": same token, other parameters.
                raise Refusal("ConflictException", "The RunTask request could not be processed due to conflicts. "
                                                   "The provided clientToken is already in use with other parameters.")
            return json_response({"tasks": [view(state.tasks[one], True) for one in ids if one in state.tasks],
                                  "failures": []})
        launch_type, strategy, error = ecs._launch_choice(given, ecs._clusters[cluster])
        if error:
            return error
        if definition.get("networkMode") == "awsvpc" and not (
                (given.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}).get("subnets"):
            raise Refusal("InvalidParameterException", "Network Configuration must be provided when networkMode "
                                                       "'awsvpc' is specified.")
        check_volumes(given, definition)
        by_name = {cdef["name"] for cdef in definition["containerDefinitions"]}
        for override in (given.get("overrides") or {}).get("containerOverrides") or []:
            if override.get("name") not in by_name:
                raise Refusal("InvalidParameterException", "Override for container named "
                              f"{override.get('name')} is not a container in the TaskDefinition.")
        given = {**given, "launchType": launch_type, "capacityProviderStrategy": strategy}
        for _ in range(int(given.get("count") or 1)):
            made.append(scheduler.make_task(account, region, cluster, definition=definition, given=given))
        if token:
            state.run_tokens[key] = (request, [task.id for task in made])
        return json_response({"tasks": [view(task, True) for task in made], "failures": []})

    return body(data), made


@answering
def stop_task(data):
    cluster = cluster_of(data)
    task = find(cluster, data.get("task"))
    if task is None:
        raise Refusal("InvalidParameterException", "The referenced task was not found.")
    _scheduler.stop_task(task, data.get("reason") or "Task stopped by user", "UserInitiated")
    return json_response({"task": view(task)})


@answering
def describe_tasks(data):
    cluster = cluster_of(data)
    if not data.get("tasks"):
        raise Refusal("InvalidParameterException", "Tasks cannot be empty.")
    found, failures = [], []
    for reference in data["tasks"]:
        task = find(cluster, reference)
        if task is None:
            arn = reference if reference.startswith("arn:") else (
                f"arn:aws:ecs:{get_region()}:{get_account_id()}:task/{cluster}/{reference}")
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(view(task, "TAGS" in (data.get("include") or [])))
    return json_response({"tasks": found, "failures": failures})


@answering
def list_tasks(data):
    cluster = cluster_of(data)
    wanted = data.get("desiredStatus") or "RUNNING"
    name = (data.get("serviceName") or "").rsplit("/", 1)[-1]
    if name and (get_account_id(), get_region(), cluster, name) not in state.services:
        raise Refusal("ServiceNotFoundException", "Service not found.")
    arns = []
    for task in sorted(state.tasks.values(), key=lambda task: task.record["createdAt"], reverse=True):
        record = task.record
        if (task.account, task.region, task.cluster) != (get_account_id(), get_region(), cluster):
            continue
        if record["desiredStatus"] != wanted:
            continue
        if data.get("family") and task.definition.get("family") != data["family"]:
            continue
        if name and record["group"] != f"service:{name}":
            continue
        if data.get("startedBy") and record.get("startedBy") != data["startedBy"]:
            continue
        if data.get("launchType") and record.get("launchType") != data["launchType"]:
            continue
        arns.append(task.arn)
    return json_response(page(arns, data, "taskArns", 100))


@answering
def execute_command(data):
    """No SSM session can be opened here; a session URL that leads nowhere would be worse than a refusal."""
    cluster = cluster_of(data)
    task = find(cluster, data.get("task"))
    if task is None:
        raise Refusal("InvalidParameterException", "The referenced task was not found.")
    if not task.record.get("enableExecuteCommand"):
        raise Refusal("InvalidParameterException", "The execute command failed because execute command was not "
                                                   "enabled when the task was run or the execute command agent "
                                                   "isn't running. Wait and try again or run a new task with execute "
                                                   "command enabled and try again.")
    name = data.get("container") or task.record["containers"][0]["name"]
    raise Refusal("TargetNotConnectedException",
                  "The sandbox has no Session Manager: use `docker exec` with the container "
                  f"{task.container(name).get('runtimeId') or name}.")


def delete_cluster(old, data):
    """DeleteCluster refuses a cluster with services or tasks; the cluster becomes INACTIVE."""

    @answering
    def body(given):
        cluster = cluster_of(given)
        scope = (get_account_id(), get_region(), cluster)
        if any(service.key[:3] == scope and service.record["status"] in ("ACTIVE", "DRAINING")
               for service in state.services.values()):
            raise Refusal("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
        if any((task.account, task.region, task.cluster) == scope and task.record["lastStatus"] != "STOPPED"
               for task in state.tasks.values()):
            raise Refusal("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
        for key in [key for key in state.services if key[:3] == scope]:
            service = state.services.pop(key)
            ecs._services.pop(f"{service.cluster}/{service.name}", None)
        return old(given)

    return body(data)
