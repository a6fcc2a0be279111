"""Refusals of SSM, EC2, EFS, ECR and ECS clusters that AWS documents and MiniStack lacks."""

import json
import threading

from ministack.core.responses import error_response_json, get_account_id, get_region, json_response
from ministack.services import alb, ec2, ecr, ecs, efs, ssm

from . import api_tasks, scans, state, volumes
from .patching import replace, require, wrap

STANDARD_LIMIT, ADVANCED_LIMIT = 4096, 8192


def install(engine):
    _ssm()
    _ec2()
    _efs(engine)
    _ecr(engine.settings)
    _clusters()


def _ssm():
    require(ssm, "_default_tier", "_parameters", "resolve_parameter_value")
    lock = threading.RLock()

    @wrap(ssm, "_put_parameter")
    def _put(old, data):
        """AWS Systems Manager API Reference, "PutParameter": "Standard parameters have a value limit of 4 KB.
        Advanced parameters have a value limit of 8 KB." """
        value, name = str(data.get("Value", "")), data.get("Name") or ""
        with lock:  # the check for an existing name and the write are one step
            tier = data.get("Tier") or ssm._default_tier(data, value, ssm._parameters.get(name))
            if tier == "Intelligent-Tiering":
                tier = "Advanced" if len(value.encode()) > STANDARD_LIMIT else "Standard"
            if name and not value:
                return error_response_json("ValidationException", "1 validation error detected: Value '' at 'value' "
                                           "failed to satisfy constraint: Member must have length greater than or "
                                           "equal to 1.", 400)
            if tier == "Standard" and len(value.encode()) > STANDARD_LIMIT:
                return error_response_json(
                    "ValidationException", "Standard tier parameters support a maximum parameter value of 4096 "
                    "characters. To create a larger parameter value, upgrade the parameter to use the "
                    "advanced-parameter tier. For more information, see "
                    "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html",
                    400)
            if len(value.encode()) > ADVANCED_LIMIT:
                return error_response_json("ValidationException", "Advanced tier parameters support a maximum "
                                           "parameter value of 8192 characters.", 400)
            return old(data)


# -- EC2 --

def _atoms(group, rules):
    """A rule set as comparable single rules; descriptions do not count."""
    found = set()
    for rule in rules:
        base = (str(rule.get("IpProtocol")), rule.get("FromPort"), rule.get("ToPort"))
        for entry in rule.get("IpRanges") or []:
            found.add((*base, entry.get("CidrIp")))
        for entry in rule.get("Ipv6Ranges") or []:
            found.add((*base, entry.get("CidrIpv6")))
        for entry in rule.get("PrefixListIds") or []:
            found.add((*base, entry.get("PrefixListId")))
        for entry in rule.get("UserIdGroupPairs") or []:
            found.add((*base, entry.get("GroupId") or entry.get("GroupName")))
    return found


def _default_route():
    """The default VPC's subnets are public (VPC User Guide, "Default VPC components")."""
    routes = ec2._route_tables[ec2._DEFAULT_RTB_ID]["Routes"]
    if not any(route.get("DestinationCidrBlock") == "0.0.0.0/0" for route in routes):
        routes.append({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": ec2._DEFAULT_IGW_ID,
                       "State": "active", "Origin": "CreateRoute"})


def _ec2():
    require(ec2, "_security_groups", "_p", "_error", "_route_tables", "_DEFAULT_RTB_ID", "_DEFAULT_IGW_ID")

    @wrap(ec2, "_init_defaults")
    def _with_a_way_out(old):
        old()
        _default_route()

    # MiniStack makes the defaults of its own account when it is imported.
    _default_route()

    @wrap(ec2, "_parse_ip_permissions")
    def _split(old, params, prefix):
        """Amazon EC2 makes one rule, with an id of its own, of every source or destination."""
        single = []
        for rule in old(params, prefix):
            kinds = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
            peers = [(kind, peer) for kind in kinds for peer in rule.get(kind) or []]
            if len(peers) <= 1:
                single.append(rule)
                continue
            for kind, peer in peers:
                single.append({**rule, **{name: [] for name in kinds}, kind: [peer]})
        return single

    def refuse_duplicates(name, direction):
        @wrap(ec2, name)
        def _authorize(old, params):
            """Amazon EC2 API Reference, "Error codes": InvalidPermission.Duplicate."""
            group = ec2._security_groups.get(ec2._p(params, "GroupId"))
            if group is not None:
                new = _atoms(group, ec2._parse_ip_permissions(params, "IpPermissions"))
                both = new & _atoms(group, group[direction])
                if both:
                    protocol, low, high, peer = sorted(both, key=str)[0]
                    return ec2._error("InvalidPermission.Duplicate",
                                      f'the specified rule "peer: {peer}, {str(protocol).upper()}, from port: {low}, '
                                      f'to port: {high}, ALLOW" already exists', 400)
            return old(params)

    refuse_duplicates("_authorize_sg_ingress", "IpPermissions")
    refuse_duplicates("_authorize_sg_egress", "IpPermissionsEgress")

    @wrap(ec2, "_delete_security_group")
    def _delete(old, params):
        """DependencyViolation while another group, a load balancer, a task or a mount target uses the group."""
        group_id = ec2._p(params, "GroupId")
        if group_id in ec2._security_groups and _group_in_use(group_id):
            return ec2._error("DependencyViolation", f"resource {group_id} has a dependent object", 400)
        return old(params)


