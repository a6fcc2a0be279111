//! The query protocols of AWS, from what `--cli-input-json` takes.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// A document as the parameters that the AWS query protocol, or that of EC2, makes of it
/// (<https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>, `aws-ec2-query-protocol.html`).
pub(crate) fn encode(service: &str, body: &Json) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    walk(service, String::new(), body, &mut out);
    out
}

fn walk(service: &str, at: String, json: &Json, out: &mut BTreeMap<String, String>) {
    match json {
        Json::Object(members) => {
            for (key, value) in members {
                let key = name(service, &at, key);
                let at = if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
                walk(service, at, value, out);
            }
        }
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                // EC2 flattens every list.
                let member = if service == "ec2" { "" } else { ".member" };
                walk(service, format!("{at}{member}.{}", index + 1), item, out);
            }
        }
        Json::String(text) => {
            out.insert(at, text.clone());
        }
        other => {
            out.insert(at, other.to_string());
        }
    }
}

/// A member's name on the wire: EC2's model names some members otherwise (`locationName`).
fn name<'a>(service: &str, at: &str, key: &'a str) -> &'a str {
    match (service, at, key) {
        ("ec2", "", "Description") => "GroupDescription",
        ("ec2", _, "TagSpecifications") => "TagSpecification",
        ("ec2", _, "Tags") => "Tag",
        ("ec2", _, "UserIdGroupPairs") => "Groups",
        ("ec2", "", "RouteTableIds") => "RouteTableId",
        ("ec2", "", "SubnetIds") => "SubnetId",
        ("ec2", "", "SecurityGroupIds") => "SecurityGroupId",
        _ => key,
    }
}

/// The parameters of a form, without those that name the operation.
pub(crate) fn decode(form: &str) -> BTreeMap<String, String> {
    let pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(key, value)| (unescape(key), unescape(value)))
        .filter(|(key, _)| key != "Action" && key != "Version")
        .collect()
}

fn unescape(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digits: Vec<u8> = bytes.by_ref().take(2).collect();
                let digits = std::str::from_utf8(&digits).expect("two digits");
                out.push(u8::from_str_radix(digits, 16).expect("hexadecimal digits"));
            }
            byte => out.push(byte),
        }
    }
    String::from_utf8(out).expect("UTF-8")
}
