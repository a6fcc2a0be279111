"""What Amazon EC2 tells of NAT gateways and VPC endpoints, and MiniStack does not."""

import re

from ministack.services import ec2

from .patching import require, wrap

GATEWAY = re.compile(r"<natGatewayId>(nat-[0-9a-zA-Z]+)</natGatewayId>(.*?)<natGatewayAddressSet/>", re.S)


def install():
    require(ec2, "_nat_gateways", "_vpc_endpoints", "_p", "_parse_filters", "_parse_member_list",
            "_resource_matches_tag_filters", "_xml")
    for name in ("_create_nat_gateway", "_describe_nat_gateways"):
        wrap(ec2, name)(_with_addresses)
    wrap(ec2, "_vpce_fields_xml")(_with_groups)
    wrap(ec2, "_create_vpc_endpoint")(_create_endpoint)
    wrap(ec2, "_modify_vpc_endpoint")(_modify_endpoint)
    wrap(ec2, "_describe_vpc_endpoints")(_describe_endpoints)


def _with_addresses(old, params):
    """Amazon EC2 API Reference, "NatGateway": natGatewayAddressSet."""
    status, headers, body = old(params)
    is_bytes = isinstance(body, bytes)
    text = body.decode() if is_bytes else body

    def fill(match):
        gateway = ec2._nat_gateways.get(match.group(1)) or {}
        allocation = gateway.get("AllocationId")
        if not allocation:
            return match.group(0)
        item = (f"<item><allocationId>{allocation}</allocationId><isPrimary>true</isPrimary>"
                "<status>succeeded</status></item>")
        return (f"<natGatewayId>{match.group(1)}</natGatewayId>{match.group(2)}"
                f"<natGatewayAddressSet>{item}</natGatewayAddressSet>")

    text = GATEWAY.sub(fill, text)
    return status, headers, text.encode() if is_bytes else text


def _with_groups(old, endpoint, tag="item"):
    """Amazon EC2 API Reference, "VpcEndpoint": groupSet, privateDnsEnabled."""
    groups = "".join(f"<item><groupId>{group}</groupId></item>" for group in endpoint.get("Groups", []))
    names = "true" if endpoint.get("PrivateDnsEnabled") else "false"
    more = f"<groupSet>{groups}</groupSet><privateDnsEnabled>{names}</privateDnsEnabled>"
    head, end, _ = old(endpoint, tag).rpartition(f"</{tag}>")
    return head + more + end


def _create_endpoint(old, params):
    before = set(ec2._vpc_endpoints)
    answer = old(params)
    for made in set(ec2._vpc_endpoints) - before:
        endpoint = ec2._vpc_endpoints[made]
        endpoint["Groups"] = ec2._parse_member_list(params, "SecurityGroupId")
        # "Default: true" for interfaces.
        is_interface = endpoint["VpcEndpointType"] == "Interface"
        endpoint["PrivateDnsEnabled"] = is_interface and ec2._p(params, "PrivateDnsEnabled") != "false"
    return answer


def _modify_endpoint(old, params):
    endpoint = ec2._vpc_endpoints.get(ec2._p(params, "VpcEndpointId"))
    if endpoint is not None:
        gone = ec2._parse_member_list(params, "RemoveSecurityGroupId")
        new = ec2._parse_member_list(params, "AddSecurityGroupId")
        kept = [group for group in endpoint.get("Groups", []) if group not in gone]
        endpoint["Groups"] = kept + [group for group in new if group not in kept]
        names = ec2._p(params, "PrivateDnsEnabled")
        if names:
            endpoint["PrivateDnsEnabled"] = names == "true"
    return old(params)


def _describe_endpoints(old, params):
    """MiniStack takes ids, and no filters."""
    filters = ec2._parse_filters(params)
    ids = ec2._parse_member_list(params, "VpcEndpointId")
    fields = {"vpc-id": "VpcId", "service-name": "ServiceName", "vpc-endpoint-id": "VpcEndpointId",
              "vpc-endpoint-type": "VpcEndpointType", "vpc-endpoint-state": "State"}

    def fits(endpoint):
        return ((not ids or endpoint["VpcEndpointId"] in ids)
                and all(endpoint[field] in filters[name] for name, field in fields.items() if filters.get(name))
                and ec2._resource_matches_tag_filters(endpoint["VpcEndpointId"], filters))

    items = "".join(ec2._vpce_fields_xml(endpoint) for endpoint in ec2._vpc_endpoints.values() if fits(endpoint))
    return ec2._xml(200, "DescribeVpcEndpointsResponse", f"<vpcEndpointSet>{items}</vpcEndpointSet>")
