"""Elastic Load Balancing: refusals, idempotent creation, weights, real target health.

Elastic Load Balancing (version 2015-12-01) API Reference.
"""

from xml.sax.saxutils import escape

from ministack.core.responses import get_account_id, get_region
from ministack.services import alb, ec2

from . import targets
from .patching import replace, require, wrap


def install(forwarders):
    require(alb, "_p", "_parse_member_list", "_parse_targets_param", "_xml", "_error", "_empty", "_lbs", "_tgs",
            "_listeners", "_rules", "_targets", "_lb_xml", "_tg_xml", "_listener_xml", "_rule_sort_key",
            "_match_condition", "_trace_id", "_lb_attr")
    require(ec2, "_subnets")
    _actions()
    _load_balancers(forwarders)
    _target_groups()
    _listeners(forwarders)
    _target_health()


def _member(values):
    return "".join(f"<member>{value}</member>" for value in values)


def _actions():
    @wrap(alb, "_parse_actions")
    def _parse(old, params, prefix="DefaultActions"):
        """ForwardConfig (weighted target groups) is kept, and implies TargetGroupArn for a single group."""
        actions = old(params, prefix)
        for index, action in enumerate(actions, 1):
            groups = []
            base = f"{prefix}.member.{index}.ForwardConfig.TargetGroups.member"
            while arn := alb._p(params, f"{base}.{len(groups) + 1}.TargetGroupArn"):
                weight = alb._p(params, f"{base}.{len(groups) + 1}.Weight")
                groups.append({"TargetGroupArn": arn, **({"Weight": int(weight)} if weight else {})})
            if not groups and action.get("TargetGroupArn"):
                groups = [{"TargetGroupArn": action["TargetGroupArn"], "Weight": 1}]
            if groups and action["Type"] == "forward":
                action["ForwardConfig"] = {"TargetGroups": groups}
                if len(groups) == 1:
                    action["TargetGroupArn"] = groups[0]["TargetGroupArn"]
        return actions

    @wrap(alb, "_action_xml")
    def _xml(old, action):
        text = old(action)
        groups = (action.get("ForwardConfig") or {}).get("TargetGroups")
        if not groups:
            return text
        inner = "".join(f"<member><TargetGroupArn>{one['TargetGroupArn']}</TargetGroupArn>"
                        f"<Weight>{one.get('Weight', 1)}</Weight></member>" for one in groups)
        config = (f"<ForwardConfig><TargetGroups>{inner}</TargetGroups><TargetGroupStickinessConfig>"
                  "<Enabled>false</Enabled></TargetGroupStickinessConfig></ForwardConfig>")
        return text[: -len("</member>")] + config + "</member>"


def _missing_groups(actions):
    for action in actions:
        for arn in targets.groups_of(action):
            if arn not in alb._tgs:
                return alb._error("TargetGroupNotFound", f"Target group '{arn}' not found")
    return None


def _load_balancers(forwarders):
    @wrap(alb, "_create_lb")
    def _create(old, params):
        """ "If you attempt to create multiple load balancers with the same settings, each call succeeds." """
        name = alb._p(params, "Name")
        for found in alb._lbs.values():
            if found["LoadBalancerName"] != name:
                continue
            same = (found["Scheme"] == alb._p(params, "Scheme", "internet-facing")
                    and found["Type"] == alb._p(params, "Type", "application")
                    and found.get("IpAddressType") == alb._p(params, "IpAddressType", "ipv4")
                    and set(found["Subnets"]) == set(alb._parse_member_list(params, "Subnets"))
                    and set(found["SecurityGroups"]) == set(alb._parse_member_list(params, "SecurityGroups")))
            if same:
                return alb._xml(200, "CreateLoadBalancer", f"<LoadBalancers>{alb._lb_xml(found)}</LoadBalancers>")
            return alb._error("DuplicateLoadBalancerName",
                              f"A load balancer with the same name '{name}' exists, but with different settings")
        return old(params)

    @wrap(alb, "_lb_xml")
    def _zones(old, found):
        """Each subnet stands in its own zone, not all in the first."""
        text = old(found)
        for subnet in found.get("Subnets", []):
            zone = (ec2._subnets.get(subnet) or {}).get("AvailabilityZone")
            if zone:
                there = f"</ZoneName><SubnetId>{subnet}</SubnetId>"
                text = text.replace(f"<ZoneName>{get_region()}a{there}", f"<ZoneName>{zone}{there}")
        return text

    @wrap(alb, "_describe_lbs")
    def _describe(old, params):
        """Every name and ARN asked for must exist."""
        arns, names = alb._parse_member_list(params, "LoadBalancerArns"), alb._parse_member_list(params, "Names")
        present = {found["LoadBalancerName"] for found in alb._lbs.values()}
        if any(arn not in alb._lbs for arn in arns) or any(len(one) <= 32 and one not in present for one in names):
            lost = [arn for arn in arns if arn not in alb._lbs] or [one for one in names if one not in present]
            return alb._error("LoadBalancerNotFound", f"Load balancers '[{', '.join(lost)}]' not found")
        return old(params)

    @wrap(alb, "_delete_lb")
    def _delete(old, params):
        """Deletion protection holds; listeners and rules go with the load balancer."""
        arn = alb._p(params, "LoadBalancerArn")
        if arn in alb._lbs and alb._lb_attr(arn, "deletion_protection.enabled", "false") == "true":
            return alb._error("OperationNotPermitted", f"Load balancer '{arn}' cannot be deleted because deletion "
                                                       "protection is enabled")
        for listener in [one for one in alb._listeners.values() if one["LoadBalancerArn"] == arn]:
            alb._delete_listener({"ListenerArn": [listener["ListenerArn"]]})
        answer = old(params)
        forwarders.sync()
        return answer


