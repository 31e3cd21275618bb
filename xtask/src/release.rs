//! `cargo xtask release`: one version for all published crates.
//!
//! Everything that can fail is rehearsed in a copy first; only `--execute` touches the repository.

use std::path::Path;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail, ensure};
use xshell::{Shell, cmd};

use crate::ci;
use crate::workspace::Workspace;

const MANIFEST: &str = "Cargo.toml";
const CHANGELOG: &str = "CHANGELOG.md";

/// Which part of the version grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Repairs only. While the major version is 0: nothing that breaks a user.
    Patch,
    /// New things. While the major version is 0: whatever breaks a user.
    Minor,
    /// Whatever breaks a user.
    Major,
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "patch" => Ok(Self::Patch),
            "minor" => Ok(Self::Minor),
            "major" => Ok(Self::Major),
            other => Err(format!("`{other}` is not patch, minor or major")),
        }
    }
}

/// Rehearses a release, and with `execute` makes it.
pub(crate) fn run(sh: &Shell, level: Level, execute: bool, skip_ci: bool) -> anyhow::Result<()> {
    ensure!(
        !(execute && skip_ci),
        "--skip-ci is for rehearsals, not for --execute"
    );
    let workspace = Workspace::load(sh)?;
    let root = &workspace.root;
    let first = workspace.published().next();
    let old = &first.context("nothing is published")?.version;
    let new = bump(old, level)?;
    let tag = format!("v{new}");
    let names: Vec<_> = workspace.published().map(|p| p.name.as_str()).collect();
    println!(
        "{old} -> {new}\n\
         1. the tree is clean, the tag {tag} is free\n\
         2. cargo xtask ci{}\n\
         3. {MANIFEST}, Cargo.lock: version {new}\n\
         4. {CHANGELOG}: Unreleased becomes {new}\n\
         5. cargo publish --workspace --dry-run, in a copy\n\
         6. commit, tag {tag}\n\
         7. cargo publish: {}\n",
        if skip_ci { " (left out)" } else { "" },
        names.join(", ")
    );

    let dirty = cmd!(sh, "git status --porcelain").quiet().read()?;
    ensure!(dirty.is_empty(), "the tree is not clean:\n{dirty}");
    let taken = cmd!(sh, "git tag --list {tag}").quiet().read()?;
    ensure!(taken.is_empty(), "the tag {tag} exists");
    let manifest = bump_manifest(&sh.read_file(root.join(MANIFEST))?, old, &new)?;
    let changelog = cut_changelog(&sh.read_file(root.join(CHANGELOG))?, &new, &today()?)?;
    if !skip_ci {
        ci::run(sh, &[], false)?;
    }
    rehearse(sh, &workspace, &manifest, &changelog)?;
    if !execute {
        println!("\nrehearsed; with --execute steps 3, 4, 6 and 7 are done");
        return Ok(());
    }

    apply(sh, root, &manifest, &changelog)?;
    cmd!(sh, "git commit --quiet --all --message {tag}").run()?;
    cmd!(sh, "git tag --annotate {tag} --message {tag}").run()?;
    cmd!(sh, "cargo publish --workspace")
        .run()
        .with_context(|| {
            format!(
                "{tag} is committed and tagged, but not published in full: \
                 publish the rest with cargo publish -p NAME"
            )
        })?;
    println!("published {new}; now push the commit and the tag {tag}");
    Ok(())
}

/// `cargo publish --dry-run` of the new version in a copy of the committed files.
fn rehearse(
    sh: &Shell,
    workspace: &Workspace,
    manifest: &str,
    changelog: &str,
) -> anyhow::Result<()> {
    let copy = workspace.target.join("release-rehearsal");
    sh.remove_path(&copy)?;
    let prefix = format!("{}/", copy.display());
    // The tree is clean: what git would check out is what was committed.
    cmd!(sh, "git checkout-index --all --prefix={prefix}")
        .quiet()
        .run()?;
    let result = (|| {
        let _in_copy = sh.push_dir(&copy);
        apply(sh, &copy, manifest, changelog)?;
        let builds = workspace.target.join("release-builds");
        cmd!(
            sh,
            "cargo publish --workspace --dry-run --allow-dirty --target-dir {builds}"
        )
        .run()
        .context("the rehearsal of the publication failed")
    })();
    sh.remove_path(&copy)?;
    result
}

/// Writes the new version into the workspace at `root`, in which the shell stands.
fn apply(sh: &Shell, root: &Path, manifest: &str, changelog: &str) -> anyhow::Result<()> {
    sh.write_file(root.join(MANIFEST), manifest)?;
    sh.write_file(root.join(CHANGELOG), changelog)?;
    // Only our own versions change in the lock file.
    cmd!(sh, "cargo update --workspace --quiet").quiet().run()?;
    Ok(())
}

/// The version after `version`.
fn bump(version: &str, level: Level) -> anyhow::Result<String> {
    let parts: Result<Vec<u64>, _> = version.split('.').map(str::parse).collect();
    let [major, minor, patch] = parts
        .ok()
        .and_then(|p| p.try_into().ok())
        .with_context(|| format!("the version {version} is not of the form major.minor.patch"))?;
    Ok(match level {
        Level::Patch => format!("{major}.{minor}.{}", patch + 1),
        Level::Minor => format!("{major}.{}.0", minor + 1),
        Level::Major => format!("{}.0.0", major + 1),
    })
}

