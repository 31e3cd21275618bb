//! Which crate may know which: the layers of ARCHITECTURE.md, held against `cargo metadata`.
//!
//! ```text
//! math <- ode-core <- models, datasets
//! ```
//!
//! An arrow points from a crate to one that may use it, and skips of a layer are allowed. A model
//! never uses another model, not even in its tests: what compares models stands in `benches`.

use anyhow::bail;

use crate::workspace::{Kind, Package, Workspace};

/// A crate per phenomenon; equal among each other.
const MODELS: [&str; 5] = [
    "liquid",
    "hopfield",
    "reservoir",
    "forward-forward",
    "neural-coding",
];

/// What stands above every crate: it may use all of them, none of them may use it.
const TOOLS: [&str; 2] = ["benches", "docs"];

/// What a crate may use in its library, and what besides in its tests and examples.
struct Rule {
    library: &'static [&'static str],
    tests: &'static [&'static str],
}

/// The rule of a crate; none for the tools, and an error for a crate without a layer.
fn rule(name: &str) -> Result<Option<Rule>, String> {
    let (library, tests): (&[&str], &[&str]) = match name {
        // It compiles before everything else: knowing nothing of ours keeps it quick.
        "xtask" | "test-kit" => (&[], &[]),
        "math" => (&[], &["test-kit"]),
        "ode-core" => (&["math"], &["test-kit"]),
        "datasets" => (&["math", "ode-core"], &["test-kit"]),
        model if MODELS.contains(&model) => (&["math", "ode-core"], &["datasets", "test-kit"]),
        tool if TOOLS.contains(&tool) => return Ok(None),
        other => {
            return Err(format!(
                "{other} has no layer: name it in xtask/src/layers.rs and ARCHITECTURE.md"
            ));
        }
    };
    Ok(Some(Rule { library, tests }))
}

/// Fails if a crate uses one that it must not know.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    let violations = violations(workspace);
    if violations.is_empty() {
        return Ok(());
    }
    bail!("{}", violations.join("\n"))
}

fn violations(workspace: &Workspace) -> Vec<String> {
    let mut violations = Vec::new();
    for package in &workspace.packages {
        match rule(package.short_name()) {
            Ok(Some(rule)) => violations.extend(against(package, &rule)),
            Ok(None) => {}
            Err(problem) => violations.push(problem),
        }
    }
    violations
}

fn against(package: &Package, rule: &Rule) -> Vec<String> {
    let mut violations = Vec::new();
    for dependency in package.dependencies.iter().filter(|d| d.local) {
        let name = &dependency.name;
        let name = name.strip_prefix("neuropil-").unwrap_or(name);
        let test = dependency.kind == Kind::Dev;
        if rule.library.contains(&name) || (test && rule.tests.contains(&name)) {
            continue;
        }
        let advice = if rule.tests.contains(&name) {
            "allowed as a dev-dependency only".to_string()
        } else if rule.library.is_empty() {
            "it may use no crate of ours".to_string()
        } else {
            format!("it may use {}", rule.library.join(", "))
        };
        violations.push(format!(
            "{}/Cargo.toml: {} must not use {name}: {advice}",
            package.folder,
            package.short_name()
        ));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A workspace of one package with these `(dependency, kind)`.
    fn workspace(package: &str, dependencies: &[(&str, Option<&str>)]) -> Workspace {
        let dependencies: Vec<_> = dependencies
            .iter()
            .map(|(name, kind)| json!({ "name": name, "kind": kind, "req": "*", "path": "p" }))
            .collect();
        let package = json!({
            "name": package,
            "version": "0.1.0",
            "manifest_path": format!("w/crates/{package}/Cargo.toml"),
            "dependencies": dependencies,
        });
        let metadata = json!({
            "workspace_root": "w",
            "target_directory": "w/target",
            "packages": [package],
        });
        Workspace::from_metadata(&metadata.to_string()).unwrap()
    }

    fn found(package: &str, dependency: &str, kind: Option<&str>) -> Vec<String> {
        violations(&workspace(package, &[(dependency, kind)]))
    }

    #[test]
    fn the_declared_arrows_are_allowed() {
        for (package, dependency, kind) in [
            ("neuropil-ode-core", "neuropil-math", None),
            ("neuropil-liquid", "neuropil-math", None),
            ("neuropil-liquid", "neuropil-ode-core", None),
            ("neuropil-liquid", "neuropil-datasets", Some("dev")),
            ("neuropil-hopfield", "neuropil-test-kit", Some("dev")),
            ("neuropil-datasets", "neuropil-ode-core", None),
            ("neuropil-math", "neuropil-test-kit", Some("dev")),
            ("neuropil-benches", "neuropil-liquid", None),
            ("neuropil-docs", "neuropil-test-kit", None),
        ] {
            let found = found(package, dependency, kind);
            assert!(found.is_empty(), "{package} -> {dependency}: {found:?}");
        }
    }

    #[test]
    fn every_other_arrow_is_found() {
        for (package, dependency, kind) in [
            ("neuropil-math", "neuropil-ode-core", None),
            ("neuropil-math", "neuropil-datasets", Some("dev")),
            ("neuropil-ode-core", "neuropil-liquid", Some("dev")),
            ("neuropil-liquid", "neuropil-reservoir", None),
            ("neuropil-liquid", "neuropil-reservoir", Some("dev")),
            ("neuropil-reservoir", "neuropil-datasets", None),
            ("neuropil-reservoir", "neuropil-datasets", Some("build")),
            ("neuropil-reservoir", "neuropil-test-kit", None),
            ("neuropil-reservoir", "neuropil-benches", Some("dev")),
            ("neuropil-datasets", "neuropil-hopfield", None),
            ("neuropil-test-kit", "neuropil-math", None),
            ("neuropil-test-kit", "neuropil-math", Some("dev")),
            ("xtask", "neuropil-math", None),
        ] {
            let found = found(package, dependency, kind);
            assert_eq!(found.len(), 1, "{package} -> {dependency}: {found:?}");
        }
    }

    #[test]
    fn the_message_names_manifest_and_advice() {
        assert_eq!(
            found("neuropil-reservoir", "neuropil-datasets", None),
            [
                "crates/neuropil-reservoir/Cargo.toml: reservoir must not use datasets: \
                 allowed as a dev-dependency only"
            ]
        );
    }

    #[test]
    fn a_crate_without_a_layer_is_found() {
        let found = violations(&workspace("neuropil-cortex", &[]));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("cortex has no layer"), "{found:?}");
    }

    #[test]
    fn foreign_crates_are_of_no_concern() {
        let mut workspace = workspace("neuropil-math", &[("nalgebra", None)]);
        workspace.packages[0].dependencies[0].local = false;
        assert!(violations(&workspace).is_empty());
    }
}
