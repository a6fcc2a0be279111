"""The awslogs driver: a container's output becomes events in CloudWatch Logs.

Amazon ECS Developer Guide, "Send Amazon ECS logs to CloudWatch": the stream is
`prefix/container/task`, and a log group that does not exist stops the task with
a ResourceInitializationError unless awslogs-create-group is true.
"""

import calendar
import logging
import threading
import time

from ministack.core.responses import request_scope
from ministack.services import cloudwatch_logs as logs

log = logging.getLogger("decklift.awslogs")

BATCH = 200


class LogGroupMissing(Exception):
    """The task must not start."""


class Sink:
    """Where one container's output goes; None (see `sink_for`) when nowhere."""

    def __init__(self, account, region, group, stream):
        self.account, self.region, self.group, self.stream = account, region, group, stream

    def put(self, events):
        with request_scope(self.account, self.region):
            group = logs._log_groups.get(self.group)
            if group is None:
                return  # deleted meanwhile: output is lost, as on AWS
            if self.stream not in group["streams"]:
                logs._create_log_stream({"logGroupName": self.group, "logStreamName": self.stream})
            logs._put_log_events({"logGroupName": self.group, "logStreamName": self.stream, "logEvents": events})


def sink_for(task, cdef):
    """Check the log configuration before anything starts."""
    config = cdef.get("logConfiguration") or {}
    if config.get("logDriver") != "awslogs":
        return None
    options = config.get("options") or {}
    group, region = options.get("awslogs-group"), options.get("awslogs-region") or task.region
    if not group:
        return None
    prefix = options.get("awslogs-stream-prefix")
    stream = f"{prefix}/{cdef['name']}/{task.id}" if prefix else f"{cdef['name']}/{task.id}"
    with request_scope(task.account, region):
        if group not in logs._log_groups:
            if str(options.get("awslogs-create-group", "")).lower() != "true":
                raise LogGroupMissing(
                    "failed to validate logger args: create stream has been retried 1 times: failed to create "
                    f"Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : {group}")
            logs._create_log_group({"logGroupName": group})
        if stream not in logs._log_groups[group]["streams"]:
            logs._create_log_stream({"logGroupName": group, "logStreamName": stream})
    return Sink(task.account, region, group, stream)


def follow(engine, container_id, sink, tty=False, since=None):
    """Ship the output from its beginning until the container ends; returns the thread."""
    thread = threading.Thread(target=_ship, args=(engine, container_id, sink, tty, since),
                              name=f"decklift-logs-{container_id[:8]}", daemon=True)
    thread.start()
    return thread


def _ship(engine, container_id, sink, tty, since):
    try:
        stream = engine.api.logs(container_id, stdout=True, stderr=True, stream=True, follow=True,
                                 timestamps=True, **({"since": since} if since else {}))
        pending = b""
        for chunk in stream:
            pending += chunk
            *lines, pending = pending.split(b"\n")
            _put(sink, lines)
        if pending:
            _put(sink, [pending])
    except Exception as error:
        log.debug("output of %s: %s", container_id[:12], error)


def _put(sink, lines):
    events = []
    for line in lines:
        stamp, _, text = line.partition(b" ")
        moment = _milliseconds(stamp)
        if moment is None:
            moment, text = int(time.time() * 1000), line
        text = text.rstrip(b"\r")
        if text:  # CloudWatch Logs refuses empty messages
            events.append({"timestamp": moment, "message": text.decode("utf-8", "replace")})
    for start in range(0, len(events), BATCH):
        sink.put(events[start:start + BATCH])


def _milliseconds(stamp):
    """2026-01-02T03:04:05.678901234Z -> milliseconds; None when it is no time."""
    try:
        whole, _, fraction = stamp.decode().rstrip("Z").partition(".")
        seconds = calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S"))
        return seconds * 1000 + int((fraction + "000")[:3])
    except (ValueError, UnicodeDecodeError):
        return None
