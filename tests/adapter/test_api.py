"""The API's refusals and views; runs without a Docker engine (simulated tasks)."""

import socket
import threading
import time
import unittest
import urllib.request

from support import NETWORK, PORT_TAKEN, Sandbox, SandboxCase, connect, every, fetch, first, free_port

SIMPLE = {"name": "main", "image": "x:local", "portMappings": [{"containerPort": 8080, "name": "p8080"}]}


class ApiTests(SandboxCase):
    engine = "none"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.box.call("servicediscovery", "CreateHttpNamespace", Name="ns", CreatorRequestId="1")

    # -- the adapter itself --

    def test_status_is_honest_without_an_engine(self):
        status = self.box.get("/_decklift/status")
        self.assertEqual((status["ministack"], status["account"], status["region"], status["instance"]),
                         ("1.5.33", "000000000000", "us-east-1", self.box.instance))
        self.assertEqual((status["engine"]["kind"], status["containers"]), ("none", 0))
        self.assertTrue(status["engine"]["why"])
        by_name = {one["promise"]: one for one in status["promises"]}
        for name in ("containers run", "service names resolve", "dependsOn", "memory limits", "EFS volumes",
                     "security groups", "IAM roles and policies", "Fargate sizes", "ulimits", "stopTimeout",
                     "subnets, public addresses, NAT", "service auto scaling", "ECS exec"):
            self.assertFalse(by_name[name]["holds"], name)
            self.assertTrue(by_name[name]["note"], name)
        with self.assertRaises(urllib.error.HTTPError):
            self.box.get("/_decklift/nothing")

    def test_wrong_environment_is_refused(self):
        for name, value in (("DECKLIFT_SANDBOX_INSTANCE", "Bad Name"), ("DECKLIFT_SANDBOX_ENGINE", "podman"),
                            ("BIND_HOST", "0.0.0.0")):
            other = Sandbox("none", instance="x1", **{name: value})
            with self.assertRaises(RuntimeError) as caught:
                other.start()
            other.stop()
            self.assertIn(name, str(caught.exception))

    def test_a_family_without_an_active_revision(self):
        family = f"gone{self.unique}"
        arn = self.define(family, SIMPLE)
        self.define(family, SIMPLE)
        families = lambda **status: self.box.ecs("ListTaskDefinitionFamilies", familyPrefix=family, **status)["families"]
        self.box.ecs("DeregisterTaskDefinition", taskDefinition=f"{family}:2")
        found = self.box.ecs("DescribeTaskDefinition", taskDefinition=family)["taskDefinition"]
        self.assertEqual(found["revision"], 1)
        self.assertEqual(families(status="INACTIVE"), [])
        self.box.ecs("DeregisterTaskDefinition", taskDefinition=f"{family}:1")
        self.assertEqual((families(), families(status="ACTIVE"), families(status="INACTIVE")), ([family], [], [family]))
        self.refused("ClientException", self.box.ecs, "DescribeTaskDefinition", taskDefinition=family)
        self.assertEqual(self.box.ecs("DescribeTaskDefinition", taskDefinition=arn)["taskDefinition"]["status"], "INACTIVE")
        self.box.ecs("DeleteTaskDefinitions", taskDefinitions=[f"{family}:1", f"{family}:2"])
        self.assertEqual(families(), [])

    def test_simulated_rollout_and_url(self):
        group, url = self.balanced(f"s{self.unique}")
        family = f"sim{self.unique}"
        begin = time.monotonic()
        made = self.create(family, self.define(family, SIMPLE), desiredCount=2, loadBalancers=[
            {"targetGroupArn": group, "containerName": "main", "containerPort": 8080}])
        self.assertEqual(made["deployments"][0]["rolloutState"], "IN_PROGRESS")
        self.until_completed(family, 10)
        self.assertLess(time.monotonic() - begin, 4)
        self.assertEqual(self.service(family)["runningCount"], 2)
        self.assertEqual(every(self.box.elb("DescribeTargetHealth", TargetGroupArn=group), "State"),
                         ["healthy", "healthy"])
        status, body = fetch(url)
        self.assertEqual(status, 200)
        self.assertIn("simulated", body)
        job = self.until_stopped(self.run_once(family), 10)
        self.assertEqual(self.container(job)["exitCode"], 0)

    # -- ECS --

    def test_ecs_refusals(self):
        family = f"r{self.unique}"
        definition = self.define(family, SIMPLE)
        self.refused("ClusterNotFoundException", self.box.ecs, "CreateService", cluster="nope", serviceName="s",
                     taskDefinition=definition, desiredCount=1, networkConfiguration=NETWORK)
        self.refused("ClusterNotFoundException", self.box.ecs, "RunTask", cluster="nope", taskDefinition=definition)
        self.refused("ClientException", self.create, family, "absent:1")
        self.refused("ClientException", self.run_once, "absent")
        self.refused("InvalidParameterException", self.box.ecs, "CreateService", cluster="c", serviceName=family,
                     taskDefinition=definition, desiredCount=1)
        self.create(family, definition)
        error = self.refused("InvalidParameterException", self.create, family, definition)
        self.assertEqual(error.message, "Creation of service was not idempotent.")
        self.refused("NamespaceNotFoundException", self.create, family + "2", definition,
                     serviceConnectConfiguration=connect("x", namespace="none"))
        self.refused("InvalidParameterException", self.create, family + "2", definition,
                     serviceConnectConfiguration=connect("x", port_name="none"))
        group = first(self.box.elb("CreateTargetGroup", Name=family, Port=80, Protocol="HTTP", TargetType="ip"),
                      "TargetGroupArn")
        for container, port, arn in (("main", 1, group), ("other", 8080, group), ("main", 8080, group),
                                     ("main", 8080, "arn:none")):
            self.refused("InvalidParameterException", self.create, family + "2", definition, loadBalancers=[
                {"targetGroupArn": arn, "containerName": container, "containerPort": port}])
        self.refused("ServiceNotFoundException", self.update, "absent")
        self.refused("InvalidParameterException", self.box.ecs, "StopTask", cluster="c", task="absent")
        self.refused("ClusterContainsServicesException", self.box.ecs, "DeleteCluster", cluster="c")
        self.box.ecs("DeregisterTaskDefinition", taskDefinition=definition)
        self.refused("ClientException", self.create, family + "3", definition)
        self.assertEqual(self.box.ecs("DescribeServices", cluster="c", services=["absent"])["failures"][0]["reason"],
                         "MISSING")
        self.delete(family)

    def test_delete_cluster(self):
        self.box.ecs("CreateCluster", clusterName=self.unique)
        definition = self.define(f"dc{self.unique}", SIMPLE)
        service = self.box.ecs("CreateService", cluster=self.unique, serviceName="s", taskDefinition=definition,
                               desiredCount=1, launchType="FARGATE", networkConfiguration=NETWORK)["service"]
        self.refused("ClusterContainsServicesException", self.box.ecs, "DeleteCluster", cluster=self.unique)
        self.box.ecs("DeleteService", cluster=self.unique, service=service["serviceArn"], force=True)
        self.eventually(lambda: self.box.ecs("DescribeServices", cluster=self.unique, services=["s"])
                        ["services"][0]["status"] == "INACTIVE", 10)
        task = self.box.ecs("RunTask", cluster=self.unique, taskDefinition=definition, launchType="FARGATE",
                            networkConfiguration=NETWORK)["tasks"][0]["taskArn"]
        self.refused("ClusterContainsTasksException", self.box.ecs, "DeleteCluster", cluster=self.unique)
        self.eventually(lambda: self.box.ecs("DescribeTasks", cluster=self.unique, tasks=[task])
                        ["tasks"][0]["lastStatus"] == "STOPPED", 10)
        self.box.ecs("DeleteCluster", cluster=self.unique)
        self.refused("ClusterNotFoundException", self.box.ecs, "ListServices", cluster=self.unique)

    def test_update_service_keeps_every_field_and_deploys_only_when_documented(self):
        name = f"u{self.unique}"
        definition = self.define(name, SIMPLE)
        self.create(name, definition)
        self.until_completed(name)
        before = self.primary(name)["id"]
        quiet = {"desiredCount": 2, "healthCheckGracePeriodSeconds": 33, "enableExecuteCommand": True,
                 "propagateTags": "SERVICE", "enableECSManagedTags": True, "availabilityZoneRebalancing": "DISABLED",
                 "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}
        self.update(name, **quiet, deploymentConfiguration={"maximumPercent": 150, "minimumHealthyPercent": 50})
        found = self.service(name)
        for field, value in quiet.items():
            self.assertEqual(found[field], value, field)
        self.assertEqual(found["deploymentConfiguration"]["maximumPercent"], 150)
        self.assertEqual(self.primary(name)["id"], before)
        self.until_completed(name)
        self.update(name, networkConfiguration=NETWORK, taskDefinition=definition)
        self.assertEqual(self.primary(name)["id"], before, "the same values start nothing")
        group, _ = self.balanced(f"u{self.unique}")
        balanced = [{"targetGroupArn": group, "containerName": "main", "containerPort": 8080}]
        other = {"awsvpcConfiguration": {"subnets": ["subnet-00000002"]}}
        seen = {before}
        for change in ({"loadBalancers": balanced}, {"loadBalancers": []}, {"networkConfiguration": other},
                       {"serviceConnectConfiguration": connect(name)}, {"serviceConnectConfiguration": {"enabled": False}},
                       {"serviceRegistries": [{"registryArn": "arn:aws:servicediscovery:us-east-1:0:service/srv-1"}]},
                       {"serviceRegistries": []}, {"forceNewDeployment": True}, {"taskDefinition": self.define(name, SIMPLE)}):
            answer = self.update(name, **change)
            new = answer["deployments"][0]
            self.assertEqual(new["status"], "PRIMARY")
            self.assertNotIn(new["id"], seen, change)
            seen.add(new["id"])
            self.until_completed(name)
            for field, value in change.items():
                if field in ("loadBalancers", "serviceRegistries", "networkConfiguration"):
                    self.assertEqual(self.service(name)[field], value)
                if field == "serviceConnectConfiguration":
                    self.assertEqual(self.primary(name)[field], value)
        self.assertNotIn("serviceConnectConfiguration", self.service(name))
        self.assertEqual(len(self.service(name)["deployments"]), 1)
        listed = self.box.ecs("ListServiceDeployments", cluster="c", service=name, status=["SUCCESSFUL"], maxResults=3)
        self.assertEqual(len(listed["serviceDeployments"]), 3)
        self.assertIn("nextToken", listed)
        self.delete(name)

    # -- load balancers --

    def test_load_balancer_zones(self):
        subnets = ["subnet-00000001", "subnet-00000002"]
        made = self.box.elb("CreateLoadBalancer", Name=f"z{self.unique}", Subnets=subnets)
        self.assertEqual(every(made, "SubnetId"), subnets)
        self.assertEqual(len(set(every(made, "ZoneName"))), 2)

    def test_load_balancer_refusals_and_idempotency(self):
        name = f"l{self.unique}"
        self.refused("LoadBalancerNotFound", self.box.elb, "DescribeLoadBalancers", Names=["absent"])
        self.refused("TargetGroupNotFound", self.box.elb, "DescribeTargetGroups", Names=["absent"])
        one = self.box.elb("CreateLoadBalancer", Name=name, Subnets=["subnet-1", "subnet-2"])
        two = self.box.elb("CreateLoadBalancer", Name=name, Subnets=["subnet-2", "subnet-1"])
        arn = first(one, "LoadBalancerArn")
        self.assertEqual(arn, first(two, "LoadBalancerArn"))
        self.refused("DuplicateLoadBalancerName", self.box.elb, "CreateLoadBalancer", Name=name, Scheme="internal",
                     Subnets=["subnet-1", "subnet-2"])
        settings = {"Name": name, "Port": 80, "Protocol": "HTTP", "TargetType": "ip", "VpcId": "vpc-1"}
        group = first(self.box.elb("CreateTargetGroup", **settings), "TargetGroupArn")
        self.assertEqual(group, first(self.box.elb("CreateTargetGroup", **settings), "TargetGroupArn"))
        self.refused("DuplicateTargetGroupName", self.box.elb, "CreateTargetGroup", **{**settings, "Port": 81})
        port = free_port()
        weighted = [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group, "Weight": 3}]}}]
        listener = self.box.elb("CreateListener", LoadBalancerArn=arn, Protocol="HTTP", Port=port, DefaultActions=weighted)
        self.assertEqual(first(listener, "Weight"), "3")
        self.assertIn("<TargetGroupArn>", listener)
        self.refused("DuplicateListener", self.box.elb, "CreateListener", LoadBalancerArn=arn, Protocol="HTTP", Port=port,
                     DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}])
        self.assertIn(arn, self.box.elb("DescribeTargetGroups", LoadBalancerArn=arn))
        self.refused("ResourceInUse", self.box.elb, "DeleteTargetGroup", TargetGroupArn=group)
        mine = [one for one in self.box.get("/_decklift/status")["listeners"] if one["load_balancer_arn"] == arn]
        self.assertEqual((mine[0]["port"], mine[0]["local_port"], mine[0]["load_balancer_name"]), (port, port, name))
        self.box.elb("DeleteLoadBalancer", LoadBalancerArn=arn)
        self.box.elb("DeleteTargetGroup", TargetGroupArn=group)
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", port), 1)

    def test_a_taken_port_gives_another_and_the_same_again(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            _, url = self.balanced(f"p{self.unique}", port)
            self.assertNotIn(f":{port}", url)
        listeners = self.box.get("/_decklift/endpoints")["listeners"]
        arn = next(one["load_balancer_arn"] for one in listeners if one["url"] == url)
        self.box.elb("DeleteLoadBalancer", LoadBalancerArn=arn)
        self.assertEqual(self.balanced(f"p{self.unique}", port)[1], url)
        low = self.balanced(f"w{self.unique}", 80)[1]
        self.assertGreater(int(low.rsplit(":", 1)[1]), 1023)

    def test_a_taken_port_of_the_sandbox_itself_has_an_exit_status_of_its_own(self):
        box = Sandbox(engine="none")
        box.launch(self.box.port)
        try:
            self.assertEqual(box.process.wait(60), PORT_TAKEN, box.log())
        finally:
            box.stop()

    # -- others --

    def test_ssm(self):
        name = f"/a{self.unique}/b"
        self.refused("ValidationException", self.box.call, "ssm", "PutParameter", Name=name, Type="String", Value="x" * 4097)
        self.box.call("ssm", "PutParameter", Name=name, Type="String", Value="x" * 4096)
        self.refused("ParameterAlreadyExists", self.box.call, "ssm", "PutParameter", Name=name, Type="String", Value="y")
        self.assertEqual(self.box.call("ssm", "PutParameter", Name=name, Type="String", Value="y", Overwrite=True)["Version"], 2)
        self.box.call("ssm", "PutParameter", Name=f"/a{self.unique}/big", Type="String", Value="x" * 5000, Tier="Advanced")
        found = self.box.call("ssm", "GetParametersByPath", Path=f"/a{self.unique}", Recursive=True)["Parameters"]
        self.assertEqual({one["Name"]: one["Version"] for one in found}, {name: 2, f"/a{self.unique}/big": 1})
        winners = []

        def race(number):
            try:
                self.box.call("ssm", "PutParameter", Name=f"/race{self.unique}", Type="String", Value=str(number))
                winners.append(number)
            except Exception:
                pass

        threads = [threading.Thread(target=race, args=(number,)) for number in range(12)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        self.assertEqual(len(winners), 1)
        self.assertEqual(self.box.call("ssm", "GetParameter", Name=f"/race{self.unique}")["Parameter"]["Value"], str(winners[0]))

    def test_logs(self):
        group = f"/g{self.unique}"
        self.box.call("logs", "CreateLogGroup", logGroupName=group, tags={"a": "b"})
        base = int(time.time() * 1000) - 1000
        for stream in ("a/x/1", "a/y/2", "b/x/3"):
            self.box.call("logs", "CreateLogStream", logGroupName=group, logStreamName=stream)
            self.box.call("logs", "PutLogEvents", logGroupName=group, logStreamName=stream, logEvents=[
                {"timestamp": base + number * 10 + ord(stream[2]), "message": f"{stream} {number}"} for number in range(3)])

        def messages(**more):
            return [event["message"] for event in self.box.call("logs", "FilterLogEvents", logGroupName=group, **more)["events"]]

        self.assertEqual(messages(logStreamNamePrefix="a/"),
                         [f"a/{one} {number}" for number in range(3) for one in ("x/1", "y/2")])
        self.assertEqual(messages(logStreamNames=["b/x/3"], startTime=base + 10 + ord("x")), ["b/x/3 1", "b/x/3 2"])
        self.refused("InvalidParameterException", self.box.call, "logs", "FilterLogEvents", logGroupName=group,
                     logStreamNames=["b/x/3"], logStreamNamePrefix="a")
        pages, token = [], {}
        while True:
            answer = self.box.call("logs", "FilterLogEvents", logGroupName=group, limit=4, **token)
            pages.append([event["message"] for event in answer["events"]])
            if "nextToken" not in answer:
                break
            token = {"nextToken": answer["nextToken"]}
        self.assertEqual([len(one) for one in pages], [4, 4, 1])
        self.assertEqual(sum(pages, []), messages())
        self.assertEqual(self.box.call("logs", "DescribeLogGroups", logGroupNamePrefix=group)["logGroups"][0]["logGroupName"], group)

    def test_security_groups(self):
        def ec2(action, **parameters):
            return self.box.query("ec2", action, **parameters)

        one, two = (first(ec2("CreateSecurityGroup", GroupName=f"{n}{self.unique}", GroupDescription="d",
                              VpcId="vpc-00000001"), "groupId") for n in "ab")
        rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}
        made = ec2("AuthorizeSecurityGroupIngress", GroupId=one, IpPermissions=[
            {**rule, "IpRanges": [{"CidrIp": "0.0.0.0/0"}, {"CidrIp": "10.0.0.0/8"}]}, {**rule, "Groups": [{"GroupId": two}]}])
        self.assertEqual(len(set(every(made, "securityGroupRuleId"))), 3)
        self.refused("InvalidPermission.Duplicate", ec2, "AuthorizeSecurityGroupIngress", GroupId=one,
                     IpPermissions=[{**rule, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "again"}]}])
        listed = ec2("DescribeSecurityGroupRules", Filter=[{"Name": "group-id", "Value": [one]}])
        self.assertEqual(len(every(listed, "securityGroupRuleId")), 4)
        self.refused("DependencyViolation", ec2, "DeleteSecurityGroup", GroupId=two)
        self.refused("InvalidGroup.NotFound", ec2, "DeleteSecurityGroup", GroupId="sg-absent")
        ec2("RevokeSecurityGroupIngress", GroupId=one, IpPermissions=[{**rule, "Groups": [{"GroupId": two}]}])
        ec2("DeleteSecurityGroup", GroupId=two)
        ec2("CreateTags", ResourceId=[one], Tag=[{"Key": "k", "Value": self.unique}])
        for filters in ([{"Name": "group-name", "Value": [f"a{self.unique}"]}, {"Name": "vpc-id", "Value": ["vpc-00000001"]}],
                        [{"Name": "tag:k", "Value": [self.unique]}]):
            self.assertEqual(every(ec2("DescribeSecurityGroups", Filter=filters), "groupId")[0], one)
        self.box.elb("CreateLoadBalancer", Name=f"g{self.unique}", Subnets=["subnet-1"], SecurityGroups=[one])
        self.refused("DependencyViolation", ec2, "DeleteSecurityGroup", GroupId=one)

    def test_ecr_efs_iam_cloud_map(self):
        self.box.call("ecr", "CreateRepository", repositoryName=f"r{self.unique}")
        self.refused("ImageNotFoundException", self.box.call, "ecr", "DescribeImages", repositoryName=f"r{self.unique}",
                     imageIds=[{"imageTag": "v1"}])
        self.box.call("ecr", "PutImage", repositoryName=f"r{self.unique}", imageTag="v1", imageManifest='{"schemaVersion": 2}')
        self.refused("RepositoryNotEmptyException", self.box.call, "ecr", "DeleteRepository", repositoryName=f"r{self.unique}")
        role = f"x{self.unique}"
        self.box.query("iam", "CreateRole", RoleName=role, Path=f"/d/{self.unique}/", AssumeRolePolicyDocument="{}")
        self.box.query("iam", "PutRolePolicy", RoleName=role, PolicyName="p",
                       PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}')
        self.assertEqual(every(self.box.query("iam", "ListRoles", PathPrefix=f"/d/{self.unique}/"), "RoleName"), [role])
        self.refused("DeleteConflict", self.box.query, "iam", "DeleteRole", RoleName=role)
        operation = self.box.call("servicediscovery", "CreateHttpNamespace", Name=f"n{self.unique}", CreatorRequestId=self.unique)
        done = self.box.call("servicediscovery", "GetOperation", OperationId=operation["OperationId"])["Operation"]
        self.assertEqual(done["Status"], "SUCCESS")
        self.box.call("servicediscovery", "DeleteNamespace", Id=done["Targets"]["NAMESPACE"])
        names = [one["Name"] for one in self.box.call("servicediscovery", "ListNamespaces")["Namespaces"]]
        self.assertNotIn(f"n{self.unique}", names)


if __name__ == "__main__":
    unittest.main()
