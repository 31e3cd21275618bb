use core::fmt::Write;

use nalgebra::DMatrix;

use super::canvas::{Canvas, Frame, Pixel, check_marks, heat, range};
use crate::Error;
use crate::error::check_enough;

/// Shades that are told apart.
pub(super) const SHADES: usize = 64;

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
    let mut canvas = Canvas::new(640.0, 580.0, title, &description);
    let frame = Frame {
        left: 60.0,
        top: 40.0,
        width: 480.0,
        height: 480.0,
        x: (0.0, columns as f64),
        y: (rows as f64, 0.0),
    };
    cells(&mut canvas, &frame, distances, scale);
    frame.axes(&mut canvas, Some("train"), "train");
    colour_bar(&mut canvas, &frame, scale, measure);
    Ok(canvas.finish())
}

/// The cells of a matrix over a frame of its rows and columns, all of a shade in one path.
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
    let (left, steps) = (frame.left + frame.width + 20.0, 32);
    let step = frame.height / f64::from(steps);
    for k in 0..steps {
        let colour = heat((f64::from(k) + 0.5) / f64::from(steps));
        let top = frame.top + frame.height - f64::from(k + 1) * step;
        canvas.rectangle(left, top, 14.0, step + 0.5, &colour);
    }
    canvas.label(left + 20.0, frame.top + 10.0, "start", &short(scale.1));
    let bottom = frame.top + frame.height;
    canvas.label(left + 20.0, bottom, "start", &short(scale.0));
    canvas.label(left + 20.0, frame.top - 8.0, "end", measure);
}

/// A number in few characters.
fn short(value: f64) -> String {
    if value != 0.0 && !(1e-3..1e5).contains(&value.abs()) {
        format!("{value:.1e}")
    } else {
        format!("{value:.3}")
    }
}
