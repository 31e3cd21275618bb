use std::path::Path;

use neuropil_datasets::{Columns, Table, TableConfig};

/// A column of the file.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) values: Vec<f64>,
}

/// Reads the column of this name, or the last one that holds numbers.
pub(crate) fn read(path: &Path, column: Option<&str>) -> Result<Series, String> {
    let columns = match column {
        Some(name) => Columns::Named(vec![name.to_owned()]),
        None => Columns::Numeric,
    };
    let config = TableConfig {
        columns,
        ..TableConfig::default()
    };
    let table = Table::read(path, &config).map_err(|e| e.to_string())?;
    let last = table.names().last();
    let series = last.and_then(|name| {
        Some(Series {
            name: name.clone(),
            values: table.column(name)?.to_vec(),
        })
    });
    series.ok_or_else(|| format!("{}: no column holds numbers", path.display()))
}
