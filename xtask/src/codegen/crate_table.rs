//! The table of crates in the root README.

use crate::workspace::Workspace;

/// Name, description and features of each published crate.
pub(super) fn render(workspace: &Workspace) -> String {
    let rows: Vec<[String; 3]> = workspace
        .published()
        .map(|package| {
            let features: Vec<_> = package.features.iter().map(|f| format!("`{f}`")).collect();
            [
                format!("[`{}`]({})", package.name, package.folder),
                package.description.clone().unwrap_or_default(),
                features.join(", "),
            ]
        })
        .collect();
    super::table(&["Crate", "What it is", "Features"], &rows)
}
