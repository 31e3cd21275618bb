use core::fmt::Write;

use nalgebra::DMatrix;

use super::canvas::{Canvas, Frame, PALETTE, Pixel, check_marks, range};
use super::matrix::{cells, colour_bar};
use crate::Error;
use crate::error::{check_enough, check_finite, check_shape};

/// A bar for each lag: how often, or how strongly, one train follows another. `lags` are in seconds,
/// rising, and `values` in what `measure` says, unit included.
///
/// # Errors
/// [`Error::Shape`] if there are not as many values as lags, [`Error::TooFew`] with fewer than two,
/// [`Error::OutOfRange`] for lags that do not rise, [`Error::NonFinite`], [`Error::TooLarge`] for more than
/// a million.
pub fn correlogram(
    lags: &[f64],
    values: &[f64],
    measure: &str,
    title: &str,
) -> Result<String, Error> {
    check_shape("values of a correlogram", lags.len(), values.len())?;
    check_enough("lags of a correlogram", 2, lags.len())?;
    check_marks("lags of a correlogram", lags.len())?;
    check_finite("the lags", lags)?;
    check_finite("the values of a correlogram", values)?;
    check_rising("a step of the lags", lags)?;
    let half = 0.5
        * lags
            .windows(2)
            .map(|w| w[1] - w[0])
            .fold(f64::INFINITY, f64::min);
    let (low, high) = range(values.iter().copied().chain([0.0]));
    let description = format!(
        "{measure} at {} lags from {} s to {} s, from {low:.4} to {high:.4}.",
        lags.len(),
        lags[0],
        lags[lags.len() - 1]
    );
    let mut canvas = Canvas::new(760.0, 340.0, title, &description);
    let frame = Frame {
        left: 70.0,
        top: 40.0,
        width: 670.0,
        height: 250.0,
        x: range([lags[0] - half, lags[lags.len() - 1] + half].into_iter()),
        y: (low, high + 0.04 * (high - low)),
        counted: (false, false),
    };
    let mut path = String::new();
    let ground = frame.py(0.0);
    for (&lag, &value) in lags.iter().zip(values) {
        let (left, right) = (Pixel(frame.px(lag - half)), Pixel(frame.px(lag + half)));
        let top = Pixel(frame.py(value));
        let _ = write!(
            path,
            "M{left} {}V{top}H{right}V{}z",
            Pixel(ground),
            Pixel(ground)
        );
    }
    canvas.fill(&path, PALETTE[2]);
    let zero = format!(
        "M{} {}V{}",
        Pixel(frame.px(0.0)),
        Pixel(frame.top),
        Pixel(frame.top + frame.height)
    );
    if frame.x.0 < 0.0 && frame.x.1 > 0.0 {
        canvas.stroke(&zero, "#888888", 1.0);
    }
    frame.axes(&mut canvas, Some("lag (s)"), measure);
    Ok(canvas.finish())
}

/// Rates in hertz, units × places, at the positions of the places: curves of up to seven units, a map of
/// more, each unit over its largest rate and in the order of where that is. `axis` says what the
/// positions are, unit included. Undefined rates (NaN) leave a gap.
///
/// # Errors
/// [`Error::Shape`] if there are not as many positions as places, [`Error::TooFew`] without units or with
/// fewer than two places, [`Error::NonFinite`] and [`Error::OutOfRange`] for the positions,
/// [`Error::TooLarge`] for more than a million rates.
pub fn tuning_curves(
    positions: &[f64],
    rates: &DMatrix<f64>,
    axis: &str,
    title: &str,
) -> Result<String, Error> {
    check_shape("positions", rates.ncols(), positions.len())?;
    check_enough("units", 1, rates.nrows())?;
    check_enough("places", 2, rates.ncols())?;
    check_marks("rates of tuning curves", rates.len())?;
    check_finite("the positions", positions)?;
    check_rising("a step of the positions", positions)?;
    let units = rates.nrows();
    let most = range(rates.iter().copied().chain([0.0])).1;
    let x = range(positions.iter().copied());
    let description = format!(
        "Rates of {units} units over {axis} from {} to {}, at most {most:.3} Hz.",
        x.0, x.1
    );
    let frame = Frame {
        left: 70.0,
        top: 50.0,
        width: 600.0,
        height: 300.0,
        x,
        y: (0.0, 1.05 * most),
        counted: (false, false),
    };
    let mut canvas = Canvas::new(780.0, 400.0, title, &description);
    if units <= PALETTE.len() {
        let names: Vec<String> = (0..units).map(|unit| format!("unit {unit}")).collect();
        let mut legend = Vec::new();
        for ((row, name), colour) in rates.row_iter().zip(&names).zip(PALETTE) {
            let points = positions.iter().copied().zip(row.iter().copied());
            canvas.stroke(&frame.line(points), colour, 2.0);
            legend.push((name.as_str(), colour));
        }
        canvas.legend(&frame, &legend);
        frame.axes(&mut canvas, Some(axis), "rate (Hz)");
        return Ok(canvas.finish());
    }
    let peak = |unit: usize| {
        let row = rates.row(unit);
        let best = row.iter().enumerate().filter(|(_, r)| r.is_finite());
        best.fold(
            (0, 0.0),
            |best, (x, &r)| if r > best.1 { (x, r) } else { best },
        )
    };
    let peaks: Vec<(usize, f64)> = (0..units).map(peak).collect();
    let mut order: Vec<usize> = (0..units).collect();
    order.sort_by_key(|&unit| peaks[unit].0);
    let map = DMatrix::from_fn(units, rates.ncols(), |i, x| {
        let most = peaks[order[i]].1;
        let rate = rates[(order[i], x)];
        if most > 0.0 { rate / most } else { 0.0 * rate }
    });
    let frame = Frame {
        y: (units as f64 - 0.5, -0.5),
        counted: (false, true),
        ..frame
    };
    cells(&mut canvas, &frame, &map, (0.0, 1.0));
    frame.axes(
        &mut canvas,
        Some(axis),
        "unit, by the place of its largest rate",
    );
    colour_bar(&mut canvas, &frame, (0.0, 1.0), "rate / largest");
    Ok(canvas.finish())
}

