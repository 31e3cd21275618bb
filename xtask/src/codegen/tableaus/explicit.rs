//! Explicit Runge–Kutta methods: proved, then written as straight-line code.

use std::fmt::Write as _;

use anyhow::{Context as _, bail, ensure};

use super::file::Tableau;
use super::fixed::Fixed;
use super::proof::{self, Allowed, Proof};
use super::trees;

/// Gains, margin of safety and limits of the factor between steps: chosen, not proved.
#[derive(Debug)]
struct Control {
    gains: [f64; 3],
    margin: f64,
    factors: [f64; 2],
}

impl Control {
    fn read(file: &Tableau) -> anyhow::Result<Option<Self>> {
        let Some(gains) = file.optional("gains") else {
            ensure!(
                file.optional("margin").is_none() && file.optional("factors").is_none(),
                "a step control needs `gains …`"
            );
            return Ok(None);
        };
        Ok(Some(Self {
            gains: numbers(gains)?,
            margin: match file.optional("margin") {
                Some(text) => numbers::<1>(text)?[0],
                None => 1.0,
            },
            factors: match file.optional("factors") {
                Some(text) => numbers(text)?,
                None => [0.0, f64::INFINITY],
            },
        }))
    }

    fn render(&self, ty: &str) -> String {
        let [least, most] = self.factors.map(|x| {
            if x.is_finite() {
                format!("{x:?}")
            } else {
                "f64::INFINITY".to_string()
            }
        });
        format!(
            "impl Sealed for {ty} {{\n    \
             const TUNING: Tuning = Tuning {{\n        \
             gains: {:?},\n        margin: {:?},\n        factors: [{least}, {most}],\n    \
             }};\n}}\n\n",
            self.gains, self.margin,
        )
    }
}

/// Numbers with blanks between them.
fn numbers<const N: usize>(text: &str) -> anyhow::Result<[f64; N]> {
    let numbers: Vec<f64> = text
        .split_whitespace()
        .map(|word| word.parse().with_context(|| format!("{word} is no number")))
        .collect::<anyhow::Result<_>>()?;
    let count = numbers.len();
    numbers
        .try_into()
        .map_err(|_| anyhow::anyhow!("{count} numbers instead of {N}"))
}

/// A method whose order conditions hold.
#[derive(Debug)]
pub(super) struct Method {
    pub(super) name: String,
    type_name: String,
    sources: Vec<String>,
    pub(super) notes: Vec<String>,
    /// The step control that suits the method, if that is not the usual one.
    tuning: Option<Control>,
    pub(super) stages: usize,
    pub(super) order: usize,
    pub(super) embedded: Option<usize>,
    second_embedded: Option<usize>,
    pub(super) dense: usize,
    pub(super) fsal: bool,
    /// Rows of all slopes, that at the end of the step included.
    a: Vec<Vec<Fixed>>,
    c: Vec<Fixed>,
    b: Vec<Fixed>,
    error: Option<Vec<Fixed>>,
    second_error: Option<Vec<Fixed>>,
    /// For each slope the polynomial q, the lowest power first.
    q: Vec<Vec<Fixed>>,
    pub(super) proof: Proof,
    pub(super) dense_proof: Proof,
    /// All conditions hold without any residual.
    pub(super) exact: bool,
}

