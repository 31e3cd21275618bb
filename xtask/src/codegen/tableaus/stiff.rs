//! Implicit methods: proved, then written as constants.

use std::fmt::Write as _;

use anyhow::{Context as _, bail, ensure};

use super::explicit::{literal, wrap};
use super::file::Tableau;
use super::fixed::Fixed;
use super::proof::{self, Allowed, Proof};
use super::trees;

type Matrix = Vec<Vec<Fixed>>;

/// A method whose order conditions hold.
#[derive(Debug)]
pub(super) struct Stiff {
    name: String,
    sources: Vec<String>,
    stages: usize,
    order: usize,
    embedded: usize,
    dense: usize,
    proof: Proof,
    dense_proof: Proof,
    constants: Vec<Constant>,
}

/// A constant of the generated file.
#[derive(Debug)]
struct Constant {
    name: &'static str,
    meaning: &'static str,
    value: Value,
}

#[derive(Debug)]
enum Value {
    Scalar(Fixed),
    Vector(Vec<Fixed>),
    Matrix(Matrix),
}

impl Stiff {
    /// Reads a method and proves what its file states.
    pub(super) fn new(file: &Tableau) -> anyhow::Result<Self> {
        let mut method = Self {
            name: file.text("name")?.to_string(),
            sources: file.settings("source").to_vec(),
            stages: file.number("stages")?,
            order: file.number("order")?,
            embedded: file.number("embedded")?,
            dense: file.number("dense")?,
            proof: Proof::default(),
            dense_proof: Proof::default(),
            constants: Vec::new(),
        };
        ensure!(!method.sources.is_empty(), "no line `source …`");
        match file.text("kind")? {
            "rosenbrock" => method.rosenbrock(file)?,
            "collocation" => method.collocation(file)?,
            kind => bail!("kind {kind}"),
        }
        Ok(method)
    }

    /// Hairer and Wanner II, IV.7: from the variables u = Γ k back to α, γ and b.
    fn rosenbrock(&mut self, file: &Tableau) -> anyhow::Result<()> {
        file.known(
            &[
                "name",
                "type",
                "kind",
                "stages",
                "order",
                "embedded",
                "dense",
                "residual",
                "dense-residual",
                "source",
            ],
            &["gamma", "node", "gammasum", "a", "c", "dense"],
        )?;
        let n = self.stages;
        let allowed = Allowed::read(file, "residual")?;
        let bound = allowed.bound(1, 1)?;
        let gamma = file.get("gamma", 1, 1).context("no gamma")?;
        let a = lower(file.matrix("a", n, n)?)?;
        let c = lower(file.matrix("c", n, n)?)?;
        let nodes = file.vector("node", n)?;
        let gamma_sums = file.vector("gammasum", n)?;

        // Γ⁻¹ = diag(1/γ) - c, solved row by row.
        let mut inverse: Matrix = vec![vec![Fixed::ZERO; n]; n];
        for i in 0..n {
            for j in 0..=i {
                let below: Fixed = (j..i).map(|k| c[i][k] * inverse[k][j]).sum();
                inverse[i][j] = gamma * (Fixed::integer(u64::from(i == j)) + below);
            }
        }
        let gammas = inverse;
        let alpha = product(&a, &gammas);
        for (what, matrix, sums) in [("α", &alpha, &nodes), ("γ", &gammas, &gamma_sums)] {
            for (i, (row, &sum)) in matrix.iter().zip(sums).enumerate() {
                let row: Fixed = row.iter().copied().sum();
                self.proof.require(row - sum, bound, || {
                    format!("row {} of {what}: its sum", i + 1)
                })?;
            }
        }

        let mut weights = a[n - 1].clone();
        weights[n - 1] = Fixed::integer(1);
        let b = product(std::slice::from_ref(&weights), &gammas).concat();
        let bhat = product(std::slice::from_ref(&a[n - 1]), &gammas).concat();
        let beta = sum(&alpha, &gammas);
        let trees = trees::trees(self.order + 1);
        let phi = trees::weights(&trees, &beta, &alpha);
        let prove = |what, b: &[Fixed], order| proof::order(what, b, &trees, &phi, order, allowed);
        self.proof = self.proof.and(prove("b", &b, self.order)?);
        self.proof = self.proof.and(prove("bhat", &bhat, self.embedded)?);

        // y(θ) = (1-θ) y₀ + θ (y₁ + (1-θ) (h₁ + θ (h₂ + θ h₃ …)))
        let rows = file.rows("dense");
        let dense = file.matrix("dense", rows, n)?;
        let inner = product(&dense, &gammas);
        let mut powers: Matrix = vec![b];
        powers.resize(rows + 1, vec![Fixed::ZERO; n]);
        for (r, row) in inner.iter().enumerate() {
            for (j, &x) in row.iter().enumerate() {
                powers[r][j] = powers[r][j] + x;
                powers[r + 1][j] = powers[r + 1][j] - x;
            }
        }
        self.dense_proof = proof::dense_order(
            "dense output",
            &powers,
            &trees,
            &phi,
            self.dense,
            Allowed::read(file, "dense-residual")?,
        )?;

        self.constants = vec![
            scalar("GAMMA", "The diagonal γ of Γ.", gamma),
            vector("ALPHA", "The nodes: the sums of the rows of α.", nodes),
            vector(
                "GAMMA_SUMS",
                "The sums of the rows of Γ, for the time derivative.",
                gamma_sums,
            ),
            matrix("A", "α Γ⁻¹: the stages from those before.", a),
            matrix(
                "C",
                "diag(1/γ) - Γ⁻¹: the right-hand sides from the stages before.",
                c,
            ),
            vector(
                "B",
                "b Γ⁻¹: the solution from the stages. The last stage is the error.",
                weights,
            ),
            matrix(
                "DENSE",
                "h₁, h₂, h₃ of y(θ) = (1-θ) y₀ + θ (y₁ + (1-θ) (h₁ + θ (h₂ + θ h₃))).",
                dense,
            ),
        ];
        Ok(())
    }

