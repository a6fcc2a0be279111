"""ListTaskDefinitionFamilies, DescribeTaskDefinition.

Amazon ECS API Reference: a list without a status also has the families that
have no ACTIVE revision any more, and a family without one cannot be described
by its name.
"""

from ministack.core.responses import error_response_json as refuse
from ministack.core.responses import json_response
from ministack.services import ecs


def _statuses(prefix):
    """By family: the statuses of its revisions that are not being deleted."""
    found = {}
    for definition in ecs._task_defs.values():
        if definition["family"].startswith(prefix) and definition["status"] in ("ACTIVE", "INACTIVE"):
            found.setdefault(definition["family"], set()).add(definition["status"])
    return found


def list_task_definition_families(data):
    wanted = data.get("status") or "ALL"
    families = _statuses(data.get("familyPrefix") or "")
    active = {family for family, statuses in families.items() if "ACTIVE" in statuses}
    chosen = {"ACTIVE": active, "INACTIVE": set(families) - active}.get(wanted, set(families))
    return json_response({"families": sorted(chosen)})


def describing(original):
    """DescribeTaskDefinition, where a family's name stands for its newest ACTIVE revision."""

    def describe_task_definition(data):
        name = (data.get("taskDefinition") or "").rsplit("/", 1)[-1]
        if ":" in name:
            return original(data)
        active = [definition for definition in ecs._task_defs.values()
                  if definition["family"] == name and definition["status"] == "ACTIVE"]
        if not active:
            return refuse("ClientException", "Unable to describe task definition.", 400)
        newest = max(active, key=lambda definition: definition["revision"])
        return original(dict(data, taskDefinition=newest["taskDefinitionArn"]))

    return describe_task_definition