impl Method {
    /// Reads a method and proves what its file states.
    pub(super) fn new(file: &Tableau) -> anyhow::Result<Self> {
        file.known(
            &[
                "name",
                "type",
                "stages",
                "order",
                "embedded",
                "second-embedded",
                "dense",
                "fsal",
                "residual",
                "dense-residual",
                "interpolant",
                "source",
                "note",
                "gains",
                "margin",
                "factors",
            ],
            &["a", "b", "c", "bhat", "bhat2", "error", "dense", "nested"],
        )?;
        let name = file.text("name")?.to_string();
        let stages = file.number("stages")?;
        let order = file.number("order")?;
        let dense = file.number("dense")?;
        let optional = |key| match file.optional(key) {
            Some(_) => file.number(key).map(Some),
            None => Ok(None),
        };
        let embedded = optional("embedded")?;
        let second_embedded = optional("second-embedded")?;
        let fsal = file.optional("fsal").is_some();
        let sources = file.settings("source").to_vec();
        ensure!(!sources.is_empty(), "no line `source …`");
        ensure!((1..=64).contains(&stages), "{stages} stages");

        // Slopes: the stages, that at the end, those of the dense output.
        let end = if fsal { stages - 1 } else { stages };
        let slopes = file.rows("a").max(end + 1);
        let mut a = file.matrix("a", slopes, slopes)?;
        let b = if fsal {
            ensure!(!file.has("b"), "the last row of a method with FSAL is b");
            a[end].clone()
        } else {
            ensure!(
                a[end].iter().all(|x| x.is_zero()),
                "row {} is that of the end of the step, which is b",
                end + 1
            );
            a[end] = file.vector("b", stages)?;
            a[end].resize(slopes, Fixed::ZERO);
            a[end].clone()
        };
        for (i, row) in a.iter().enumerate() {
            ensure!(
                row[i..].iter().all(|x| x.is_zero()),
                "row {} is not that of an explicit method",
                i + 1
            );
        }

        let allowed = Allowed::read(file, "residual")?;
        let dense_allowed = match file.optional("dense-residual") {
            Some(_) => Allowed::read(file, "dense-residual")?,
            None => allowed,
        };
        let c: Vec<Fixed> = a.iter().map(|row| row.iter().copied().sum()).collect();
        for (i, &sum) in c.iter().enumerate() {
            if let Some(given) = file.get("c", i + 1, 1) {
                let bound = if i > end { dense_allowed } else { allowed }.bound(1, 1)?;
                Proof::default().require(sum - given, bound, || {
                    format!("c {}: the sum of its row", i + 1)
                })?;
            }
        }
        ensure!(file.rows("c") <= slopes, "c {}", file.rows("c"));

        let trees = trees::trees(order + 1);
        let phi = trees::weights(&trees, &a, &a);
        let prove =
            |what: &str, b: &[Fixed], order| proof::order(what, b, &trees, &phi, order, allowed);
        let mut proof = prove("b", &b, order)?;
        let embedded_weights = |letter: &str| -> anyhow::Result<Option<Vec<Fixed>>> {
            if !file.has(letter) {
                return Ok(None);
            }
            let mut weights = file.vector(letter, stages)?;
            weights.resize(slopes, Fixed::ZERO);
            Ok(Some(weights))
        };
        let minus = |a: &[Fixed], b: &[Fixed]| -> Vec<Fixed> {
            a.iter().zip(b).map(|(&a, &b)| a - b).collect()
        };
        let (bhat, error) = match (embedded_weights("bhat")?, embedded_weights("error")?) {
            (Some(bhat), None) => (Some(bhat.clone()), Some(minus(&b, &bhat))),
            (None, Some(error)) => (Some(minus(&b, &error)), Some(error)),
            (None, None) => (None, None),
            (Some(_), Some(_)) => bail!("both bhat and error"),
        };
        if let Some(order) = embedded {
            proof = proof.and(prove("bhat", &bhat.context("no weights bhat")?, order)?);
        } else {
            ensure!(bhat.is_none(), "weights bhat, but no line `embedded …`");
        }
        let second = embedded_weights("bhat2")?;
        ensure!(
            second.is_some() == second_embedded.is_some(),
            "bhat2 and `second-embedded …` belong together"
        );
        if let Some((order, bhat)) = second_embedded.zip(second.as_deref()) {
            proof = proof.and(prove("bhat2", bhat, order)?);
        }
        let second_error = second.map(|bhat| minus(&b, &bhat));

        let powers = powers(file, &b, end, slopes)?;
        let mut dense_proof =
            proof::dense_order("dense output", &powers, &trees, &phi, dense, dense_allowed)?;
        let q = remainder(&powers, &b, end, dense_allowed, &mut dense_proof)?;
        Ok(Self {
            name,
            type_name: file.text("type")?.to_string(),
            sources,
            notes: file.settings("note").to_vec(),
            tuning: Control::read(file)?,
            stages,
            order,
            embedded,
            second_embedded,
            dense,
            fsal,
            a,
            c,
            b,
            error,
            second_error,
            q,
            proof,
            dense_proof,
            exact: matches!(
                (allowed, dense_allowed),
                (Allowed::Exact(_), Allowed::Exact(_))
            ),
        })
    }

