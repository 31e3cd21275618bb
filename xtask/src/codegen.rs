//! `cargo xtask codegen`: files that are written by a program, committed, and checked by `ci`.
//!
//! A generator is a function `generate(&Workspace) -> Result<Vec<File>>` that touches nothing. What
//! it returns is written, or compared, in one place. To add one, list it in [`generate`].

use std::path::Path;

use anyhow::{Context as _, bail};
use xshell::Shell;

use crate::workspace::Workspace;

mod crate_table;
mod licences;
mod markers;
mod readme;
mod results;
mod tableaus;

/// A generated file.
struct File {
    /// Relative to the workspace, with `/` between the parts.
    path: String,
    text: String,
}

/// Writes the generated files, or with `check` fails if one is out of date.
pub(crate) fn run(sh: &Shell, check: bool) -> anyhow::Result<()> {
    let workspace = Workspace::load(sh)?;
    let mut files = tableaus::generate(&workspace)?;
    if !check {
        // Pages of the book quote the table among them.
        write_or_compare(&workspace.root, &files, false)?;
    }
    files.extend(generate(&workspace)?);
    write_or_compare(&workspace.root, &files, check)
}

fn generate(workspace: &Workspace) -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    files.extend(licences::generate(workspace)?);
    files.extend(readme::generate(workspace)?);
    files.extend(markers::generate(workspace)?);
    Ok(files)
}

/// The end of every generator. All that is out of date is named, not only the first.
fn write_or_compare(root: &Path, files: &[File], check: bool) -> anyhow::Result<()> {
    let mut stale = Vec::new();
    for file in files {
        let path = root.join(&file.path);
        // Line ends are git's business.
        let current = std::fs::read_to_string(&path).map(|text| text.replace("\r\n", "\n"));
        if current.is_ok_and(|text| text == file.text) {
            continue;
        }
        if check {
            stale.push(file.path.as_str());
        } else {
            std::fs::write(&path, &file.text)
                .with_context(|| format!("cannot write {}", path.display()))?;
            println!("wrote {}", file.path);
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    bail!(
        "out of date: {}; run `cargo xtask codegen` and commit the result",
        stale.join(", ")
    )
}

/// Reads a file of the workspace.
fn read(root: &Path, path: &str) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(root.join(path));
    Ok(text
        .with_context(|| format!("cannot read {path}"))?
        .replace("\r\n", "\n"))
}

/// A Markdown table. Columns of numbers stand to the right.
fn table<C: AsRef<str>, R: AsRef<[String]>>(columns: &[C], rows: &[R]) -> String {
    let line = |cells: &mut dyn Iterator<Item = String>| {
        let cells: Vec<_> = cells.collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let escape = |cell: &str| cell.replace('|', "\\|").replace('\n', " ");
    let numeric = |column: usize| {
        let mut cells = rows.iter().filter_map(|row| row.as_ref().get(column));
        !rows.is_empty()
            && cells.all(|cell| {
                let start = cell.trim_start_matches(['-', '−', '+', '<', '>', '≤', '≥', '~', ' ']);
                start.starts_with(|c: char| c.is_ascii_digit())
            })
    };
    let mut text = line(&mut columns.iter().map(|column| escape(column.as_ref())));
    text += &line(&mut (0..columns.len()).map(|column| {
        let rule = if numeric(column) { "---:" } else { "---" };
        rule.to_string()
    }));
    for row in rows {
        text += &line(&mut row.as_ref().iter().map(|cell| escape(cell)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_names_every_stale_file_and_writes_none() {
        let root = std::env::temp_dir().join(format!("neuropil-codegen-{}", std::process::id()));
        std::fs::create_dir_all(&root).unwrap();
        let file = |path: &str, text: &str| File {
            path: path.to_string(),
            text: text.to_string(),
        };
        let files = [file("same", "a\n"), file("old", "b\n"), file("missing", "")];
        std::fs::write(root.join("same"), "a\r\n").unwrap();
        std::fs::write(root.join("old"), "a\n").unwrap();

        let error = write_or_compare(&root, &files, true).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("old, missing;"), "{message}");
        assert!(message.contains("cargo xtask codegen"), "{message}");
        assert!(!root.join("missing").exists());

        write_or_compare(&root, &files, false).unwrap();
        write_or_compare(&root, &files, true).unwrap();
        assert_eq!(std::fs::read_to_string(root.join("old")).unwrap(), "b\n");
        std::fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn tables_align_numbers_and_escape_bars() {
        let row = |cells: [&str; 2]| cells.map(str::to_string);
        let rows = [row(["|x|", "1.5"]), row(["y", "−2e-3"])];
        assert_eq!(
            table(&["name", "value"], &rows),
            "| name | value |\n| --- | ---: |\n| \\|x\\| | 1.5 |\n| y | −2e-3 |\n"
        );
    }
}
