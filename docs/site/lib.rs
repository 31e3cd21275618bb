//! The book, and what makes one site of it and the rustdoc pages.
//!
//! Every program of the book is compiled and run as a documentation test of this package.

pub mod check;
pub mod math;

/// Declares each chapter as documentation, so that its code blocks are tests.
macro_rules! chapters {
    ($($name:ident = $file:literal),* $(,)?) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!(concat!("../src/", $file))]
            pub struct $name;
        )*

        /// The chapters whose programs are tested, by file name.
        pub const TESTED_CHAPTERS: &[&str] = &[$($file),*];
    };
}

chapters! {
    Introduction = "introduction.md",
    Reservoir = "reservoir.md",
    NeuralCoding = "neural-coding.md",
    DifferentialEquations = "ode-core.md",
    Mathematics = "math.md",
    Datasets = "datasets.md",
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// A chapter that nobody listed above would have untested programs.
    #[test]
    fn every_chapter_with_a_program_is_tested() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let Some(name) = path.file_name().and_then(|n| n.to_str()) else {
                continue;
            };
            if path.extension().is_none_or(|e| e != "md") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(
                !text.contains("```rust") || super::TESTED_CHAPTERS.contains(&name),
                "{name} holds programs and is not among the chapters of docs/site/lib.rs"
            );
        }
    }
}
