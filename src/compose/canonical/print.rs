use std::num::NonZero;
use std::thread;

use serde_json::{Map, Value};

use super::{ConfigForm, escape, frame, services};
use crate::compose::load::Loaded;
use crate::yaml;

/// As many services as are worth a thread of their own.
const A_SHARE: usize = 100;

/// The text of [`super::canonical`], pretty-printed JSON or YAML. The value of only one service at a
/// time is in memory, for each processor. `None` when nothing was loaded.
#[must_use]
pub fn print_canonical(loaded: &Loaded, form: ConfigForm) -> Option<String> {
    let frame = frame(loaded, form)?;
    let services = printed_services(loaded, form);
    // A guess that spares most of the growing: the output repeats the files, and adds to them.
    let size = loaded.sources.iter().map(|source| source.text.len()).sum::<usize>();
    let mut out = String::with_capacity(size * 2);
    match form {
        ConfigForm::Json => json(&frame, &services, &mut out),
        ConfigForm::Yaml => yaml(&frame, &services, &mut out),
    }
    Some(out)
}

/// The entries of the services in the order of their names, as all mappings are printed; several texts
/// that belong one after the other.
fn printed_services(loaded: &Loaded, form: ConfigForm) -> Vec<String> {
    let mut names: Vec<&str> = services(loaded, form).map(|(name, _)| name).collect();
    names.sort_unstable();
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let share = names.len().div_ceil(workers).max(A_SHARE);
    let print = |share: &[&str]| {
        let mut out = String::new();
        // Whoever has a share finds its services by name: the makers are not shared.
        let mut makers: std::collections::HashMap<_, _> = services(loaded, form).collect();
        for name in share {
            let Some(make) = makers.remove(name) else { continue };
            let mut service = make();
            escape(&mut service);
            match form {
                ConfigForm::Json => {
                    if !out.is_empty() {
                        out.push(',');
                    }
                    json_entry(name, &service, 4, &mut out);
                }
                ConfigForm::Yaml => yaml::write_entry(&mut out, 1, name, &service),
            }
        }
        out
    };
    if names.len() <= share {
        return if names.is_empty() { Vec::new() } else { vec![print(&names)] };
    }
    thread::scope(|scope| {
        let threads: Vec<_> =
            names.chunks(share).map(|share| scope.spawn(move || print(share))).collect();
        let texts = threads.into_iter().map(|thread| thread.join());
        texts.map(|text| text.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

fn json(frame: &Map<String, Value>, services: &[String], out: &mut String) {
    out.push('{');
    for (at, (key, value)) in frame.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        if key == "services" && !services.is_empty() {
            out.push_str("\n  \"services\": {");
            for (at, text) in services.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(text);
            }
            out.push_str("\n  }");
        } else {
            json_entry(key, value, 2, out);
        }
    }
    out.push_str("\n}");
}

/// `"key": value` on a line of its own, this many blanks from the left.
fn json_entry(key: &str, value: &Value, indent: usize, out: &mut String) {
    let blanks = " ".repeat(indent);
    out.push('\n');
    out.push_str(&blanks);
    out.push_str(&Value::from(key).to_string());
    out.push_str(": ");
    // A line break inside a text is written as an escape: each one here starts a line.
    for (at, line) in format!("{value:#}").split('\n').enumerate() {
        if at > 0 {
            out.push('\n');
            out.push_str(&blanks);
        }
        out.push_str(line);
    }
}

/// The sections in the order of docker compose.
const SECTIONS: [&str; 7] =
    ["name", "services", "networks", "volumes", "secrets", "configs", "models"];

fn yaml(frame: &Map<String, Value>, services: &[String], out: &mut String) {
    let is_section = |key: &&String| SECTIONS.contains(&key.as_str());
    let sections = SECTIONS.into_iter().filter_map(|key| frame.get_key_value(key));
    for (key, value) in sections.chain(frame.iter().filter(|(key, _)| !is_section(key))) {
        if key == "services" && !services.is_empty() {
            out.push_str("services:\n");
            services.iter().for_each(|text| out.push_str(text));
        } else {
            yaml::write_entry(out, 0, key, value);
        }
    }
}
