//! Small pictures inside of SVG text: 16 colours, as PNG in base 64.

/// The picture of `width` × `height` colours, row by row from the top, each an index below 16.
pub(crate) fn data_uri(
    width: usize,
    height: usize,
    pixels: &[u8],
    palette: &[[u8; 3]; 16],
) -> Result<String, String> {
    let size = |n: usize| u32::try_from(n).map_err(|_| format!("{n} pixels are too many"));
    if width == 0 || height == 0 || pixels.len() != width * height {
        return Err(format!(
            "{} pixels are not {width} × {height}",
            pixels.len()
        ));
    }
    let mut png = vec![0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];
    let mut header = Vec::new();
    header.extend(size(width)?.to_be_bytes());
    header.extend(size(height)?.to_be_bytes());
    // Four bits for each pixel, indices into the palette, no interlacing.
    header.extend([4, 3, 0, 0, 0]);
    chunk(&mut png, *b"IHDR", &header)?;
    chunk(&mut png, *b"PLTE", palette.as_flattened())?;
    let mut rows = Vec::with_capacity(height * (width.div_ceil(2) + 1));
    for row in pixels.chunks_exact(width) {
        rows.push(0);
        rows.extend(
            row.chunks(2)
                .map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)),
        );
    }
    chunk(&mut png, *b"IDAT", &stored(&rows))?;
    chunk(&mut png, *b"IEND", &[])?;
    Ok(format!("data:image/png;base64,{}", base64(&png)))
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) -> Result<(), String> {
    let length = u32::try_from(data.len()).map_err(|e| e.to_string())?;
    png.extend(length.to_be_bytes());
    let start = png.len();
    png.extend(kind);
    png.extend(data);
    let sum = crc32(&png[start..]);
    png.extend(sum.to_be_bytes());
    Ok(())
}

/// The zlib format without compression.
fn stored(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut blocks = data.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        out.push(u8::from(blocks.peek().is_none()));
        #[expect(clippy::cast_possible_truncation, reason = "at most 0xffff")]
        let length = block.len() as u16;
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for &byte in data {
        a = (a + u32::from(byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    out.extend((b << 16 | a).to_be_bytes());
    out
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(!0, |crc: u32, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            let bit = crc & 1;
            (crc >> 1) ^ (0xedb8_8320 * bit)
        })
    })
}

fn base64(data: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(data.len().div_ceil(3) * 4);
    for three in data.chunks(3) {
        let word = three
            .iter()
            .fold(0_u32, |word, &byte| word << 8 | u32::from(byte))
            << (8 * (3 - three.len()));
        for place in 0..4 {
            if place <= three.len() {
                let digit = (word >> (18 - 6 * place)) & 63;
                text.push(char::from(DIGITS[digit as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values_of_the_standards() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        for (data, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(data.as_bytes()), text);
        }
        let adler = stored(b"Wikipedia");
        assert_eq!(adler[adler.len() - 4..], [0x11, 0xe6, 0x03, 0x98]);
    }

    #[test]
    fn sizes_must_agree() {
        assert!(data_uri(2, 2, &[0; 3], &[[0; 3]; 16]).is_err());
        assert!(data_uri(0, 2, &[], &[[0; 3]; 16]).is_err());
        let uri = data_uri(3, 2, &[1; 6], &[[0; 3]; 16]).unwrap();
        assert!(uri.starts_with("data:image/png;base64,iVBORw0KGgo"));
    }
}