def _target_groups():
    @wrap(alb, "_create_tg")
    def _create(old, params):
        """Idempotent with the same settings, as CreateTargetGroup documents."""
        name = alb._p(params, "Name")
        for found in alb._tgs.values():
            if found["TargetGroupName"] != name:
                continue
            same = (found["Protocol"] == alb._p(params, "Protocol", "HTTP")
                    and found["Port"] == int(alb._p(params, "Port", "80") or 80)
                    and found["VpcId"] == alb._p(params, "VpcId", "")
                    and found["TargetType"] == alb._p(params, "TargetType", "instance")
                    and found["HealthCheckPath"] == alb._p(params, "HealthCheckPath", "/")
                    and found["Matcher"]["HttpCode"] == alb._p(params, "Matcher.HttpCode", "200"))
            if same:
                return alb._xml(200, "CreateTargetGroup", f"<TargetGroups>{alb._tg_xml(found)}</TargetGroups>")
            return alb._error("DuplicateTargetGroupName",
                              f"A target group with the same name '{name}' exists, but with different settings")
        return old(params)

    @wrap(alb, "_tg_xml")
    def _xml(old, group):
        """LoadBalancerArns says which load balancers forward to the group now."""
        arns = []
        for listener in alb._listeners.values():
            rules = [rule for rule in alb._rules.values() if rule.get("ListenerArn") == listener["ListenerArn"]]
            actions = listener.get("DefaultActions", []) + [one for rule in rules for one in rule.get("Actions") or []]
            if any(group["TargetGroupArn"] in targets.groups_of(action) for action in actions):
                arns.append(listener["LoadBalancerArn"])
        group["LoadBalancerArns"] = list(dict.fromkeys(arns))
        return old(group)

    @wrap(alb, "_describe_tgs")
    def _describe(old, params):
        """Every name and ARN asked for must exist."""
        names = alb._parse_member_list(params, "Names")
        arns = alb._parse_member_list(params, "TargetGroupArns")
        present = {found["TargetGroupName"] for found in alb._tgs.values()}
        if any(name not in present for name in names) or any(arn not in alb._tgs for arn in arns):
            return alb._error("TargetGroupNotFound", "One or more target groups not found")
        for group in alb._tgs.values():
            alb._tg_xml(group)  # so that the filter by load balancer sees what is true now
        return old(params)

    @wrap(alb, "_delete_tg")
    def _delete(old, params):
        """ResourceInUse while a listener or rule forwards to the group."""
        arn = alb._p(params, "TargetGroupArn")
        if arn in alb._tgs and arn in targets.used_groups():
            return alb._error("ResourceInUse",
                              f"Target group '{arn}' is currently in use by a listener or a rule")
        return old(params)


