//! What `cargo metadata` says about our packages.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::Value;
use xshell::{Shell, cmd};

/// The workspace.
pub(crate) struct Workspace {
    /// Its folder.
    pub(crate) root: PathBuf,
    /// Where builds go.
    pub(crate) target: PathBuf,
    /// Its packages, sorted by name.
    pub(crate) packages: Vec<Package>,
}

/// A package of ours.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Its folder, relative to the root, with `/` between the parts.
    pub(crate) folder: String,
    pub(crate) published: bool,
    pub(crate) description: Option<String>,
    pub(crate) license: Option<String>,
    pub(crate) keywords: Vec<String>,
    pub(crate) categories: Vec<String>,
    /// Without `default`.
    pub(crate) features: BTreeSet<String>,
    pub(crate) dependencies: Vec<Dependency>,
    /// The names of its criterion groups.
    pub(crate) benches: Vec<String>,
}

/// A dependency as the manifest declares it.
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The wanted version; `*` if the manifest has only a path.
    pub(crate) requirement: String,
    /// Whether it is found by a path.
    pub(crate) local: bool,
}

/// What a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Dev,
    Build,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn load(sh: &Shell) -> anyhow::Result<Self> {
        let json = cmd!(sh, "cargo metadata --format-version 1 --no-deps")
            .quiet()
            .read()?;
        Self::from_metadata(&json)
    }

    /// From the output of `cargo metadata --no-deps`.
    pub(crate) fn from_metadata(json: &str) -> anyhow::Result<Self> {
        let metadata: Value = serde_json::from_str(json).context("cargo metadata")?;
        let root = PathBuf::from(text(&metadata, "workspace_root")?);
        let target = PathBuf::from(text(&metadata, "target_directory")?);
        let mut packages = list(&metadata, "packages")
            .iter()
            .map(|package| Package::from_metadata(package, &root))
            .collect::<anyhow::Result<Vec<_>>>()?;
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self {
            root,
            target,
            packages,
        })
    }

    /// The package of this name, with or without `neuropil-`.
    pub(crate) fn package(&self, name: &str) -> anyhow::Result<&Package> {
        let full = format!("neuropil-{name}");
        let found = self
            .packages
            .iter()
            .find(|p| p.name == name || p.name == full);
        match found {
            Some(package) => Ok(package),
            None => {
                let names: Vec<_> = self.packages.iter().map(Package::short_name).collect();
                bail!("no crate {name}; there are {}", names.join(", "))
            }
        }
    }

    /// The packages that go to crates.io.
    pub(crate) fn published(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|p| p.published)
    }
}

impl Package {
    fn from_metadata(package: &Value, root: &Path) -> anyhow::Result<Self> {
        let manifest = PathBuf::from(text(package, "manifest_path")?);
        let folder = manifest
            .parent()
            .and_then(|folder| folder.strip_prefix(root).ok())
            .with_context(|| format!("{} is outside of the workspace", manifest.display()))?;
        let dependencies = list(package, "dependencies")
            .iter()
            .map(Dependency::from_metadata)
            .collect::<anyhow::Result<_>>()?;
        let features = package["features"].as_object();
        let benches = list(package, "targets")
            .iter()
            .filter(|target| strings(target, "kind").iter().any(|kind| kind == "bench"))
            .map(|target| text(target, "name").map(str::to_string))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            name: text(package, "name")?.to_string(),
            version: text(package, "version")?.to_string(),
            folder: folder.to_string_lossy().replace('\\', "/"),
            // Absent means anywhere, an empty list nowhere.
            published: package["publish"].as_array().is_none_or(|r| !r.is_empty()),
            description: package["description"].as_str().map(str::to_string),
            license: package["license"].as_str().map(str::to_string),
            keywords: strings(package, "keywords"),
            categories: strings(package, "categories"),
            features: features
                .into_iter()
                .flat_map(|features| features.keys())
                .filter(|name| *name != "default")
                .cloned()
                .collect(),
            dependencies,
            benches,
        })
    }

    /// The name without `neuropil-`.
    pub(crate) fn short_name(&self) -> &str {
        self.name.strip_prefix("neuropil-").unwrap_or(&self.name)
    }
}

impl Dependency {
    fn from_metadata(dependency: &Value) -> anyhow::Result<Self> {
        Ok(Self {
            name: text(dependency, "name")?.to_string(),
            kind: match dependency["kind"].as_str() {
                None => Kind::Normal,
                Some("dev") => Kind::Dev,
                Some("build") => Kind::Build,
                Some(other) => bail!("a dependency of the unknown kind {other}"),
            },
            requirement: text(dependency, "req")?.to_string(),
            local: dependency["path"].is_string(),
        })
    }
}

fn text<'a>(value: &'a Value, key: &str) -> anyhow::Result<&'a str> {
    value[key]
        .as_str()
        .with_context(|| format!("cargo metadata has no text at {key}"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn strings(value: &Value, key: &str) -> Vec<String> {
    let values = list(value, key).iter().filter_map(Value::as_str);
    values.map(str::to_string).collect()
}