/// True positions as a line, decoded ones as dots, over time in seconds. `axis` says what the positions
/// are, unit included; where nothing was decoded there is no dot.
///
/// # Errors
/// [`Error::Shape`] if the three differ in length, [`Error::TooFew`] with fewer than two moments,
/// [`Error::NonFinite`] and [`Error::OutOfRange`] for the times, [`Error::TooLarge`] for more than a million
/// moments. True positions that are not finite interrupt the line.
pub fn decoded(
    times: &[f64],
    truth: &[f64],
    decoded: &[Option<f64>],
    axis: &str,
    title: &str,
) -> Result<String, Error> {
    check_shape("true positions", times.len(), truth.len())?;
    check_shape("decoded positions", times.len(), decoded.len())?;
    check_enough("moments", 2, times.len())?;
    check_marks("moments", times.len())?;
    check_finite("the times", times)?;
    check_rising("a step of the times", times)?;
    let estimates = || decoded.iter().flatten().copied().filter(|p| p.is_finite());
    let (low, high) = range(truth.iter().copied().chain(estimates()));
    let margin = 0.04 * (high - low);
    let mut errors: Vec<f64> = truth
        .iter()
        .zip(decoded)
        .filter_map(|(t, d)| d.map(|d| (d - t).abs()))
        .filter(|e| e.is_finite())
        .collect();
    errors.sort_by(f64::total_cmp);
    let middle = errors.get(errors.len() / 2).copied().unwrap_or(f64::NAN);
    let description = format!(
        "{axis} over {} moments from {} s to {} s, true and decoded; half of the errors are below {middle:.4}.",
        times.len(),
        times[0],
        times[times.len() - 1]
    );
    let mut canvas = Canvas::new(900.0, 340.0, title, &description);
    let frame = Frame {
        left: 70.0,
        top: 50.0,
        width: 810.0,
        height: 240.0,
        x: range(times.iter().copied()),
        y: (low - margin, high + margin),
        counted: (false, false),
    };
    let points = times.iter().copied().zip(truth.iter().copied());
    canvas.stroke(&frame.line(points), PALETTE[0], 1.5);
    for (&time, estimate) in times.iter().zip(decoded) {
        if let Some(estimate) = estimate.filter(|e| e.is_finite()) {
            canvas.dot(frame.px(time), frame.py(estimate), PALETTE[1]);
        }
    }
    canvas.legend(&frame, &[("true", PALETTE[0]), ("decoded", PALETTE[1])]);
    frame.axes(&mut canvas, Some("time (s)"), axis);
    Ok(canvas.finish())
}

fn check_rising(what: &'static str, values: &[f64]) -> Result<(), Error> {
    match values.windows(2).position(|w| w[1] <= w[0]) {
        None => Ok(()),
        Some(before) => Err(Error::OutOfRange {
            what,
            value: values[before + 1] - values[before],
            range: "must be positive",
        }),
    }
}
