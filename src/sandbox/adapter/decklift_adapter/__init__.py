"""decklift's sandbox adapter for MiniStack.

MiniStack answers the AWS APIs on one local port.  This package runs inside its
process and brings what decklift depends on closer to AWS: the ECS scheduler and
its tasks (real containers where a Docker engine answers), Service Connect
names, load balancers that can be called, target health, logs, and the refusals
AWS documents.

Nothing is changed silently: every function of MiniStack that is replaced must
exist (see `patching`), so that a MiniStack upgrade fails loudly at start.
"""

VERSION = "1"
MINISTACK_VERSION = "1.5.33"
