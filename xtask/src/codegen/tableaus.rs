//! Coefficients of the ODE solvers: order conditions proved, then code written.
//!
//! `xtask/tableaus/*.txt` holds the published numbers. Every condition of rooted trees is checked
//! with 512 bits behind the point, for the solution, the embedded solutions and, power by power, the
//! dense output; the order must be the stated one, no less and no more. Then the order is measured,
//! with the same bits. A wrong digit fails here, before any code is written.

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
mod order;
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

const STIFF_METHODS: [&str; 2] = ["rodas5p", "radau-iia-5"];

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
    let stiff = STIFF_METHODS
        .iter()
        .map(|name| stiff_method(&read(root, name)?).with_context(|| path(name)))
        .collect::<anyhow::Result<Vec<_>>>()?;

    let mut text = format!(
        "{HEAD}\n\
         use neuropil_math::Real;\n\n\
         use super::tableau::{{\n    \
         Sealed, Tableau, advance, dense, dense_derivative, error, rhs, slopes, stage,\n}};\n\
         use crate::control::Tuning;\n\
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
        text: results(&methods, &order::measure_all(&methods)?, &stiff)?,
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
fn results(methods: &[Method], orders: &[Vec<f64>], stiff: &[Stiff]) -> anyhow::Result<String> {
    let mut rows: Vec<Vec<String>> = methods
        .iter()
        .zip(orders)
        .map(|(method, orders)| {
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
            let mut row = vec![
                method.name.clone(),
                stages,
                method.order.to_string(),
                method.embedded_orders(),
                dense,
                (method.proof.conditions + method.dense_proof.conditions).to_string(),
                residual(&method.proof),
                residual(&method.dense_proof),
            ];
            row.extend(orders.iter().map(|order| format!("{order:.2}")));
            row
        })
        .collect();
    rows.extend(stiff.iter().map(|method| {
        let mut row = method.row();
        row.extend(order::PROBLEMS.map(|_| "–".to_string()));
        row
    }));
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
        "measured, FitzHugh–Nagumo",
        "measured, forced",
    ];
    ensure!(
        rows.iter().all(|row| row.len() == columns.len()),
        "a row of the table"
    );
    let mut notes = vec![
        "Every condition of rooted trees, with 512 bits behind the point: for the solution, the \
         embedded solutions and, power by power, the dense output. What is left is what the \
         published digits leave; *exact* is proved with fractions. In brackets: evaluations that \
         only the dense output needs."
            .to_string(),
        "Measured: the slope of log error over log step through four halvings, with the same bits, \
         because in double precision rounding comes before the leading term of the errors stands \
         alone. FitzHugh–Nagumo with the input 1/2 from (-1, 1) to t = 10; forced: \
         $\\dot x = (t - x) y$, $\\dot y = (t - x) x / 4$ from (1, 1) to t = 4."
            .to_string(),
    ];
    for method in methods {
        let note = |note| format!("{}: {note}.", method.name);
        notes.extend(method.notes.iter().map(note));
    }
    let value = serde_json::json!({
        "title": "Coefficients: order conditions proved when the code is generated",
        "columns": columns,
        "rows": rows,
        "notes": notes,
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

    /// Why a copy of the file, altered in one place, is refused.
    fn refused(name: &str, from: &str, to: &str) -> String {
        let text = load(name);
        assert_eq!(text.matches(from).count(), 1, "{name}: {from}");
        let text = text.replace(from, to);
        let error = if METHODS.contains(&name) {
            explicit_method(&text).err()
        } else {
            stiff_method(&text).err()
        };
        let error = error.unwrap_or_else(|| panic!("{name} is not refused with {to}"));
        format!("{error:#}")
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
        for name in STIFF_METHODS {
            if let Err(error) = stiff_method(&load(name)) {
                problems.push(format!("{name}: {error:#}"));
            }
        }
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }

    #[test]
    fn a_wrong_digit_is_refused() {
        for (name, from, to, what) in [
            (
                "rk4",
                "b 2 = 1/3",
                "b 2 = 1/4",
                "b: the condition of order 1",
            ),
            (
                "rk4",
                "a 3 2 = 1/2",
                "a 3 2 = 1/3",
                "c 3: the sum of its row",
            ),
            (
                "rk4",
                "dense 6 3 = -125/12",
                "dense 6 3 = -125/13",
                "dense output",
            ),
            ("dormand-prince-54", "-2187/6784", "-2187/6785", "c 7"),
            (
                "dormand-prince-54",
                "= 187/2100",
                "= 187/2101",
                "bhat: the condition",
            ),
            (
                "dormand-prince-54",
                "69997945/29380423",
                "69997946/29380423",
                "dense output",
            ),
            ("tsitouras-54", "a 7 2 = 1/100", "a 7 2 = 1/101", "c 7"),
            (
                "tsitouras-54",
                "37.509313416511",
                "37.509313416512",
                "dense output",
            ),
            ("verner-98", "a 8 1 = 43/600", "a 8 1 = 43/601", "c 8"),
            // The 32nd digit of a stage that only the dense output has.
            (
                "verner-98",
                "c 18 = 0.7404185470631561083004100761798676",
                "c 18 = 0.7404185470631561083004100761799676",
                "c 18",
            ),
            (
                "dormand-prince-853",
                "0.819232064851157124657074261",
                "0.819232064851157124657084261",
                "bhat: the condition",
            ),
            (
                "dormand-prince-853",
                "0.733846688281611857341361741547",
                "0.733846688281611857341361751547",
                "bhat2: the condition",
            ),
            (
                "rodas5p",
                "71.68940251302358",
                "71.68940251312358",
                "row 5 of α: its sum",
            ),
            (
                "radau-iia-5",
                "88/360 + 7/360",
                "88/360 + 7/361",
                "the condition of order",
            ),
            (
                "radau-iia-5",
                "2.5719269498556054292",
                "2.5719269498556054392",
                "t tinv",
            ),
            ("radau-iia-5", "error 3 = -1/3", "error 3 = -1/4", "bhat"),
        ] {
            let error = refused(name, from, to);
            assert!(error.contains(what), "{name}, {to}: {error}");
        }
    }

    #[test]
    fn consistent_changes_of_a_row_are_refused() {
        // The sum of the row stays: only the conditions of higher orders see it.
        let text = load("dormand-prince-54")
            .replace("a 4 1 = 44/45", "a 4 1 = 45/45")
            .replace("a 4 2 = -56/15", "a 4 2 = -169/45");
        let error = format!("{:#}", explicit_method(&text).unwrap_err());
        assert!(error.starts_with("b: the condition of order"), "{error}");
    }

    #[test]
    fn a_wrong_order_is_refused() {
        for (name, from, to, what) in [
            (
                "rk4",
                "\norder 4",
                "\norder 5",
                "b: the condition of order 5 for the tree",
            ),
            (
                "rk4",
                "\norder 4",
                "\norder 3",
                "all conditions of order 4 hold too",
            ),
            (
                "heun",
                "embedded 1",
                "embedded 2",
                "bhat: the condition of order 2 for the tree [[]]",
            ),
            (
                "verner-76",
                "embedded 6",
                "embedded 5",
                "all conditions of order 6 hold too",
            ),
            (
                "verner-65",
                "\ndense 6\n",
                "\ndense 5\n",
                "dense output: order 5 is stated",
            ),
            (
                "verner-65",
                "\ndense 6\n",
                "\ndense 7\n",
                "dense output: the condition of order 7",
            ),
            (
                "dormand-prince-853",
                "second-embedded 3",
                "second-embedded 4",
                "bhat2",
            ),
            (
                "rodas5p",
                "\norder 5",
                "\norder 6",
                "b: the condition of order 6",
            ),
            (
                "rodas5p",
                "dense 4",
                "dense 3",
                "dense output: order 3 is stated",
            ),
            (
                "radau-iia-5",
                "\norder 5",
                "\norder 4",
                "all conditions of order 5 hold too",
            ),
        ] {
            let error = refused(name, from, to);
            assert!(error.contains(what), "{name}, {to}: {error}");
        }
    }

    #[test]
    fn other_mistakes_are_named() {
        for (name, from, to, what) in [
            (
                "rk4",
                "a 2 1 = 1/2",
                "a 2 3 = 1/2",
                "not that of an explicit method",
            ),
            ("rk4", "dense 4\n", "dense 4\nfsal\n", "is b"),
            ("rk4", "b 4 = 1/6", "b 5 = 1/6", "b 5 1 lies outside"),
            (
                "rk4",
                "type Rk4\n",
                "type Rk4\nstage 3\n",
                "nobody reads `stage`",
            ),
            (
                "rk4",
                "residual exact",
                "residual 1e-40 / 2",
                "instead of + - *",
            ),
            (
                "tsitouras-54",
                "residual 1e-80",
                "residual exact",
                "not all coefficients",
            ),
            (
                "heun",
                "interpolant hermite",
                "interpolant linear",
                "linear",
            ),
            ("heun", "bhat 1 = 1", "", "no weights bhat"),
            ("heun", "embedded 1", "", "no line `embedded …`"),
            ("rodas5p", "kind rosenbrock", "kind dirk", "kind dirk"),
        ] {
            if name == "tsitouras-54" {
                // The word stands in two settings.
                let text = load(name).replacen("residual 1e-80", "residual exact", 1);
                let error = format!("{:#}", explicit_method(&text).unwrap_err());
                assert!(error.contains(what), "{error}");
                continue;
            }
            let error = refused(name, from, to);
            assert!(error.contains(what), "{name}, {to}: {error}");
        }
    }

    #[test]
    fn the_table_has_a_row_for_every_method() {
        let method = explicit_method(&load("dormand-prince-54")).unwrap();
        let table: serde_json::Value =
            serde_json::from_str(&results(&[method], &[vec![4.9, 5.1]], &[]).unwrap()).unwrap();
        // 17 trees for b, 8 for bhat; 8 trees times 4 powers and three ends for each of 7 slopes.
        let conditions = (17 + 8 + 8 * 4 + 3 * 7).to_string();
        let row = [
            "Dormand–Prince 5(4)",
            "7 (FSAL)",
            "5",
            "4",
            "4",
            &conditions,
            "exact",
            "exact",
            "4.90",
            "5.10",
        ];
        assert_eq!(table["rows"][0], serde_json::json!(row));
        assert_eq!(table["values"]["conditions"], serde_json::json!(conditions));
    }

    #[test]
    fn a_method_that_claims_another_order_is_refused_by_measurement() {
        let load = |name| explicit_method(&load(name)).unwrap();
        let orders = order::measure_all(&[load("heun"), load("rk4")]).unwrap();
        assert!((orders[0][0] - 2.0).abs() < 0.1 && (orders[1][1] - 4.0).abs() < 0.1);
        let mut heun = load("heun");
        heun.order = 3;
        let error = order::measure_all(&[heun, load("rk4")]).unwrap_err();
        assert!(error.to_string().contains("instead of 3"), "{error:#}");
    }

    #[test]
    fn code_has_no_zeros() {
        let code = explicit_method(&load("dormand-prince-54"))
            .unwrap()
            .render();
        assert!(
            code.contains("stage! { y1 = y + h * (0.075 k0, 0.225 k1) }"),
            "{code}"
        );
        assert!(code.contains("rhs! { k2 = system(t + 0.3 h, y1) }"));
        assert!(code.contains("slopes! { k => k0, _, k2, k3, k4, k5, k6 }"));
        let macros = code
            .lines()
            .filter(|line| line.contains("! { ") || line.contains("] k"));
        for line in macros {
            assert!(
                !line.contains("(0.0 k") && !line.contains(", 0.0 k"),
                "{line}"
            );
        }
    }
}