def _group_in_use(group_id):
    for other in ec2._security_groups.values():
        if other["GroupId"] == group_id:
            continue
        for rule in other["IpPermissions"] + other["IpPermissionsEgress"]:
            if any(pair.get("GroupId") == group_id for pair in rule.get("UserIdGroupPairs") or []):
                return True
    if any(group_id in (balancer.get("SecurityGroups") or []) for balancer in alb._lbs.values()):
        return True
    if any(group_id in (target.get("SecurityGroups") or []) for target in efs._mount_targets.values()):
        return True
    with state.LOCK:
        for task in state.tasks.values():
            config = ((task.record.get("_network") or {}).get("awsvpcConfiguration")) or {}
            if (task.account, task.region) == (get_account_id(), get_region()) \
                    and task.record["lastStatus"] != "STOPPED" and group_id in (config.get("securityGroups") or []):
                return True
    return False


# -- EFS, ECR --

def _efs(engine):
    require(efs, "_file_systems", "_mount_targets", "_access_points", "_error")

    @wrap(efs, "_create_file_system")
    def _create(old, body):
        """Amazon EFS API Reference, "CreateFileSystem": a used creation token is FileSystemAlreadyExists."""
        token = body.get("CreationToken")
        for found in efs._file_systems.values():
            if token and found.get("CreationToken") == token:
                status, headers, content = efs._error(
                    409, "FileSystemAlreadyExists", f"File system '{found['FileSystemId']}' already exists with "
                                                    f"creation token '{token}'")
                answer = {**json.loads(content), "FileSystemId": found["FileSystemId"]}
                return status, headers, json.dumps(answer).encode()
        return old(body)

    @wrap(efs, "_create_access_point")
    def _point(old, body):
        """ "CreateAccessPoint": a used client token is AccessPointAlreadyExists."""
        token = body.get("ClientToken")
        for found in efs._access_points.values():
            if token and found.get("ClientToken") == token:
                status, headers, content = efs._error(
                    409, "AccessPointAlreadyExists", f"Access point '{found['AccessPointId']}' already exists with "
                                                     f"client token '{token}'")
                answer = {**json.loads(content), "AccessPointId": found["AccessPointId"]}
                return status, headers, json.dumps(answer).encode()
        return old(body)

    @wrap(efs, "_delete_file_system")
    def _delete(old, fs_id):
        """The data goes with the file system."""
        answer = old(fs_id)
        if answer[0] < 300:
            threading.Thread(target=volumes.remove_file_system, args=(engine, fs_id), daemon=True).start()
        return answer


def _ecr(settings):
    require(ecr, "_find_image", "_repositories", "_repo_uri")
    # The account's own name of the registry leads nowhere from here: what is pushed to it and pulled
    # from it goes through the address at which this registry answers.
    registry = f"127.0.0.1:{settings.gateway_port}"
    replace(ecr, "_repo_uri", lambda name: f"{registry}/{name}")

    @wrap(ecr, "_get_authorization_token")
    def _token(old, data):
        status, headers, body = old(data)
        answer = json.loads(body)
        for entry in answer["authorizationData"]:
            entry["proxyEndpoint"] = f"http://{registry}"
        return json_response(answer)

    @wrap(ecr, "_describe_images")
    def _describe(old, data):
        """Amazon ECR API Reference, "DescribeImages": ImageNotFoundException."""
        name = data.get("repositoryName", "")
        if name in ecr._repositories:
            for wanted in data.get("imageIds") or []:
                if not ecr._find_image(name, wanted):
                    given = ", ".join(f"{key}:'{value}'" for key, value in sorted(wanted.items()))
                    return error_response_json(
                        "ImageNotFoundException", f"The image with imageId {{{given}}} does not exist within the "
                        f"repository with name '{name}' in the registry with id '{get_account_id()}'", 400)
        return old(data)

    own = {"DescribeImageScanFindings": scans.describe, "StartImageScan": scans.start}

    @wrap(ecr, "handle_request")
    async def _handle(old, method, path, headers, body, query_params):
        """MiniStack knows no image scans."""
        handler = own.get(headers.get("x-amz-target", "").split(".")[-1])
        if handler is None:
            return await old(method, path, headers, body, query_params)
        try:
            return handler(json.loads(body or b"{}"))
        except json.JSONDecodeError:
            return error_response_json("SerializationException", "Invalid JSON", 400)


# -- clusters --

def _clusters():
    require(ecs, "_clusters", "_resolve_cluster_name")

    @wrap(ecs, "_put_cluster")
    def _put(old, data):
        """serviceConnectDefaults is kept (Amazon ECS API Reference, "CreateCluster")."""
        cluster = old(data)
        if data.get("serviceConnectDefaults"):
            cluster["serviceConnectDefaults"] = dict(data["serviceConnectDefaults"])
        return cluster

    wrap(ecs, "_delete_cluster")(api_tasks.delete_cluster)
