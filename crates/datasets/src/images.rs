use core::ops::Range;
use std::path::Path;

use nalgebra::DMatrix;
use neuropil_math::{Real, check_size};

use crate::{Error, Idx};

/// Grey images of one size with a class each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledImages {
    rows: usize,
    columns: usize,
    white: u8,
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

/// The two halves of a set that its authors split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainTest {
    /// What models learn from.
    pub train: LabelledImages,
    /// What they are judged by.
    pub test: LabelledImages,
}

impl LabelledImages {
    /// Images and labels of two IDX arrays, n × rows × columns and n, with `white` the value of the
    /// brightest pixel that can be.
    ///
    /// # Errors
    /// If the arrays have other dimensions, their numbers of items differ, or `white` is 0.
    pub fn new(images: Idx, labels: Idx, white: u8) -> Result<Self, Error> {
        let &[count, rows, columns] = images.shape() else {
            let found = images.shape().len();
            check_size("dimensions of an array of images", 3, found)?;
            return Err(neuropil_math::Error::Empty { what: "images" }.into());
        };
        check_size("dimensions of an array of labels", 1, labels.shape().len())?;
        check_size("labels for the images", count, labels.values().len())?;
        if white == 0 {
            return Err(Error::out_of_range("white", 0.0, "must be at least 1"));
        }
        Ok(Self {
            rows,
            columns,
            white,
            pixels: images.into_values(),
            labels: labels.into_values(),
        })
    }

    /// How many images there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image; never true of one that was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Rows and columns of an image.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// The value of the brightest pixel that can be.
    #[must_use]
    pub fn white(&self) -> u8 {
        self.white
    }

    /// The pixels of image `index`, row by row.
    #[must_use]
    pub fn image(&self, index: usize) -> Option<&[u8]> {
        self.pixels
            .chunks_exact(self.rows * self.columns)
            .nth(index)
    }

    /// All pixels, image after image, row by row.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The class of each image.
    #[must_use]
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// How many classes there are, counted from 0 to the largest label.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.labels.iter().max().map_or(0, |&l| usize::from(l) + 1)
    }

    /// The pixels divided by `white`, one image per column: pixels × images, values in [0, 1].
    #[must_use]
    pub fn scaled<T: Real>(&self) -> DMatrix<T> {
        self.scale(&self.pixels)
    }

    /// [`Self::scaled`] of a range of the images.
    ///
    /// # Errors
    /// If the range is not within the images.
    pub fn scaled_range<T: Real>(&self, range: Range<usize>) -> Result<DMatrix<T>, Error> {
        let size = self.rows * self.columns;
        if range.start > range.end || range.end > self.len() {
            return Err(Error::out_of_range(
                "the end of the range of images",
                range.end as f64,
                "must not be before its start or beyond the last image",
            ));
        }
        Ok(self.scale(&self.pixels[range.start * size..range.end * size]))
    }

    fn scale<T: Real>(&self, pixels: &[u8]) -> DMatrix<T> {
        let table: Vec<T> = (0..=255_u8)
            .map(|p| T::of(f64::from(p) / f64::from(self.white)))
            .collect();
        let values = pixels.iter().map(|&p| table[usize::from(p)]);
        let size = self.rows * self.columns;
        DMatrix::from_iterator(size, pixels.len() / size, values)
    }

    /// The targets of a classifier, classes × images: 1 at the class of the image, 0 elsewhere.
    #[must_use]
    pub fn one_hot<T: Real>(&self) -> DMatrix<T> {
        let mut targets = DMatrix::zeros(self.classes(), self.len());
        for (image, &label) in self.labels.iter().enumerate() {
            targets[(usize::from(label), image)] = T::one();
        }
        targets
    }

    pub(crate) fn parse(
        images: &[u8],
        labels: &[u8],
        white: u8,
        name: &Path,
    ) -> Result<Self, Error> {
        Self::new(Idx::parse(images, name)?, Idx::parse(labels, name)?, white)
    }
}
