"""Parts of a task's record that real and simulated tasks share."""

import uuid

from . import names, state


def finish_record(task):
    """The last state of a task and its parts."""
    with state.LOCK:
        for container in task.record["containers"]:
            container["lastStatus"] = "STOPPED"
        for attachment in task.record["attachments"]:
            attachment["status"] = "DELETED"
        task.record["stoppedAt"] = state.now()
        task.record["connectivity"] = "DISCONNECTED"
        task.move("STOPPED")


def judge_health(task):
    """The task is as healthy as its essential containers with a check (API Reference, Task.healthStatus)."""
    words = [task.health.get(cdef["name"], "UNKNOWN") for cdef in task.definition["containerDefinitions"]
             if cdef.get("healthCheck") and cdef.get("essential", True)]
    task.record["healthStatus"] = ("UNKNOWN" if not words or "UNKNOWN" in words and "UNHEALTHY" not in words
                                   else "UNHEALTHY" if "UNHEALTHY" in words else "HEALTHY")


def attach(task, network):
    """The elastic network interface, as DescribeTasks shows it."""
    subnets = ((task.record.get("_network") or {}).get("awsvpcConfiguration") or {}).get("subnets") or [None]
    attachment = str(uuid.uuid4())
    details = [("subnetId", subnets[0]), ("networkInterfaceId", "eni-" + uuid.uuid4().hex[:17]),
               ("macAddress", network.get("MacAddress")), ("privateDnsName", names.hostname(task)),
               ("privateIPv4Address", task.ip)]
    task.record["attachments"] = [{
        "id": attachment, "type": "ElasticNetworkInterface", "status": "ATTACHED",
        "details": [{"name": name, "value": value} for name, value in details if value]}]
    for container in task.record["containers"]:
        container["networkInterfaces"] = [{"attachmentId": attachment, "privateIpv4Address": task.ip}]


def start_order(definitions):
    """Start order by dependsOn; a container comes after what it depends on."""
    by_name = {cdef["name"]: cdef for cdef in definitions}
    result = []

    def visit(cdef, path=()):
        if cdef in result or cdef["name"] in path:
            return
        for dependency in cdef.get("dependsOn") or []:
            if dependency.get("containerName") in by_name:
                visit(by_name[dependency["containerName"]], (*path, cdef["name"]))
        for entry in cdef.get("volumesFrom") or []:
            if entry.get("sourceContainer") in by_name:
                visit(by_name[entry["sourceContainer"]], (*path, cdef["name"]))
        result.append(cdef)

    for cdef in definitions:
        visit(cdef)
    return result


def words(error):
    return str(getattr(error, "explanation", None) or error)
