use core::fmt::Write;

use super::canvas::{Canvas, Frame, PALETTE, Pixel, check_marks};
use crate::error::check_enough;
use crate::{Error, SpikeTrains};

/// A row of ticks for each train, the first on top, over the mean rate of the trains in bins of `width`
/// seconds (the peristimulus time histogram, in hertz).
///
/// # Errors
/// [`Error::TooFew`] without trains, [`Error::TooLarge`] for more than a million spikes or bins, and the
/// errors of [`BinnedCounts::new`](crate::BinnedCounts::new) for the width.
pub fn raster(trains: &SpikeTrains, width: f64, title: &str) -> Result<String, Error> {
    check_enough("trains", 1, trains.len())?;
    check_marks("spikes of a raster", trains.spikes())?;
    check_marks("trains of a raster", trains.len())?;
    crate::error::check_positive("the width of a bin", width)?;
    let bins = trains.duration() / width;
    check_marks("bins of a histogram", bins.min(1e18) as usize)?;
    let counts = trains.bin(width)?.pooled();
    let rates: Vec<f64> = counts
        .iter()
        .map(|&n| n as f64 / (width * trains.len() as f64))
        .collect();
    let most = rates.iter().copied().fold(0.0, f64::max);

    let description = format!(
        "{} spikes of {} trains from {} s to {} s; below, their mean rate in bins of {width} s, at most {most:.3} Hz.",
        trains.spikes(),
        trains.len(),
        trains.t0(),
        trains.t1()
    );
    let mut canvas = Canvas::new(760.0, 480.0, title, &description);
    let time = (trains.t0(), trains.t1());
    let rows = Frame {
        left: 70.0,
        top: 40.0,
        width: 670.0,
        height: 250.0,
        x: time,
        y: (trains.len() as f64 - 0.5, -0.5),
        counted: (false, true),
    };
    let tick = rows.height / trains.len() as f64;
    let mut path = String::new();
    for (row, train) in trains.iter().enumerate() {
        for &spike in train.times() {
            let (x, y) = (Pixel(rows.px(spike)), Pixel(rows.py(row as f64 - 0.4)));
            let _ = write!(path, "M{x} {y}v{}", Pixel((0.8 * tick).max(0.5)));
        }
    }
    canvas.stroke(&path, PALETTE[0], 1.0);
    rows.axes(&mut canvas, None, "train");

    let below = Frame {
        top: 310.0,
        height: 120.0,
        y: (0.0, if most > 0.0 { 1.05 * most } else { 1.0 }),
        counted: (false, false),
        ..rows
    };
    let mut path = String::new();
    for (k, &rate) in rates.iter().enumerate().filter(|(_, r)| **r > 0.0) {
        let start = trains.t0() + k as f64 * width;
        let (left, right) = (below.px(start), below.px(start + width));
        let (top, bottom) = (below.py(rate), below.py(0.0));
        let (left, top) = (Pixel(left), Pixel(top));
        let _ = write!(
            path,
            "M{left} {top}H{}V{}H{left}z",
            Pixel(right),
            Pixel(bottom)
        );
    }
    canvas.fill(&path, PALETTE[2]);
    below.axes(&mut canvas, Some("time (s)"), "rate (Hz)");
    Ok(canvas.finish())
}
