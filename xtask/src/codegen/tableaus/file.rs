//! The files of coefficients, `xtask/tableaus/*.txt`.
//!
//! ```text
//! # a comment
//! name Bogacki–Shampine 3(2)
//! order 3
//! a 2 1 = 1/2
//! bhat 1 = 7/24
//! ```
//!
//! Lines without `=` are settings. A coefficient has a letter, one or two indices that count from 1
//! as in the papers, and a value: a sum of products of integers, decimals, fractions `p/q`,
//! `sqrt(n)` and `cbrt(n)`. What is not named is zero.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};

use super::fixed::Fixed;

/// A file as read.
#[derive(Debug)]
pub(super) struct Tableau {
    settings: BTreeMap<String, Vec<String>>,
    coefficients: BTreeMap<String, BTreeMap<(usize, usize), Fixed>>,
    /// The least common denominator of all coefficients, if all are fractions and it is small.
    pub(super) denominator: Option<u128>,
}

impl Tableau {
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let mut tableau = Self {
            settings: BTreeMap::new(),
            coefficients: BTreeMap::new(),
            denominator: Some(1),
        };
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let parsed = match line.split_once(" = ") {
                Some((key, value)) => tableau.coefficient(key, value),
                None => {
                    let (key, value) = line.split_once(' ').unwrap_or((line, ""));
                    let values = tableau.settings.entry(key.to_string()).or_default();
                    values.push(value.to_string());
                    Ok(())
                }
            };
            parsed.with_context(|| format!("line {}: {line}", index + 1))?;
        }
        Ok(tableau)
    }

    fn coefficient(&mut self, key: &str, value: &str) -> anyhow::Result<()> {
        let mut words = key.split_whitespace();
        let letter = words.next().context("no letter")?;
        let mut index = || -> anyhow::Result<Option<usize>> {
            let Some(word) = words.next() else {
                return Ok(None);
            };
            let index: usize = word.parse().context("an index is a number")?;
            ensure!((1..=64).contains(&index), "index {index}");
            Ok(Some(index))
        };
        let first = index()?.context("no index")?;
        let second = index()?.unwrap_or(1);
        ensure!(words.next().is_none(), "more than two indices");
        let (value, denominator) = evaluate(value)?;
        self.denominator = self
            .denominator
            .zip(denominator)
            .and_then(|(a, b)| (a / gcd(a, b)).checked_mul(b));
        let numbers = self.coefficients.entry(letter.to_string()).or_default();
        ensure!(
            numbers.insert((first, second), value).is_none(),
            "stands there twice"
        );
        Ok(())
    }

    /// The values of a setting, in the order of the file.
    pub(super) fn settings(&self, key: &str) -> &[String] {
        self.settings.get(key).map_or(&[], Vec::as_slice)
    }

    pub(super) fn optional(&self, key: &str) -> Option<&str> {
        self.settings(key).first().map(String::as_str)
    }

    pub(super) fn text(&self, key: &str) -> anyhow::Result<&str> {
        self.optional(key)
            .with_context(|| format!("no line `{key} …`"))
    }

    pub(super) fn number(&self, key: &str) -> anyhow::Result<usize> {
        let text = self.text(key)?;
        text.parse()
            .with_context(|| format!("{key} {text} is no number"))
    }

    /// Fails if there is a setting or a letter that nobody reads.
    pub(super) fn known(&self, settings: &[&str], letters: &[&str]) -> anyhow::Result<()> {
        for key in self.settings.keys() {
            ensure!(settings.contains(&key.as_str()), "nobody reads `{key}`");
        }
        for key in self.coefficients.keys() {
            ensure!(
                letters.contains(&key.as_str()),
                "nobody reads the letter {key}"
            );
        }
        Ok(())
    }

    pub(super) fn has(&self, letter: &str) -> bool {
        self.coefficients.contains_key(letter)
    }

    /// The coefficient, None if it is not in the file.
    pub(super) fn get(&self, letter: &str, i: usize, j: usize) -> Option<Fixed> {
        self.coefficients.get(letter)?.get(&(i, j)).copied()
    }

    /// A vector of `n` coefficients.
    pub(super) fn vector(&self, letter: &str, n: usize) -> anyhow::Result<Vec<Fixed>> {
        Ok(self.matrix(letter, n, 1)?.concat())
    }

    /// A matrix of coefficients.
    pub(super) fn matrix(
        &self,
        letter: &str,
        rows: usize,
        columns: usize,
    ) -> anyhow::Result<Vec<Vec<Fixed>>> {
        let mut matrix = vec![vec![Fixed::ZERO; columns]; rows];
        for (&(i, j), &value) in self.coefficients.get(letter).into_iter().flatten() {
            let place = matrix.get_mut(i - 1).and_then(|row| row.get_mut(j - 1));
            *place.with_context(|| {
                format!("{letter} {i} {j} lies outside of {rows} × {columns}")
            })? = value;
        }
        Ok(matrix)
    }

    /// The highest first index of a letter.
    pub(super) fn rows(&self, letter: &str) -> usize {
        let numbers = self.coefficients.get(letter).into_iter().flatten();
        numbers.map(|(&(i, _), _)| i).max().unwrap_or(0)
    }

    /// The highest second index of a letter.
    pub(super) fn columns(&self, letter: &str) -> usize {
        let numbers = self.coefficients.get(letter).into_iter().flatten();
        numbers.map(|(&(_, j), _)| j).max().unwrap_or(0)
    }
}

/// A number as coefficients are written.
pub(super) fn value(text: &str) -> anyhow::Result<Fixed> {
    Ok(evaluate(text)?.0)
}

