//! Trains that keep some properties of the data and destroy the others.