    /// Hairer and Wanner II, IV.8: with the transformation that decouples the linear systems.
    fn collocation(&mut self, file: &Tableau) -> anyhow::Result<()> {
        file.known(
            &[
                "name",
                "type",
                "kind",
                "stages",
                "order",
                "embedded",
                "dense",
                "residual",
                "transform-residual",
                "source",
            ],
            &["node", "a", "eigenvalue", "t", "tinv", "error", "dense"],
        )?;
        let n = self.stages;
        ensure!(n == 3, "a real eigenvalue and one pair need three stages");
        let allowed = Allowed::read(file, "residual")?;
        let bound = allowed.bound(1, 1)?;
        let a = file.matrix("a", n, n)?;
        let nodes = file.vector("node", n)?;
        let trees = trees::trees(self.order + 1);
        let phi = trees::weights(&trees, &a, &a);
        self.proof = proof::order("b", &a[n - 1], &trees, &phi, self.order, allowed)?;

        // Collocation: Σ a c^(k-1) = c^k / k up to the number of stages.
        for (i, row) in a.iter().enumerate() {
            let mut power = vec![Fixed::integer(1); n];
            for k in 1..=n as u64 {
                let left: Fixed = row.iter().zip(&power).map(|(&a, &p)| a * p).sum();
                for (p, &c) in power.iter_mut().zip(&nodes) {
                    *p = *p * c;
                }
                let right = power[i] * Fixed::fraction(1, k);
                self.proof.require(left - right, bound, || {
                    format!("row {}: stage order {k}", i + 1)
                })?;
            }
        }

        // The invariants of a are those of its three eigenvalues 1/μ, 1/(α ± iβ).
        let eigenvalues = file.vector("eigenvalue", n)?;
        let (mu, re, im) = (eigenvalues[0], eigenvalues[1], eigenvalues[2]);
        let modulus = re * re + im * im;
        let minor = |i: usize, j: usize| a[i][i] * a[j][j] - a[i][j] * a[j][i];
        let trace = a[0][0] + a[1][1] + a[2][2];
        let minors = minor(0, 1) + minor(0, 2) + minor(1, 2);
        let determinant = a[0][0] * minor(1, 2) - a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0])
            + a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0]);
        let two = Fixed::integer(2);
        for (what, residual) in [
            ("trace", mu * modulus * trace - modulus - two * re * mu),
            ("sum", mu * modulus * minors - mu - two * re),
            (
                "determinant",
                mu * modulus * determinant - Fixed::integer(1),
            ),
        ] {
            self.proof
                .require(residual, bound, || format!("eigenvalues: their {what}"))?;
        }
        let t = file.matrix("t", n, n)?;
        let t_inverse = file.matrix("tinv", n, n)?;
        let zero = Fixed::ZERO;
        let blocks = vec![
            vec![mu, zero, zero],
            vec![zero, re, -im],
            vec![zero, im, re],
        ];
        let published = Allowed::read(file, "transform-residual")?.bound(1, 1)?;
        let one = product(&t, &t_inverse);
        let transformed = product(&product(&a, &t), &blocks);
        for i in 0..n {
            for j in 0..n {
                let unit = Fixed::integer(u64::from(i == j));
                // Not among the conditions: only as exact as its digits.
                Proof::default().require(one[i][j] - unit, published, || {
                    format!("t tinv: element {} {}", i + 1, j + 1)
                })?;
                Proof::default().require(transformed[i][j] - t[i][j], published, || {
                    format!("a t Λ = t: element {} {}", i + 1, j + 1)
                })?;
            }
        }

        // The error adds the slope at the start, an explicit stage in front.
        let error = file.vector("error", n)?;
        let inverse = mu.reciprocal();
        let by_slope = product(std::slice::from_ref(&error), &a).concat();
        let mut bhat = vec![inverse];
        bhat.extend((0..n).map(|j| a[n - 1][j] + by_slope[j] * inverse));
        let mut extended = vec![vec![zero; n + 1]];
        for row in &a {
            extended.push([&[zero], row.as_slice()].concat());
        }
        let phi_extended = trees::weights(&trees, &extended, &extended);
        let embedded = proof::order("bhat", &bhat, &trees, &phi_extended, self.embedded, allowed)?;
        self.proof = self.proof.and(embedded);

        let dense = file.matrix("dense", n, n)?;
        let transposed: Matrix = (0..n)
            .map(|p| dense.iter().map(|row| row[p]).collect())
            .collect();
        let powers = product(&transposed, &a);
        self.dense_proof =
            proof::dense_order("dense output", &powers, &trees, &phi, self.dense, allowed)?;

        self.constants = vec![
            vector("C", "The nodes.", nodes),
            matrix("A", "The coefficients; the last row has the weights.", a),
            scalar("GAMMA", "The real eigenvalue γ of A⁻¹.", mu),
            vector(
                "PAIR",
                "The pair α ± iβ of eigenvalues of A⁻¹: α and β.",
                vec![re, im],
            ),
            matrix("T", "T⁻¹ A⁻¹ T = [γ, 0, 0; 0, α, -β; 0, β, α].", t),
            matrix("T_INVERSE", "The inverse of T.", t_inverse),
            vector(
                "ERROR",
                "The error is (h f(y) + Σ error z) / γ with the increments z of the stages.",
                error,
            ),
            matrix(
                "DENSE",
                "y(θ) = y + Σ_p θ^p Σ_i dense(p, i) z_i, powers from 1 on.",
                transposed,
            ),
        ];
        Ok(())
    }

    pub(super) fn conditions(&self) -> usize {
        self.proof.conditions + self.dense_proof.conditions
    }

    /// The row of the table.
    pub(super) fn row(&self) -> Vec<String> {
        let residual = |proof: &Proof| format!("{:.0e}", proof.worst.to_f64());
        vec![
            self.name.clone(),
            self.stages.to_string(),
            self.order.to_string(),
            self.embedded.to_string(),
            self.dense.to_string(),
            self.conditions().to_string(),
            residual(&self.proof),
            residual(&self.dense_proof),
        ]
    }

    /// A module of constants.
    pub(super) fn render(&self) -> String {
        let mut text = String::new();
        let facts = format!(
            "{}: {} stages, order {}, error by order {}, dense output of order {}.",
            self.name, self.stages, self.order, self.embedded, self.dense
        );
        for (i, paragraph) in [&facts].into_iter().chain(&self.sources).enumerate() {
            if i > 0 {
                text.push_str("///\n");
            }
            for line in wrap(paragraph, 96) {
                let _ = writeln!(text, "/// {line}");
            }
        }
        let module: String = self.name.to_lowercase().replace(' ', "_");
        let _ = writeln!(text, "pub(super) mod {module} {{");
        for constant in &self.constants {
            let list = |numbers: &[Fixed]| {
                let numbers: Vec<_> = numbers.iter().map(|&x| literal(x)).collect();
                numbers.join(", ")
            };
            let (ty, value) = match &constant.value {
                Value::Scalar(x) => ("f64".to_string(), literal(*x)),
                Value::Vector(x) => (format!("[f64; {}]", x.len()), format!("[{}]", list(x))),
                Value::Matrix(x) => {
                    let rows: String = x
                        .iter()
                        .map(|row| format!("        [{}],\n", list(row)))
                        .collect();
                    let columns = x.first().map_or(0, Vec::len);
                    (
                        format!("[[f64; {columns}]; {}]", x.len()),
                        format!("[\n{rows}    ]"),
                    )
                }
            };
            let _ = write!(
                text,
                "    /// {}\n    #[rustfmt::skip]\n    pub(in super::super) const {}: {ty} = {value};\n",
                constant.meaning, constant.name
            );
        }
        text.push_str("}\n");
        text
    }
}

