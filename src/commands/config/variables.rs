use serde_json::{Value, json};

use crate::cli::ConfigFormat;
use crate::compose::Variable;
use crate::yaml;

/// The variables as docker compose prints them: a table, or a mapping by name.
pub(super) fn text(variables: &[Variable], format: Option<ConfigFormat>) -> String {
    match format {
        None => table(variables),
        Some(ConfigFormat::Json) => {
            let keys = ["Name", "DefaultValue", "PresenceValue", "Required"];
            format!("{:#}\n", by_name(variables, keys))
        }
        Some(ConfigFormat::Yaml) => {
            let keys = ["name", "defaultvalue", "presencevalue", "required"];
            yaml::to_yaml(&by_name(variables, keys))
        }
    }
}

/// A mapping by name; the keys of each are those of docker compose, which differ from form to form.
fn by_name(variables: &[Variable], [name, default, alternate, required]: [&str; 4]) -> Value {
    let word = |word: &Option<String>| word.clone().unwrap_or_default();
    let entries = variables.iter().map(|variable| {
        let value = json!({
            name: variable.name,
            default: word(&variable.default),
            alternate: word(&variable.alternate),
            required: variable.required,
        });
        (variable.name.clone(), value)
    });
    Value::Object(entries.collect())
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
