//! Measured numbers: `benches/results/NAME.json`, written by `cargo xtask reproduce` and `peers`.
//!
//! ```json
//! {
//!   "title": "...",
//!   "columns": ["...", "..."],
//!   "rows": [["...", "..."]],
//!   "notes": ["..."],
//!   "values": { "key": "..." }
//! }
//! ```
//!
//! `notes` and `values` may be left out.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

const FOLDER: &str = "benches/results";

/// One file of results.
#[derive(Debug)]
pub(super) struct Results {
    title: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
    values: BTreeMap<String, String>,
}

impl Results {
    /// The results `name`.
    pub(super) fn read(root: &Path, name: &str) -> anyhow::Result<Self> {
        let path = format!("{FOLDER}/{name}.json");
        // A name with a slash would leave the folder.
        if name.contains(['/', '\\']) || !root.join(&path).is_file() {
            bail!("no results {name}: there is no {path}");
        }
        Self::parse(&super::read(root, &path)?).context(path)
    }

    fn parse(json: &str) -> anyhow::Result<Self> {
        let value: Value = serde_json::from_str(json)?;
        let title = value["title"].as_str().context("`title` must be a text")?;
        let columns = strings(&value["columns"], "columns")?;
        let rows = value["rows"].as_array().context("`rows` must be a list")?;
        let rows = rows
            .iter()
            .map(|row| strings(row, "rows"))
            .collect::<anyhow::Result<Vec<_>>>()?;
        for (index, row) in rows.iter().enumerate() {
            ensure!(
                row.len() == columns.len(),
                "row {index} has {} cells, there are {} columns",
                row.len(),
                columns.len()
            );
        }
        let notes = match &value["notes"] {
            Value::Null => Vec::new(),
            notes => strings(notes, "notes")?,
        };
        let mut values = BTreeMap::new();
        for (key, value) in value["values"].as_object().into_iter().flatten() {
            let value = value
                .as_str()
                .with_context(|| format!("`values.{key}` must be a text"))?;
            values.insert(key.clone(), value.to_string());
        }
        Ok(Self {
            title: title.to_string(),
            columns,
            rows,
            notes,
            values,
        })
    }

    /// Title, table and notes.
    pub(super) fn render(&self) -> String {
        let mut text = format!("**{}**\n\n", self.title);
        text += &super::table(&self.columns, &self.rows);
        for note in &self.notes {
            text += &format!("\n{note}\n");
        }
        text
    }

    /// The single value of this key.
    pub(super) fn value(&self, key: &str) -> anyhow::Result<&str> {
        match self.values.get(key) {
            Some(value) => Ok(value),
            None => {
                let keys: Vec<_> = self.values.keys().map(String::as_str).collect();
                bail!("no value {key}; there are {}", keys.join(", "))
            }
        }
    }
}

fn strings(value: &Value, what: &str) -> anyhow::Result<Vec<String>> {
    let texts = value.as_array().and_then(|list| {
        let texts = list.iter().map(|v| v.as_str().map(str::to_string));
        texts.collect::<Option<Vec<_>>>()
    });
    texts.with_context(|| format!("`{what}` must hold lists of texts"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{
        "title": "Lorenz 63",
        "columns": ["error", "ours"],
        "rows": [["NRMSE", "2.4e-3"]],
        "notes": ["One seed."],
        "values": { "fit": "88 µs" }
    }"#;

    #[test]
    fn renders_title_table_and_notes() {
        let results = Results::parse(GOOD).unwrap();
        assert_eq!(
            results.render(),
            "**Lorenz 63**\n\n| error | ours |\n| --- | ---: |\n| NRMSE | 2.4e-3 |\n\nOne seed.\n"
        );
        assert_eq!(results.value("fit").unwrap(), "88 µs");
        let error = results.value("fits").unwrap_err().to_string();
        assert_eq!(error, "no value fits; there are fit");
    }

    #[test]
    fn refuses_other_forms() {
        for (from, to) in [
            ("\"NRMSE\", ", ""),
            ("\"2.4e-3\"", "2.4e-3"),
            ("\"title\"", "\"titel\""),
            ("\"88 µs\"", "88"),
            ("[\"One seed.\"]", "\"One seed.\""),
            ("}", ""),
        ] {
            let bad = GOOD.replacen(from, to, 1);
            assert!(Results::parse(&bad).is_err(), "{bad}");
        }
    }
}