/// The root manifest with the version of the workspace and of our own dependencies raised.
fn bump_manifest(text: &str, old: &str, new: &str) -> anyhow::Result<String> {
    let (from, to) = (
        format!("version = \"{old}\""),
        format!("version = \"{new}\""),
    );
    let mut section = "";
    let mut packages = 0;
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if line.starts_with('[') {
            section = line.trim();
        }
        let package = section == "[workspace.package]" && line.starts_with("version");
        let dependency = section == "[workspace.dependencies]"
            && line.contains("path = ")
            && line.contains("version = ");
        if package || dependency {
            ensure!(
                line.contains(&from),
                "{MANIFEST}: expected {from} in: {}",
                line.trim()
            );
            packages += usize::from(package);
            out += &line.replacen(&from, &to, 1);
        } else {
            out += line;
        }
    }
    ensure!(
        packages == 1,
        "{MANIFEST}: [workspace.package] must have one version"
    );
    Ok(out)
}

/// The changelog with what was unreleased under the heading of `version`.
fn cut_changelog(text: &str, version: &str, date: &str) -> anyhow::Result<String> {
    const HEADING: &str = "## [Unreleased]\n";
    let at = match text
        .match_indices(HEADING)
        .map(|(at, _)| at)
        .collect::<Vec<_>>()[..]
    {
        [at] => at + HEADING.len(),
        _ => bail!("{CHANGELOG} must have one line `{}`", HEADING.trim()),
    };
    ensure!(
        !text.contains(&format!("## [{version}]")),
        "{CHANGELOG} has {version} already"
    );
    let (head, rest) = text.split_at(at);
    let changes = rest.split("\n## [").next().unwrap_or(rest);
    let said = changes
        .lines()
        .any(|l| !l.trim().is_empty() && !l.starts_with('#'));
    ensure!(said, "{CHANGELOG}: nothing is unreleased");
    Ok(format!("{head}\n## [{version}] - {date}\n{rest}"))
}

/// The date in UTC, as `2026-01-31`.
fn today() -> anyhow::Result<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let days = now.context("the clock stands before 1970")?.as_secs() / 86_400;
    let (year, month, day) = civil(days);
    Ok(format!("{year:04}-{month:02}-{day:02}"))
}

/// Year, month and day of the proleptic Gregorian calendar, from days since 1970-01-01.
///
/// Years are counted from March, so that the leap day is the last of a year.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468; // from 0000-03-01
    let era = days / 146_097; // of 400 years
    let day = days % 146_097;
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153; // 0 is March
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (400 * era + year + carry, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_raises_its_part_and_clears_the_lower() {
        assert_eq!(bump("0.1.9", Level::Patch).unwrap(), "0.1.10");
        assert_eq!(bump("0.1.9", Level::Minor).unwrap(), "0.2.0");
        assert_eq!(bump("0.1.9", Level::Major).unwrap(), "1.0.0");
        for bad in ["0.1", "0.1.0-rc1", "", "0.1.0.0"] {
            assert!(bump(bad, Level::Patch).is_err(), "{bad}");
        }
    }

    #[test]
    fn levels_are_read() {
        assert_eq!("minor".parse(), Ok(Level::Minor));
        assert!("huge".parse::<Level>().is_err());
    }

    const CARGO: &str = r#"[workspace.package]
version = "0.1.0"
rust-version = "1.89"

[workspace.dependencies]
neuropil-math = { path = "crates/math", version = "0.1.0" }
neuropil-test-kit = { path = "crates/test-kit" }
other = { version = "0.1.0", features = ["x"] }
"#;

    #[test]
    fn only_our_own_versions_are_raised() {
        let bumped = bump_manifest(CARGO, "0.1.0", "0.2.0").unwrap();
        let changed: Vec<_> = CARGO
            .lines()
            .zip(bumped.lines())
            .filter(|(old, new)| old != new)
            .map(|(_, new)| new)
            .collect();
        assert_eq!(
            changed,
            [
                "version = \"0.2.0\"",
                "neuropil-math = { path = \"crates/math\", version = \"0.2.0\" }"
            ]
        );
    }

    #[test]
    fn a_version_that_went_astray_is_refused() {
        let astray = CARGO.replace("math\", version = \"0.1.0\"", "math\", version = \"0.0.9\"");
        let error = bump_manifest(&astray, "0.1.0", "0.2.0").unwrap_err();
        assert!(error.to_string().contains("0.0.9"), "{error}");
        assert!(bump_manifest("[workspace]\n", "0.1.0", "0.2.0").is_err());
    }

    const LOG: &str = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- New.\n\n## [0.1.0] - 2026-01-01\n\n- Old.\n";

    #[test]
    fn what_was_unreleased_gets_version_and_date() {
        assert_eq!(
            cut_changelog(LOG, "0.2.0", "2026-02-03").unwrap(),
            "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-02-03\n\n### Added\n\n- New.\n\n\
             ## [0.1.0] - 2026-01-01\n\n- Old.\n"
        );
    }

    #[test]
    fn a_release_without_changes_is_refused() {
        let again = cut_changelog(LOG, "0.2.0", "2026-02-03").unwrap();
        assert!(cut_changelog(&again, "0.3.0", "2026-02-04").is_err());
        assert!(cut_changelog(LOG, "0.1.0", "2026-02-04").is_err());
        assert!(cut_changelog("# Changelog\n", "0.1.0", "2026-02-04").is_err());
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (days, date) in [
            (0, (1970, 1, 1)),
            (58, (1970, 2, 28)),
            (59, (1970, 3, 1)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (19_722, (2023, 12, 31)),
            (19_782, (2024, 2, 29)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(civil(days), date, "{days}");
        }
    }
}
