use std::net::IpAddr;

use super::Decoder;
use super::forms::PORT;
use super::stage::Stage;
use crate::compose::model::{Port, Protocol, Setting, SettingExtensions, Settings};
use crate::compose::scalar::{Typed, typed};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::{Kind, Node};

/// How many ports the ranges of one document may stand for. A range is a few characters and up to
/// 65,535 ports.
pub(super) const MAX_PORTS: usize = 200_000;

/// A published port as Compose writes it in its long form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::compose) struct PortSpec {
    pub(in crate::compose) name: Option<String>,
    pub(in crate::compose) mode: Option<String>,
    pub(in crate::compose) host_ip: Option<String>,
    pub(in crate::compose) target: u32,
    /// A port or a range.
    pub(in crate::compose) published: Option<String>,
    pub(in crate::compose) protocol: Option<String>,
    pub(in crate::compose) app_protocol: Option<String>,
}

impl PortSpec {
    /// What makes an entry another than the next one.
    fn key(&self, number: bool) -> (String, Option<String>, bool, u32, String) {
        let ip = self.host_ip.as_deref().unwrap_or("0.0.0.0");
        let protocol = self.protocol.as_deref().unwrap_or_default();
        (ip.to_owned(), self.published.clone(), number, self.target, protocol.to_owned())
    }

    fn settings(self) -> Settings {
        let Self { name, mode, host_ip, target, published, protocol, app_protocol } = self;
        let mut settings = Settings::default();
        let texts = [
            ("name", name),
            ("mode", mode),
            ("host_ip", host_ip),
            ("published", published),
            ("protocol", protocol),
            ("app_protocol", app_protocol),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                settings.set(key, text);
            }
        }
        if target != 0 {
            settings.attributes.insert("target", Setting::Whole(target.into()));
        }
        settings
    }
}

/// Reads one entry in its short form: `[[ip:]published:]target[/protocol]`, both as ranges too.
///
/// # Errors
///
/// What is wrong, as a lower-case fragment.
pub(in crate::compose) fn parse_ports(text: &str) -> Result<Vec<PortSpec>, &'static str> {
    let (rest, target) = text.rsplit_once(':').unwrap_or(("", text));
    let (ip, published) = rest.rsplit_once(':').unwrap_or(("", rest));
    let (target, protocol) = target.split_once('/').unwrap_or((target, "tcp"));
    let bare = ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']'));
    if bare.is_none() && ip.contains(':') {
        return Err("has an IPv6 address without brackets");
    }
    let ip = bare.unwrap_or(ip);
    if !ip.is_empty() && ip.parse::<IpAddr>().is_err() {
        return Err("has an address that is none");
    }
    if target.is_empty() {
        return Err("names no container port");
    }
    let protocol = if protocol.is_empty() { "tcp" } else { protocol };
    let protocol = protocol.to_ascii_lowercase();
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err("has a protocol other than tcp and udp");
    }
    let (first, last) = range(target).ok_or("has a container port outside 1–65535")?;
    if first == 0 {
        return Err("has a container port outside 1–65535");
    }
    let outside = match published {
        "" => None,
        text => Some(range(text).ok_or("has a published port outside 1–65535")?),
    };
    if let Some((low, high)) = outside
        && high - low != last - first
        && first != last
    {
        return Err("has two ranges of different length");
    }
    let spec = |target: u16| PortSpec {
        mode: Some("ingress".into()),
        host_ip: Some(ip.to_owned()).filter(|ip| !ip.is_empty()),
        target: target.into(),
        published: outside.map(|(low, high)| {
            if first == last && low != high {
                format!("{low}-{high}")
            } else {
                (low + (target - first)).to_string()
            }
        }),
        protocol: Some(protocol.clone()),
        ..PortSpec::default()
    };
    let mut specs: Vec<PortSpec> = (first..=last).map(spec).collect();
    // The reference sorts them by their text.
    specs.sort_by_cached_key(|spec| spec.target.to_string());
    Ok(specs)
}

/// `80` or `80-90`.
fn range(text: &str) -> Option<(u16, u16)> {
    let port = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u16>().ok()).flatten()
    };
    let (low, high) = match text.split_once('-') {
        Some((low, high)) => (port(low)?, port(high)?),
        None => (port(text)?, port(text)?),
    };
    (low <= high).then_some((low, high))
}