    fn end(&self) -> usize {
        if self.fsal {
            self.stages - 1
        } else {
            self.stages
        }
    }

    pub(super) fn dense_stages(&self) -> usize {
        self.a.len() - self.end() - 1
    }

    /// Rows of all slopes, weights, nodes.
    pub(super) fn coefficients(&self) -> (&[Vec<Fixed>], &[Fixed], &[Fixed]) {
        (&self.a, &self.b, &self.c)
    }

    /// The orders of the embedded solutions, for people.
    pub(super) fn embedded_orders(&self) -> String {
        let orders = [self.embedded, self.second_embedded];
        let orders: Vec<_> = orders.iter().flatten().map(usize::to_string).collect();
        if orders.is_empty() {
            "–".to_string()
        } else {
            orders.join(", ")
        }
    }

    /// The type with its constants and its code.
    pub(super) fn render(&self) -> String {
        let mut text = String::new();
        self.documentation(&mut text);
        let ty = &self.type_name;
        let _ = write!(
            text,
            "#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]\n\
             pub struct {ty};\n\n"
        );
        match &self.tuning {
            Some(tuning) => text += &tuning.render(ty),
            None => {
                let _ = write!(text, "impl Sealed for {ty} {{}}\n\n");
            }
        }
        let _ = writeln!(text, "impl Tableau for {ty} {{");
        self.constants(&mut text);
        self.step(&mut text);
        self.errors(&mut text);
        self.dense_output(&mut text);
        text.push_str("}\n");
        text
    }

    fn documentation(&self, text: &mut String) {
        let mut facts = format!(
            "{}: {}, order {}",
            self.name,
            plural(self.stages, "stage"),
            self.order
        );
        if let Some(order) = self.embedded {
            let _ = write!(facts, ", error by order {order}");
        }
        if let Some(order) = self.second_embedded {
            let _ = write!(facts, " and {order}");
        }
        let _ = write!(facts, "; dense output of order {}", self.dense);
        if self.dense_stages() > 0 {
            let _ = write!(
                facts,
                " with {} more",
                plural(self.dense_stages(), "evaluation")
            );
        }
        let paragraphs = [&facts].into_iter().chain(&self.sources).chain(&self.notes);
        for (i, paragraph) in paragraphs.enumerate() {
            if i > 0 {
                text.push_str("///\n");
            }
            for line in wrap(&format!("{paragraph}."), 96) {
                let _ = writeln!(text, "/// {line}");
            }
        }
    }

