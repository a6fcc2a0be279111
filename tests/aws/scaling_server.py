"""moto's server with the tags of scalable targets, which moto 5.2.5 lacks.

    pip install "moto[server]==5.2.5"
    python tests/aws/scaling_server.py 5555 &
    DECKLIFT_TEST_SCALING_ENDPOINT=http://127.0.0.1:5555 cargo test --test aws scaling
"""

import json
import sys

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Response
from moto.server import main

TAGS = {}
register = Response.register_scalable_target


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


for function in (register_scalable_target, list_tags_for_resource, tag_resource):
    setattr(Response, function.__name__, function)

if __name__ == "__main__":
    main(["-H", "127.0.0.1", "-p", sys.argv[1]])
