use super::text::{is_group_text, is_port};
use super::{Report, Unique, tags};
use crate::ecs::desired::{IngressRule, IpPermission, Kind, SecurityGroup};

/// A security group (EC2 API reference, `CreateSecurityGroup`).
pub(super) fn security_group(group: &SecurityGroup, unique: &mut Unique, report: &mut Report<'_>) {
    let SecurityGroup { group_name, description, vpc_id: _, tag_specifications } = group;
    if !is_group_text(group_name) || group_name.starts_with("sg-") {
        report.fault(
            format!("{group_name:?} is no security group name"),
            "EC2 takes 1 to 255 letters, digits, spaces and `._-:/()#,@[]+=&;{}!$*`, not \
                starting with `sg-`",
        );
    }
    if !is_group_text(description) {
        report.fault(
            format!("{description:?} is no description"),
            "EC2 takes 1 to 255 letters, digits, spaces and `._-:/()#,@[]+=&;{}!$*`",
        );
    }
    // EC2 does not distinguish case.
    unique.take(Kind::SecurityGroup, &group_name.to_ascii_lowercase(), report);
    for specification in tag_specifications {
        tags::upper(&specification.tags, report);
    }
}

/// An ingress rule: one permission with one source.
pub(super) fn ingress_rule(rule: &IngressRule, report: &mut Report<'_>) {
    let IngressRule { group_id: _, ip_permissions, tag_specifications } = rule;
    for specification in tag_specifications {
        tags::upper(&specification.tags, report);
    }
    let [permission] = ip_permissions.as_slice() else {
        report.fault("not exactly one permission", "this is a fault of decklift");
        return;
    };
    let IpPermission { ip_protocol, from_port, to_port, ip_ranges, user_id_group_pairs } =
        permission;
    if ip_ranges.len() + user_id_group_pairs.len() != 1 {
        report.fault("not exactly one source", "this is a fault of decklift");
    }
    let good = match (ip_protocol.as_str(), from_port, to_port) {
        ("-1", None, None) => true,
        ("tcp" | "udp", Some(from), Some(to)) => is_port(*from) && is_port(*to) && from <= to,
        _ => false,
    };
    if !good {
        report.fault(
            format!("{ip_protocol} with ports {from_port:?} to {to_port:?}"),
            "tcp and udp need a range of ports from 1 to 65535, -1 takes none",
        );
    }
}
