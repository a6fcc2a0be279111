"""A sandbox of its own for the adapter's tests, and a small AWS client on urllib.

The Python that runs the tests needs MiniStack and docker-py.  Tests with real
containers need DECKLIFT_TEST_BASE_IMAGE (a local image with a busybox shell and
httpd) and a Docker engine; without them they are skipped, or fail when
DECKLIFT_TEST_REQUIRE_ENGINE=1.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

PACKAGE_FOLDER = Path(__file__).resolve().parents[2] / "src" / "sandbox" / "adapter"
BASE_IMAGE = os.environ.get("DECKLIFT_TEST_BASE_IMAGE", "")
REQUIRED = os.environ.get("DECKLIFT_TEST_REQUIRE_ENGINE") == "1"
PORT_TAKEN = 75  # what the adapter exits with where its port is another program's
ACCOUNT, REGION = "000000000000", "us-east-1"
TARGETS = {
    "ecs": "AmazonEC2ContainerServiceV20141113", "logs": "Logs_20140328", "ssm": "AmazonSSM",
    "servicediscovery": "Route53AutoNaming_v20170314", "ecr": "AmazonEC2ContainerRegistry_V20150921",
    "secretsmanager": "secretsmanager",
}
VERSIONS = {"elasticloadbalancing": "2015-12-01", "ec2": "2016-11-15", "iam": "2010-05-08"}


def engine_missing():
    """Why tests with containers cannot run here; None when they can."""
    if not BASE_IMAGE:
        return "DECKLIFT_TEST_BASE_IMAGE is not set"
    try:
        import docker
        client = docker.from_env(timeout=10)
        client.images.get(BASE_IMAGE)
        client.close()
    except Exception as error:
        return f"no Docker engine with {BASE_IMAGE}: {error}"
    return None


def needs_engine(test_class):
    """Skip the class without an engine, or let it fail when one is required."""
    why = None if REQUIRED else engine_missing()
    return unittest.skip(why)(test_class) if why else test_class


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ApiError(Exception):
    def __init__(self, code, message, status, body=""):
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.body = code, message, status, body


class Sandbox:
    """One adapter process."""

    def __init__(self, engine="docker", state=None, instance=None, **environment):
        self.instance = instance or f"t{uuid.uuid4().hex[:8]}"
        self.state = Path(state or tempfile.mkdtemp(prefix="decklift-adapter-"))
        self.environment = {
            **os.environ, "BIND_HOST": "127.0.0.1",
            "MINISTACK_ACCOUNT_ID": ACCOUNT, "MINISTACK_REGION": REGION, "MINISTACK_HOSTNAME": self.instance,
            "IOT_MTLS_ENABLED": "0", "DECKLIFT_SANDBOX_INSTANCE": self.instance,
            "DECKLIFT_SANDBOX_STATE": str(self.state), "DECKLIFT_SANDBOX_ENGINE": engine,
            "PYTHONPATH": str(PACKAGE_FOLDER), "PYTHONDONTWRITEBYTECODE": "1", **environment}
        self.process = None

    def launch(self, port):
        self.port = port
        self.log_path = self.state / "sandbox.log"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "decklift_adapter"],
                                            env={**self.environment, "GATEWAY_PORT": str(port)},
                                            stdout=log, stderr=subprocess.STDOUT)

    def start(self):
        self.launch(free_port())
        begin = time.monotonic()
        while True:
            try:
                self.get("/_decklift/endpoints")
                return self
            except (OSError, ApiError):
                if self.process.poll() == PORT_TAKEN:
                    self.launch(free_port())
                elif self.process.poll() is not None or time.monotonic() - begin > 20:
                    raise RuntimeError(f"the sandbox did not start:\n{self.log()}") from None
                time.sleep(0.02)

    def log(self):
        return self.log_path.read_text(errors="replace")[-6000:]

    def stop(self, remove_state=True):
        code = None
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            code = self.process.wait(30)
        if remove_state:
            shutil.rmtree(self.state, ignore_errors=True)
        return code

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
            return json.loads(answer.read())

    def post(self, path):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=b"", method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    # -- AWS --

    def _send(self, service, method, path, body, headers):
        scope = f"AKIATEST/20260101/{REGION}/{service}/aws4_request"
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=body, method=method, headers={
                "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0", **headers})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            code = re.search(r"<Code>([^<]*)", text)
            message = re.search(r"<Message>([^<]*)", text)
            if code:
                raise ApiError(code[1], message[1] if message else "", error.code, text) from None
            try:
                found = json.loads(text)
            except ValueError:
                found = {}
            raise ApiError((found.get("__type") or found.get("ErrorCode") or "?").split("#")[-1],
                           found.get("message") or found.get("Message") or text, error.code, text) from None

    def call(self, service, action, /, **parameters):
        """JSON protocol."""
        body = self._send(service, "POST", "/", json.dumps(parameters).encode(), {
            "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{TARGETS[service]}.{action}"})
        return json.loads(body) if body else {}

    def ecs(self, action, /, **parameters):
        return self.call("ecs", action, **parameters)

    def query(self, service, action, /, **parameters):
        """Query protocol: the answer's XML as text."""
        values = {"Action": action, "Version": VERSIONS[service]}

        def flatten(prefix, value):
            if isinstance(value, dict):
                for key, one in value.items():
                    flatten(f"{prefix}.{key}", one)
            elif isinstance(value, list):
                for index, one in enumerate(value, 1):
                    flatten(f"{prefix}.{index}" if service == "ec2" else f"{prefix}.member.{index}", one)
            else:
                values[prefix] = str(value)

        for key, value in parameters.items():
            flatten(key, value)
        body = self._send(service, "POST", "/", urllib.parse.urlencode(values).encode(), {
            "Content-Type": "application/x-www-form-urlencoded"})
        return body.decode()

    def elb(self, action, /, **parameters):
        return self.query("elasticloadbalancing", action, **parameters)

    def efs(self, method, path, **parameters):
        body = self._send("elasticfilesystem", method, f"/2015-02-01{path}",
                          json.dumps(parameters).encode() if parameters else b"", {"Content-Type": "application/json"})
        return json.loads(body) if body else {}


