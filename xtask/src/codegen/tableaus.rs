//! Coefficients of the ODE solvers: order conditions proved, then code written.
//!
//! `xtask/tableaus/*.txt` holds the published numbers. Every condition of rooted trees is checked
//! with 512 bits behind the point, for the solution, the embedded solutions and, power by power, the
//! dense output; the order must be the stated one, no less and no more. A wrong digit fails here,
//! before any code is written.

use std::path::Path;

use anyhow::{Context as _, ensure};

use super::File;
use crate::workspace::Workspace;

use explicit::Method;
use file::Tableau;
use stiff::Stiff;

mod explicit;
mod file;
mod fixed;
mod proof;
mod stiff;
mod trees;

const FOLDER: &str = "xtask/tableaus";
const EXPLICIT: &str = "crates/ode-core/src/explicit/tableaus.rs";
const STIFF: &str = "crates/ode-core/src/stiff/coefficients.rs";
const RESULTS: &str = "benches/results/ode-tableaus.json";

/// The explicit methods, in the order of the generated file.
const METHODS: [&str; 11] = [
    "euler",
    "midpoint",
    "heun",
    "rk4",
    "bogacki-shampine-32",
    "dormand-prince-54",
    "tsitouras-54",
    "verner-65",
    "verner-76",
    "verner-98",
    "dormand-prince-853",
];

const HEAD: &str = "\
// Written by `cargo xtask codegen` from xtask/tableaus, after every order condition was proved.
// Do not edit.
";

pub(super) fn generate(workspace: &Workspace) -> anyhow::Result<Vec<File>> {
    let root = &workspace.root;
    let methods = METHODS
        .iter()
        .map(|name| explicit_method(&read(root, name)?).with_context(|| path(name)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let stiff = ["rodas5p", "radau-iia-5"]
        .iter()
        .map(|name| stiff_method(&read(root, name)?).with_context(|| path(name)))
        .collect::<anyhow::Result<Vec<_>>>()?;

    let mut text = format!(
        "{HEAD}\n\
         use neuropil_math::Real;\n\n\
         use super::tableau::{{\n    \
         Sealed, Tableau, advance, dense, dense_derivative, error, slopes, stage,\n}};\n\
         use crate::{{State, System}};\n"
    );
    for method in &methods {
        text.push('\n');
        text += &method.render();
    }
    let explicit = File {
        path: EXPLICIT.to_string(),
        text,
    };
    let mut text = HEAD.to_string();
    for method in &stiff {
        text.push('\n');
        text += &method.render();
    }
    let coefficients = File {
        path: STIFF.to_string(),
        text,
    };
    let results = File {
        path: RESULTS.to_string(),
        text: results(&methods, &stiff)?,
    };
    Ok(vec![explicit, coefficients, results])
}

fn path(name: &str) -> String {
    format!("{FOLDER}/{name}.txt")
}

fn read(root: &Path, name: &str) -> anyhow::Result<String> {
    super::read(root, &path(name))
}

fn explicit_method(text: &str) -> anyhow::Result<Method> {
    Method::new(&Tableau::parse(text)?)
}

fn stiff_method(text: &str) -> anyhow::Result<Stiff> {
    Stiff::new(&Tableau::parse(text)?)
}

/// The table of the book.
fn results(methods: &[Method], stiff: &[Stiff]) -> anyhow::Result<String> {
    let mut rows: Vec<Vec<String>> = methods
        .iter()
        .map(|method| {
            let mut stages = method.stages.to_string();
            if method.fsal {
                stages += " (FSAL)";
            }
            let mut dense = method.dense.to_string();
            if method.dense_stages() > 0 {
                dense += &format!(" (+{})", method.dense_stages());
            }
            let residual = |proof: &proof::Proof| {
                if method.exact || proof.worst.to_f64() == 0.0 {
                    "exact".to_string()
                } else {
                    format!("{:.0e}", proof.worst.to_f64())
                }
            };
            vec![
                method.name.clone(),
                stages,
                method.order.to_string(),
                method.embedded_orders(),
                dense,
                (method.proof.conditions + method.dense_proof.conditions).to_string(),
                residual(&method.proof),
                residual(&method.dense_proof),
            ]
        })
        .collect();
    rows.extend(stiff.iter().map(Stiff::row));
    let total: usize = methods
        .iter()
        .map(|method| method.proof.conditions + method.dense_proof.conditions)
        .chain(stiff.iter().map(Stiff::conditions))
        .sum();
    let columns = [
        "method",
        "stages",
        "order",
        "embedded",
        "dense output",
        "conditions",
        "residual",
        "residual, dense",
    ];
    ensure!(
        rows.iter().all(|row| row.len() == columns.len()),
        "a row of the table"
    );
    let value = serde_json::json!({
        "title": "Coefficients: order conditions proved when the code is generated",
        "columns": columns,
        "rows": rows,
        "notes": [
            "Every condition of rooted trees, with 512 bits behind the point: for the solution, the \
             embedded solutions and, power by power, the dense output. What is left is what the \
             published digits leave; *exact* is proved with fractions. In brackets: evaluations that \
             only the dense output needs."
        ],
        "values": { "conditions": total.to_string() },
    });
    Ok(serde_json::to_string_pretty(&value)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(name: &str) -> String {
        read(&crate::root(), name).unwrap()
    }

    #[test]
    fn all_methods_are_proved() {
        let mut problems = Vec::new();
        for name in METHODS {
            match explicit_method(&load(name)) {
                Ok(method) => assert!(method.proof.conditions > 0),
                Err(error) => problems.push(format!("{name}: {error:#}")),
            }
        }
        for name in ["rodas5p", "radau-iia-5"] {
            if let Err(error) = stiff_method(&load(name)) {
                problems.push(format!("{name}: {error:#}"));
            }
        }
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }
}
