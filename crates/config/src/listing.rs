//! Backends by id: lists are not merged, tables are, so every source names backends by their id.

use figment::value::Dict;
use figment::value::Value;

use crate::kind::Kind;
use crate::kind::is_id;
use crate::problem::Problem;
use crate::problem::legible;

/// The section of backends.
pub(crate) const BACKENDS: &str = "backends";

/// One value that came with its name: a variable of the environment, or a flag.
pub(crate) struct Entry {
    /// Where it came from, for people.
    pub(crate) origin: String,
    /// The key, step by step.
    pub(crate) path: Vec<String>,
    /// As written.
    pub(crate) value: String,
}

impl Entry {
    /// The id, when the entry is about a backend.
    pub(crate) fn backend(&self) -> Option<&str> {
        match &*self.path {
            [section, id, ..] if section == BACKENDS => Some(id),
            _ => None,
        }
    }
}

/// Turns the `[[backends]]` list of a file into a table by id and returns the ids in their order.
/// An entry whose id cannot be used is kept under its number, so that its other values are checked.
pub(crate) fn by_id(file: &mut Dict, problems: &mut Vec<Problem>) -> Vec<String> {
    let Some(listed) = file.remove(BACKENDS) else {
        return Vec::new();
    };
    let Value::Array(tag, items) = listed else {
        let right = "a [[backends]] entry for each backend is right";
        problems.push(Problem::new(BACKENDS, "not a list", right));
        return Vec::new();
    };
    let mut table = Dict::new();
    let mut order = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let number = format!("#{}", index + 1);
        let name = format!("{BACKENDS}.{number}");
        let Value::Dict(tag, fields) = item else {
            let right = "a [[backends]] entry for each backend is right";
            problems.push(Problem::new(&name, "not a table", right));
            continue;
        };
        let id = match usable_id(&fields, &table) {
            Ok(id) => id,
            Err((wrong, value)) => {
                let right = format!("{} is right, each but once", Kind::Id.right());
                let mut problem = Problem::new(&format!("{name}.id"), wrong, right);
                problem.value = value;
                problems.push(problem);
                number
            }
        };
        order.push(id.clone());
        table.insert(id, Value::Dict(tag, fields));
    }
    file.insert(BACKENDS.to_owned(), Value::Dict(tag, table));
    order
}

fn usable_id(fields: &Dict, taken: &Dict) -> Result<String, (&'static str, Option<String>)> {
    let Some(value) = fields.get("id") else {
        return Err(("no id", None));
    };
    let Some(id) = value.as_str() else {
        return Err(("not text", None));
    };
    let shown = Some(format!("\"{}\"", legible(id)));
    if !is_id(id) {
        return Err(("not an id", shown));
    }
    if taken.contains_key(id) {
        return Err(("another backend has this id", shown));
    }
    Ok(id.to_owned())
}