def first(text, tag):
    """The first element of that name in an XML answer."""
    found = re.search(f"<{tag}>([^<]*)</{tag}>", text)
    return found[1] if found else None


def every(text, tag):
    return re.findall(f"<{tag}>([^<]*)</{tag}>", text)


def fetch(url, timeout=5):
    """(status, body) of an HTTP request; connection errors are raised."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-00000001"], "assignPublicIp": "ENABLED"}}


class SandboxCase(unittest.TestCase):
    """One sandbox a class; `engine` says which kind."""

    engine = "docker"
    environment = {}

    @classmethod
    def setUpClass(cls):
        if cls.engine == "docker":
            why = engine_missing()
            if why:
                raise RuntimeError(why)
        cls.box = Sandbox(cls.engine, **cls.environment).start()
        cls.box.ecs("CreateCluster", clusterName="c")

    @classmethod
    def tearDownClass(cls):
        cls.box.stop()

    def setUp(self):
        self.unique = uuid.uuid4().hex[:6]

    def eventually(self, check, seconds=30, what="", pause=0.1):
        """Wait until check() is true; its last value is returned."""
        end = time.monotonic() + seconds
        while True:
            value = check()
            if value:
                return value
            if time.monotonic() > end:
                self.fail(f"not within {seconds} s: {what or check}; last value {value!r}\n{self.box.log()}")
            time.sleep(pause)

    def refused(self, code, function, *arguments, **parameters):
        with self.assertRaises(ApiError) as caught:
            function(*arguments, **parameters)
        self.assertEqual(caught.exception.code, code, caught.exception)
        return caught.exception

    # -- shorthands --

    def define(self, family, *containers, **more):
        """Register a task definition; containers are dicts or shell scripts."""
        definitions = []
        for index, one in enumerate(containers):
            if isinstance(one, str):
                one = {"name": "main" if index == 0 else f"side{index}", "command": ["sh", "-c", one]}
            definitions.append({"image": BASE_IMAGE or "none:local", **one})
        arguments = {"requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256", "memory": "512",
                     **more}
        return self.box.ecs("RegisterTaskDefinition", family=family, containerDefinitions=definitions,
                            **arguments)["taskDefinition"]["taskDefinitionArn"]

    def run_once(self, family, **more):
        answer = self.box.ecs("RunTask", cluster="c", taskDefinition=family, launchType="FARGATE",
                              networkConfiguration=NETWORK, **more)
        return answer["tasks"][0]["taskArn"]

    def task(self, arn):
        return self.box.ecs("DescribeTasks", cluster="c", tasks=[arn])["tasks"][0]

    def until_stopped(self, arn, seconds=30):
        return self.eventually(lambda: (lambda task: task if task["lastStatus"] == "STOPPED" else None)(
            self.task(arn)), seconds, "task stops")

    def until_running(self, arn, seconds=20):
        return self.eventually(lambda: (lambda task: task if task["lastStatus"] == "RUNNING" else None)(
            self.task(arn)), seconds, "task runs")

    def container(self, task, name="main"):
        return next(one for one in task["containers"] if one["name"] == name)

    def create(self, name, definition, **more):
        arguments = {"desiredCount": 1, "launchType": "FARGATE", "networkConfiguration": NETWORK, **more}
        return self.box.ecs("CreateService", cluster="c", serviceName=name, taskDefinition=definition,
                            **arguments)["service"]

    def update(self, name, **more):
        return self.box.ecs("UpdateService", cluster="c", service=name, **more)["service"]

    def service(self, name, **more):
        return self.box.ecs("DescribeServices", cluster="c", services=[name], **more)["services"][0]

    def primary(self, name):
        return next(one for one in self.service(name)["deployments"] if one["status"] == "PRIMARY")

    def until_completed(self, name, seconds=30):
        def done():
            deployment = self.primary(name)
            if deployment["rolloutState"] == "FAILED":
                self.fail(f"{name} failed: {deployment} {self.messages(name)}")
            return deployment if deployment["rolloutState"] == "COMPLETED" else None
        return self.eventually(done, seconds, f"{name} is COMPLETED")

    def messages(self, name):
        return [event["message"] for event in self.service(name)["events"]]

    def delete(self, *names):
        for name in names:
            try:
                self.box.ecs("DeleteService", cluster="c", service=name, force=True)
            except ApiError:
                pass

    def balanced(self, name, port=None, **group):
        """A load balancer, target group and listener; returns (target group ARN, local URL)."""
        port = port or free_port()
        balancer = first(self.box.elb("CreateLoadBalancer", Name=name, Subnets=["subnet-00000001", "subnet-00000002"]),
                         "LoadBalancerArn")
        settings = {"Protocol": "HTTP", "Port": 8080, "VpcId": "vpc-00000001", "TargetType": "ip",
                    "HealthCheckIntervalSeconds": 5, "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 2,
                    "HealthCheckTimeoutSeconds": 2, **group}
        arn = first(self.box.elb("CreateTargetGroup", Name=name, **settings), "TargetGroupArn")
        self.box.elb("CreateListener", LoadBalancerArn=balancer, Protocol="HTTP", Port=port,
                     DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}])
        listeners = self.box.get("/_decklift/endpoints")["listeners"]
        return arn, next(one["url"] for one in listeners if one["load_balancer_arn"] == balancer)


# As process 1 a server without a handler ignores SIGTERM; this one dies of it at
# once, with the requests it is serving.
SERVE = "httpd -f -p %s -h /tmp/site & trap 'kill -9 $!; exit 0' TERM; wait"


def web(version, port=8080, **more):
    """A container that answers HTTP on `port` with its version."""
    script = f"mkdir -p /tmp/site && echo {version} > /tmp/site/index.html && " + SERVE % port
    return {"name": "main", "command": ["sh", "-c", script],
            "portMappings": [{"containerPort": port, "name": f"p{port}", "protocol": "tcp"}], **more}


def connect(*aliases, namespace="ns", port_name="p8080", port=8080):
    """serviceConnectConfiguration that offers the aliases; none: a client only."""
    services = [{"portName": port_name, "discoveryName": alias, "clientAliases": [{"dnsName": alias, "port": port}]}
                for alias in aliases]
    return {"enabled": True, "namespace": namespace, **({"services": services} if services else {})}
