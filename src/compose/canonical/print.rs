use std::num::NonZero;
use std::thread;

use serde::Serialize as _;
use serde_json::ser::{Formatter as _, PrettyFormatter, Serializer};
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
    let mut services: Vec<_> = services(loaded, form).collect();
    services.sort_unstable_by_key(|(name, _)| *name);
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let share = services.len().div_ceil(workers).max(A_SHARE);
    if services.len() <= share {
        return if services.is_empty() { Vec::new() } else { vec![printed(&services, form)] };
    }
    thread::scope(|scope| {
        let threads: Vec<_> =
            services.chunks(share).map(|share| scope.spawn(move || printed(share, form))).collect();
        let texts = threads.into_iter().map(|thread| thread.join());
        texts.map(|text| text.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// The entries of some services, one after the other.
fn printed(services: &[(&str, impl Fn() -> Value)], form: ConfigForm) -> String {
    let mut out = String::new();
    for (name, make) in services {
        let mut service = make();
        escape(&mut service);
        match form {
            ConfigForm::Json => {
                if !out.is_empty() {
                    out.push(',');
                }
                json_entry(name, &service, 2, &mut out);
            }
            ConfigForm::Yaml => yaml::write_entry(&mut out, 1, name, &service),
        }
    }
    out
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
            json_entry(key, value, 1, out);
        }
    }
    out.push_str("\n}");
}

/// `"key": value` on a line of its own, inside of this many objects.
fn json_entry(key: &str, value: &Value, depth: usize, out: &mut String) {
    let mut formatter = PrettyFormatter::new();
    for _ in 0..depth {
        // What it writes does not count, how far it indents from now on does.
        let opened = formatter.begin_object(&mut std::io::sink());
        debug_assert!(opened.is_ok());
    }
    let mut text = Vec::with_capacity(1024);
    let mut serializer = Serializer::with_formatter(&mut text, formatter);
    let written = value.serialize(&mut serializer);
    debug_assert!(written.is_ok(), "a value is JSON");
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
    out.push_str(&Value::from(key).to_string());
    out.push_str(": ");
    out.push_str(&String::from_utf8_lossy(&text));
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
