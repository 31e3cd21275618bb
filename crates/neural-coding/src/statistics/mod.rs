//! Statistics of spike trains.
