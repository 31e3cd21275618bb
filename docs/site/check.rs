//! What must hold for every page of the site: links lead somewhere, images have words, formulas are
//! rendered, and nothing is fetched from another host.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

/// The faults of the site under `root`, each with its page.
///
/// # Errors
/// If a page cannot be read.
pub fn check(root: &Path) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for page in pages(root)? {
        let text = std::fs::read_to_string(&page)
            .with_context(|| format!("cannot read {}", page.display()))?;
        let name = page.strip_prefix(root).unwrap_or(&page).to_path_buf();
        // rustdoc's own pages (source, search, settings) have no prose of ours.
        let generated = name.starts_with("api/src") || name.starts_with("api/static.files");
        if !generated {
            page_faults(root, &name, &text, &mut faults);
        }
    }
    Ok(faults)
}

/// Every HTML page under `root`, sorted.
///
/// # Errors
/// If a folder cannot be read.
pub fn pages(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("cannot read the folder {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "html") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn page_faults(root: &Path, name: &Path, text: &str, faults: &mut Vec<String>) {
    let mut fault = |what: String| faults.push(format!("{}: {what}", name.display()));
    let mut seen = BTreeSet::new();
    for tag in tags(text) {
        let element = tag.split_whitespace().next().unwrap_or_default();
        if element == "img" && attribute(tag, "alt").is_none_or(|alt| alt.trim().is_empty()) {
            fault(format!("an image without a description: <{tag}>"));
        }
        let source = attribute(tag, "src");
        if let Some(host) = source.filter(|s| s.starts_with("http") || s.starts_with("//")) {
            fault(format!("loads from another host: {host}"));
        }
        let stylesheet =
            element == "link" && attribute(tag, "href").is_some_and(|h| h.starts_with("http"));
        if stylesheet {
            fault(format!("loads from another host: <{tag}>"));
        }
        let target = source.or_else(|| attribute(tag, "href"));
        let Some(target) = target.filter(|_| matches!(element, "a" | "img" | "script" | "link"))
        else {
            continue;
        };
        if !seen.insert(target.to_owned()) || !is_local(target) {
            continue;
        }
        // rustdoc asks for a list of implementors even where a trait has none in other crates.
        if element == "script" && target.contains("/trait.impl/") {
            continue;
        }
        let path = target.split(['#', '?']).next().unwrap_or_default();
        if !path.is_empty() && !exists(root, name, path) {
            fault(format!("a dead link: {target}"));
        }
    }
    if prose(text).contains("$$") {
        fault("a formula that was not rendered: $$".to_owned());
    }
}

fn tags(text: &str) -> impl Iterator<Item = &str> {
    text.split('<')
        .skip(1)
        .filter_map(|rest| rest.split('>').next())
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    tag[start..].split('"').next()
}

fn is_local(target: &str) -> bool {
    ![
        "http:",
        "https:",
        "mailto:",
        "data:",
        "javascript:",
        "//",
        "#",
    ]
    .iter()
    .any(|scheme| target.starts_with(scheme))
}

/// Whether a relative link of the page `name` names a file of the site.
fn exists(root: &Path, name: &Path, link: &str) -> bool {
    let folder = name.parent().unwrap_or(Path::new(""));
    let mut path = PathBuf::new();
    for part in folder.join(link).components() {
        match part {
            // Above the root of the site there is nothing.
            Component::ParentDir if !path.pop() => return false,
            Component::Normal(part) => path.push(part),
            _ => {}
        }
    }
    let file = root.join(path);
    file.is_file() || file.join("index.html").is_file()
}

/// The text outside of tags, code and scripts.
fn prose(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let verbatim = ["<code", "<pre", "<script", "<math"];
        let element = verbatim.iter().find(|tag| rest[at..].starts_with(*tag));
        let end = element.map_or_else(|| ">".to_owned(), |tag| format!("</{}>", &tag[1..]));
        rest = rest[at..]
            .find(&end)
            .map_or("", |i| &rest[at + i + end.len()..]);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(text: &str) -> Vec<String> {
        let mut faults = Vec::new();
        page_faults(
            Path::new("/nowhere"),
            Path::new("a/b.html"),
            text,
            &mut faults,
        );
        faults
    }

    #[test]
    fn each_fault_is_found() {
        for (text, words) in [
            ("<img src=\"data:x\">", "without a description"),
            ("<img src=\"data:x\" alt=\" \">", "without a description"),
            ("<a href=\"c.html#x\">", "dead link"),
            ("<a href=\"../../../c.html\">", "dead link"),
            ("<script src=\"https://host/x.js\">", "another host"),
            (
                "<link rel=\"stylesheet\" href=\"https://host/x.css\">",
                "another host",
            ),
            ("<p>$$x$$</p>", "not rendered"),
        ] {
            let faults = faults_of(text);
            assert!(
                faults.iter().any(|f| f.contains(words)),
                "{text}: {faults:?}"
            );
        }
    }

    #[test]
    fn a_sound_page_has_none() {
        let page = "<a href=\"#here\">x</a><a href=\"https://host/\">y</a>\
                    <img src=\"data:x\" alt=\"A curve\"><code>$$</code>";
        assert_eq!(faults_of(page), Vec::<String>::new());
    }
}
