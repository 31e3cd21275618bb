//! Figures of spike trains as SVG.
