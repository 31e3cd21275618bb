use std::path::Path;

/// A column of the file.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) values: Vec<f64>,
}

/// Reads the column of this name, or the last one that holds numbers.
///
/// Stands in for `neuropil_datasets::Table` until it is merged.
pub(crate) fn read(path: &Path, column: Option<&str>) -> Result<Series, String> {
    let file = path.display();
    let bytes = std::fs::read(path).map_err(|e| format!("{file}: {e}"))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| format!("{file}: not a text file"))?;
    let mut lines = text
        .trim_start_matches('\u{feff}')
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty());
    let cells = |line: &str| -> Vec<String> {
        line.split(',')
            .map(|cell| cell.trim().trim_matches('"').to_owned())
            .collect()
    };
    let (_, header) = lines
        .next()
        .ok_or_else(|| format!("{file}: the file is empty"))?;
    let names = cells(header);
    let mut rows = Vec::new();
    for (line, row) in lines {
        let row = cells(row);
        if row.len() != names.len() {
            return Err(format!(
                "{file}, line {line}: {} cells, the header has {}",
                row.len(),
                names.len()
            ));
        }
        rows.push((line, row));
    }
    if rows.is_empty() {
        return Err(format!("{file}: no rows below the header"));
    }
    if names.iter().all(|name| name.parse::<f64>().is_ok()) {
        return Err(format!(
            "{file}, line 1: numbers where the names of the columns should be"
        ));
    }
    let place = match column {
        Some(name) => names
            .iter()
            .position(|n| n == name)
            .ok_or_else(|| format!("{file}: no column {name}, there are {}", names.join(", ")))?,
        None => (0..names.len())
            .rfind(|&place| {
                rows.iter()
                    .any(|(_, row)| row[place].parse::<f64>().is_ok())
            })
            .ok_or_else(|| format!("{file}: no column holds numbers"))?,
    };
    let mut values = Vec::with_capacity(rows.len());
    for (line, row) in rows {
        match row[place].parse::<f64>() {
            Ok(value) if value.is_finite() => values.push(value),
            _ => {
                return Err(format!(
                    "{file}, line {line}, column {} ({}): {:?} is not a finite number",
                    place + 1,
                    names[place],
                    row[place]
                ));
            }
        }
    }
    Ok(Series {
        name: names[place].clone(),
        values,
    })
}
