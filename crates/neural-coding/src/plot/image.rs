//! A picture of few colours inside of SVG text: as paths, a large matrix would be megabytes.

/// Of the palette that is written; a code is then one byte.
const COLOURS: usize = 128;

/// After so many pixels the table of the compression is cleared, before its codes outgrow a byte.
const CLEARED: usize = 120;

/// A GIF of `width` × `height` pixels, row by row from the top, each an index into the palette; `None`
/// is transparent. The palette has less than 128 colours.
///
/// The compression is not used: with each of its codes a byte, neither side needs a dictionary.
pub(super) fn data_uri(
    (width, height): (u16, u16),
    pixels: impl Iterator<Item = Option<u8>>,
    palette: &[[u8; 3]],
) -> String {
    let mut gif = b"GIF89a".to_vec();
    let transparent = (palette.len().min(COLOURS - 1)) as u8;
    gif.extend(width.to_le_bytes());
    gif.extend(height.to_le_bytes());
    // A palette of 2⁷ colours of 8 bits.
    gif.extend([0xf6, 0, 0]);
    let colours = palette.iter().copied().chain(core::iter::repeat([255; 3]));
    gif.extend(colours.take(COLOURS).flatten());
    gif.extend([0x21, 0xf9, 4, 1, 0, 0, transparent, 0]);
    gif.extend([0x2c, 0, 0, 0, 0]);
    gif.extend(width.to_le_bytes());
    gif.extend(height.to_le_bytes());
    gif.extend([0, 7]);
    let (clear, end) = (COLOURS as u8, COLOURS as u8 + 1);
    let mut codes = Vec::with_capacity(usize::from(width) * usize::from(height) * 17 / 16 + 2);
    for (at, pixel) in pixels.enumerate() {
        if at % CLEARED == 0 {
            codes.push(clear);
        }
        codes.push(pixel.map_or(transparent, |index| index.min(transparent)));
    }
    codes.push(end);
    for block in codes.chunks(255) {
        gif.push(block.len() as u8);
        gif.extend(block);
    }
    gif.extend([0, 0x3b]);
    format!("data:image/gif;base64,{}", base64(&gif))
}

fn base64(data: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(data.len().div_ceil(3) * 4);
    for three in data.chunks(3) {
        let byte = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = (bits >> (18 - 6 * place)) & 63;
            let written = place <= three.len();
            text.push(if written {
                char::from(DIGITS[digit as usize])
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_the_standard() {
        for (data, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(data.as_bytes()), text);
        }
    }

    /// The bytes behind a data URI.
    fn decoded(uri: &str) -> Vec<u8> {
        let text = uri.strip_prefix("data:image/gif;base64,").unwrap();
        let value = |c: u8| match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        let mut bytes = Vec::new();
        for four in text.as_bytes().chunks(4) {
            let bits = four
                .iter()
                .fold(0_u32, |bits, &c| bits << 6 | u32::from(value(c)));
            let padded = four.iter().filter(|&&c| c == b'=').count();
            bytes.extend(&bits.to_be_bytes()[1..4 - padded]);
        }
        bytes
    }

    #[test]
    fn a_picture_holds_its_pixels() {
        let pixel = |k: usize| (!k.is_multiple_of(7)).then_some((k % 5) as u8);
        let palette = [[1, 2, 3]; 5];
        let gif = decoded(&data_uri((40, 30), (0..1200).map(pixel), &palette));
        assert_eq!(&gif[..10], b"GIF89a\x28\0\x1e\0");
        assert_eq!(&gif[13..16], [1, 2, 3]);
        // Header, palette, transparency, descriptor, width of a code; then blocks.
        let mut at = 13 + 3 * COLOURS + 8 + 10 + 1;
        let mut codes = Vec::new();
        while gif[at] != 0 {
            let length = usize::from(gif[at]);
            codes.extend(&gif[at + 1..=at + length]);
            at += length + 1;
        }
        assert_eq!(gif[at + 1..], [0x3b]);
        assert_eq!(codes.pop(), Some(129));
        let longest = codes.split(|&c| c == 128).map(<[u8]>::len).max();
        assert!(longest.unwrap() < 127, "a code would need nine bits");
        codes.retain(|&c| c != 128);
        let expected: Vec<u8> = (0..1200).map(|k| pixel(k).unwrap_or(5)).collect();
        assert_eq!(codes, expected);
    }
}
