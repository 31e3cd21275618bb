//! Generated parts of files that people write.
//!
//! ```text
//! <!-- generated:crates -->
//! <!-- /generated:crates -->
//!
//! <!-- generated:result NAME -->
//! <!-- /generated:result NAME -->
//!
//! fitted in <!-- value:NAME.key -->88 µs<!-- /value -->
//! ```
//!
//! The first two stand on lines of their own, the third inside of one line. Between the marks is
//! what the generator wrote; everything else stays as it is. Fenced code is left alone.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};

use super::results::Results;
use super::{File, crate_table};
use crate::workspace::Workspace;

const ROOT_README: &str = "README.md";
const BOOK: &str = "docs/src";

/// The root README and the pages of the book.
pub(super) fn generate(workspace: &Workspace) -> anyhow::Result<Vec<File>> {
    let mut paths = Vec::new();
    if workspace.root.join(ROOT_README).is_file() {
        paths.push(ROOT_README.to_string());
    }
    pages(&workspace.root, BOOK, &mut paths)?;
    let mut files = Vec::new();
    for path in paths {
        let text = super::read(&workspace.root, &path)?;
        let filled = fill(workspace, &path, &text)?;
        if path == ROOT_README {
            ensure!(
                filled.contains("<!-- generated:crates -->"),
                "{path}: no line <!-- generated:crates -->"
            );
        }
        files.push(File { path, text: filled });
    }
    Ok(files)
}

/// `text` of the file `path` with everything between marks made anew.
pub(super) fn fill(workspace: &Workspace, path: &str, text: &str) -> anyhow::Result<String> {
    let block = |name: &str| match name.split_once(' ').unwrap_or((name, "")) {
        ("crates", "") => Ok(crate_table::render(workspace)),
        ("result", name) if !name.is_empty() => Ok(Results::read(&workspace.root, name)?.render()),
        _ => bail!("nothing generates {name}"),
    };
    let value = |name: &str| {
        let (name, key) = name
            .split_once('.')
            .with_context(|| format!("a value is named NAME.key, not {name}"))?;
        let results = Results::read(&workspace.root, name)?;
        Ok(results.value(key)?.to_string())
    };
    replace(path, text, &block, &value)
}

/// Finds the text of a name.
type Lookup<'a> = &'a dyn Fn(&str) -> anyhow::Result<String>;

fn replace(path: &str, text: &str, block: Lookup<'_>, value: Lookup<'_>) -> anyhow::Result<String> {
    let mut out = String::with_capacity(text.len());
    let mut fence = None;
    let mut lines = text.split_inclusive('\n').enumerate();
    while let Some((index, line)) = lines.next() {
        let place = || format!("{path}:{}", index + 1);
        let trimmed = line.trim();
        match (&fence, code_fence(trimmed)) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if mark.starts_with(*open) && mark == trimmed => fence = None,
            _ => {}
        }
        if fence.is_some() {
            out += line;
        } else if let Some(name) = mark(trimmed, "generated:") {
            let end = format!("<!-- /generated:{name} -->");
            let close = lines
                .by_ref()
                .map(|(_, line)| line.trim())
                .take_while(|line| mark(line, "generated:").is_none())
                .find(|line| line.starts_with("<!-- /generated:"));
            if close != Some(&end) {
                bail!("{}: {trimmed} is not closed by {end}", place());
            }
            let generated = block(name).with_context(place)?;
            out += &format!("{trimmed}\n\n{}\n\n{end}\n", generated.trim_end());
        } else if mark(trimmed, "/generated:").is_some() {
            bail!("{}: {trimmed} closes nothing", place());
        } else {
            out += &values(line, value).with_context(place)?;
        }
    }
    Ok(out)
}

/// The name in `<!-- kind:name -->`.
fn mark<'a>(line: &'a str, kind: &str) -> Option<&'a str> {
    let inner = line.strip_prefix("<!-- ")?.strip_prefix(kind)?;
    inner.strip_suffix(" -->")
}

/// The backticks or tildes that open or close fenced code.
fn code_fence(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(['`', '~']);
    let mark = &line[..line.len() - rest.len()];
    (mark.len() >= 3).then_some(mark)
}

