//! A serde serializer that writes nothing and finds the first number that is not finite.

use core::fmt::{self, Display};

use serde::Serialize;
use serde::ser::{self, Serializer};

/// The first number that is not finite, with its place in `value`, in words; or what the value's own
/// `Serialize` complained about.
pub(super) fn check_finite<V: Serialize + ?Sized>(value: &V) -> Result<(), String> {
    value.serialize(Check).map_err(|found| found.to_string())
}

struct Check;

/// What was found. The path is put together on the way up.
#[derive(Debug)]
struct Found {
    path: String,
    problem: String,
}

impl Found {
    fn number(value: f64) -> Self {
        Self {
            path: String::new(),
            problem: format!("is {value}"),
        }
    }

    fn inside(mut self, step: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("{step}{dot}{}", self.path);
        self
    }
}

impl Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() {
            "the value"
        } else {
            &self.path
        };
        write!(f, "{path} {}", self.problem)
    }
}

impl core::error::Error for Found {}

impl ser::Error for Found {
    fn custom<M: Display>(message: M) -> Self {
        Self {
            path: String::new(),
            problem: format!("cannot be saved: {message}"),
        }
    }
}

/// A sequence, map or structure that is being walked.
struct Inside {
    /// The name of an enum's variant, if it is one.
    variant: &'static str,
    index: usize,
    key: String,
}

impl Inside {
    fn new(variant: &'static str) -> Self {
        Self {
            variant,
            index: 0,
            key: String::new(),
        }
    }

    fn variant(&self, found: Found) -> Found {
        if self.variant.is_empty() {
            found
        } else {
            found.inside(self.variant)
        }
    }

    fn element<V: Serialize + ?Sized>(&mut self, value: &V) -> Result<(), Found> {
        let index = self.index;
        self.index += 1;
        value
            .serialize(Check)
            .map_err(|found| self.variant(found.inside(&format!("[{index}]"))))
    }

    fn field<V: Serialize + ?Sized>(&mut self, name: &str, value: &V) -> Result<(), Found> {
        value
            .serialize(Check)
            .map_err(|found| self.variant(found.inside(name)))
    }
}

macro_rules! always_finite {
    ($($method:ident: $t:ty),*) => {
        $(fn $method(self, _: $t) -> Result<(), Found> {
            Ok(())
        })*
    };
}

impl Serializer for Check {
    type Ok = ();
    type Error = Found;
    type SerializeSeq = Inside;
    type SerializeTuple = Inside;
    type SerializeTupleStruct = Inside;
    type SerializeTupleVariant = Inside;
    type SerializeMap = Inside;
    type SerializeStruct = Inside;
    type SerializeStructVariant = Inside;

