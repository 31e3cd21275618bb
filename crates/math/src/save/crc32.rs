/// The CRC-32 of zlib, PNG and gzip: every burst of errors up to 32 bits is found.
#[derive(Clone, Copy)]
pub(super) struct Crc32(u32);

/// `TABLES[k][b]` is the remainder of byte b followed by k zero bytes, so that eight bytes are taken
/// at once.
static TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            let carry = remainder & 1;
            remainder = (remainder >> 1) ^ (carry * 0xedb8_8320);
            bit += 1;
        }
        tables[0][byte] = remainder;
        byte += 1;
    }
    let mut k = 1;
    while k < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[k - 1][byte];
            tables[k][byte] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        k += 1;
    }
    tables
}

impl Crc32 {
    pub(super) fn new() -> Self {
        Self(!0)
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        let (blocks, rest) = bytes.as_chunks::<8>();
        for block in blocks {
            let word = u64::from_le_bytes(*block) ^ u64::from(self.0);
            let mut crc = 0;
            for (k, byte) in word.to_le_bytes().into_iter().enumerate() {
                crc ^= TABLES[7 - k][usize::from(byte)];
            }
            self.0 = crc;
        }
        for &byte in rest {
            let index = (self.0 ^ u32::from(byte)) & 0xff;
            self.0 = (self.0 >> 8) ^ TABLES[0][index as usize];
        }
    }

    pub(super) fn value(self) -> u32 {
        !self.0
    }

    /// The sum of these bytes, as it is written.
    pub(super) fn text(bytes: &[u8]) -> String {
        let mut crc = Self::new();
        crc.add(bytes);
        format!("{:08x}", crc.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_sums() {
        assert_eq!(Crc32::text(b""), "00000000");
        // The check value that every description of CRC-32 gives.
        assert_eq!(Crc32::text(b"123456789"), "cbf43926");
        // python3 -c "import zlib; print(f'{zlib.crc32(bytes(range(256))):08x}')"
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(Crc32::text(&bytes), "29058c73");
    }

    #[test]
    fn parts_make_the_whole() {
        let bytes: Vec<u8> = (0..100).map(|i| i ^ 0x55).collect();
        for cut in 0..bytes.len() {
            let mut crc = Crc32::new();
            crc.add(&bytes[..cut]);
            crc.add(&bytes[cut..]);
            assert_eq!(format!("{:08x}", crc.value()), Crc32::text(&bytes));
        }
    }
}