    fn constants(&self, text: &mut String) {
        let option = |order: Option<usize>| match order {
            Some(order) => format!("Some({order})"),
            None => "None".to_string(),
        };
        let slopes = self.a.len();
        for (key, ty, value) in [
            ("NAME", "&'static str", format!("{:?}", self.name)),
            ("STAGES", "usize", self.stages.to_string()),
            ("ORDER", "u32", self.order.to_string()),
            ("EMBEDDED_ORDER", "Option<u32>", option(self.embedded)),
            (
                "SECOND_EMBEDDED_ORDER",
                "Option<u32>",
                option(self.second_embedded),
            ),
            ("FSAL", "bool", self.fsal.to_string()),
            ("END", "usize", self.end().to_string()),
            ("SLOPES", "usize", slopes.to_string()),
            ("DENSE_ORDER", "u32", self.dense.to_string()),
            ("DENSE_STAGES", "usize", self.dense_stages().to_string()),
        ] {
            let _ = writeln!(text, "    const {key}: {ty} = {value};");
        }
        text.push('\n');
        let list = |numbers: &[Fixed]| {
            let numbers: Vec<_> = numbers.iter().map(|x| literal(*x)).collect();
            numbers.join(", ")
        };
        let mut constant = |key: &str, ty: &str, value: String| {
            let _ = write!(
                text,
                "    #[rustfmt::skip]\n    const {key}: {ty} = {value};\n"
            );
        };
        let rows: String = self
            .a
            .iter()
            .enumerate()
            .map(|(i, row)| format!("\n        &[{}],", list(&row[..i])))
            .collect();
        constant("C", "&'static [f64]", format!("&[{}]", list(&self.c)));
        constant("A", "&'static [&'static [f64]]", format!("&[{rows}\n    ]"));
        constant(
            "B",
            "&'static [f64]",
            format!("&[{}]", list(&self.b[..self.stages])),
        );
        let error = self
            .error
            .as_ref()
            .map_or(String::new(), |e| list(&e[..self.stages]));
        constant("ERROR", "&'static [f64]", format!("&[{error}]"));
        let _ = write!(
            text,
            "\n    type Slopes<S> = [S; {slopes}];\n\n    \
             #[inline(always)]\n    \
             fn slopes<S: Clone>(value: &S) -> [S; {slopes}] {{\n        \
             core::array::from_fn(|_| value.clone())\n    \
             }}\n"
        );
    }

    /// Stages and solution.
    fn step(&self, text: &mut String) {
        let _ = write!(
            text,
            "\n    #[inline(always)]\n    \
             fn step<T: Real, S: State<T>, F: System<T> + ?Sized>(\n        \
             system: &F,\n        t: T,\n        h: T,\n        y: &S,\n        \
             k: &mut Self::Slopes<S>,\n        y1: &mut S,\n    ) {{\n"
        );
        let last = if self.fsal { self.end() } else { self.stages };
        self.bind(text, |s| s < self.stages);
        for s in 1..last {
            let _ = writeln!(
                text,
                "        stage! {{ y1 = y + h * ({}) }}",
                terms(&self.a[s])
            );
            self.evaluate(text, s, "y1");
        }
        let _ = writeln!(
            text,
            "        advance! {{ y1 = y + h * ({}) }}",
            terms(&self.b)
        );
        if self.fsal {
            self.evaluate(text, self.end(), "y1");
        } else if self.stages == 1 {
            text.push_str("        let _ = (system, t);\n");
        }
        text.push_str("    }\n");
    }

    fn errors(&self, text: &mut String) {
        let mut function = |name: &str, error: &[Fixed]| {
            let _ = write!(
                text,
                "\n    #[inline(always)]\n    \
                 fn {name}<T: Real, S: State<T>>(h: T, k: &Self::Slopes<S>, out: &mut [T]) {{\n"
            );
            self.bind(text, |s| !error[s].is_zero());
            let _ = writeln!(
                text,
                "        error! {{ out = h * ({}) }}\n    }}",
                terms(error)
            );
        };
        if let Some(error) = &self.error {
            function("error", error);
        }
        if let Some(error) = &self.second_error {
            function("second_error", error);
        }
    }

