//! Where to put checkpoints so that few steps are taken again.
//!
//! Griewank and Walther (2000), Algorithm 799: revolve, ACM Trans. Math. Softw. 26, 19–45.

/// $\binom{s + r}{s}$: how many steps can be reversed with `s` checkpoints, none of them taken more
/// than `r` times. Saturates.
fn reach(s: u64, r: u64) -> u64 {
    // The smaller index counts the factors; every partial product is itself a binomial coefficient.
    let (few, many) = if s < r { (s, r) } else { (r, s) };
    let mut product: u64 = 1;
    for i in 1..=few {
        product = match product.checked_mul(many + i) {
            Some(next) => next / i,
            None => return u64::MAX,
        };
    }
    product
}

/// How many of `steps` to take, from a checkpoint at their start, before the next checkpoint is set;
/// `free` of them are left, one at least.
pub(super) fn stride(steps: usize, free: usize) -> usize {
    let (l, s) = (steps as u64, free as u64 + 1);
    let mut r = 1;
    while reach(s, r) < l {
        r += 1;
    }
    // Any stride in between leaves neither part more than its share of repetitions.
    let least = if r >= 2 { reach(s, r - 2) } else { 1 };
    let most = reach(s, r - 1);
    let wanted = l.saturating_sub(reach(s - 1, r));
    wanted.clamp(least.max(1), most.max(1)).min(l - 1) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps taken to reverse `steps`, not counting the recording of each.
    fn cost(steps: usize, slots: usize) -> u64 {
        let (mut marks, mut end, mut taken) = (vec![0], steps, 0);
        while end > 0 {
            let top = *marks.last().unwrap();
            if top + 1 == end {
                end -= 1;
                marks.pop();
                if marks.is_empty() {
                    assert_eq!(end, 0);
                }
            } else if marks.len() < slots {
                let stride = stride(end - top, slots - marks.len());
                assert!(stride >= 1 && top + stride < end);
                taken += stride as u64;
                marks.push(top + stride);
            } else {
                taken += (end - 1 - top) as u64;
                end -= 1;
            }
        }
        taken
    }

    #[test]
    fn the_schedule_is_optimal() {
        for steps in 1..200_usize {
            for slots in [1, 2, 3, 5, 8, 20, 200] {
                let (l, s) = (steps as u64, slots as u64);
                let mut r = 0;
                while reach(s, r) < l {
                    r += 1;
                }
                let optimal = match r {
                    0 => 0,
                    r => r * l - reach(s + 1, r - 1),
                };
                assert_eq!(cost(steps, slots), optimal, "{steps} steps, {slots} slots");
            }
        }
    }

    #[test]
    fn huge_numbers_saturate() {
        assert_eq!(reach(1000, 1000), u64::MAX);
        assert!(stride(usize::MAX / 2, 1000) > 0);
    }
}