def _listeners(forwarders):
    @wrap(alb, "_create_listener")
    def _create(old, params):
        """One listener a port (DuplicateListener), the same one again succeeds; its target groups must exist."""
        actions = alb._parse_actions(params, "DefaultActions")
        lost = _missing_groups(actions)
        if lost:
            return lost
        balancer = alb._p(params, "LoadBalancerArn")
        for found in alb._listeners.values():
            if found["LoadBalancerArn"] == balancer and str(found["Port"]) == alb._p(params, "Port", "80"):
                if found["DefaultActions"] == actions and found["Protocol"] == alb._p(params, "Protocol", "HTTP"):
                    return alb._xml(200, "CreateListener", f"<Listeners>{alb._listener_xml(found)}</Listeners>")
                return alb._error("DuplicateListener", "A listener already exists on this port for this load balancer "
                                                       f"'{balancer}'")
        answer = old(params)
        forwarders.sync()
        return answer

    @wrap(alb, "_modify_listener")
    def _modify(old, params):
        lost = _missing_groups(alb._parse_actions(params, "DefaultActions"))
        if lost:
            return lost
        answer = old(params)
        forwarders.sync()
        return answer

    @wrap(alb, "_delete_listener")
    def _delete(old, params):
        answer = old(params)
        forwarders.sync()
        return answer

    @wrap(alb, "_describe_listeners")
    def _describe(old, params):
        """An unknown load balancer or listener is an error."""
        balancer, arns = alb._p(params, "LoadBalancerArn"), alb._parse_member_list(params, "ListenerArns")
        if balancer and balancer not in alb._lbs:
            return alb._error("LoadBalancerNotFound", f"Load balancer '{balancer}' not found")
        if any(arn not in alb._listeners for arn in arns):
            return alb._error("ListenerNotFound", "One or more listeners not found")
        return old(params)

    @wrap(alb, "_create_rule")
    def _rule(old, params):
        """Priorities are unique within a listener; target groups must exist."""
        lost = _missing_groups(alb._parse_actions(params, "Actions"))
        if lost:
            return lost
        priority = alb._p(params, "Priority")
        for rule in alb._rules.values():
            if rule.get("ListenerArn") == alb._p(params, "ListenerArn") and str(rule.get("Priority")) == priority:
                return alb._error("PriorityInUse", f"Priority '{priority}' is currently in use")
        return old(params)


def _target_health():
    def _describe(params):
        """Real states, with the reason codes of the API Reference (TargetHealth)."""
        arn = alb._p(params, "TargetGroupArn")
        group = alb._tgs.get(arn)
        if group is None:
            return alb._error("TargetGroupNotFound", f"Target groups '{arn}' not found")
        wanted = {(one["Id"], one.get("Port", group["Port"])) for one in alb._parse_targets_param(params)}
        account = get_account_id()
        rows = []
        for one in alb._targets.get(arn, []):
            key = (one["Id"], one.get("Port", group["Port"]))
            rows.append((*key, *targets.status(account, arn, *key)))
        for key in targets.draining(account, arn):
            if not any(row[:2] == key for row in rows):
                rows.append((*key, "draining", "Target.DeregistrationInProgress",
                             "Target deregistration is in progress"))
        if wanted:
            rows = [row for row in rows if row[:2] in wanted]
            for target_id, port in wanted - {row[:2] for row in rows}:
                rows.append((target_id, port, "unused", "Target.NotRegistered",
                             "Target is not registered to the target group"))
        return alb._xml(200, "DescribeTargetHealth", "<TargetHealthDescriptions>"
                        + "".join(_health_xml(row) for row in rows) + "</TargetHealthDescriptions>")

    replace(alb, "_describe_target_health", _describe)

    @wrap(alb, "_deregister_targets")
    def _deregister(old, params):
        """Only the given id and port leave the group."""
        arn = alb._p(params, "TargetGroupArn")
        if arn not in alb._tgs:
            return old(params)
        leaving = {(one["Id"], one.get("Port")) for one in alb._parse_targets_param(params)}
        alb._targets[arn] = [one for one in alb._targets.get(arn, [])
                             if (one["Id"], one.get("Port")) not in leaving and (one["Id"], None) not in leaving]
        return alb._empty("DeregisterTargets")


def _health_xml(row):
    target_id, port, word, reason, description = row
    more = f"<Reason>{reason}</Reason><Description>{escape(description)}</Description>" if reason else ""
    return (f"<member><Target><Id>{target_id}</Id><Port>{port}</Port>"
            f"<AvailabilityZone>{get_region()}a</AvailabilityZone></Target>"
            f"<HealthCheckPort>{port}</HealthCheckPort>"
            f"<TargetHealth><State>{word}</State>{more}</TargetHealth></member>")
