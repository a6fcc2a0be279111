//! What AWS takes as text. A placeholder `${…}` stands for a text that is not known yet.

/// Whether a text holds a placeholder, so that nothing can be said about it yet.
pub(super) fn is_placeholder(text: &str) -> bool {
    text.contains("${")
}

/// Whether a text has `min` to `max` characters that are all taken.
pub(super) fn is(text: &str, min: usize, max: usize, takes: impl Fn(char) -> bool) -> bool {
    ((min..=max).contains(&text.chars().count()) && text.chars().all(takes)) || is_placeholder(text)
}

/// Letters, digits, `_` and `-`, 1 to 255 (ECS API reference: clusters, families, services,
/// containers, volumes).
pub(super) fn is_ecs_name(text: &str) -> bool {
    is(text, 1, 255, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// `[a-z0-9_][a-z0-9_-]{0,63}` (ECS API reference, `PortMapping.name` and
/// `ServiceConnectService.discoveryName`).
pub(super) fn is_port_name(text: &str) -> bool {
    is(text, 1, 64, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
        && !text.starts_with('-')
}

/// Letters, digits and inner hyphens, 1 to 32 (elbv2 API reference, `CreateTargetGroup`).
pub(super) fn is_balancer_name(text: &str) -> bool {
    is(text, 1, 32, |c| c.is_ascii_alphanumeric() || c == '-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// `a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*`, up to 255 (EC2 API reference,
/// `CreateSecurityGroup`).
pub(super) fn is_group_text(text: &str) -> bool {
    is(text, 1, 255, |c| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c))
}

/// A TCP or UDP port.
pub(super) fn is_port(port: i32) -> bool {
    (1..=65535).contains(&port)
}
