"""CreateService, UpdateService, DeleteService, DescribeServices, ListServices.

Amazon ECS API Reference.  Which settings start a deployment is written at each
member of UpdateService there.
"""

import copy
import re

from ministack.core.responses import error_response_json as refuse
from ministack.core.responses import get_account_id, get_region, json_response
from ministack.services import alb, ecs

from . import names, rollouts, state, targets
from .state import Revision, Service

# Members that UpdateService takes without starting a deployment.
QUIET = ("deploymentConfiguration", "availabilityZoneRebalancing", "healthCheckGracePeriodSeconds",
         "enableExecuteCommand", "enableECSManagedTags", "propagateTags", "placementConstraints",
         "placementStrategy", "capacityProviderStrategy", "deploymentController")
# Members that start one when they change.
LOUD = ("taskDefinition", "networkConfiguration", "platformVersion", "loadBalancers", "serviceRegistries",
        "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")
HIDDEN = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")


class Refusal(Exception):
    """An error answer of the API."""

    def __init__(self, code, message):
        super().__init__(message)
        self.answer = refuse(code, message, 400)


def answering(function):
    """Turn a Refusal into its answer, and hold the lock meanwhile."""

    def handler(data):
        try:
            with state.LOCK:
                return function(data)
        except Refusal as refusal:
            return refusal.answer

    handler.__name__, handler.__doc__ = function.__name__, function.__doc__
    return handler


def cluster_of(data):
    name = ecs._resolve_cluster_name(data.get("cluster") or "default")
    cluster = ecs._clusters.get(name) if name else None
    if cluster is None or cluster.get("status") != "ACTIVE":
        raise Refusal("ClusterNotFoundException", "Cluster not found.")
    return name


def definition_of(reference):
    key = ecs._resolve_td_key(reference or "")
    found = ecs._task_defs.get(key) if key else None
    if found is None:
        raise Refusal("ClientException", "TaskDefinition not found.")
    if found["status"] != "ACTIVE":
        raise Refusal("ClientException", "TaskDefinition is inactive")
    return found


def find(cluster, reference):
    """The service by name or ARN; None when there is none in the cluster."""
    resolved = ecs._resolve_service_ref(reference or "")
    if not resolved or (resolved[1] is not None and resolved[1] != cluster):
        return None
    return state.services.get((get_account_id(), get_region(), cluster, resolved[0]))


# -- views --

def view(service, tags=False):
    record = {key: value for key, value in service.record.items() if not key.startswith("_") and value is not None}
    record = copy.deepcopy(record)
    alive = [task for task in service.tasks() if task.alive()]
    record["runningCount"] = sum(1 for task in alive if task.record["lastStatus"] == "RUNNING")
    record["pendingCount"] = len(alive) - record["runningCount"]
    service.record["runningCount"], service.record["pendingCount"] = record["runningCount"], record["pendingCount"]
    record["deployments"] = [view_deployment(one) for one in service.deployments]
    primary = service.primary()
    if primary is not None:
        if primary.sd.finished is None:
            record["currentServiceDeployment"] = primary.sd.arn
        record["currentServiceRevisions"] = [summary(revision, service) for revision in
                                             dict.fromkeys(one.revision for one in service.deployments)]
    record["tags"] = ecs._tags.get(record["serviceArn"], []) if tags else []
    if not tags:
        del record["tags"]
    return record


def view_deployment(deployment):
    revision = deployment.revision
    alive = deployment.alive()
    running = sum(1 for task in alive if task.record["lastStatus"] == "RUNNING")
    result = {
        "id": deployment.id, "status": deployment.status, "taskDefinition": revision["taskDefinition"],
        "desiredCount": deployment.desired, "runningCount": running, "pendingCount": len(alive) - running,
        "failedTasks": deployment.failed_tasks, "createdAt": deployment.created, "updatedAt": deployment.updated,
        "rolloutState": deployment.state, "rolloutStateReason": deployment.reason,
    }
    for field in ("launchType", "capacityProviderStrategy", "platformVersion", "platformFamily",
                  "networkConfiguration", "serviceConnectConfiguration", "volumeConfigurations"):
        if revision[field]:
            result[field] = copy.deepcopy(revision[field])
    config = revision.connect()
    if config:
        service = deployment.service
        result["serviceConnectResources"] = [
            {"discoveryName": name,
             "discoveryArn": f"arn:aws:servicediscovery:{service.region}:{service.account}:service/srv-{name}"}
            for name in dict.fromkeys(one[0] for one in names.aliases_of(revision, ""))]
    return result


