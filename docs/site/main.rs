//! `site build --out DIR [--rustdoc DIR]`: the book, and under `api/` the rustdoc pages.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use mdbook_driver::MDBook;
use mdbook_preprocessor::book::{Book, BookItem};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};
use neuropil_docs::{check, math};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some("build") {
        bail!("usage: site build --out DIR [--rustdoc DIR]");
    }
    let (mut out, mut rustdoc) = (None, None);
    while let Some(argument) = arguments.next() {
        let value = arguments.next().map(PathBuf::from);
        match argument.as_str() {
            "--out" => out = value,
            "--rustdoc" => rustdoc = value,
            other => bail!("unknown argument {other}"),
        }
    }
    // mdBook takes the folder relative to the book, people type it relative to where they stand.
    let out = std::path::absolute(out.context("--out DIR is missing")?)?;
    build_book(&out)?;
    if let Some(rustdoc) = rustdoc {
        let api = out.join("api");
        copy_rustdoc(&rustdoc, &api)?;
        write_index(&api)?;
    }
    let faults = check::check(&out)?;
    if !faults.is_empty() {
        bail!(
            "{} faults in the site:\n  {}",
            faults.len(),
            faults.join("\n  ")
        );
    }
    println!("{} pages in {}", check::pages(&out)?.len(), out.display());
    Ok(())
}

fn build_book(out: &Path) -> Result<()> {
    let mut book = MDBook::load(env!("CARGO_MANIFEST_DIR"))?;
    book.config.build.build_dir = out.to_path_buf();
    book.with_preprocessor(Mathematics);
    book.build()
}

/// Formulas to MathML, before the chapters become HTML.
struct Mathematics;

impl Preprocessor for Mathematics {
    fn name(&self) -> &str {
        "mathematics"
    }

    fn run(&self, _: &PreprocessorContext, mut book: Book) -> Result<Book> {
        let mut outcome = Ok(());
        book.for_each_mut(|item| {
            let BookItem::Chapter(chapter) = item else {
                return;
            };
            match math::markdown(&chapter.content) {
                Ok(content) => chapter.content = content,
                Err(error) => outcome = Err(error.context(format!("chapter {}", chapter.name))),
            }
        });
        outcome.map(|()| book)
    }
}

/// The page that lists the crates: rustdoc writes one only where it is unstable.
fn write_index(api: &Path) -> Result<()> {
    let mut crates = Vec::new();
    for entry in std::fs::read_dir(api)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("neuropil") && entry.path().join("index.html").is_file() {
            crates.push(format!("<li><a href=\"{name}/index.html\">{name}</a></li>"));
        }
    }
    crates.sort();
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>Neuropil: the API</title></head>\
         <body><h1>Neuropil: the API</h1><ul>{}</ul>\
         <p><a href=\"../index.html\">The book</a></p></body></html>\n",
        crates.concat()
    );
    std::fs::write(api.join("index.html"), page).context("cannot write the index of the API")
}

fn copy_rustdoc(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    let entries = std::fs::read_dir(from)
        .with_context(|| format!("cannot read the rustdoc pages of {}", from.display()))?;
    for entry in entries {
        let source = entry?.path();
        let Some(name) = source.file_name() else {
            continue;
        };
        let target = to.join(name);
        // Source listings are code from end to end, and hidden files are cargo's own.
        let hidden = name.to_string_lossy().starts_with('.');
        if hidden {
            continue;
        }
        if source.is_dir() {
            copy_rustdoc(&source, &target)?;
        } else if source.extension().is_some_and(|e| e == "html")
            && !source.components().any(|c| c.as_os_str() == "src")
        {
            let page = std::fs::read_to_string(&source)
                .with_context(|| format!("cannot read {}", source.display()))?;
            let page = math::html(&page).with_context(|| source.display().to_string())?;
            std::fs::write(&target, page)?;
        } else {
            std::fs::copy(&source, &target)
                .with_context(|| format!("cannot copy {}", source.display()))?;
        }
    }
    Ok(())
}
