"""Start, reset, SIGTERM, dead predecessors, two sandboxes, the proxy's HTTP."""

import http.client
import os
import socket
import time
import unittest

from support import NETWORK, Sandbox, SandboxCase, connect, fetch, free_port, needs_engine, web


def leftovers(instance):
    """What the engine still holds of an instance."""
    import docker
    client = docker.from_env()
    try:
        filters = {"label": f"decklift.sandbox={instance}"}
        return ([one.name for one in client.containers.list(all=True, filters=filters)]
                + [one.name for one in client.volumes.list(filters=filters)]
                + [one.name for one in client.networks.list(filters=filters)]
                + [f"pause:{one.id}" for one in client.images.list(all=True, filters=filters)])
    finally:
        client.close()


@needs_engine
class LifecycleTests(SandboxCase):
    def deploy(self, case=None, count=1):
        name = f"s{self.unique}"
        efs = self.box.efs("POST", "/file-systems", CreationToken=self.unique)["FileSystemId"]
        self.box.efs("POST", "/mount-targets", FileSystemId=efs, SubnetId="subnet-00000001")
        group, url = self.balanced(name)
        container = web("v1", mountPoints=[{"sourceVolume": "e", "containerPath": "/e"},
                                           {"sourceVolume": "t", "containerPath": "/t"}])
        self.define(name, container, volumes=[{"name": "t", "host": {}},
                                              {"name": "e", "efsVolumeConfiguration": {"fileSystemId": efs}}])
        self.create(name, name, desiredCount=count, loadBalancers=[
            {"targetGroupArn": group, "containerName": "main", "containerPort": 8080}])
        return name, url

    def test_reset_takes_everything_while_tasks_start(self):
        for wait in (0.0, 0.15, 0.4, 0.9, 3):
            self.unique = f"{self.unique[:4]}{wait:.0f}{int(wait * 10) % 10}"
            name, url = self.deploy(count=4)
            time.sleep(wait)
            self.assertEqual(self.box.post("/_decklift/reset"), {"reset": "ok"})
            self.assertEqual([one for one in leftovers(self.box.instance) if "pause:" not in one], [])
            with self.assertRaises(OSError):
                fetch(url, 1)
            self.assertEqual(self.box.ecs("ListClusters")["clusterArns"], [])
            self.assertEqual(self.box.get("/_decklift/endpoints"), {"listeners": []})
            self.assertEqual(list((self.box.state / "hosts").glob("*")), [])
            self.box.ecs("CreateCluster", clusterName="c")
        time.sleep(1)
        self.assertEqual([one for one in leftovers(self.box.instance) if "pause:" not in one], [])
        name, url = self.deploy()
        self.until_completed(name)
        self.assertEqual(fetch(url), (200, "v1\n"))
        self.assertNotIn("Traceback", self.box.log_path.read_text())

    def test_sigterm_leaves_nothing_and_exits_0(self):
        other = Sandbox().start()
        other.ecs("CreateCluster", clusterName="c")
        mine, self.box = self.box, other
        try:
            name, _ = self.deploy(count=2)
            self.until_completed(name)
            self.deploy_second = self.define("second", "sleep 1000")
            self.create("second", "second", desiredCount=2)  # still starting
            begin = time.monotonic()
            code = other.stop(remove_state=False)
            self.assertEqual(code, 0, other.log())
            self.assertLess(time.monotonic() - begin, 8)
            self.assertEqual(leftovers(other.instance), [])
        finally:
            self.box = mine
            other.stop()

    def test_a_dead_predecessor_is_cleaned_up_and_a_neighbour_left_alone(self):
        name, url = self.deploy()
        self.until_completed(name)
        dead = Sandbox().start()
        dead.ecs("CreateCluster", clusterName="c")
        dead.ecs("RegisterTaskDefinition", family="x", networkMode="awsvpc", containerDefinitions=[
            {"name": "main", "image": os.environ["DECKLIFT_TEST_BASE_IMAGE"], "command": ["sleep", "1000"]}])
        dead.ecs("RunTask", cluster="c", taskDefinition="x", networkConfiguration=NETWORK)
        self.eventually(lambda: len(leftovers(dead.instance)) > 3)
        dead.process.kill()
        dead.process.wait()
        self.assertTrue(leftovers(dead.instance))
        again = Sandbox(instance=dead.instance, state=dead.state).start()
        self.assertEqual([one for one in leftovers(dead.instance) if "pause:" not in one], [])
        again.stop()
        self.assertEqual(leftovers(dead.instance), [])
        self.assertEqual(fetch(url), (200, "v1\n"))
        self.assertEqual(self.box.get("/_decklift/status")["containers"], 1)

    def test_hosts_files_are_rewritten_in_place(self):
        self.box.call("servicediscovery", "CreateHttpNamespace", Name="hf", CreatorRequestId=self.unique)
        name, alias = f"h{self.unique}", f"alias{self.unique}"
        self.define(name, web("v1", stopTimeout=2))
        self.create(name, name, desiredCount=1, serviceConnectConfiguration=connect(alias, namespace="hf"))
        self.until_completed(name)
        arn = self.box.ecs("ListTasks", cluster="c", serviceName=name)["taskArns"][0]
        path = self.box.state / "hosts" / arn.split("/")[-1]
        before, torn = path.stat(), []
        self.update(name, desiredCount=6)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            text = path.read_bytes()
            if not text.endswith(b"\n") or not text.startswith(b"127.0.0.1 localhost\n") or alias.encode() not in text:
                torn.append(text)
            if text.count(alias.encode()) == 6:
                break
        self.assertEqual(torn, [])
        self.assertEqual(text.count(alias.encode()), 6)
        self.assertEqual((path.stat().st_ino, path.stat().st_size), (before.st_ino, before.st_size))
        self.delete(name)

    # -- the proxy --

    def test_proxy_speaks_http(self):
        """Keep-alive, request bodies of both kinds, large answers, headers, upgrade, rules."""
        name = f"p{self.unique}"
        script = r"""mkdir -p /tmp/site/cgi-bin && cat > /tmp/site/cgi-bin/e <<'X'
#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\n'
echo "method=$REQUEST_METHOD length=$CONTENT_LENGTH for=$HTTP_X_FORWARDED_FOR proto=$HTTP_X_FORWARDED_PROTO port=$HTTP_X_FORWARDED_PORT host=$HTTP_HOST"
[ -n "$CONTENT_LENGTH" ] && head -c $CONTENT_LENGTH | md5sum
X
chmod +x /tmp/site/cgi-bin/e; head -c 3000000 /dev/zero > /tmp/site/big; echo ok > /tmp/site/index.html; exec httpd -f -p 8080 -h /tmp/site"""
        port = free_port()
        group, url = self.balanced(name, port)
        self.define(name, {"name": "main", "command": ["sh", "-c", script], "stopTimeout": 2,
                           "portMappings": [{"containerPort": 8080}]})
        self.create(name, name, loadBalancers=[{"targetGroupArn": group, "containerName": "main", "containerPort": 8080}])
        self.until_completed(name)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

        def ask(method, path, body=None, headers=None):
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer

        self.assertEqual(ask("GET", "/")[:2], (200, b"ok\n"))
        used = connection.sock
        status, body, answer = ask("GET", "/big")
        self.assertEqual((status, len(body)), (200, 3000000))
        self.assertIs(connection.sock, used, "the connection was kept")
        status, body, _ = ask("POST", "/cgi-bin/e", b"x" * 100000, {"Host": "any.example", "X-Forwarded-For": "9.9.9.9"})
        self.assertIn(b"method=POST length=100000 for=9.9.9.9, 127.0.0.1 proto=http", body)
        self.assertIn(f"port={port} host=any.example".encode(), body)
        self.assertEqual(ask("HEAD", "/")[:2], (200, b""))
        self.assertEqual(ask("GET", "/absent")[0], 404)
        connection.close()
        with socket.create_connection(("127.0.0.1", port), 5) as raw:
            raw.sendall(b"nonsense\r\n\r\n")
            self.assertIn(b"400 Bad Request", raw.recv(1000))
        listener = self.box.get("/_decklift/endpoints")["listeners"]
        arn = next(one["listener_arn"] for one in listener if one["local_port"] == port)
        self.box.elb("CreateRule", ListenerArn=arn, Priority=5, Conditions=[{"Field": "path-pattern", "Values": ["/fixed*"]}],
                     Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "418", "MessageBody": "tea"}}])
        self.assertEqual(fetch(f"{url}/fixed/x"), (418, "tea"))
        self.assertEqual(fetch(url), (200, "ok\n"))


if __name__ == "__main__":
    unittest.main()
