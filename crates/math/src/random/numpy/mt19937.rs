const LENGTH: usize = 624;
const SHIFT: usize = 397;

/// The Mersenne twister of 32 bits.[^mt]
///
/// [^mt]: Matsumoto, Nishimura (1998), *Mersenne twister*, ACM TOMACS 8, 3–30, with the seeding of 2002.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Mt19937 {
    key: [u32; LENGTH],
    position: usize,
}

impl Mt19937 {
    pub(super) fn new(seed: u32) -> Self {
        let mut key = [0; LENGTH];
        key[0] = seed;
        for i in 1..LENGTH {
            let last = key[i - 1];
            key[i] = (last ^ (last >> 30))
                .wrapping_mul(1_812_433_253)
                .wrapping_add(i as u32);
        }
        Self {
            key,
            position: LENGTH,
        }
    }

    pub(super) fn next_u32(&mut self) -> u32 {
        if self.position == LENGTH {
            self.twist();
        }
        let mut y = self.key[self.position];
        self.position += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn twist(&mut self) {
        for i in 0..LENGTH {
            let y = (self.key[i] & 0x8000_0000) | (self.key[(i + 1) % LENGTH] & 0x7fff_ffff);
            let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
            self.key[i] = self.key[(i + SHIFT) % LENGTH] ^ (y >> 1) ^ odd;
        }
        self.position = 0;
    }
}
