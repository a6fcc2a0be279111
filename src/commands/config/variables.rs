use serde_json::{Value, json};

use crate::cli::ConfigFormat;
use crate::compose::Variable;
use crate::yaml;

/// The variables as docker compose prints them: a table, or a mapping by name.
pub(super) fn text(variables: &[Variable], format: Option<ConfigFormat>) -> String {
    let words = |variable: &Variable| {
        [&variable.default, &variable.alternate].map(|word| word.clone().unwrap_or_default())
    };
    match format {
        None => table(variables),
        Some(ConfigFormat::Json) => {
            let entries = variables.iter().map(|variable| {
                let [default, alternate] = words(variable);
                let value = json!({
                    "Name": variable.name,
                    "DefaultValue": default,
                    "PresenceValue": alternate,
                    "Required": variable.required,
                });
                (variable.name.clone(), value)
            });
            format!("{:#}\n", Value::Object(entries.collect()))
        }
        Some(ConfigFormat::Yaml) => {
            let entries = variables.iter().map(|variable| {
                let [default, alternate] = words(variable);
                let value = json!({
                    "name": variable.name,
                    "defaultvalue": default,
                    "presencevalue": alternate,
                    "required": variable.required,
                });
                (variable.name.clone(), value)
            });
            yaml::to_yaml(&Value::Object(entries.collect()))
        }
    }
}

fn table(variables: &[Variable]) -> String {
    let head = ["NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE"].map(str::to_owned);
    let rows = variables.iter().map(|variable| {
        let word = |word: &Option<String>| word.clone().unwrap_or_default();
        [
            variable.name.clone(),
            variable.required.to_string(),
            word(&variable.default),
            word(&variable.alternate),
        ]
    });
    let rows: Vec<[String; 4]> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths = [width(0), width(1), width(2)];
    let line = |row: &[String; 4]| {
        let [name, required, default, alternate] = row;
        let [first, second, third] = widths;
        let line = format!("{name:first$}   {required:second$}   {default:third$}   {alternate}");
        format!("{}\n", line.trim_end())
    };
    rows.iter().map(line).collect()
}