fn scalar(name: &'static str, meaning: &'static str, value: Fixed) -> Constant {
    let value = Value::Scalar(value);
    Constant {
        name,
        meaning,
        value,
    }
}

fn vector(name: &'static str, meaning: &'static str, value: Vec<Fixed>) -> Constant {
    let value = Value::Vector(value);
    Constant {
        name,
        meaning,
        value,
    }
}

fn matrix(name: &'static str, meaning: &'static str, value: Matrix) -> Constant {
    let value = Value::Matrix(value);
    Constant {
        name,
        meaning,
        value,
    }
}

/// The matrix, if it is zero on and above the diagonal.
fn lower(matrix: Matrix) -> anyhow::Result<Matrix> {
    for (i, row) in matrix.iter().enumerate() {
        ensure!(
            row[i..].iter().all(|x| x.is_zero()),
            "row {} reaches its own stage",
            i + 1
        );
    }
    Ok(matrix)
}

fn product(a: &[Vec<Fixed>], b: &[Vec<Fixed>]) -> Matrix {
    let columns = b.first().map_or(0, Vec::len);
    a.iter()
        .map(|row| {
            (0..columns)
                .map(|j| row.iter().zip(b).map(|(&x, b)| x * b[j]).sum())
                .collect()
        })
        .collect()
}

fn sum(a: &[Vec<Fixed>], b: &[Vec<Fixed>]) -> Matrix {
    a.iter()
        .zip(b)
        .map(|(a, b)| a.iter().zip(b).map(|(&a, &b)| a + b).collect())
        .collect()
}
