"""moto's server with what moto 5.2.5 lacks: the tags of scalable targets, CloudWatch's alarms in the
protocol that the SDK speaks, and what alarms start named where policies are described.

    pip install "moto[server]==5.2.5" cbor2
    python tests/aws/scaling_server.py 5555 &
    DECKLIFT_TEST_SCALING_ENDPOINT=http://127.0.0.1:5555 cargo test --test aws scal
"""

import json
import sys

import cbor2
from moto.applicationautoscaling import responses
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Response
from moto.server import DomainDispatcherApplication, main

TAGS = {}
ALARMS = {}
ALARM_TAGS = {}
register = Response.register_scalable_target
alarms_of_policy = responses._build_alarms
dispatch = DomainDispatcherApplication.__call__


def register_scalable_target(self):
    """Tags are taken from whoever makes a target; a later registration leaves them."""
    answer = register(self)
    arn = json.loads(answer)["ScalableTargetARN"]
    TAGS.setdefault(arn, dict(self._get_param("Tags") or {}))
    return answer


def list_tags_for_resource(self):
    return json.dumps({"Tags": TAGS.get(self._get_param("ResourceARN"), {})})


def tag_resource(self):
    TAGS.setdefault(self._get_param("ResourceARN"), {}).update(self._get_param("Tags"))
    return json.dumps({})


def build_alarms(policy):
    started = [a for a in ALARMS.values() if policy.policy_arn in a["AlarmActions"]]
    own = [{"AlarmARN": a["AlarmArn"], "AlarmName": a["AlarmName"]} for a in started]
    return alarms_of_policy(policy) + own


def put_metric_alarm(request):
    """Tags are taken from whoever makes an alarm; a later call overwrites everything else."""
    name = request["AlarmName"]
    tags = request.pop("Tags", [])
    arn = f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}"
    if name not in ALARMS:
        ALARM_TAGS[arn] = {tag["Key"]: tag["Value"] for tag in tags}
    ALARMS[name] = {**request, "AlarmArn": arn}
    return {}


def describe_alarms(request):
    return {"MetricAlarms": [ALARMS[name] for name in request["AlarmNames"] if name in ALARMS]}


def delete_alarms(request):
    for name in request["AlarmNames"]:
        ALARMS.pop(name, None)
    return {}


def list_alarm_tags(request):
    tags = ALARM_TAGS.get(request["ResourceARN"], {})
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def tag_alarm(request):
    tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
    ALARM_TAGS.setdefault(request["ResourceARN"], {}).update(tags)
    return {}


OPERATIONS = {
    "DeleteAlarms": delete_alarms,
    "DescribeAlarms": describe_alarms,
    "ListTagsForResource": list_alarm_tags,
    "PutMetricAlarm": put_metric_alarm,
    "TagResource": tag_alarm,
}


def dispatch_alarms(self, environ, start_response):
    service, _, operation = environ.get("PATH_INFO", "").rpartition("/operation/")
    if not service:
        return dispatch(self, environ, start_response)
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    answer = cbor2.dumps(OPERATIONS[operation](cbor2.loads(body)))
    headers = [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
    start_response("200 OK", headers + [("Content-Length", str(len(answer)))])
    return [answer]


for function in (register_scalable_target, list_tags_for_resource, tag_resource):
    setattr(Response, function.__name__, function)
responses._build_alarms = build_alarms
DomainDispatcherApplication.__call__ = dispatch_alarms

if __name__ == "__main__":
    main(["-H", "127.0.0.1", "-p", sys.argv[1]])
