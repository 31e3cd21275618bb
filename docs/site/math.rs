//! Mathematics: `$…$` and `$$…$$` become MathML when the site is built, so that pages need neither
//! scripts nor fonts from elsewhere.

use anyhow::{Result, bail};
use pulldown_latex::config::DisplayMode;
use pulldown_latex::{Parser, RenderConfig, Storage, push_mathml};

/// The MathML of one formula.
///
/// # Errors
/// If `latex` is not a formula that browsers can show.
pub fn render(latex: &str, display: bool) -> Result<String> {
    let storage = Storage::new();
    let events: Vec<_> = Parser::new(latex, &storage).collect();
    if let Some(error) = events.iter().find_map(|event| event.as_ref().err()) {
        bail!("the formula {latex}: {error}");
    }
    let mut config = RenderConfig::with_annotation(latex);
    if display {
        config.display_mode = DisplayMode::Block;
    }
    let mut mathml = String::new();
    push_mathml(&mut mathml, events.into_iter(), config)?;
    // A blank line would end the HTML block that Markdown sees.
    Ok(mathml.replace('\n', " "))
}

/// Replaces the formulas of a Markdown text; code blocks and code spans stay as they are.
///
/// # Errors
/// A formula that does not end or cannot be rendered, with its line.
pub fn markdown(text: &str) -> Result<String> {
    replace(text, Syntax::Markdown)
}

/// Replaces the formulas in the text of an HTML page; tags, `<code>`, `<pre>`, `<script>` and
/// `<style>` stay as they are.
///
/// # Errors
/// A formula that does not end or cannot be rendered, with its line.
pub fn html(page: &str) -> Result<String> {
    replace(page, Syntax::Html)
}

#[derive(Clone, Copy, PartialEq)]
enum Syntax {
    Markdown,
    Html,
}

fn replace(text: &str, syntax: Syntax) -> Result<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.find(['$', '`', '~', '<', '\\']) {
        out.push_str(&rest[..next]);
        rest = &rest[next..];
        let kept = match syntax {
            Syntax::Markdown => verbatim_markdown(rest, out.is_empty() || out.ends_with('\n')),
            Syntax::Html => verbatim_html(rest),
        };
        if kept > 0 {
            out.push_str(&rest[..kept]);
            rest = &rest[kept..];
        } else if rest.starts_with('$') {
            let line = 1 + text[..text.len() - rest.len()].matches('\n').count();
            let fence = if rest.starts_with("$$") { "$$" } else { "$" };
            let Some(length) = rest[fence.len()..].find(fence) else {
                bail!("line {line}: a formula begins with {fence} and does not end");
            };
            let latex = &rest[fence.len()..fence.len() + length];
            let latex = match syntax {
                Syntax::Markdown => latex.to_owned(),
                Syntax::Html => unescape(latex),
            };
            let formula = render(&latex, fence == "$$")
                .map_err(|error| error.context(format!("line {line}")))?;
            out.push_str(&formula);
            rest = &rest[2 * fence.len() + length..];
        } else {
            out.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// How many bytes at the start of a Markdown text are code or an escaped character.
fn verbatim_markdown(text: &str, line_start: bool) -> usize {
    if let Some(escaped) = text.strip_prefix('\\') {
        return 1 + escaped.chars().next().map_or(0, char::len_utf8);
    }
    let mark = match text.as_bytes().first() {
        Some(b'`') => '`',
        Some(b'~') => '~',
        _ => return 0,
    };
    let run = text.len() - text.trim_start_matches(mark).len();
    let fence = &text[..run];
    if line_start && run >= 3 {
        let end = format!("\n{fence}");
        return text[run..]
            .find(&end)
            .map_or(text.len(), |i| run + i + end.len());
    }
    if mark == '~' {
        return run;
    }
    // A span ends at the next run of the same length; without one the marks are plain text.
    let mut at = run;
    while let Some(i) = text[at..].find('`') {
        let start = at + i;
        let length = text[start..].len() - text[start..].trim_start_matches('`').len();
        if length == run {
            return start + length;
        }
        at = start + length;
    }
    run
}

/// How many bytes at the start of an HTML text are a tag or an element whose text is not prose.
fn verbatim_html(text: &str) -> usize {
    if !text.starts_with('<') {
        return 0;
    }
    for name in ["code", "pre", "script", "style", "title", "noscript"] {
        let is_it = text[1..].starts_with(name)
            && !text[1 + name.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '-');
        if is_it {
            let end = format!("</{name}>");
            return text.find(&end).map_or(text.len(), |i| i + end.len());
        }
    }
    text.find('>').map_or(text.len(), |i| i + 1)
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_mathml() {
        let page = markdown("Let $x_i$ be\n\n$$\\frac{1}{2} x$$\n").unwrap();
        assert_eq!(page.matches("<math").count(), 2, "{page}");
        assert!(page.contains("display=\"block\""), "{page}");
        assert!(
            page.contains("<msub>") && page.contains("<mfrac>"),
            "{page}"
        );
    }

    #[test]
    fn code_is_left_alone() {
        for text in [
            "`a $x$ b`",
            "```\nlet price = \"$5$\";\n```\n",
            "``a ` $x$``",
            "~~~text\n$y$\n~~~\n",
            "it costs \\$5",
        ] {
            assert_eq!(markdown(text).unwrap(), text);
        }
    }

    #[test]
    fn rustdoc_pages_keep_code_and_attributes() {
        let page = html("<p title=\"$5\">$a &lt; b$</p><code>$x$</code><pre class=\"a\">$$</pre>");
        let page = page.unwrap();
        assert_eq!(page.matches("<math").count(), 1, "{page}");
        assert!(
            page.contains("<code>$x$</code><pre class=\"a\">$$</pre>"),
            "{page}"
        );
        assert!(page.contains("title=\"$5\""), "{page}");
    }

    #[test]
    fn a_broken_formula_names_its_line() {
        let open = markdown("one\ntwo $x\n").unwrap_err();
        assert!(format!("{open:#}").contains("line 2"), "{open:#}");
        let wrong = markdown("one\n\n$\\frac{1$\n").unwrap_err();
        assert!(format!("{wrong:#}").contains("line 3"), "{wrong:#}");
    }
}
