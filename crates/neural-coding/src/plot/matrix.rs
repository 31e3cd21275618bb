use core::fmt::Write;

use nalgebra::DMatrix;

use super::canvas::{Canvas, Frame, Pixel, check_marks, heat, heat_bytes, range, ticks};
use super::image::data_uri;
use crate::Error;
use crate::error::check_enough;

/// Shades that are told apart.
const SHADES: usize = 64;

/// Up to so many cells are drawn as rectangles, which stay sharp at any size; more are a picture.
const RECTANGLES: usize = 4096;

/// A matrix of distances as cells, dark where trains are near; `measure` says which distance, unit
/// included. Cells of undefined values (NaN) and of infinite ones stay white.
///
/// # Errors
/// [`Error::TooFew`] without rows or columns, [`Error::TooLarge`] for more than a million cells.
pub fn distance_matrix(
    distances: &DMatrix<f64>,
    measure: &str,
    title: &str,
) -> Result<String, Error> {
    let (rows, columns) = distances.shape();
    check_enough("rows of the matrix", 1, rows)?;
    check_enough("columns of the matrix", 1, columns)?;
    check_marks("cells of a matrix", distances.len())?;
    let scale = range(distances.iter().copied());
    let description = format!(
        "A matrix of {rows} by {columns} cells: {measure} from {:.4} to {:.4}.",
        scale.0, scale.1
    );
    let mut canvas = Canvas::new(660.0, 580.0, title, &description);
    let frame = Frame {
        left: 60.0,
        top: 40.0,
        width: 480.0,
        height: 480.0,
        // The number of a train stands at the middle of its cells.
        x: (-0.5, columns as f64 - 0.5),
        y: (rows as f64 - 0.5, -0.5),
        counted: (true, true),
    };
    cells(&mut canvas, &frame, distances, scale);
    frame.axes(&mut canvas, Some("train"), "train");
    colour_bar(&mut canvas, &frame, scale, measure);
    Ok(canvas.finish())
}

/// The cells of a matrix over a whole frame: of few, all of a shade in one path, of many a picture.
pub(super) fn cells(
    canvas: &mut Canvas,
    frame: &Frame,
    values: &DMatrix<f64>,
    (low, high): (f64, f64),
) {
    let (rows, columns) = values.shape();
    let (width, height) = (frame.width / columns as f64, frame.height / rows as f64);
    let shade = |value: f64| {
        let share = (value - low) / (high - low);
        value
            .is_finite()
            .then(|| ((share * SHADES as f64) as usize).min(SHADES - 1))
    };
    let side = |n: usize| u16::try_from(n).ok().filter(|_| values.len() > RECTANGLES);
    if let (Some(rows), Some(columns)) = (side(rows), side(columns)) {
        let palette: [[u8; 3]; SHADES] =
            core::array::from_fn(|k| heat_bytes((k as f64 + 0.5) / SHADES as f64));
        let row_by_row = values.row_iter();
        let pixels = row_by_row.flat_map(|row| row.iter().map(|&v| shade(v)).collect::<Vec<_>>());
        let pixels = pixels.map(|shade| shade.map(|k| k as u8));
        canvas.image(frame, &data_uri((columns, rows), pixels, &palette));
        return;
    }
    let mut paths = vec![String::new(); SHADES];
    for i in 0..rows {
        let mut j = 0;
        while j < columns {
            let this = shade(values[(i, j)]);
            // Neighbours of a shade are one piece.
            let run = (j..columns)
                .take_while(|&k| shade(values[(i, k)]) == this)
                .count();
            if let Some(shade) = this {
                let (x, y) = (frame.left + j as f64 * width, frame.top + i as f64 * height);
                let (right, bottom) = (x + run as f64 * width, y + height);
                let _ = write!(
                    paths[shade],
                    "M{} {}H{}V{}H{}z",
                    Pixel(x),
                    Pixel(y),
                    Pixel(right),
                    Pixel(bottom),
                    Pixel(x)
                );
            }
            j += run;
        }
    }
    for (shade, path) in paths.iter().enumerate() {
        canvas.fill(path, &heat((shade as f64 + 0.5) / SHADES as f64));
    }
}

/// What the shades mean, to the right of a frame.
pub(super) fn colour_bar(canvas: &mut Canvas, frame: &Frame, scale: (f64, f64), measure: &str) {
    let left = frame.left + frame.width + 20.0;
    canvas.heat_bar(left, frame.top, 14.0, frame.height);
    let bar = Frame { y: scale, ..*frame };
    for (value, words) in ticks(scale, 5.0, 0.0) {
        canvas.label(left + 20.0, bar.py(value) + 4.0, "start", &words);
    }
    canvas.upright(left + 72.0, frame.top + frame.height / 2.0, measure);
}
