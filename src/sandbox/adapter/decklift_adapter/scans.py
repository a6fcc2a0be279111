"""Image scans, which MiniStack lacks.

Nothing is scanned here, and the answer says so: UNSUPPORTED_IMAGE.  To see what a gate does with
findings, `POST /_decklift/scan` with {"repository": NAME, "findings": {"HIGH": 2}} makes ECR find them in
each image of that repository.
"""

import json
import time

from ministack.core.responses import error_response_json, get_account_id, json_response
from ministack.services import ecr

NOTHING = "nothing is scanned in the sandbox"
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED")

_told = {}


def forget():
    _told.clear()


def tell(body):
    """What is to be found in the images of a repository."""
    wanted = json.loads(body or b"{}")
    findings = wanted.get("findings", {})
    if not isinstance(wanted.get("repository"), str) or not isinstance(findings, dict) \
            or any(severity not in SEVERITIES or not isinstance(count, int) for severity, count in findings.items()):
        raise ValueError('wanted is {"repository": NAME, "findings": {SEVERITY: COUNT}}')
    _told[wanted["repository"]] = dict(findings)
    return {"scan": "ok"}


def _missing(data):
    name, image = data.get("repositoryName", ""), data.get("imageId") or {}
    if name not in ecr._repositories:
        return error_response_json("RepositoryNotFoundException", f"The repository with name '{name}' does not exist "
                                   f"in the registry with id '{get_account_id()}'", 400)
    if not ecr._find_image(name, image):
        return error_response_json("ImageNotFoundException", f"The image with imageId {json.dumps(image)} does not "
                                   f"exist within the repository with name '{name}'", 400)
    return None


def describe(data):
    """Amazon ECR API Reference, "DescribeImageScanFindings"."""
    missing = _missing(data)
    if missing:
        return missing
    counts = _told.get(data["repositoryName"])
    answer = {"registryId": get_account_id(), "repositoryName": data["repositoryName"], "imageId": data["imageId"]}
    if counts is None:
        status = {"status": "UNSUPPORTED_IMAGE", "description": NOTHING}
        return json_response({**answer, "imageScanStatus": status})
    findings = [
        {"name": f"SANDBOX-{severity}-{number}", "severity": severity, "uri": "https://example.com/",
         "attributes": [{"key": "package_name", "value": "sandbox"}, {"key": "package_version", "value": "1.0"}]}
        for severity in SEVERITIES for number in range(1, min(counts.get(severity, 0), 100) + 1)]
    return json_response({
        **answer, "imageScanStatus": {"status": "COMPLETE", "description": "The scan was completed successfully."},
        "imageScanFindings": {"imageScanCompletedAt": int(time.time()), "findings": findings,
                              "findingSeverityCounts": counts}})


def start(data):
    """Amazon ECR API Reference, "StartImageScan"."""
    return _missing(data) or error_response_json("UnsupportedImageTypeException", NOTHING, 400)
