"""Services: deployments, circuit breaker, names, rolling updates, the load balancer."""

import threading
import time
import unittest

from support import SERVE, SandboxCase, connect, fetch, first, needs_engine, web

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True},
           "maximumPercent": 200, "minimumHealthyPercent": 100}


def cgi(name, body):
    """Shell that writes a CGI program for the server in /tmp/site."""
    return (f"mkdir -p /tmp/site/cgi-bin && cat > /tmp/site/cgi-bin/{name} <<'END'\n#!/bin/sh\n{body}\nEND\n"
            f"chmod +x /tmp/site/cgi-bin/{name}; ")


class Hammer:
    """Requests one after the other until stopped; remembers every answer and failure."""

    def __init__(self, url, threads=3):
        self.url, self.answers, self.failures, self.stopping = url, [], [], False
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        for thread in self.threads:
            thread.join(10)

    def _run(self):
        while not self.stopping:
            try:
                status, body = fetch(self.url, 8)
                (self.answers if status == 200 else self.failures).append((status, body.strip()))
            except Exception as error:
                self.failures.append(repr(error))
            time.sleep(0.01)


@needs_engine
class ServiceTests(SandboxCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.box.call("servicediscovery", "CreateHttpNamespace", Name="ns", CreatorRequestId="1")

    def named(self, name):
        name = f"{name}-{self.unique}"
        self.addCleanup(self.delete, name)
        return name

    def test_first_deployment_is_in_progress_until_stable(self):
        name = self.named("first")
        begin = time.monotonic()
        made = self.create(name, self.define(name, web("v1")), tags=[{"key": "k", "value": "v"}], propagateTags="SERVICE")
        deployment = made["deployments"][0]
        self.assertEqual(deployment["rolloutState"], "IN_PROGRESS")
        self.assertEqual(deployment["rolloutStateReason"], f"ECS deployment {deployment['id']} in progress.")
        done = self.until_completed(name)
        self.assertLess(time.monotonic() - begin, 6)
        self.assertEqual(done["rolloutStateReason"], f"ECS deployment {done['id']} completed.")
        self.assertEqual((done["runningCount"], done["failedTasks"]), (1, 0))
        messages = self.messages(name)
        arn = self.box.ecs("ListTasks", cluster="c", serviceName=name)["taskArns"][0]
        self.assertIn(f"(service {name}) has started 1 tasks: (task {arn.split('/')[-1]}).", messages)
        self.assertIn(f"(service {name}) (deployment {done['id']}) deployment completed.", messages)
        self.assertEqual(messages[0], f"(service {name}) has reached a steady state.")
        task = self.box.ecs("DescribeTasks", cluster="c", tasks=[arn], include=["TAGS"])["tasks"][0]
        self.assertEqual(task["startedBy"], done["id"])
        self.assertEqual(task["tags"], [{"key": "k", "value": "v"}])
        self.assertEqual(self.service(name, include=["TAGS"])["tags"], [{"key": "k", "value": "v"}])
        self.assertNotIn("tags", self.service(name))
        # A killed task is replaced.
        self.box.ecs("StopTask", cluster="c", task=arn)
        self.eventually(lambda: [one for one in self.box.ecs("ListTasks", cluster="c", serviceName=name)["taskArns"]
                                 if one != arn and self.task(one)["lastStatus"] == "RUNNING"])
        self.assertIn(arn, self.box.ecs("ListTasks", cluster="c", serviceName=name, desiredStatus="STOPPED")["taskArns"])
        self.assertIn(arn, self.box.ecs("ListTasks", cluster="c", startedBy=done["id"], desiredStatus="STOPPED")["taskArns"])

    def test_circuit_breaker_on_a_first_deployment(self):
        name = self.named("crash")
        self.create(name, self.define(name, "exit 3"), deploymentConfiguration=BREAKER)
        self.eventually(lambda: self.primary(name)["rolloutState"] == "FAILED", 20)
        deployment = self.primary(name)
        self.assertEqual(deployment["rolloutStateReason"], "ECS deployment circuit breaker: tasks failed to start.")
        self.assertEqual(deployment["failedTasks"], 3)
        self.assertIn(f"(service {name}) (deployment {deployment['id']}) deployment failed: tasks failed to start.",
                      self.messages(name))
        arn = self.box.ecs("ListServiceDeployments", cluster="c", service=name)["serviceDeployments"][0]
        self.assertEqual(arn["status"], "ROLLBACK_FAILED")
        full = self.box.ecs("DescribeServiceDeployments", serviceDeploymentArns=[arn["serviceDeploymentArn"]])
        self.assertEqual(full["serviceDeployments"][0]["deploymentCircuitBreaker"],
                         {"status": "TRIGGERED", "failureCount": 3, "threshold": 3})
        # The next deployment works and the failed one is gone.
        self.update(name, taskDefinition=self.define(name, web("good")))
        self.until_completed(name)
        self.assertEqual(len(self.service(name)["deployments"]), 1)

    def test_rollback_is_a_new_deployment(self):
        name = self.named("back")
        self.create(name, good := self.define(name, web("v1")), deploymentConfiguration=BREAKER)
        before = self.until_completed(name)
        kept = self.box.ecs("ListTasks", cluster="c", serviceName=name)["taskArns"]
        self.update(name, taskDefinition=self.define(name, "exit 1"))
        bad = self.primary(name)["id"]
        self.eventually(lambda: self.primary(name)["id"] not in (bad, before["id"]), 20)
        back = self.until_completed(name)
        self.assertEqual(back["taskDefinition"], good)
        self.assertEqual(self.service(name)["taskDefinition"], good)
        self.assertEqual(len(self.service(name)["deployments"]), 1)
        self.assertEqual(self.box.ecs("ListTasks", cluster="c", serviceName=name)["taskArns"], kept)
        self.assertIn(f"(service {name}) rolling back to deployment {back['id']}.", self.messages(name))
        listed = self.box.ecs("ListServiceDeployments", cluster="c", service=name)["serviceDeployments"]
        self.assertEqual([one["status"] for one in listed], ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"])
        full = self.box.ecs("DescribeServiceDeployments",
                            serviceDeploymentArns=[listed[0]["serviceDeploymentArn"]])["serviceDeployments"][0]
        self.assertEqual(full["rollback"]["serviceRevisionArn"], listed[1]["targetServiceRevisionArn"])
        self.assertEqual(full["rollback"]["reason"], "ECS deployment circuit breaker: tasks failed to start.")
        revision = self.box.ecs("DescribeServiceRevisions", serviceRevisionArns=[listed[1]["targetServiceRevisionArn"]])
        self.assertEqual(revision["serviceRevisions"][0]["taskDefinition"], good)

    def test_stop_service_deployment_rolls_back(self):
        name = self.named("undo")
        self.create(name, good := self.define(name, web("v1")))
        self.until_completed(name)
        self.update(name, taskDefinition=self.define(name, "exit 1"))
        current = self.service(name)["currentServiceDeployment"]
        self.box.ecs("StopServiceDeployment", serviceDeploymentArn=current, stopType="ROLLBACK")
        self.until_completed(name)
        self.assertEqual(self.service(name)["taskDefinition"], good)
        self.refused("ConflictException", self.box.ecs, "StopServiceDeployment", serviceDeploymentArn=current)

    def test_a_crash_loop_slows_down(self):
        name = self.named("loop")
        self.create(name, self.define(name, "exit 1"))
        time.sleep(6)
        stopped = self.box.ecs("ListTasks", cluster="c", serviceName=name, desiredStatus="STOPPED")["taskArns"]
        self.assertLessEqual(len(stopped), 6)
        self.assertGreaterEqual(len(stopped), 2)
        self.assertEqual(self.primary(name)["rolloutState"], "IN_PROGRESS")
        self.assertGreaterEqual(self.primary(name)["failedTasks"], 2)

    def test_failing_container_health_check_counts(self):
        name = self.named("sick")
        self.create(name, self.define(name, {"name": "main", "command": ["sleep", "1000"], "stopTimeout": 2,
                                             "healthCheck": {"command": ["CMD-SHELL", "exit 1"], "interval": 5,
                                                             "retries": 1}}),
                    deploymentConfiguration=BREAKER)
        arn = self.eventually(lambda: self.box.ecs("ListTasks", cluster="c", serviceName=name,
                                                   desiredStatus="STOPPED")["taskArns"], 30)[-1]
        task = self.until_stopped(arn)
        self.assertEqual(task["stoppedReason"], "Task failed container health checks")
        self.assertEqual(task["healthStatus"], "UNHEALTHY")
        self.assertEqual(task["stopCode"], "ServiceSchedulerInitiated")

    # -- names --

    def test_names_resolve_as_service_connect_does(self):
        api, client, plain, late = (self.named(one) for one in ("api", "client", "plain", "late"))
        alias, other = f"db{self.unique}", f"late{self.unique}"
        definition = self.define(client, {"name": "main", "command": ["sleep", "1000"], "stopTimeout": 2})
        made = self.create(api, self.define(api, web("v1")), serviceConnectConfiguration=connect(alias), desiredCount=0)
        self.assertNotIn("serviceConnectConfiguration", made)
        self.assertEqual(made["deployments"][0]["serviceConnectConfiguration"], connect(alias))
        self.assertEqual(made["deployments"][0]["serviceConnectResources"][0]["discoveryName"], alias)
        self.create(client, definition, serviceConnectConfiguration=connect())
        self.create(plain, definition)
        self.until_completed(client)
        self.until_completed(plain)
        # Nobody serves yet: the name is known and refuses.
        self.assertIn("refused", self.shell(client, f"nc -w 2 {alias} 8080 </dev/null 2>&1 || true"))
        self.assertEqual(self.shell(plain, f"grep -c {alias} /etc/hosts || true").strip(), "0")
        self.update(api, desiredCount=2)
        self.eventually(lambda: self.service(api)["runningCount"] == 2)
        self.eventually(lambda: self.shell(client, f"grep -cw {alias} /etc/hosts").strip() == "2", 10)
        self.assertIn("v1", self.shell(client, f"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 {alias} 8080"))
        # A new endpoint is seen after a new deployment only.
        self.create(late, self.define(late, web("v1")), serviceConnectConfiguration=connect(other))
        self.until_completed(late)
        self.assertEqual(self.shell(client, f"grep -cw {other} /etc/hosts || true").strip(), "0")
        self.update(client, forceNewDeployment=True)
        self.until_completed(client)
        self.eventually(lambda: self.shell(client, f"grep -cw {other} /etc/hosts || true").strip() == "1", 10)
        self.refused("NamespaceNotFoundException", self.update, client,
                     serviceConnectConfiguration=connect(namespace="absent"))
        self.refused("InvalidParameterException", self.update, client, serviceConnectConfiguration=connect(other))
        self.update(api, desiredCount=0)
        self.eventually(lambda: self.service(api)["runningCount"] == 0)
        self.assertIn("refused", self.shell(client, f"nc -w 2 {alias} 8080 </dev/null 2>&1 || true"))

    def test_private_dns_names_reach_tasks_that_no_service_started(self):
        name = self.named("dns")
        zone = f"z{self.unique}.local"
        operation = self.box.call("servicediscovery", "CreatePrivateDnsNamespace", Name=zone, Vpc="vpc-00000001",
                                  CreatorRequestId=self.unique)["OperationId"]
        namespace = self.box.call("servicediscovery", "GetOperation", OperationId=operation)["Operation"]["Targets"]
        registry = self.box.call("servicediscovery", "CreateService", Name="db", NamespaceId=namespace["NAMESPACE"],
                                 DnsConfig={"DnsRecords": [{"Type": "A", "TTL": 10}]})["Service"]["Arn"]
        self.create(name, self.define(name, web("v1")), serviceRegistries=[{"registryArn": registry}])
        self.until_completed(name)
        self.define(f"job{self.unique}", f"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 db.{zone} 8080 | grep -q v1")
        job = self.until_stopped(self.run_once(f"job{self.unique}"))
        self.assertEqual(self.container(job)["exitCode"], 0)

    def shell(self, service, script):
        """Run a script in the service's running container, as `docker exec` does."""
        import docker
        arns = self.box.ecs("ListTasks", cluster="c", serviceName=service)["taskArns"]
        task = next(task for task in map(self.task, arns) if task["lastStatus"] == "RUNNING")
        client = docker.from_env()
        try:
            container = client.containers.get(self.container(task)["runtimeId"])
            return container.exec_run(["sh", "-c", script]).output.decode()
        finally:
            client.close()

    # -- load balancer, rolling update --

    def test_rolling_update_loses_no_request_through_names_and_load_balancer(self):
        api, front = self.named("rapi"), self.named("rweb")
        alias = f"api{self.unique}"
        # The API needs a while for an answer, so that requests are under way when a task is
        # stopped, and the front end asks it by name for every request.
        def api_definition(version):
            script = (cgi("s", f"sleep 0.3; printf 'Content-Type: text/plain\\r\\n\\r\\n'; echo {version}")
                      + SERVE % 8080)
            return self.define(api, {**web(version), "command": ["sh", "-c", script]})

        ask = f"printf 'GET /cgi-bin/s HTTP/1.0\\r\\n\\r\\n' | nc -w 5 {alias} 8080 | tail -1"
        front_script = (cgi("a", f"printf 'Content-Type: text/plain\\r\\n\\r\\n'; {ask}")
                        + "echo ok > /tmp/site/index.html; " + SERVE % 8080)
        group, url = self.balanced(f"r{self.unique}")
        self.create(api, api_definition("v1"), desiredCount=2, serviceConnectConfiguration=connect(alias))
        self.until_completed(api)
        self.create(front, self.define(front, {**web("front"), "command": ["sh", "-c", front_script]}),
            serviceConnectConfiguration=connect(), desiredCount=2,
            loadBalancers=[{"targetGroupArn": group, "containerName": "main", "containerPort": 8080}])
        self.until_completed(front)
        with Hammer(f"{url}/cgi-bin/a", threads=6) as hammer:
            time.sleep(0.5)
            begin = time.monotonic()
            self.update(api, taskDefinition=api_definition("v2"))
            self.until_completed(api)
            rolled = time.monotonic() - begin
            self.update(front, forceNewDeployment=True)
            self.until_completed(front)
            self.update(api, desiredCount=1)
            self.eventually(lambda: self.messages(api)[0].endswith("has reached a steady state."))
            time.sleep(3.5)  # until the last signals were sent
        self.assertEqual(hammer.failures, [])
        bodies = [body for _, body in hammer.answers]
        self.assertGreater(len(bodies), 100)
        self.assertEqual({body for body in bodies}, {"v1", "v2"})
        self.assertEqual(bodies[-1], "v2")
        self.assertLess(rolled, 8)

    def test_target_health_gates_and_ends_in_the_circuit_breaker(self):
        name = self.named("tgh")
        group, url = self.balanced(f"h{self.unique}", HealthCheckPath="/ready")
        self.assertEqual(fetch(url)[0], 503)
        self.create(name, self.define(name, web("v1", stopTimeout=2)), deploymentConfiguration=BREAKER,
                    healthCheckGracePeriodSeconds=8, loadBalancers=[{"targetGroupArn": group, "containerName": "main", "containerPort": 8080}])
        self.eventually(lambda: self.service(name)["runningCount"] == 1)
        # The task runs a moment before it is registered.
        health = self.eventually(lambda: (lambda text: text if first(text, "State") else None)(
            self.box.elb("DescribeTargetHealth", TargetGroupArn=group)))
        self.assertEqual((first(health, "State"), first(health, "Reason")), ("initial", "Elb.InitialHealthChecking"))
        self.assertEqual(self.primary(name)["rolloutState"], "IN_PROGRESS")
        health = self.eventually(lambda: (lambda text: text if first(text, "State") == "unhealthy" else None)(
            self.box.elb("DescribeTargetHealth", TargetGroupArn=group)), 15)
        self.assertEqual(first(health, "Reason"), "Target.ResponseCodeMismatch")
        arn = self.eventually(lambda: self.box.ecs("ListTasks", cluster="c", serviceName=name,
                                                   desiredStatus="STOPPED")["taskArns"], 10)[0]
        self.assertEqual(self.task(arn)["stoppedReason"], f"Task failed ELB health checks in (target-group {group})")
        self.assertGreaterEqual(self.primary(name)["failedTasks"], 1)
        self.box.elb("ModifyTargetGroup", TargetGroupArn=group, HealthCheckPath="/")
        self.until_completed(name)
        self.assertEqual(first(self.box.elb("DescribeTargetHealth", TargetGroupArn=group), "State"), "healthy")
        self.assertEqual(fetch(url), (200, "v1\n"))
        self.refused("ResourceInUse", self.box.elb, "DeleteTargetGroup", TargetGroupArn=group)
        # Scaling in: draining first, gone later.
        self.update(name, desiredCount=0)
        self.eventually(lambda: first(self.box.elb("DescribeTargetHealth", TargetGroupArn=group), "State") == "draining",
                        5)
        self.eventually(lambda: first(self.box.elb("DescribeTargetHealth", TargetGroupArn=group), "State") is None, 10)

    def test_stop_first_when_nothing_may_be_added(self):
        name = self.named("stopfirst")
        self.create(name, self.define(name, web("v1", stopTimeout=2)),
                    deploymentConfiguration={"maximumPercent": 100, "minimumHealthyPercent": 0})
        self.until_completed(name)
        old = self.box.ecs("ListTasks", cluster="c", serviceName=name)["taskArns"][0]
        self.update(name, taskDefinition=self.define(name, web("v2")))
        self.until_completed(name)
        self.assertEqual(self.service(name)["runningCount"], 1)
        task = self.until_stopped(old)
        self.assertTrue(task["stoppedReason"].startswith("Scaling activity initiated by (deployment ecs-svc/"))

    def test_deleting_a_service(self):
        name = self.named("gone")
        self.create(name, self.define(name, web("v1", stopTimeout=2)))
        self.until_completed(name)
        self.refused("InvalidParameterException", self.box.ecs, "DeleteService", cluster="c", service=name)
        self.refused("ClusterContainsServicesException", self.box.ecs, "DeleteCluster", cluster="c")
        gone = self.box.ecs("DeleteService", cluster="c", service=name, force=True)["service"]
        self.assertEqual(gone["status"], "DRAINING")
        self.eventually(lambda: self.service(name)["status"] == "INACTIVE", 15)
        self.assertNotIn(name, str(self.box.ecs("ListServices", cluster="c")["serviceArns"]))


if __name__ == "__main__":
    unittest.main()
