//! Rooted trees: each is one order condition.
//!
//! Butcher, *Numerical Methods for Ordinary Differential Equations*, 3rd ed., chapter 3.

use super::fixed::Fixed;

/// A rooted tree, as the trees that hang from its root.
#[derive(Debug)]
pub(super) struct Tree {
    /// The number of vertices.
    pub(super) order: usize,
    /// The density γ: the product over all vertices of the size of the tree above.
    pub(super) density: u64,
    /// Indices of the trees without the root, not increasing.
    children: Vec<usize>,
}

/// All rooted trees of at most `order` vertices, those of fewer vertices first.
pub(super) fn trees(order: usize) -> Vec<Tree> {
    let mut trees: Vec<Tree> = Vec::new();
    for n in 1..=order {
        let mut forests = Vec::new();
        forest(&trees, n - 1, trees.len(), &mut Vec::new(), &mut forests);
        for children in forests {
            let product: u64 = children.iter().map(|&child| trees[child].density).product();
            trees.push(Tree {
                order: n,
                density: n as u64 * product,
                children,
            });
        }
    }
    trees
}

/// All multisets of trees below index `end` with `vertices` vertices together.
fn forest(
    trees: &[Tree],
    vertices: usize,
    end: usize,
    chosen: &mut Vec<usize>,
    forests: &mut Vec<Vec<usize>>,
) {
    if vertices == 0 {
        forests.push(chosen.clone());
        return;
    }
    for child in (0..end).rev() {
        if trees[child].order <= vertices {
            chosen.push(child);
            forest(
                trees,
                vertices - trees[child].order,
                child + 1,
                chosen,
                forests,
            );
            chosen.pop();
        }
    }
}

/// The tree in brackets: `[]` is a vertex, `[[][]]` a root with two leaves.
pub(super) fn name(trees: &[Tree], tree: usize) -> String {
    let children = trees[tree].children.iter();
    let inner: String = children.map(|&child| name(trees, child)).collect();
    format!("[{inner}]")
}

/// The elementary weights Φ of all trees, one for each stage. A vertex with one branch takes the
/// matrix `single`, one with several `many`: the same for Runge–Kutta methods, `α + γ` and `α` for
/// Rosenbrock methods (Hairer and Wanner II, IV.7).
pub(super) fn weights(
    trees: &[Tree],
    single: &[Vec<Fixed>],
    many: &[Vec<Fixed>],
) -> Vec<Vec<Fixed>> {
    let times = |matrix: &[Vec<Fixed>], vector: &[Fixed]| -> Vec<Fixed> {
        let row = |row: &Vec<Fixed>| {
            let terms = row.iter().zip(vector).filter(|(a, _)| !a.is_zero());
            terms.map(|(&a, &x)| a * x).sum()
        };
        matrix.iter().map(row).collect()
    };
    let mut weights: Vec<Vec<Fixed>> = Vec::with_capacity(trees.len());
    // The factor of a tree as one of several branches, made when its weight is.
    let mut branches: Vec<Vec<Fixed>> = Vec::with_capacity(trees.len());
    for tree in trees {
        let weight = match tree.children.as_slice() {
            &[child] => times(single, &weights[child]),
            children => {
                let mut weight = vec![Fixed::integer(1); single.len()];
                for &child in children {
                    for (w, &factor) in weight.iter_mut().zip(&branches[child]) {
                        *w = *w * factor;
                    }
                }
                weight
            }
        };
        branches.push(times(many, &weight));
        weights.push(weight);
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_trees_as_known() {
        let trees = trees(10);
        let count = |n| trees.iter().filter(|tree| tree.order == n).count();
        let counts: Vec<_> = (1..=10).map(count).collect();
        // https://oeis.org/A000081
        assert_eq!(counts, [1, 1, 2, 4, 9, 20, 48, 115, 286, 719]);
    }

    #[test]
    fn densities_are_those_of_the_book() {
        let trees = trees(4);
        let list: Vec<_> = (0..trees.len())
            .map(|tree| (name(&trees, tree), trees[tree].density))
            .collect();
        let has = |text: &str, density| assert!(list.contains(&(text.to_string(), density)));
        has("[]", 1);
        has("[[]]", 2);
        has("[[][]]", 3);
        has("[[[]]]", 6);
        has("[[][][]]", 4);
        has("[[[]][]]", 8);
        has("[[[][]]]", 12);
        has("[[[[]]]]", 24);
    }

    #[test]
    fn weights_of_a_method_with_two_stages() {
        let trees = trees(3);
        let half = Fixed::fraction(1, 2);
        let a = vec![vec![Fixed::ZERO; 2], vec![half, Fixed::ZERO]];
        let weights = weights(&trees, &a, &a);
        let second: Vec<_> = weights.iter().map(|w| w[1].to_f64()).collect();
        assert_eq!(second[..2], [1.0, 0.5]);
        // The bush has c², the tall tree Σ a c = 0.
        let mut third = second[2..].to_vec();
        third.sort_by(f64::total_cmp);
        assert_eq!(third, [0.0, 0.25]);
    }
}
