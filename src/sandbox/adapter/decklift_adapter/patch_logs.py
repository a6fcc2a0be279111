"""CloudWatch Logs: FilterLogEvents as documented.

Amazon CloudWatch Logs API Reference, "FilterLogEvents": stream names or a
prefix of them, events of all streams in one order of time, pages by nextToken.
"""

import base64
import json

from ministack.core.responses import error_response_json, json_response
from ministack.services import cloudwatch_logs as logs

from .patching import replace, require


def install():
    require(logs, "_resolve_log_group_name", "_compile_filter_pattern", "_log_groups", "_log_events_lock",
            "_create_log_group", "_create_log_stream", "_put_log_events")
    replace(logs, "_filter_log_events", filter_log_events)


def filter_log_events(data):
    group = logs._resolve_log_group_name(data)
    if group not in logs._log_groups:
        return error_response_json("ResourceNotFoundException", "The specified log group does not exist.", 400)
    named, prefix = data.get("logStreamNames"), data.get("logStreamNamePrefix")
    if named and prefix:
        return error_response_json("InvalidParameterException",
                                   "logStreamNames and logStreamNamePrefix cannot both be given.", 400)
    streams = logs._log_groups[group]["streams"]
    missing = [name for name in named or [] if name not in streams]
    if missing:
        return error_response_json("ResourceNotFoundException", "The specified log stream does not exist.", 400)
    chosen = named or [name for name in list(streams) if name.startswith(prefix or "")]
    low, high = data.get("startTime"), data.get("endTime")
    found = []
    with logs._log_events_lock:
        for name in chosen:
            for number, event in enumerate(streams[name]["events"]):
                moment = event["timestamp"]
                if (low is None or moment >= low) and (high is None or moment <= high):
                    found.append((moment, event.get("ingestionTime", 0), name, number, event))
    found.sort(key=lambda entry: entry[:4])
    after = _decode(data.get("nextToken"))
    if data.get("nextToken") and after is None:
        return error_response_json("InvalidParameterException", "The specified nextToken is invalid.", 400)
    if after is not None:
        found = [entry for entry in found if list(entry[:4]) > after]
    matches = logs._compile_filter_pattern(data.get("filterPattern", ""))
    limit = max(1, min(int(data.get("limit") or 10000), 10000))
    page, rest = [], False
    for entry in found:
        if matches(entry[4].get("message", "")):
            if len(page) == limit:
                rest = True
                break
            page.append(entry)
    answer = {"events": [{**entry[4], "logStreamName": entry[2]} for entry in page],
              "searchedLogStreams": [{"logStreamName": name, "searchedCompletely": not rest} for name in chosen]}
    if rest:
        answer["nextToken"] = base64.urlsafe_b64encode(json.dumps(page[-1][:4]).encode()).decode()
    return json_response(answer)


def _decode(token):
    try:
        value = json.loads(base64.urlsafe_b64decode(token))
        return value if isinstance(value, list) and len(value) == 4 else None
    except (TypeError, ValueError):
        return None