/// The value of a sum, and its denominator if it is a single fraction.
fn evaluate(text: &str) -> anyhow::Result<(Fixed, Option<u128>)> {
    let mut words = text.split(' ');
    let (mut product, mut denominator) = factor(words.next().context("no value")?)?;
    let mut sum = Fixed::ZERO;
    while let Some(word) = words.next() {
        let (next, _) = factor(
            words
                .next()
                .with_context(|| format!("nothing after {word}"))?,
        )?;
        denominator = None;
        match word {
            "*" => product = product * next,
            "+" | "-" => {
                sum = sum + product;
                product = if word == "-" { -next } else { next };
            }
            _ => bail!("{word} instead of + - *"),
        }
    }
    Ok((sum + product, denominator))
}

/// An integer, a decimal, a fraction or a root.
fn factor(text: &str) -> anyhow::Result<(Fixed, Option<u128>)> {
    if let Some(positive) = text.strip_prefix('-') {
        let (value, denominator) = factor(positive)?;
        return Ok((-value, denominator));
    }
    for (name, root) in [
        ("sqrt(", Fixed::sqrt as fn(u64) -> Fixed),
        ("cbrt(", Fixed::cbrt),
    ] {
        if let Some(inner) = text.strip_prefix(name).and_then(|t| t.strip_suffix(')')) {
            let value: u64 = inner
                .parse()
                .with_context(|| format!("a root of {inner}"))?;
            ensure!((1..1000).contains(&value), "a root of {inner}");
            return Ok((root(value), None));
        }
    }
    let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
    let (mantissa, exponent) = numerator.split_once('e').unwrap_or((numerator, "0"));
    let exponent: i32 = exponent
        .parse()
        .with_context(|| format!("exponent of {text}"))?;
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let shift = exponent - i32::try_from(after.len())?;
    ensure!((-200..=60).contains(&shift), "{text} is too long");
    let zeros = "0".repeat(shift.unsigned_abs() as usize);
    let (up, down) = if shift < 0 {
        ("", zeros.as_str())
    } else {
        (zeros.as_str(), "")
    };
    let numerator = integer(&format!("{before}{after}{up}"))?;
    let denominator = integer(&format!("{denominator}{down}"))?;
    let value = Fixed::ratio(&numerator, &denominator)
        .with_context(|| format!("{text} is no finite number"))?;
    let small = match denominator.as_slice() {
        [low] => Some(u128::from(*low)),
        [low, high] => Some(u128::from(*high) << 64 | u128::from(*low)),
        _ => None,
    };
    Ok((value, small))
}

/// The limbs of an integer in decimal, without leading zeros.
fn integer(digits: &str) -> anyhow::Result<Vec<u64>> {
    ensure!(!digits.is_empty(), "no digits");
    let mut limbs = vec![0_u64];
    for digit in digits.chars() {
        let digit = digit
            .to_digit(10)
            .with_context(|| format!("`{digit}` is no digit"))?;
        let mut carry = u128::from(digit);
        for limb in &mut limbs {
            let sum = u128::from(*limb) * 10 + carry;
            *limb = sum as u64;
            carry = sum >> 64;
        }
        if carry > 0 {
            limbs.push(carry as u64);
        }
    }
    Ok(limbs)
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_sums_of_products() {
        let close = |text: &str, expected: f64| {
            let value = evaluate(text).unwrap().0.to_f64();
            assert!(
                (value - expected).abs() <= 1e-15 * expected.abs(),
                "{text}: {value}"
            );
        };
        close("7/24", 7.0 / 24.0);
        close("-1.25e-2", -0.0125);
        close("0.5e3", 500.0);
        close("1/2 - 3/2 * sqrt(6)", 0.5 - 1.5 * 6_f64.sqrt());
        close("-1/2 * cbrt(9) + 3", 3.0 - 0.5 * 9_f64.cbrt());
        close(
            "1234567890123456789012345678901234567890/2469135780246913578024691357802469135780",
            0.5,
        );
        assert_eq!(evaluate("7/24").unwrap().1, Some(24));
        assert_eq!(evaluate("0.25").unwrap().1, Some(100));
        assert_eq!(evaluate("sqrt(2)").unwrap().1, None);
        for bad in [
            "", "x", "1/0", "1 2", "1 +", "2 * ", "sqrt(-1)", "1..2", "--", "1/2/3",
        ] {
            assert!(evaluate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn files_hold_settings_and_coefficients() {
        let text = "# note\nname A b\norder 3\nsource x\nsource y\n\na 2 1 = 1/6\nb 1 = 3/4\n";
        let file = Tableau::parse(text).unwrap();
        assert_eq!(file.text("name").unwrap(), "A b");
        assert_eq!(file.number("order").unwrap(), 3);
        assert_eq!(file.settings("source"), ["x", "y"]);
        assert_eq!(file.denominator, Some(12));
        assert_eq!(file.matrix("a", 2, 2).unwrap()[1][0].to_f64(), 1.0 / 6.0);
        assert_eq!(file.vector("b", 2).unwrap()[1], Fixed::ZERO);
        assert!(file.matrix("a", 1, 1).is_err());
        assert!(
            file.known(&["name", "order", "source"], &["a", "b"])
                .is_ok()
        );
        assert!(file.known(&["name", "order"], &["a", "b"]).is_err());
        assert!(file.known(&["name", "order", "source"], &["a"]).is_err());
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, what) in [
            ("a 1 1 = 1\na 1 1 = 2", "line 2"),
            ("a x = 1", "line 1"),
            ("\na 0 1 = 1", "line 2"),
            ("a 1 2 3 = 1", "line 1"),
            ("a 1 = one", "line 1"),
        ] {
            let error = Tableau::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(what), "{error}");
        }
    }
}
