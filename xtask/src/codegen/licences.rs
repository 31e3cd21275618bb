//! Copies of the licences in every published crate: a package holds only files of its own folder.

use super::File;
use crate::workspace::Workspace;

const LICENCES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];

pub(super) fn generate(workspace: &Workspace) -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    for licence in LICENCES {
        let text = super::read(&workspace.root, licence)?;
        for package in workspace.published() {
            files.push(File {
                path: format!("{}/{licence}", package.folder),
                text: text.clone(),
            });
        }
    }
    Ok(files)
}