    fn dense_output(&self, text: &mut String) {
        let slopes = self.a.len();
        if self.dense_stages() > 0 {
            let _ = write!(
                text,
                "\n    #[inline(always)]\n    \
                 fn dense_stages<T: Real, S: State<T>, F: System<T> + ?Sized>(\n        \
                 system: &F,\n        t: T,\n        h: T,\n        y: &S,\n        \
                 k: &mut Self::Slopes<S>,\n        work: &mut S,\n    ) {{\n"
            );
            let extra = self.end() + 1..slopes;
            self.bind(text, |s| {
                extra.contains(&s) || extra.clone().any(|row| !self.a[row][s].is_zero())
            });
            for s in extra.clone() {
                let _ = writeln!(
                    text,
                    "        stage! {{ work = y + h * ({}) }}",
                    terms(&self.a[s])
                );
                self.evaluate(text, s, "work");
            }
            text.push_str("    }\n");
        }
        let derivative = |q: &Vec<Fixed>| {
            // θ (1 - θ) q, then its derivative.
            let at = |i: usize| q.get(i).copied().unwrap_or(Fixed::ZERO);
            let product = |i: usize| match i {
                0 => Fixed::ZERO,
                1 => at(0),
                _ => at(i - 1) - at(i - 2),
            };
            let power = |i: usize| product(i) * Fixed::integer(i as u64);
            (1..q.len() + 2).map(power).collect()
        };
        let derivatives: Vec<Vec<Fixed>> = self.q.iter().map(derivative).collect();
        for (name, polynomials) in [("dense", &self.q), ("dense_derivative", &derivatives)] {
            let _ = write!(
                text,
                "\n    #[inline(always)]\n    \
                 fn {name}<T: Real, S: State<T>>(\n        \
                 theta: T,\n        h: T,\n        y0: &[T],\n        y1: &[T],\n        \
                 k: &Self::Slopes<S>,\n        out: &mut [T],\n    ) {{\n"
            );
            let used = |s: usize| self.q[s].iter().any(|x| !x.is_zero());
            self.bind(text, used);
            let _ = write!(
                text,
                "        {name}! {{\n            out, theta, h, y0, y1;\n"
            );
            for s in (0..slopes).filter(|&s| used(s)) {
                let powers: Vec<_> = polynomials[s].iter().rev().map(|&x| literal(x)).collect();
                let comma = if (s + 1..slopes).any(used) { "," } else { "" };
                let _ = writeln!(text, "            [{}] k{s}{comma}", powers.join(", "));
            }
            text.push_str("        }\n    }\n");
        }
    }

    /// Names for the slopes that are used.
    fn bind(&self, text: &mut String, used: impl Fn(usize) -> bool) {
        let slopes = self.a.len();
        let last = (0..slopes).rev().find(|&s| used(s)).map_or(0, |s| s + 1);
        let mut names: Vec<_> = (0..last)
            .map(|s| {
                if used(s) {
                    format!("k{s}")
                } else {
                    "_".to_string()
                }
            })
            .collect();
        if last < slopes {
            names.push("..".to_string());
        }
        let _ = writeln!(text, "        slopes! {{ k => {} }}", names.join(", "));
    }

    /// A call of the right-hand side.
    fn evaluate(&self, text: &mut String, s: usize, y: &str) {
        let c = literal(self.c[s]);
        let t = match c.as_str() {
            "0.0" => "t".to_string(),
            "1.0" => "t + h".to_string(),
            c => format!("t + {c} h"),
        };
        let _ = writeln!(text, "        rhs! {{ k{s} = system({t}, {y}) }}");
    }
}

