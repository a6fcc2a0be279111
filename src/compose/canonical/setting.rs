use serde_json::{Map, Value};

use super::ConfigForm;
use super::value::float;
use crate::compose::model::{Setting, Settings};

/// The attributes of one place. Only YAML has the extensions, and only JSON has the parts that are
/// empty.
pub(super) fn table(settings: &Settings, form: ConfigForm) -> Map<String, Value> {
    let mut out = Map::new();
    for (key, setting) in settings.attributes.iter() {
        let value = value(setting, form);
        let is_silent = match setting {
            Setting::Null => true,
            Setting::Part(_) => value.as_object().is_some_and(Map::is_empty),
            _ => false,
        };
        if form == ConfigForm::Json || !is_silent {
            out.insert(key.to_owned(), value);
        }
    }
    if form == ConfigForm::Yaml {
        for (key, setting) in settings.extensions.iter().flat_map(|map| map.iter()) {
            out.insert(key.clone(), value(setting, form));
        }
    }
    out
}

/// One value.
pub(super) fn value(setting: &Setting, form: ConfigForm) -> Value {
    match setting {
        Setting::Null => Value::Null,
        Setting::Flag(on) => Value::Bool(*on),
        Setting::Whole(number) => (*number).into(),
        Setting::Unsigned(number) => (*number).into(),
        Setting::Number(number) => float(*number),
        Setting::Text(text) => text.as_str().into(),
        Setting::List(items) => items.iter().map(|item| value(item, form)).collect(),
        Setting::Map(map) => {
            map.iter().map(|(key, setting)| (key.clone(), value(setting, form))).collect()
        }
        Setting::Table(settings) | Setting::Part(settings) => Value::Object(table(settings, form)),
    }
}
