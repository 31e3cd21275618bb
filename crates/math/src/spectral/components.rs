//! The graph of a matrix: strongly connected components and their periods.
//!
//! An edge runs between two indices where an entry is not 0. Ordered by components, the matrix is
//! block triangular, so that its eigenvalues are those of the diagonal blocks.

use nalgebra::DMatrix;

use crate::{Csr, Real};

/// The edges of a square matrix, one node after the other. Which way an edge runs makes no
/// difference to components and periods.
pub(super) trait Graph {
    fn nodes(&self) -> usize;

    /// The first edge of `node` from position `at` on: its end, and the position after it.
    fn edge(&self, node: usize, at: usize) -> Option<(usize, usize)>;
}

/// Edges along the columns, which lie together in memory.
impl<T: Real> Graph for DMatrix<T> {
    fn nodes(&self) -> usize {
        self.ncols()
    }

    fn edge(&self, node: usize, at: usize) -> Option<(usize, usize)> {
        let n = self.nrows();
        let rest = &self.as_slice()[node * n + at..(node + 1) * n];
        let end = at + rest.iter().position(|v| !v.is_zero())?;
        Some((end, end + 1))
    }
}

impl<T: Real> Graph for Csr<T> {
    fn nodes(&self) -> usize {
        self.nrows()
    }

    fn edge(&self, node: usize, at: usize) -> Option<(usize, usize)> {
        let (columns, values) = self.row(node);
        let k = at + values[at..].iter().position(|v| !v.is_zero())?;
        Some((columns[k] as usize, k + 1))
    }
}

/// The strongly connected components, each with its nodes in increasing order.[^tarjan]
///
/// Without recursion: a path through 5000 nodes would overflow the stack of a thread.
///
/// [^tarjan]: Tarjan (1972), *Depth-first search and linear graph algorithms*.
pub(super) fn strongly_connected(graph: &impl Graph) -> Vec<Vec<usize>> {
    const UNSEEN: usize = usize::MAX;
    let n = graph.nodes();
    let mut order = vec![UNSEEN; n];
    let mut low = vec![0; n];
    let mut open = Vec::new();
    let mut is_open = vec![false; n];
    // The path of the search, each node with the position of its next edge.
    let mut path: Vec<(usize, usize)> = Vec::new();
    let mut components = Vec::new();
    let mut seen = 0;
    for root in 0..n {
        if order[root] != UNSEEN {
            continue;
        }
        path.push((root, 0));
        while let Some(&(node, at)) = path.last() {
            if order[node] == UNSEEN {
                order[node] = seen;
                low[node] = seen;
                seen += 1;
                open.push(node);
                is_open[node] = true;
            }
            if let Some((end, next)) = graph.edge(node, at) {
                if let Some(top) = path.last_mut() {
                    top.1 = next;
                }
                if order[end] == UNSEEN {
                    path.push((end, 0));
                } else if is_open[end] {
                    low[node] = low[node].min(order[end]);
                }
                continue;
            }
            path.pop();
            if let Some(&(parent, _)) = path.last() {
                low[parent] = low[parent].min(low[node]);
            }
            if low[node] == order[node] {
                let mut component = Vec::new();
                while let Some(member) = open.pop() {
                    is_open[member] = false;
                    component.push(member);
                    if member == node {
                        break;
                    }
                }
                component.sort_unstable();
                components.push(component);
            }
        }
    }
    components
}

/// The period of a strongly connected graph, the greatest common divisor of the lengths of its
/// cycles, and the class of every node: edges run from class $c$ to class $c + 1$ modulo the
/// period.
pub(super) fn period(graph: &impl Graph) -> (usize, Vec<usize>) {
    const UNSEEN: usize = usize::MAX;
    let n = graph.nodes();
    let mut level = vec![UNSEEN; n];
    let mut queue = Vec::with_capacity(n);
    if n > 0 {
        level[0] = 0;
        queue.push(0);
    }
    let mut period = 0;
    let mut next = 0;
    while next < queue.len() && period != 1 {
        let node = queue[next];
        next += 1;
        let mut at = 0;
        while let Some((end, after)) = graph.edge(node, at) {
            at = after;
            if level[end] == UNSEEN {
                level[end] = level[node] + 1;
                queue.push(end);
            } else {
                period = greatest_common_divisor(period, (level[node] + 1).abs_diff(level[end]));
            }
        }
    }
    if period <= 1 {
        return (1, vec![0; n]);
    }
    for level in &mut level {
        *level %= period;
    }
    (period, level)
}

fn greatest_common_divisor(mut a: usize, mut b: usize) -> usize {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(n: usize, edges: &[(usize, usize)]) -> Csr<f64> {
        let triplets: Vec<_> = edges.iter().map(|&(i, j)| (i, j, 1.0)).collect();
        Csr::from_triplets(n, n, &triplets).unwrap()
    }

    fn sorted(mut components: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
        components.sort();
        components
    }

    #[test]
    fn components_are_the_cycles_and_what_hangs_between_them() {
        let edges = [
            (0, 1),
            (1, 2),
            (2, 0),
            (2, 3),
            (3, 4),
            (4, 5),
            (5, 4),
            (6, 6),
        ];
        let sparse = graph(7, &edges);
        let expected = vec![vec![0, 1, 2], vec![3], vec![4, 5], vec![6]];
        assert_eq!(sorted(strongly_connected(&sparse)), expected);
        assert_eq!(sorted(strongly_connected(&sparse.to_dense())), expected);
    }

    #[test]
    fn stored_zeros_are_no_edges() {
        let w = Csr::from_triplets(2, 2, &[(0, 1, 1.0), (1, 0, 0.0)]).unwrap();
        assert_eq!(strongly_connected(&w).len(), 2);
    }

    #[test]
    fn a_long_path_does_not_overflow_the_stack() {
        let n = 200_000;
        let edges: Vec<_> = (1..n).map(|i| (i - 1, i)).collect();
        assert_eq!(strongly_connected(&graph(n, &edges)).len(), n);
    }

    #[test]
    fn periods_are_common_divisors_of_cycle_lengths() {
        let ring = |n: usize| (0..n).map(move |i| (i, (i + 1) % n));
        let six: Vec<_> = ring(6).collect();
        assert_eq!(period(&graph(6, &six)).0, 6);
        let chord: Vec<_> = ring(6).chain([(3, 0)]).collect();
        assert_eq!(period(&graph(6, &chord)).0, 2);
        let odd: Vec<_> = ring(6).chain([(2, 0), (3, 0)]).collect();
        assert_eq!(period(&graph(6, &odd)).0, 1);
        let (p, class) = period(&graph(6, &chord));
        for (i, j) in chord {
            assert_eq!((class[i] + 1) % p, class[j]);
        }
        assert_eq!(period(&graph(6, &six).to_dense()).0, 6);
    }
}