fn values(line: &str, value: Lookup<'_>) -> anyhow::Result<String> {
    const OPEN: &str = "<!-- value:";
    const CLOSE: &str = "<!-- /value -->";
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(OPEN) {
        let (before, from) = rest.split_at(at);
        let (name, inner) = from[OPEN.len()..]
            .split_once(" -->")
            .context("a value mark without its -->")?;
        let (old, after) = inner
            .split_once(CLOSE)
            .with_context(|| format!("{OPEN}{name} --> is not closed by {CLOSE} on its line"))?;
        ensure!(!old.contains(OPEN), "{OPEN}{name} --> is not closed");
        out += &format!("{before}{OPEN}{name} -->{}{CLOSE}", value(name)?);
        rest = after;
    }
    ensure!(!rest.contains(CLOSE), "{CLOSE} closes nothing");
    Ok(out + rest)
}

/// The Markdown files of a folder and its subfolders, sorted.
fn pages(root: &Path, folder: &str, paths: &mut Vec<String>) -> anyhow::Result<()> {
    let Ok(entries) = std::fs::read_dir(root.join(folder)) else {
        return Ok(());
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read {folder}"))?;
        names.push((entry.file_name(), entry.path().is_dir()));
    }
    names.sort();
    for (name, is_folder) in names {
        let path = format!("{folder}/{}", name.to_string_lossy());
        if is_folder {
            pages(root, &path, paths)?;
        } else if path.ends_with(".md") {
            paths.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(text: &str) -> anyhow::Result<String> {
        replace(
            "page.md",
            text,
            &|name| match name {
                "result a" => Ok("| table |\n".to_string()),
                other => bail!("no {other}"),
            },
            &|name| match name {
                "a.b" => Ok("42".to_string()),
                other => bail!("no {other}"),
            },
        )
    }

    fn error(text: &str) -> String {
        format!("{:#}", lookup(text).unwrap_err())
    }

    #[test]
    fn blocks_are_replaced_and_the_rest_stays() {
        let page = |inner: &str| {
            format!(
                "# T\n\n<!-- generated:result a -->\n{inner}<!-- /generated:result a -->\n\nend"
            )
        };
        let filled = lookup(&page("old\n")).unwrap();
        assert_eq!(filled, page("\n| table |\n\n"));
        assert_eq!(lookup(&filled).unwrap(), filled);
    }

    #[test]
    fn values_are_replaced_inside_of_a_line() {
        let line = |old: &str| format!("in <!-- value:a.b -->{old}<!-- /value --> s\n");
        let twice = line("1") + &line("");
        assert_eq!(lookup(&twice).unwrap(), line("42") + &line("42"));
        let beside = "<!-- value:a.b --><!-- /value --><!-- value:a.b --><!-- /value -->";
        assert_eq!(lookup(beside).unwrap().matches("42").count(), 2);
    }

    #[test]
    fn fenced_code_is_left_alone() {
        let text = "````text\n```\n<!-- generated:result x -->\n```\n````\n\
                    <!-- value:a.b --><!-- /value -->";
        let filled = lookup(text).unwrap();
        assert!(filled.contains("<!-- generated:result x -->\n```"));
        assert!(filled.contains("42"));
    }

    #[test]
    fn errors_name_file_and_line() {
        assert_eq!(
            error("\n<!-- generated:result b -->\n<!-- /generated:result b -->"),
            "page.md:2: no result b"
        );
        assert_eq!(
            error("<!-- value:b.c -->1<!-- /value -->"),
            "page.md:1: no b.c"
        );
        for text in [
            "<!-- generated:result a -->\n",
            "<!-- generated:result a -->\n<!-- /generated:result b -->",
            "<!-- generated:result a -->\n<!-- generated:result a -->\n<!-- /generated:result a -->",
            "<!-- /generated:result a -->",
            "<!-- value:a.b -->1\n<!-- /value -->",
            "<!-- value:a.b",
            "<!-- /value -->",
        ] {
            let message = error(text);
            assert!(message.starts_with("page.md:1: "), "{text:?}: {message}");
        }
    }
}
