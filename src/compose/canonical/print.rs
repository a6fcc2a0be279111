use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Map, Value};

use super::{ConfigForm, escape, frame, services};
use crate::compose::load::Loaded;
use crate::yaml;

/// The text of [`super::canonical`], pretty-printed JSON or YAML. The value of only one service at a
/// time is in memory. `None` when nothing was loaded.
#[must_use]
pub fn print_canonical(loaded: &Loaded, form: ConfigForm) -> Option<String> {
    let frame = frame(loaded, form)?;
    let project = Streamed { loaded, form, frame };
    // A guess that spares most of the growing: the output repeats the files, and adds to them.
    let size = loaded.sources.iter().map(|source| source.text.len()).sum::<usize>();
    match form {
        ConfigForm::Json => {
            let mut out = Vec::with_capacity(size * 2);
            serde_json::to_writer_pretty(&mut out, &project).ok()?;
            String::from_utf8(out).ok()
        }
        ConfigForm::Yaml => {
            let mut out = String::with_capacity(size * 3 / 2);
            project.write_yaml(&mut out);
            Some(out)
        }
    }
}

/// The project, whose services are made while they are written.
struct Streamed<'a> {
    loaded: &'a Loaded,
    form: ConfigForm,
    /// Everything but the services.
    frame: Map<String, Value>,
}

/// The services of one.
struct Services<'a, 'b>(&'b Streamed<'a>);

impl Streamed<'_> {
    /// In the order of their names, as all mappings are printed.
    fn services(&self) -> impl Iterator<Item = (&str, Value)> {
        let mut makers: Vec<_> = services(self.loaded, self.form).collect();
        makers.sort_by_key(|&(name, _)| name);
        makers.into_iter().map(|(name, make)| {
            let mut service = make();
            escape(&mut service);
            (name, service)
        })
    }

    fn write_yaml(&self, out: &mut String) {
        for (key, value) in &self.frame {
            if key != "services" {
                yaml::write_entry(out, 0, key, value);
                continue;
            }
            let start = out.len();
            out.push_str("services:\n");
            let services_start = out.len();
            self.services().for_each(|(name, service)| yaml::write_entry(out, 1, name, &service));
            if out.len() == services_start {
                out.truncate(start);
                yaml::write_entry(out, 0, key, value);
            }
        }
    }
}

impl Serialize for Streamed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in &self.frame {
            if key == "services" {
                map.serialize_entry(key, &Services(self))?;
            } else {
                map.serialize_entry(key, value)?;
            }
        }
        map.end()
    }
}

impl Serialize for Services<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, service) in self.0.services() {
            map.serialize_entry(name, &service)?;
        }
        map.end()
    }
}