impl Decoder<'_> {
    /// `ports`, unique by address, published port, target and protocol: what the translator reads,
    /// and all of it.
    pub(super) fn ports(&mut self, node: &Node) -> (Vec<Located<Port>>, Vec<Setting>) {
        let Some(items) = node.as_sequence() else {
            self.noted_at(Stage::Read, |d| d.wrong_type("ports", node, "a list"));
            return (Vec::new(), Vec::new());
        };
        let mut unique = indexmap::IndexMap::new();
        for item in items {
            if let Kind::Mapping(_) = item.kind {
                if let Some((spec, extensions)) = self.long_port(item) {
                    // As in the reference, which takes a number for another than its text.
                    let number = item.get("published").is_some_and(Self::is_number);
                    unique.insert(spec.key(number), (spec, extensions, item));
                }
                continue;
            }
            if self.ports_left.is_none() {
                break;
            }
            match self.port_text("ports", item).map(|text| parse_ports(&text)) {
                Some(Ok(found)) if !self.may_have(found.len(), item) => {}
                Some(Ok(found)) => unique
                    .extend(found.into_iter().map(|spec| (spec.key(false), (spec, None, item)))),
                Some(Err(why)) => {
                    let help = "write `\"8080:80\"`, `\"127.0.0.1:8080:80\"` or `\"53:53/udp\"`";
                    let stage = if Self::is_number(item) { Stage::Read } else { Stage::Cast };
                    self.values_at(stage, |d| d.invalid("ports", item, why, help));
                }
                None => {}
            }
        }
        let (mut ports, mut written) = (Vec::new(), Vec::new());
        let mut seen = std::collections::HashSet::new();
        for (spec, extensions, item) in unique.into_values() {
            let port = self.for_ecs(true, |decoder| decoder.port(&spec, item));
            if let Some(port) = port
                && seen.insert((port.host_ip.clone(), port.published, port.target, port.protocol))
            {
                ports.push(Located::new(port, item.span));
            }
            written.push(Setting::Table(Settings { extensions, ..spec.settings() }));
        }
        (ports, written)
    }

    /// Counts ports; says so when there are too many, once.
    fn may_have(&mut self, count: usize, item: &Node) -> bool {
        self.ports_left = self.ports_left.and_then(|left| left.checked_sub(count));
        if self.ports_left.is_some() {
            return true;
        }
        let message = format!("the ranges of the file stand for more than {MAX_PORTS} ports");
        let fault = Diagnostic::error(Code::YamlLimit, message)
            .help("write the ports that are meant; a range is one port for each of its numbers");
        self.noted_at(Stage::Whole, |d| d.report_at(fault, item, "the limit is passed here"));
        false
    }

    /// A text or a whole number.
    fn port_text(&mut self, field: &str, item: &Node) -> Option<String> {
        match item.as_scalar().map(typed) {
            Some(Typed::Text(text)) => Some(text.to_owned()),
            Some(Typed::Int(number)) => Some(number.to_string()),
            _ => {
                self.noted_at(Stage::Read, |d| d.wrong_type(field, item, "a port"));
                None
            }
        }
    }

    /// A port in its long form, and its `x-…`.
    fn long_port(&mut self, node: &Node) -> Option<(PortSpec, SettingExtensions)> {
        let mut settings = self.settings("ports", node, &PORT)?;
        let mut text = |key: &str| match settings.attributes.remove(key) {
            Some(Setting::Text(text)) => Some(text),
            _ => None,
        };
        let host_ip = text("host_ip");
        if let Some(node) = node.get("host_ip")
            && host_ip.as_deref().is_none_or(|ip| ip.parse::<IpAddr>().is_err())
        {
            let help = "write `127.0.0.1`";
            self.values_at(Stage::Import, |d| d.invalid("host_ip", node, "is no address", help));
        }
        // What is there keeps its word, if it is an empty one.
        let or_default = |value: Option<String>, key: &str, default: &str| {
            value.or_else(|| node.get(key).is_none().then(|| default.to_owned()))
        };
        let spec = PortSpec {
            name: text("name"),
            mode: or_default(text("mode"), "mode", "ingress"),
            host_ip,
            target: 0,
            published: None,
            protocol: or_default(text("protocol"), "protocol", "tcp"),
            app_protocol: text("app_protocol"),
        };
        let published = node.get("published").and_then(|node| self.port_text("published", node));
        let target = self.natural("target", node.get("target")?, i64::from(u32::MAX))?.value;
        let spec = PortSpec {
            target: u32::try_from(target).ok()?,
            published: published.filter(|text| !text.is_empty()),
            ..spec
        };
        Some((spec, settings.extensions))
    }

    /// The model's port, or what is wrong with it.
    fn port(&mut self, spec: &PortSpec, node: &Node) -> Option<Port> {
        let PortSpec { name, mode, host_ip, target, published, protocol, app_protocol } = spec;
        let Some(target) = u16::try_from(*target).ok().filter(|&port| port != 0) else {
            let help = "ports go from 1 to 65535";
            self.invalid("ports", node, "has a container port outside 1–65535", help);
            return None;
        };
        let protocol = match protocol.as_deref().unwrap_or("tcp") {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "sctp" => {
                // ECS API reference, `PortMapping.protocol`: tcp and udp.
                let fault = Diagnostic::error(Code::Refused, "ECS maps no ports of sctp")
                    .help("use tcp or udp, or leave the service out on ECS (with `profiles`)");
                self.report_at(fault, node, "");
                return None;
            }
            _ => {
                self.invalid("protocol", node, "has an unknown protocol", "use `tcp` or `udp`");
                return None;
            }
        };
        if let Some(ip) = host_ip
            && ip.parse::<IpAddr>().is_err()
        {
            self.invalid("host_ip", node, "has an address that is none", "write `127.0.0.1`");
        }
        let host_mode = match mode.as_deref() {
            None | Some("ingress") => false,
            Some("host") => true,
            Some(_) => {
                self.invalid("mode", node, "has an unknown mode", "use `ingress` or `host`");
                false
            }
        };
        if published.as_deref().is_some_and(|published| range(published).is_none()) {
            let why = "has a published port outside 1–65535";
            self.invalid("published", node, why, "write `8080`");
        }
        let published = published.as_deref().and_then(range);
        if let Some((low, high)) = published
            && low != high
        {
            let fault = Diagnostic::warning(
                Code::Approximated,
                "of a range of published ports the first is taken",
            )
            .help("write the one port that is meant");
            self.report_at(fault, node, "Docker would take any free one of them");
        }
        Some(Port {
            name: name.clone(),
            target,
            published: published.map(|(low, _)| low).filter(|&port| port != 0),
            protocol,
            host_ip: host_ip.clone(),
            app_protocol: app_protocol.clone(),
            host_mode,
            assumed: false,
        })
    }

    /// `expose`
    pub(super) fn expose(&mut self, node: &Node) -> Vec<Located<Port>> {
        let Some(items) = node.as_sequence() else {
            self.wrong_type("expose", node, "a list");
            return Vec::new();
        };
        let mut out = indexmap::IndexMap::new();
        for item in items {
            if self.ports_left.is_none() {
                break;
            }
            let Some(text) = self.port_text("expose", item) else { continue };
            let specs =
                if text.contains(':') { Err("publishes a port") } else { parse_ports(&text) };
            match specs {
                Ok(specs) if !self.may_have(specs.len(), item) => {}
                Ok(specs) => {
                    for spec in specs {
                        let port = self.for_ecs(true, |decoder| decoder.port(&spec, item));
                        let Some(mut port) = port else { continue };
                        port.published = None;
                        out.insert((port.target, port.protocol), Located::new(port, item.span));
                    }
                }
                Err(why) => {
                    let help = "write `\"80\"`, `\"80-90\"` or `\"53/udp\"`; `ports` publishes";
                    // The reference takes any text.
                    self.for_ecs(true, |decoder| decoder.invalid("expose", item, why, help));
                }
            }
        }
        out.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms() {
        let show = |text: &str| match parse_ports(text) {
            Ok(specs) => specs
                .iter()
                .map(|spec| {
                    let ip = spec.host_ip.as_deref().unwrap_or("*");
                    let published = spec.published.as_deref().unwrap_or("-");
                    let protocol = spec.protocol.as_deref().unwrap_or("?");
                    format!("{ip} {published} {}/{protocol}", spec.target)
                })
                .collect::<Vec<_>>()
                .join(", "),
            Err(why) => why.to_owned(),
        };
        for (text, want) in [
            ("80", "* - 80/tcp"),
            ("8080:80", "* 8080 80/tcp"),
            ("127.0.0.1:8080:80/UDP", "127.0.0.1 8080 80/udp"),
            ("127.0.0.1::80", "127.0.0.1 - 80/tcp"),
            ("[::1]:8080:80", "::1 8080 80/tcp"),
            ("::1:8080:80", "has an IPv6 address without brackets"),
            ("80/", "* - 80/tcp"),
            ("0", "has a container port outside 1–65535"),
            ("9-10:9-10", "* 10 10/tcp, * 9 9/tcp"),
            ("3000-3002:80", "* 3000-3002 80/tcp"),
            ("3-4:5-7", "has two ranges of different length"),
            ("99999", "has a container port outside 1–65535"),
            ("0:99999", "has a container port outside 1–65535"),
            ("99999:80", "has a published port outside 1–65535"),
            ("x:80", "has a published port outside 1–65535"),
            ("80:", "names no container port"),
            ("80/foo", "has a protocol other than tcp and udp"),
            ("300.1.1.1:80:80", "has an address that is none"),
            ("5-3", "has a container port outside 1–65535"),
        ] {
            assert_eq!(show(text), want, "{text}");
        }
    }
}
