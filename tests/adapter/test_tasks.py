"""Tasks: container settings, dependencies, volumes, logs, stop reasons."""

import time
import unittest

from support import BASE_IMAGE, SandboxCase, needs_engine


@needs_engine
class TaskTests(SandboxCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.box.call("logs", "CreateLogGroup", logGroupName="/t")

    LOG = {"logDriver": "awslogs", "options": {"awslogs-group": "/t", "awslogs-region": "us-east-1",
                                               "awslogs-stream-prefix": "p"}}

    def lines(self, prefix):
        found = self.box.call("logs", "FilterLogEvents", logGroupName="/t", logStreamNamePrefix=prefix)
        return [event["message"] for event in found["events"]]

    def output(self, script, seconds=30, **container):
        """Run a script as a task to its end; (task, its output)."""
        family = f"o{self.unique}{time.monotonic_ns()}"
        more = container.pop("_task", {})
        self.define(family, {"name": "main", "command": ["sh", "-c", script], "logConfiguration": self.LOG,
                             **container}, **more)
        task = self.until_stopped(self.run_once(family), seconds)
        return task, self.lines(f"p/main/{task['taskArn'].split('/')[-1]}")

    def test_output_of_a_container_that_dies_at_once_is_complete(self):
        task, lines = self.output("for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done; echo err >&2; exit 7")
        self.assertEqual(sorted(lines), sorted([f"line {i}" for i in range(1, 10)] + ["err"]))
        self.assertEqual(self.container(task)["exitCode"], 7)
        self.assertEqual(task["stopCode"], "EssentialContainerExited")
        self.assertEqual(task["stoppedReason"], "Essential container in task exited")
        stream = f"p/main/{task['taskArn'].split('/')[-1]}"
        got = self.box.call("logs", "GetLogEvents", logGroupName="/t", logStreamName=stream, startFromHead=True)
        self.assertEqual(len(got["events"]), 10)

    def test_settings_reach_the_container(self):
        script = ("id -u; pwd; echo $A $B; touch /x 2>/dev/null || echo readonly; grep CapEff /proc/self/status; "
                  "df -k /scratch | tail -1; cat /sys/fs/cgroup/memory/memory.limit_in_bytes "
                  "/sys/fs/cgroup/memory.max 2>/dev/null; cat /proc/1/comm; cat /proc/sys/net/core/somaxconn; "
                  "touch /scratch/f && echo tmpfs; cat /etc/hosts")
        _, lines = self.output(
            script, entryPoint=["/bin/sh"], command=["-c", script], user="12:34", workingDirectory="/etc",
            environment=[{"name": "A", "value": "one"}, {"name": "B", "value": "two words"}],
            readonlyRootFilesystem=True, memory=64,
            linuxParameters={"capabilities": {"drop": ["ALL"]}, "initProcessEnabled": True,
                             "tmpfs": [{"containerPath": "/scratch", "size": 7, "mountOptions": ["mode=1777"]}]},
            systemControls=[{"namespace": "net.core.somaxconn", "value": "321"}])
        text = "\n".join(lines)
        self.assertEqual(lines[:4], ["12", "/etc", "one two words", "readonly"])
        self.assertIn("CapEff:\t0000000000000000", text)
        self.assertIn(str(7 * 1024), text)
        self.assertIn(str(64 * 1024 * 1024), text)
        self.assertIn("321", lines)
        self.assertIn("tmpfs", lines)
        self.assertTrue(any(one.endswith("docker-init") or one == "tini" for one in lines), text)
        self.assertIn("127.0.0.1 localhost", lines)

    def test_secrets_arrive_decrypted(self):
        self.box.call("ssm", "PutParameter", Name=f"/s{self.unique}", Value="geheim", Type="SecureString")
        secret = self.box.call("secretsmanager", "CreateSecret", Name=f"x{self.unique}",
                               SecretString='{"user": "anna", "n": 5}')
        _, lines = self.output("echo $A-$B-$C", secrets=[
            {"name": "A", "valueFrom": f"/s{self.unique}"},
            {"name": "B", "valueFrom": secret["ARN"] + ":user::"},
            {"name": "C", "valueFrom": f"{secret['ARN']}:user::{secret['VersionId']}"}])
        self.assertEqual(lines, ["geheim-anna-anna"])
        task, _ = self.output("true", secrets=[{"name": "A", "valueFrom": "/nothing/here"}])
        self.assertEqual(task["stopCode"], "TaskFailedToStart")
        self.assertIn("ResourceInitializationError", task["stoppedReason"])

    def test_memory_limit_kills_with_awss_words(self):
        task, _ = self.output("x=a; while true; do x=$x$x; done", memory=8)
        self.assertEqual(self.container(task)["reason"], "OutOfMemoryError: Container killed due to memory usage")
        self.assertEqual(self.container(task)["exitCode"], 137)

    def test_missing_log_group_stops_the_task(self):
        log = {"logDriver": "awslogs", "options": {"awslogs-group": "/absent", "awslogs-region": "us-east-1",
                                                   "awslogs-stream-prefix": "p"}}
        self.define("nolog", {"name": "main", "command": ["true"], "logConfiguration": log})
        task = self.until_stopped(self.run_once("nolog"))
        self.assertTrue(task["stoppedReason"].startswith("ResourceInitializationError"), task["stoppedReason"])
        log["options"]["awslogs-create-group"] = "true"
        self.define("nolog", {"name": "main", "command": ["echo", "made"], "logConfiguration": log})
        task = self.until_stopped(self.run_once("nolog"))
        self.assertEqual(self.container(task)["exitCode"], 0)

    def test_containers_share_localhost_and_depend_on_each_other(self):
        self.define("deps",
                    {"name": "main", "logConfiguration": self.LOG,
                     "command": ["sh", "-c", "cat /shared/f; printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc 127.0.0.1 8080 | grep -q HTTP && echo reached"],
                     "mountPoints": [{"sourceVolume": "v", "containerPath": "/shared"}],
                     "dependsOn": [{"containerName": "init", "condition": "SUCCESS"},
                                   {"containerName": "server", "condition": "HEALTHY"}]},
                    {"name": "server", "essential": False, "stopTimeout": 2,
                     "command": ["sh", "-c", "sleep 1; touch /tmp/up; exec httpd -f -p 8080"],
                     "healthCheck": {"command": ["CMD-SHELL", "test -f /tmp/up"], "interval": 5}},
                    {"name": "init", "essential": False, "command": ["sh", "-c", "sleep 1; echo written > /shared/f"],
                     "mountPoints": [{"sourceVolume": "v", "containerPath": "/shared"}]},
                    volumes=[{"name": "v", "host": {}}])
        task = self.until_stopped(self.run_once("deps"))
        self.assertEqual(self.lines(f"p/main/{task['taskArn'].split('/')[-1]}"), ["written", "reached"])
        self.assertEqual(self.container(task, "init")["exitCode"], 0)

    def test_failed_dependency_stops_the_task(self):
        self.define("depfail",
                    {"name": "main", "command": ["sleep", "100"],
                     "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}]},
                    {"name": "init", "essential": False, "command": ["sh", "-c", "exit 3"]})
        task = self.until_stopped(self.run_once("depfail"))
        self.assertEqual(task["stopCode"], "TaskFailedToStart")
        self.assertEqual(self.container(task, "init")["exitCode"], 3)
        self.assertNotIn("exitCode", self.container(task))

    def test_non_essential_container_may_exit(self):
        self.define("side", {"name": "main", "command": ["sleep", "100"], "stopTimeout": 2},
                    {"name": "extra", "essential": False, "command": ["sh", "-c", "exit 9"]})
        arn = self.run_once("side")
        task = self.eventually(lambda: (lambda t: t if self.container(t, "extra").get("exitCode") == 9 else None)(
            self.task(arn)))
        self.assertEqual(self.until_running(arn)["lastStatus"], "RUNNING")
        begin = time.monotonic()
        self.box.ecs("StopTask", cluster="c", task=arn, reason="enough")
        task = self.until_stopped(arn)
        self.assertLess(time.monotonic() - begin, 8)
        self.assertEqual((task["stopCode"], task["stoppedReason"]), ("UserInitiated", "enough"))
        self.assertEqual(self.container(task)["exitCode"], 137)

    def test_stop_timeout_lets_a_program_finish(self):
        self.define("stop", {"name": "main", "stopTimeout": 10, "logConfiguration": self.LOG, "command": [
            "sh", "-c", "trap 'sleep 1; echo bye; exit 5' TERM; echo up; while true; do sleep 0.1; done"]})
        arn = self.run_once("stop")
        self.until_running(arn)
        self.box.ecs("StopTask", cluster="c", task=arn)
        task = self.until_stopped(arn)
        self.assertEqual(self.container(task)["exitCode"], 5)
        self.assertEqual(self.lines(f"p/main/{arn.split('/')[-1]}"), ["up", "bye"])

    def test_ulimits_are_set_or_left_out_but_never_fatal(self):
        task, lines = self.output("ulimit -n", ulimits=[{"name": "nofile", "softLimit": 1234, "hardLimit": 1234}])
        self.assertEqual(self.container(task)["exitCode"], 0)
        if lines != ["1234"]:
            self.assertIn("the engine cannot set ulimits", self.box.log_path.read_text())

    def test_pull_failure_and_bad_command(self):
        self.define("nopull", {"name": "main", "image": f"127.0.0.1:{self.box.port}/absent:v1"})
        task = self.until_stopped(self.run_once("nopull"))
        self.assertTrue(task["stoppedReason"].startswith("CannotPullContainerError"), task["stoppedReason"])
        self.assertEqual(task["stopCode"], "TaskFailedToStart")
        self.define("badcmd", {"name": "main", "command": ["/no/such/program"]})
        task = self.until_stopped(self.run_once("badcmd"))
        self.assertTrue(task["stoppedReason"].startswith("CannotStartContainerError"), task["stoppedReason"])

    def test_an_image_that_was_never_pushed_does_not_run_from_the_local_copy(self):
        import docker
        client = docker.from_env()
        name = f"127.0.0.1:{self.box.port}/local/{self.unique}"
        client.images.get(BASE_IMAGE).tag(name, "v1")
        try:
            self.define("localonly", {"name": "main", "image": f"{name}:v1", "command": ["true"]})
            task = self.until_stopped(self.run_once("localonly"))
            self.assertTrue(task["stoppedReason"].startswith("CannotPullContainerError"), task["stoppedReason"])
            self.box.call("ecr", "CreateRepository", repositoryName=f"local/{self.unique}")
            pushed = client.images.push(name, "v1", auth_config={"username": "AWS", "password": "x"})
            self.assertNotIn("error", pushed)
            task = self.until_stopped(self.run_once("localonly"))
            self.assertEqual(self.container(task)["exitCode"], 0)
            self.assertTrue(self.container(task)["imageDigest"].startswith("sha256:"))
        finally:
            for tag in (f"{name}:v1",):
                client.images.remove(tag, force=True)
            client.close()

    def test_ebs_is_empty_with_each_task_and_said_by_whoever_starts_it(self):
        volume = {"name": "v", "managedEBSVolume": {"roleArn": "arn:aws:iam::000000000000:role/r", "sizeInGiB": 10}}
        # /var is full in the image: a Docker volume would be filled from it.
        self.define("ebs", {"name": "main", "logConfiguration": self.LOG, "user": "1000",
                            "command": ["sh", "-c", "ls -A /var; echo kept > /var/f && cat /var/f"],
                            "mountPoints": [{"sourceVolume": "v", "containerPath": "/var"}]},
                    volumes=[{"name": "v", "configuredAtLaunch": True}])
        self.refused("InvalidParameterException", self.run_once, "ebs")
        self.refused("InvalidParameterException", self.run_once, "ebs", volumeConfigurations=[{**volume, "name": "w"}])
        without = {"name": "v", "managedEBSVolume": {"roleArn": "arn:aws:iam::000000000000:role/r"}}
        self.refused("InvalidParameterException", self.run_once, "ebs", volumeConfigurations=[without])
        for _ in range(2):
            task = self.until_stopped(self.run_once("ebs", volumeConfigurations=[volume]))
            self.assertEqual(self.container(task)["exitCode"], 0)
            self.assertEqual(self.lines(f"p/main/{task['taskArn'].split('/')[-1]}"), ["kept"])

    def test_efs_starts_empty_and_root_owned_and_persists(self):
        made = self.box.efs("POST", "/file-systems", CreationToken=f"fs{self.unique}")
        fs = made["FileSystemId"]
        target = self.box.efs("POST", "/mount-targets", FileSystemId=fs, SubnetId="subnet-00000001")
        point = self.box.efs("POST", "/access-points", FileSystemId=fs, ClientToken=f"ap{self.unique}", RootDirectory={
            "Path": "/data", "CreationInfo": {"OwnerUid": 55, "OwnerGid": 66, "Permissions": "0750"}})
        volumes = {"volumes": [
            {"name": "root", "efsVolumeConfiguration": {"fileSystemId": fs}},
            {"name": "point", "efsVolumeConfiguration": {"fileSystemId": fs, "transitEncryption": "ENABLED",
             "authorizationConfig": {"accessPointId": point["AccessPointId"]}}}]}
        # /bin is full in the image: a Docker volume would be filled from it.
        mounts = [{"sourceVolume": "root", "containerPath": "/www"}, {"sourceVolume": "point", "containerPath": "/etc/d"}]
        script = "ls -A /www | wc -l; stat -c '%u:%g %a' /www /etc/d; cat /www/f 2>/dev/null; echo kept > /www/f"
        _, lines = self.output(script, mountPoints=mounts, _task=volumes)
        self.assertEqual(lines[:3], ["0", "0:0 755", "55:66 750"])
        _, lines = self.output(script, mountPoints=mounts, _task=volumes)
        self.assertIn("kept", lines)
        self.refused("FileSystemInUse", self.box.efs, "DELETE", f"/file-systems/{fs}")
        self.refused("FileSystemAlreadyExists", self.box.efs, "POST", "/file-systems", CreationToken=f"fs{self.unique}")
        self.box.efs("DELETE", f"/mount-targets/{target['MountTargetId']}")
        self.box.efs("DELETE", f"/file-systems/{fs}")

    def test_run_task_token_overrides_and_lists(self):
        self.define("tok", {"name": "main", "command": ["false"], "logConfiguration": self.LOG})
        arguments = {"clientToken": self.unique, "startedBy": f"me-{self.unique}", "overrides": {"containerOverrides": [
            {"name": "main", "command": ["sh", "-c", "echo $X; exit 4"], "environment": [{"name": "X", "value": "y"}]}]}}
        one = self.run_once("tok", **arguments)
        self.assertEqual(self.run_once("tok", **arguments), one)
        self.refused("ConflictException", self.run_once, "tok", **{**arguments, "startedBy": "other"})
        task = self.until_stopped(one)
        self.assertEqual(self.container(task)["exitCode"], 4)
        self.assertEqual(self.lines(f"p/main/{one.split('/')[-1]}"), ["y"])
        listed = self.box.ecs("ListTasks", cluster="c", startedBy=f"me-{self.unique}", desiredStatus="STOPPED")
        self.assertEqual(listed["taskArns"], [one])


if __name__ == "__main__":
    unittest.main()