    always_finite! {
        serialize_bool: bool, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8],
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32,
        serialize_u64: u64, serialize_u128: u128, serialize_unit_struct: &'static str
    }

    fn serialize_f32(self, value: f32) -> Result<(), Found> {
        self.serialize_f64(f64::from(value))
    }

    fn serialize_f64(self, value: f64) -> Result<(), Found> {
        if value.is_finite() {
            Ok(())
        } else {
            Err(Found::number(value))
        }
    }

    fn collect_str<V: Display + ?Sized>(self, _: &V) -> Result<(), Found> {
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), Found> {
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Found> {
        Ok(())
    }

    fn serialize_some<V: Serialize + ?Sized>(self, value: &V) -> Result<(), Found> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Found> {
        Ok(())
    }

    fn serialize_newtype_struct<V: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &V,
    ) -> Result<(), Found> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<V: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &V,
    ) -> Result<(), Found> {
        value.serialize(self).map_err(|found| found.inside(variant))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Inside, Found> {
        Ok(Inside::new(""))
    }

    fn serialize_tuple(self, _: usize) -> Result<Inside, Found> {
        Ok(Inside::new(""))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Inside, Found> {
        Ok(Inside::new(""))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Inside, Found> {
        Ok(Inside::new(variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Inside, Found> {
        Ok(Inside::new(""))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Inside, Found> {
        Ok(Inside::new(""))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Inside, Found> {
        Ok(Inside::new(variant))
    }
}

macro_rules! elements {
    ($($trait:ident, $method:ident;)*) => {
        $(impl ser::$trait for Inside {
            type Ok = ();
            type Error = Found;

            fn $method<V: Serialize + ?Sized>(&mut self, value: &V) -> Result<(), Found> {
                self.element(value)
            }

            fn end(self) -> Result<(), Found> {
                Ok(())
            }
        })*
    };
}

elements! {
    SerializeSeq, serialize_element;
    SerializeTuple, serialize_element;
    SerializeTupleStruct, serialize_field;
    SerializeTupleVariant, serialize_field;
}

macro_rules! fields {
    ($($trait:ident;)*) => {
        $(impl ser::$trait for Inside {
            type Ok = ();
            type Error = Found;

            fn serialize_field<V: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &V,
            ) -> Result<(), Found> {
                self.field(name, value)
            }

            fn end(self) -> Result<(), Found> {
                Ok(())
            }
        })*
    };
}

fields! {
    SerializeStruct;
    SerializeStructVariant;
}

impl ser::SerializeMap for Inside {
    type Ok = ();
    type Error = Found;

    fn serialize_key<K: Serialize + ?Sized>(&mut self, key: &K) -> Result<(), Found> {
        // JSON names the key here as it does in the file; what it cannot write, it refuses there.
        self.key = serde_json::to_string(key).unwrap_or_default();
        Ok(())
    }

    fn serialize_value<V: Serialize + ?Sized>(&mut self, value: &V) -> Result<(), Found> {
        let key = core::mem::take(&mut self.key);
        self.field(key.trim_matches('"'), value)
    }

    fn end(self) -> Result<(), Found> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Serialize, Default)]
    struct Model {
        name: &'static str,
        layers: Vec<Layer>,
        gains: BTreeMap<u32, f32>,
        limit: Option<f64>,
        pair: (f64, f32),
        rule: Rule,
    }

    #[derive(Serialize, Default)]
    struct Layer {
        weights: Vec<Vec<f64>>,
    }

    #[derive(Serialize, Default)]
    enum Rule {
        #[default]
        None,
        Decay(f64),
        Range(f64, f64),
        Line {
            slope: f64,
        },
    }

    fn problem(model: &Model) -> String {
        check_finite(model).unwrap_err()
    }

    #[test]
    fn every_place_is_named() {
        let model = Model::default;
        check_finite(&model()).unwrap();
        let layer = |x| Layer {
            weights: vec![vec![0.0], vec![1.0, x]],
        };
        let found = problem(&Model {
            layers: vec![layer(2.0), layer(f64::NAN)],
            ..model()
        });
        assert_eq!(found, "layers[1].weights[1][1] is NaN");
        let gains = BTreeMap::from([(7, f32::INFINITY)]);
        assert_eq!(problem(&Model { gains, ..model() }), "gains.7 is inf");
        let limit = Some(f64::NEG_INFINITY);
        assert_eq!(problem(&Model { limit, ..model() }), "limit is -inf");
        let pair = (0.0, f32::NAN);
        assert_eq!(problem(&Model { pair, ..model() }), "pair[1] is NaN");
        let rule = |rule| problem(&Model { rule, ..model() });
        assert_eq!(rule(Rule::Decay(f64::NAN)), "rule.Decay is NaN");
        assert_eq!(rule(Rule::Range(0.0, f64::NAN)), "rule.Range[1] is NaN");
        assert_eq!(
            rule(Rule::Line { slope: f64::NAN }),
            "rule.Line.slope is NaN"
        );
        assert_eq!(check_finite(&f64::NAN).unwrap_err(), "the value is NaN");
    }
}
