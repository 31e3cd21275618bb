//! What no compiler checks: manifests, leftovers, paths of one machine, large files.

use std::path::Path;

use anyhow::{Context as _, bail};
use xshell::{Shell, cmd};

use crate::workspace::{Kind, Package, Workspace};

/// Larger files belong outside of the repository (`cargo xtask data`).
const LARGEST: u64 = 1 << 20;

/// Where paths start that exist on one machine only. Written apart, or this file would be found.
const MACHINE_PATHS: [&str; 6] = [
    concat!("/", "work/"),
    concat!("/", "tmp/"),
    concat!("/", "home/"),
    concat!("/", "root/"),
    concat!("/", "Users/"),
    concat!("C:\\", "Users"),
];

/// What must be dealt with before a commit.
const LEFTOVERS: [&str; 4] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("todo", "!("),
    concat!("dbg", "!("),
];

/// The kinds of files in which leftovers are looked for.
const SOURCES: [&str; 4] = ["rs", "toml", "py", "sh"];

/// Fails with one line per finding.
pub(crate) fn check(sh: &Shell, workspace: &Workspace) -> anyhow::Result<()> {
    let mut problems = Vec::new();
    for package in &workspace.packages {
        problems.extend(manifest(package));
        if package.published
            && !workspace
                .root
                .join(&package.folder)
                .join("README.md")
                .is_file()
        {
            problems.push(format!(
                "{}: no README.md: run cargo xtask codegen",
                package.folder
            ));
        }
    }
    let files = files(sh)?;
    for file in &files {
        let path = workspace.root.join(file);
        // A file that is deleted but not yet committed is still listed.
        let Ok(metadata) = std::fs::symlink_metadata(&path) else {
            continue;
        };
        if metadata.len() > LARGEST {
            problems.push(format!("{file}: {} bytes, more than 1 MiB", metadata.len()));
        } else if metadata.is_file() {
            let bytes = std::fs::read(&path).with_context(|| format!("cannot read {file}"))?;
            if let Ok(text) = String::from_utf8(bytes) {
                problems.extend(contents(file, &text));
            }
        }
    }
    problems.extend(golden_folders(&files));
    if problems.is_empty() {
        return Ok(());
    }
    bail!("{}", problems.join("\n"))
}

/// The files of the repository, also those that are new.
fn files(sh: &Shell) -> anyhow::Result<Vec<String>> {
    let list = cmd!(sh, "git ls-files -z --cached --others --exclude-standard")
        .quiet()
        .read()
        .context("the list of files comes from git")?;
    let names = list.split('\0').filter(|name| !name.is_empty());
    Ok(names.map(str::to_string).collect())
}

fn manifest(package: &Package) -> Vec<String> {
    let mut problems = Vec::new();
    let mut need = |present: bool, what: &str| {
        if !present {
            problems.push(format!("{}/Cargo.toml: {what}", package.folder));
        }
    };
    need(package.description.is_some(), "no description");
    need(package.license.is_some(), "no license");
    if package.published {
        need(!package.categories.is_empty(), "no categories");
        let keywords = &package.keywords;
        // The limits of crates.io.
        need((1..=5).contains(&keywords.len()), "needs 1 to 5 keywords");
        need(
            keywords.iter().all(|word| word.len() <= 20),
            "a keyword is longer than 20 characters",
        );
    }
    for dependency in package.dependencies.iter().filter(|d| d.local) {
        if dependency.name == "neuropil-test-kit" {
            // With a version, publishing would ask crates.io for a crate that is never there.
            need(
                dependency.requirement == "*",
                "neuropil-test-kit must have no version",
            );
        } else if package.published && dependency.kind != Kind::Dev {
            need(
                dependency.requirement != "*",
                &format!("{} needs a version to be published", dependency.name),
            );
        }
    }
    problems
}

fn contents(file: &str, text: &str) -> Vec<String> {
    let extension = Path::new(file).extension().and_then(|e| e.to_str());
    let source = extension.is_some_and(|e| SOURCES.contains(&e));
    let mut problems = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let machine = MACHINE_PATHS.iter().find(|path| begins(line, path));
        let leftover = LEFTOVERS.iter().find(|word| source && begins(line, word));
        for found in machine.into_iter().chain(leftover) {
            problems.push(format!("{file}:{}: {found}", index + 1));
        }
    }
    problems
}

/// Whether `word` stands in `line` other than inside of a longer word or address.
fn begins(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '}'))
    })
}

/// Golden files without a word on where they come from.
fn golden_folders(files: &[String]) -> Vec<String> {
    let mut folders: Vec<&str> = files
        .iter()
        .filter_map(|file| {
            let at = file.find("/tests/golden/")?;
            Some(&file[..at + "/tests/golden/".len()])
        })
        .collect();
    folders.dedup();
    folders.retain(|folder| {
        !files.iter().any(|file| {
            let name = file.strip_prefix(folder).unwrap_or("").to_lowercase();
            name.starts_with("manifest") || name.starts_with("readme")
        })
    });
    let missing = "needs a manifest or README that says how the numbers were made";
    folders.iter().map(|f| format!("{f}: {missing}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_are_found_with_file_and_line() {
        let text = format!("fn f() {{\n    // {} later\n}}\n", LEFTOVERS[0]);
        assert_eq!(
            contents("a.rs", &text),
            [format!("a.rs:2: {}", LEFTOVERS[0])]
        );
        assert!(contents("a.md", &text).is_empty());
        assert!(contents("a.rs", "let mastodon = MASTODON;").is_empty());
    }

    #[test]
    fn machine_paths_are_found_and_addresses_are_not() {
        let home = MACHINE_PATHS[2];
        assert_eq!(contents("a.json", &format!("\"{home}me/x\"")).len(), 1);
        assert_eq!(contents("a.md", &format!("{home}me")).len(), 1);
        assert!(contents("a.md", &format!("https://example.org{home}x")).is_empty());
    }

    #[test]
    fn golden_files_need_their_origin() {
        let files = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| format!("crates/{name}")).collect()
        };
        let bare = files(&["math/src/lib.rs", "math/tests/golden/a.json"]);
        assert_eq!(golden_folders(&bare).len(), 1);
        let told = files(&[
            "math/tests/golden/a.json",
            "math/tests/golden/manifest.json",
        ]);
        assert!(golden_folders(&told).is_empty());
        let other = files(&["math/tests/golden/README.md", "ode/tests/golden/b.json"]);
        assert_eq!(golden_folders(&other).len(), 1);
    }
}
