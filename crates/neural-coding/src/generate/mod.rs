//! Random spike trains.
