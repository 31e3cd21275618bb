use super::seed_sequence::SeedSequence;

const MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;

/// The permuted congruential generator XSL-RR of 128 bits.[^pcg]
///
/// [^pcg]: O'Neill (2014), *PCG*, Harvey Mudd College, HMC-CS-2014-0905.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Pcg64 {
    state: u128,
    increment: u128,
    /// The upper half of a word whose lower half was asked for.
    half: Option<u32>,
}

impl Pcg64 {
    pub(super) fn new(seed: u64) -> Self {
        let [state_high, state_low, stream_high, stream_low] = SeedSequence::new(seed).words();
        let wide = |high: u64, low: u64| (u128::from(high) << 64) | u128::from(low);
        let mut pcg = Self {
            state: 0,
            increment: (wide(stream_high, stream_low) << 1) | 1,
            half: None,
        };
        pcg.advance();
        pcg.state = pcg.state.wrapping_add(wide(state_high, state_low));
        pcg.advance();
        pcg
    }

    fn advance(&mut self) {
        self.state = self
            .state
            .wrapping_mul(MULTIPLIER)
            .wrapping_add(self.increment);
    }

    pub(super) fn next_u64(&mut self) -> u64 {
        self.advance();
        let folded = (self.state >> 64) as u64 ^ self.state as u64;
        folded.rotate_right((self.state >> 122) as u32)
    }

    pub(super) fn next_u32(&mut self) -> u32 {
        if let Some(high) = self.half.take() {
            return high;
        }
        let word = self.next_u64();
        self.half = Some((word >> 32) as u32);
        word as u32
    }
}
