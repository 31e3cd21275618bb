use serde::{Deserialize, Serialize};

use crate::Error;
use crate::reservoir::config::require;
use crate::reservoir::series::check_size;

/// How the points of a field are neighbours of each other; each is a channel of the series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Grid {
    /// A periodic line: the last point is next to the first.
    #[default]
    Ring,
    /// A plane that is periodic in both directions, row after row.
    Torus {
        /// Points in each row.
        columns: usize,
    },
}

/// A field cut into equal patches, and what each of them sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tiling {
    points: usize,
    /// Points of a patch.
    core_len: usize,
    /// Points that a patch sees.
    window_len: usize,
    /// The points of every patch, patch by patch.
    cores: Vec<usize>,
    /// The points that every patch sees, patch by patch, in the order of the grid.
    windows: Vec<usize>,
}

impl Grid {
    /// The points in a window of `patch` points and `halo` more on each side, along every direction.
    pub(crate) fn window(self, patch: usize, halo: usize) -> Result<usize, Error> {
        let range = "with its halo exceeds every memory";
        let refused = || out_of_range("patch", patch, range);
        let side = halo
            .checked_mul(2)
            .and_then(|both| both.checked_add(patch))
            .ok_or_else(refused)?;
        match self {
            Self::Ring => Ok(side),
            Self::Torus { .. } => side.checked_mul(side).ok_or_else(refused),
        }
    }

    /// Cuts a field of `points` points.
    ///
    /// # Errors
    /// If the field is no whole number of rows, the rows and columns are no whole number of patches, or a
    /// window would see a point twice.
    pub(crate) fn tile(self, points: usize, patch: usize, halo: usize) -> Result<Tiling, Error> {
        let window_len = self.window(patch, halo)?;
        if points == 0 {
            return Err(neuropil_math::Error::Empty { what: "field" }.into());
        }
        // A ring is one row, of which the patches take the whole height and see nothing beyond.
        let (columns, height, halo_y) = match self {
            Self::Ring => (points, 1, 0),
            Self::Torus { columns } => {
                let fits = columns > 0;
                require("columns of the torus", 0.0, fits, "must be at least 1")?;
                (columns, patch, halo)
            }
        };
        check_size(
            "points past the last whole row of the field",
            0,
            points % columns,
        )?;
        let rows = points / columns;
        let fits = patch > 0;
        require("patch", patch as f64, fits, "must be at least 1 point")?;
        for (length, patch, halo) in [(columns, patch, halo), (rows, height, halo_y)] {
            check_size(
                "points past the last whole patch of the field",
                0,
                length % patch,
            )?;
            let side = patch + 2 * halo;
            if side > length {
                return Err(Error::TooShort {
                    what: "field around which a patch with its halo must not reach",
                    needed: side,
                    found: length,
                });
            }
        }
        let (mut cores, mut windows) = (Vec::with_capacity(points), Vec::new());
        for top in (0..rows).step_by(height) {
            for left in (0..columns).step_by(patch) {
                for y in top..top + height {
                    cores.extend((left..left + patch).map(|x| y * columns + x));
                }
                for y in 0..height + 2 * halo_y {
                    let y = (top + rows + y - halo_y) % rows;
                    let seen = 0..patch + 2 * halo;
                    windows
                        .extend(seen.map(|x| y * columns + (left + columns + x - halo) % columns));
                }
            }
        }
        Ok(Tiling {
            points,
            core_len: patch * height,
            window_len,
            cores,
            windows,
        })
    }
}

fn out_of_range(what: &'static str, value: usize, range: &'static str) -> Error {
    neuropil_math::Error::OutOfRange {
        what,
        value: value as f64,
        range,
    }
    .into()
}

impl Tiling {
    pub(crate) fn points(&self) -> usize {
        self.points
    }

    pub(crate) fn patches(&self) -> usize {
        self.points / self.core_len
    }

    /// The points of a patch.
    pub(crate) fn core(&self, patch: usize) -> &[usize] {
        &self.cores[patch * self.core_len..][..self.core_len]
    }

    /// The points of every patch, patch by patch.
    pub(crate) fn cores(&self) -> &[usize] {
        &self.cores
    }

    /// The points that a patch sees.
    #[inline]
    pub(crate) fn window(&self, patch: usize) -> &[usize] {
        &self.windows[patch * self.window_len..][..self.window_len]
    }

    pub(crate) fn core_len(&self) -> usize {
        self.core_len
    }

    pub(crate) fn window_len(&self) -> usize {
        self.window_len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_closes() {
        let tiling = Grid::Ring.tile(6, 2, 1).unwrap();
        assert_eq!(tiling.patches(), 3);
        assert_eq!(tiling.core(2), [4, 5]);
        assert_eq!(tiling.window(0), [5, 0, 1, 2]);
        assert_eq!(tiling.window(2), [3, 4, 5, 0]);
    }

    #[test]
    fn a_torus_closes_in_both_directions() {
        let torus = Grid::Torus { columns: 4 };
        let tiling = torus.tile(12, 1, 1).unwrap();
        assert_eq!(tiling.patches(), 12);
        assert_eq!(tiling.core(0), [0]);
        assert_eq!(tiling.window(0), [11, 8, 9, 3, 0, 1, 7, 4, 5]);

        let tiling = torus.tile(16, 2, 1).unwrap();
        assert_eq!(tiling.core(3), [10, 11, 14, 15]);
        assert_eq!(tiling.window(3)[..4], [5, 6, 7, 4]);
        assert_eq!(tiling.window(3)[12..], [1, 2, 3, 0]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Grid::Ring.tile(4, 1, 1).is_ok());
        assert_eq!(
            Grid::Ring.tile(4, 1, 2),
            Err(Error::TooShort {
                what: "field around which a patch with its halo must not reach",
                needed: 5,
                found: 4
            })
        );
        assert!(Grid::Ring.tile(5, 2, 0).is_err());
        assert!(Grid::Ring.tile(0, 1, 0).is_err());
        assert!(Grid::Ring.tile(5, 0, 0).is_err());
        assert!(Grid::Ring.tile(5, 1, usize::MAX).is_err());
        assert!(Grid::Torus { columns: 0 }.tile(5, 1, 0).is_err());
        assert!(Grid::Torus { columns: 2 }.tile(5, 1, 0).is_err());
        assert!(Grid::Torus { columns: 4 }.tile(8, 1, 1).is_err());
        assert!(Grid::Torus { columns: 4 }.tile(12, 2, 0).is_err());
    }
}
