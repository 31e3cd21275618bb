const POOL: usize = 4;

/// The words that a number gives as a seed: NumPy's `SeedSequence(entropy)`.[^oneill]
///
/// [^oneill]: O'Neill (2015), *Developing a seed_seq alternative*.
pub(super) struct SeedSequence {
    pool: [u32; POOL],
}

/// A hash whose constant changes with every use.
struct Hash {
    constant: u32,
    factor: u32,
}

impl Hash {
    fn next(&mut self, value: u32) -> u32 {
        let value = value ^ self.constant;
        self.constant = self.constant.wrapping_mul(self.factor);
        let value = value.wrapping_mul(self.constant);
        value ^ (value >> 16)
    }
}

fn mix(x: u32, y: u32) -> u32 {
    let mixed = x
        .wrapping_mul(0xca01_f9dd)
        .wrapping_sub(y.wrapping_mul(0x4973_f715));
    mixed ^ (mixed >> 16)
}

impl SeedSequence {
    pub(super) fn new(entropy: u64) -> Self {
        let mut hash = Hash {
            constant: 0x43b0_d7e5,
            factor: 0x931e_8875,
        };
        // Entropy that is shorter than the pool is filled up with zeros.
        let words = [entropy as u32, (entropy >> 32) as u32, 0, 0];
        let mut pool = words.map(|word| hash.next(word));
        for source in 0..POOL {
            for target in 0..POOL {
                if source != target {
                    pool[target] = mix(pool[target], hash.next(pool[source]));
                }
            }
        }
        Self { pool }
    }

    /// The first `N` words of 64 bits.
    pub(super) fn words<const N: usize>(&self) -> [u64; N] {
        let mut hash = Hash {
            constant: 0x8b51_f9dd,
            factor: 0x58f3_8ded,
        };
        let mut pool = self.pool.iter().cycle();
        let mut half = || u64::from(hash.next(pool.next().copied().unwrap_or(0)));
        core::array::from_fn(|_| {
            let low = half();
            low | (half() << 32)
        })
    }
}
