//! The trains that the other files refer to.

use serde_json::Value;

use super::{Outcomes, array, get, sections, trains_of, unknown};

/// Every train is valid and has a name.
pub(crate) fn run(file: &Value) -> Outcomes {
    sections(file, |name, value| match name {
        "sets" => {
            let sets = value.as_object().ok_or("sets are no object")?;
            for (name, set) in sets {
                let trains = trains_of(set).map_err(|e| format!("{name}: {e}"))?;
                let names = array(get(set, "names")?)?.len();
                if names != trains.len() {
                    return Err(format!("{name}: {names} names of {} trains", trains.len()));
                }
            }
            Ok(())
        }
        other => unknown(other),
    })
}