def summary(revision, service):
    """ServiceRevisionSummary: who runs how many tasks of it."""
    own = [task for task in service.tasks() if task.alive() and task.revision is revision]
    running = sum(1 for task in own if task.record["lastStatus"] == "RUNNING")
    primary = service.primary()
    wanted = primary.desired if primary is not None and primary.revision is revision else 0
    return {"arn": revision.arn, "requestedTaskCount": wanted, "runningTaskCount": running,
            "pendingTaskCount": len(own) - running}


# -- checks --

def check_settings(data, definition, region, account, cluster, own_key=None):
    """What ECS refuses before it stores anything; returns the Cloud Map namespace's name or None."""
    if definition.get("networkMode") == "awsvpc":
        config = (data.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
        if not config.get("subnets"):
            raise Refusal("InvalidParameterException", "Network Configuration must be provided when networkMode "
                                                       "'awsvpc' is specified.")
    by_name = {cdef["name"]: cdef for cdef in definition["containerDefinitions"]}
    check_volumes(data, definition)
    for entry in data.get("loadBalancers") or []:
        _check_load_balancer(entry, by_name)
    return _check_connect(data.get("serviceConnectConfiguration"), by_name, region, account, cluster, own_key)


def check_volumes(data, definition):
    """A volume that its definition leaves open (`configuredAtLaunch`) is said by whoever starts the task
    (API Reference, `TaskVolumeConfiguration`, `TaskManagedEBSVolumeConfiguration`)."""
    left_open = {volume["name"] for volume in definition.get("volumes") or [] if volume.get("configuredAtLaunch")}
    said = {entry.get("name"): entry.get("managedEBSVolume") or {} for entry in data.get("volumeConfigurations") or []}
    if left_open != set(said):
        raise Refusal("InvalidParameterException", "The volume configurations must name the volumes of the task "
                                                   "definition that are configured at launch, and no others.")
    for name, volume in said.items():
        if not volume.get("roleArn"):
            raise Refusal("InvalidParameterException", f"The volume {name} needs the ARN of an infrastructure role.")
        if not volume.get("sizeInGiB") and not volume.get("snapshotId"):
            raise Refusal("InvalidParameterException", f"The volume {name} needs sizeInGiB or snapshotId.")


def _check_load_balancer(entry, by_name):
    container, port, group = entry.get("containerName"), entry.get("containerPort"), entry.get("targetGroupArn")
    if container not in by_name:
        raise Refusal("InvalidParameterException", f"The container {container} does not exist in the task definition.")
    if not any(int(mapping["containerPort"]) == int(port or 0)
               for mapping in by_name[container].get("portMappings") or []):
        raise Refusal("InvalidParameterException", f"The container {container} did not have a container port "
                                                   f"{port} defined.")
    if not group:
        return
    if group not in alb._tgs:
        raise Refusal("InvalidParameterException", f"The specified target group {group} does not exist.")
    if group not in targets.used_groups():
        raise Refusal("InvalidParameterException",
                      f"The target group with targetGroupArn {group} does not have an associated load balancer.")


def _check_connect(config, by_name, region, account, cluster, own_key):
    if not config or not config.get("enabled"):
        return None
    defaults = (ecs._clusters.get(cluster) or {}).get("serviceConnectDefaults") or {}
    namespace = names.namespace_of(account, region, config.get("namespace"), defaults.get("namespace"))
    if namespace is None:
        raise Refusal("NamespaceNotFoundException", f"The specified namespace {config.get('namespace')} wasn't found.")
    ports = {mapping.get("name") for cdef in by_name.values() for mapping in cdef.get("portMappings") or []}
    own = []
    for entry in config.get("services") or []:
        if entry.get("portName") not in ports:
            raise Refusal("InvalidParameterException", f"Invalid portName '{entry.get('portName')}': it is not the "
                                                       "name of a port mapping in the task definition.")
        aliases = entry.get("clientAliases") or []
        if len(aliases) > 1:
            raise Refusal("InvalidParameterException", "Only one clientAlias is allowed for each service.")
        discovery = entry.get("discoveryName") or entry["portName"]
        for alias in aliases:
            own.append(((alias.get("dnsName") or f"{discovery}.{namespace['Name']}").lower(), alias.get("port")))
    if len(own) != len(set(own)):
        raise Refusal("InvalidParameterException", "Duplicate client aliases in the Service Connect configuration.")
    for service in state.services.values():
        if service.key == own_key or service.record["status"] != "ACTIVE" or service.primary() is None:
            continue
        if (service.account, service.region) != (account, region) or service.record.get("_namespace") != namespace["Name"]:
            continue
        taken = {(name, port) for _, name, port, _ in names.aliases_of(service.primary().revision, namespace["Name"])}
        both = taken & set(own)
        if both:
            name, port = sorted(both, key=str)[0]
            raise Refusal("InvalidParameterException", f"The client alias {name}:{port} is already in use in the "
                                                       f"namespace {namespace['Name']} by {service.name}.")
    return namespace["Name"]


def _configuration(given, before=None):
    merged = {"deploymentCircuitBreaker": {"enable": False, "rollback": False}, "maximumPercent": 200,
              "minimumHealthyPercent": 100, "strategy": "ROLLING", "bakeTimeInMinutes": 0}
    merged.update(before or {})
    merged.update(copy.deepcopy(given or {}))
    return merged


# -- operations --

@answering
def create_service(data):
    account, region = get_account_id(), get_region()
    cluster = cluster_of(data)
    name = data.get("serviceName") or ""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
        raise Refusal("InvalidParameterException", "Invalid service name: up to 255 letters, numbers, hyphens "
                                                   "and underscores are allowed.")
    existing = state.services.get((account, region, cluster, name))
    if existing is not None and existing.record["status"] == "ACTIVE":
        raise Refusal("InvalidParameterException", "Creation of service was not idempotent.")
    if existing is not None and existing.record["status"] == "DRAINING":
        raise Refusal("InvalidParameterException", "Unable to Start a service that is still Draining.")
    definition = definition_of(data.get("taskDefinition"))
    launch_type, strategy, error = ecs._launch_choice(data, ecs._clusters[cluster])
    if error:
        return error
    namespace = check_settings(data, definition, region, account, cluster)
    fargate = ecs._task_capacity(launch_type, strategy)[0] == "FARGATE"
    moment = state.now()
    record = {
        "serviceArn": f"arn:aws:ecs:{region}:{account}:service/{cluster}/{name}", "serviceName": name,
        "clusterArn": ecs._clusters[cluster]["clusterArn"], "status": "ACTIVE",
        "taskDefinition": definition["taskDefinitionArn"],
        "desiredCount": int(data.get("desiredCount") or 0) if data.get("schedulingStrategy") != "DAEMON" else 1,
        "runningCount": 0, "pendingCount": 0,
        "launchType": launch_type, "capacityProviderStrategy": strategy,
        "platformVersion": data.get("platformVersion") or ("LATEST" if fargate else None),
        "platformFamily": "Linux" if fargate else None,
        "networkConfiguration": copy.deepcopy(data.get("networkConfiguration")),
        "loadBalancers": copy.deepcopy(data.get("loadBalancers") or []),
        "serviceRegistries": copy.deepcopy(data.get("serviceRegistries") or []),
        "healthCheckGracePeriodSeconds": data.get("healthCheckGracePeriodSeconds"),
        "schedulingStrategy": data.get("schedulingStrategy") or "REPLICA",
        "deploymentController": data.get("deploymentController") or {"type": "ECS"},
        "deploymentConfiguration": _configuration(data.get("deploymentConfiguration")),
        "placementConstraints": data.get("placementConstraints") or [],
        "placementStrategy": data.get("placementStrategy") or [],
        "events": [], "deployments": [], "createdAt": moment,
        "createdBy": f"arn:aws:iam::{account}:root", "roleArn": data.get("role"),
        "enableECSManagedTags": bool(data.get("enableECSManagedTags")),
        "propagateTags": data.get("propagateTags") or "NONE",
        "enableExecuteCommand": bool(data.get("enableExecuteCommand")),
        "availabilityZoneRebalancing": data.get("availabilityZoneRebalancing") or "ENABLED",
        "_namespace": namespace,
    }
    for field in HIDDEN:
        record[f"_{field}"] = copy.deepcopy(data.get(field))
    service = Service(account, region, cluster, name, record)
    tags = copy.deepcopy(data.get("tags") or [])
    ecs._tags[record["serviceArn"]] = tags
    state.store_service(service)
    rollouts.begin(service, _settings(service))
    return json_response({"service": view(service, tags=True)})


def _settings(service):
    settings = dict(service.record)
    for field in HIDDEN:
        settings[field] = service.record.get(f"_{field}")
    return settings


@answering
def update_service(data):
    account, region = get_account_id(), get_region()
    cluster = cluster_of(data)
    service = find(cluster, data.get("service"))
    if service is None:
        raise Refusal("ServiceNotFoundException", "Service not found.")
    record = service.record
    if record["status"] != "ACTIVE":
        raise Refusal("ServiceNotActiveException", "Service was not ACTIVE.")
    if data.get("taskDefinition") is not None:
        definition = definition_of(data["taskDefinition"])
    else:
        definition = ecs._task_defs.get(record["taskDefinition"].rsplit("/", 1)[-1]) or {"containerDefinitions": []}
    settings = _settings(service)
    changed = bool(data.get("forceNewDeployment"))
    for field in LOUD:
        if data.get(field) is None:
            continue
        value = definition["taskDefinitionArn"] if field == "taskDefinition" else copy.deepcopy(data[field])
        changed = changed or _differs(settings.get(field), value)
        settings[field] = value
    namespace = check_settings(settings, definition, region, account, cluster, service.key)
    before = record["deploymentConfiguration"]
    # Only now that nothing was refused is anything stored.
    for field in QUIET:
        if data.get(field) is not None:
            record[field] = copy.deepcopy(data[field])
    if data.get("capacityProviderStrategy") is not None:
        record["capacityProviderStrategy"] = data["capacityProviderStrategy"] or None
        launch_type = ecs._task_capacity(settings.get("launchType"), settings.get("capacityProviderStrategy"))[0]
        record["launchType"] = None if data["capacityProviderStrategy"] else launch_type
        choice = {"capacityProviderStrategy": record["capacityProviderStrategy"], "launchType": record["launchType"]}
        settings.update(choice)
        if service.primary() is not None:
            # No deployment starts; tasks that start from now on take it.
            service.primary().revision.settings.update(choice)
    if data.get("deploymentConfiguration") is not None:
        record["deploymentConfiguration"] = _configuration(data["deploymentConfiguration"], before)
    if data.get("desiredCount") is not None and int(data["desiredCount"]) != record["desiredCount"]:
        record["desiredCount"] = int(data["desiredCount"])
        service.steady = False
    primary = service.primary()
    if primary is not None and primary.state != "FAILED":
        primary.desired, primary.updated = record["desiredCount"], state.now()
    if changed:
        for field in Revision.FIELDS:
            record[f"_{field}" if field in HIDDEN else field] = settings.get(field)
        record["_namespace"] = namespace
        rollouts.begin(service, settings)
    state.WAKE.set()
    return json_response({"service": view(service, tags=True)})


def _differs(before, after):
    return (before or None) != (after or None)


@answering
def delete_service(data):
    cluster = cluster_of(data)
    service = find(cluster, data.get("service"))
    if service is None or service.record["status"] == "INACTIVE":
        raise Refusal("ServiceNotFoundException", "Service not found.")
    if not data.get("force") and service.record["desiredCount"] > 0:
        raise Refusal("InvalidParameterException", "The service cannot be stopped while it is scaled above 0.")
    service.record["status"], service.record["desiredCount"] = "DRAINING", 0
    for deployment in service.deployments:
        deployment.desired = 0
        if deployment.sd.finished is None:
            deployment.sd.move("STOPPED", "The service was deleted.")
    ecs._tags.pop(service.record["serviceArn"], None)
    if not any(task.record["lastStatus"] != "STOPPED" for task in service.tasks()):
        service.record["status"], service.deployments = "INACTIVE", []
    state.WAKE.set()
    return json_response({"service": view(service)})


@answering
def describe_services(data):
    cluster = cluster_of(data)
    found, failures = [], []
    tags = "TAGS" in (data.get("include") or [])
    for reference in data.get("services") or []:
        service = find(cluster, reference)
        if service is None:
            arn = reference if reference.startswith("arn:") else (
                f"arn:aws:ecs:{get_region()}:{get_account_id()}:service/{cluster}/{reference}")
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(view(service, tags))
    return json_response({"services": found, "failures": failures})


@answering
def list_services(data):
    cluster = cluster_of(data)
    arns = sorted(service.record["serviceArn"] for service in state.services.values()
                  if service.key[:3] == (get_account_id(), get_region(), cluster)
                  and service.record["status"] == "ACTIVE"
                  and data.get("launchType") in (None, "", service.record.get("launchType"))
                  and data.get("schedulingStrategy") in (None, "", service.record["schedulingStrategy"]))
    return json_response(page(arns, data, "serviceArns", 10))


@answering
def list_services_by_namespace(data):
    namespace = names.namespace_of(get_account_id(), get_region(), data.get("namespace"))
    if namespace is None:
        raise Refusal("NamespaceNotFoundException", "The specified namespace wasn't found.")
    arns = [service.record["serviceArn"] for service in state.services.values()
            if service.key[:2] == (get_account_id(), get_region())
            and service.record.get("_namespace") == namespace["Name"] and service.record["status"] == "ACTIVE"]
    return json_response(page(arns, data, "serviceArns", 10))


def page(items, data, key, default):
    """maxResults and nextToken, the token being the next index."""
    start = int(data.get("nextToken") or 0)
    size = int(data.get("maxResults") or default)
    answer = {key: items[start:start + size]}
    if start + size < len(items):
        answer["nextToken"] = str(start + size)
    return answer