/// The dense output as $b_j(\theta) = \sum_p b_{pj} \theta^p$, rows from the power 1 on.
fn powers(
    file: &Tableau,
    b: &[Fixed],
    end: usize,
    slopes: usize,
) -> anyhow::Result<Vec<Vec<Fixed>>> {
    let hermite = file.optional("interpolant");
    let forms = usize::from(hermite.is_some())
        + usize::from(file.has("dense"))
        + usize::from(file.has("nested"));
    ensure!(
        forms == 1,
        "{forms} forms of the dense output instead of one"
    );
    if file.has("dense") {
        let by_slope = file.matrix("dense", slopes, file.columns("dense"))?;
        let power = |p: usize| by_slope.iter().map(|row| row[p]).collect();
        return Ok((0..file.columns("dense")).map(power).collect());
    }
    ensure!(
        hermite.is_none_or(|form| form == "hermite"),
        "interpolant {hermite:?}"
    );

    // Hairer's form: y + θ (r₁ + (1-θ) (r₂ + θ (r₃ + (1-θ) (r₄ + …)))) with r₁ = y₁ - y,
    // r₂ = h k₁ - r₁, r₃ = r₁ - h k_end - r₂. The cubic Hermite polynomial is its beginning.
    let unit = |j: usize| -> Vec<Fixed> {
        (0..slopes)
            .map(|i| Fixed::integer(u64::from(i == j)))
            .collect()
    };
    let minus = |a: &[Fixed], b: &[Fixed]| -> Vec<Fixed> {
        a.iter().zip(b).map(|(&a, &b)| a - b).collect()
    };
    let second = minus(&unit(0), b);
    let third = minus(&minus(b, &unit(end)), &second);
    let mut nested = vec![b.to_vec(), second, third];
    nested.extend(file.matrix("nested", file.rows("nested"), slopes)?);
    let mut powers: Vec<Vec<Fixed>> = Vec::new();
    for (i, row) in nested.iter().enumerate().rev() {
        // Horner: what is inside, plus this row, times θ or 1 - θ.
        if powers.is_empty() {
            powers.push(vec![Fixed::ZERO; slopes]);
        }
        for (p, &r) in powers[0].iter_mut().zip(row) {
            *p = *p + r;
        }
        let mut shifted = vec![vec![Fixed::ZERO; slopes]];
        shifted.extend(powers.iter().cloned());
        if i % 2 == 1 {
            powers.push(vec![Fixed::ZERO; slopes]);
            for (low, high) in powers.iter_mut().zip(&shifted) {
                *low = minus(low, high);
            }
        } else {
            powers = shifted;
        }
    }
    powers.remove(0);
    Ok(powers)
}

/// Splits off what is known at both ends: $b(\theta) = \theta b + \theta (1 - \theta) q(\theta)$.
///
/// Fails if the ends do not agree, or the derivative does not with the slopes at the ends.
fn remainder(
    powers: &[Vec<Fixed>],
    b: &[Fixed],
    end: usize,
    allowed: Allowed,
    proof: &mut Proof,
) -> anyhow::Result<Vec<Vec<Fixed>>> {
    let bound = allowed.bound(1, 1)?;
    let mut polynomials = Vec::new();
    for j in 0..b.len() {
        let mut q = Vec::new();
        let mut carry = -b[j];
        for row in powers {
            carry = carry + row[j];
            q.push(carry);
        }
        let rest = q.pop().unwrap_or(Fixed::ZERO);
        proof.require(rest, bound, || {
            format!("dense output at the end, slope {}", j + 1)
        })?;
        let kronecker = |slope: usize| Fixed::integer(u64::from(slope == j));
        let starts = powers[0][j] - kronecker(0);
        proof.require(starts, bound, || {
            format!("derivative at the start, slope {}", j + 1)
        })?;
        let slope: Fixed = powers
            .iter()
            .enumerate()
            .map(|(p, row)| row[j] * Fixed::integer(p as u64 + 1))
            .sum();
        proof.require(slope - kronecker(end), bound, || {
            format!("derivative at the end, slope {}", j + 1)
        })?;
        polynomials.push(q);
    }
    Ok(polynomials)
}

/// `w k0, w k2, …` without the zeros.
fn terms(weights: &[Fixed]) -> String {
    let terms: Vec<_> = weights
        .iter()
        .enumerate()
        .filter(|(_, weight)| !weight.is_zero())
        .map(|(j, &weight)| format!("{} k{j}", literal(weight)))
        .collect();
    terms.join(", ")
}

/// The shortest decimal of the nearest double.
pub(super) fn literal(x: Fixed) -> String {
    format!("{:?}", x.to_f64())
}

fn plural(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

/// Lines of at most `width` characters.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.len() - 1;
        let length = lines[line].chars().count();
        if length > 0 && length + 1 + word.chars().count() > width {
            lines.push(word.to_string());
        } else {
            if length > 0 {
                lines[line].push(' ');
            }
            lines[line].push_str(word);
        }
    }
    lines
}
