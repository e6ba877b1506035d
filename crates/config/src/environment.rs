//! The environment: read once, and the names in it that are keys.

use std::env;

use crate::listing::Entry;

/// What every name of ours starts with.
const PREFIX: &str = "HEADWAY_";

/// The environment of this process; names and values that are not UTF-8 are left out.
#[must_use]
pub fn environment() -> Vec<(String, String)> {
    env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The variables that are keys: `HEADWAY_SECTION__KEY`, `HEADWAY_BACKENDS__id__KEY` and
/// `HEADWAY_PROFILE`. All others are ignored, because Kubernetes puts `HEADWAY_SERVICE_HOST` and the
/// like into every container beside a service of that name.
pub(crate) fn entries(environment: &[(String, String)]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = environment
        .iter()
        .filter_map(|(name, value)| {
            Some(Entry {
                origin: format!("environment {name}"),
                path: path(name.strip_prefix(PREFIX)?, value)?,
                value: value.clone(),
            })
        })
        .collect();
    // The order of an environment is an accident; problems are to stand in the same order always.
    entries.sort_by(|a, b| a.origin.cmp(&b.origin));
    entries
}

fn path(name: &str, value: &str) -> Option<Vec<String>> {
    if name == "PROFILE" {
        // Compose files hand on variables that nobody set as empty ones.
        return (!value.is_empty()).then(|| vec!["profile".to_owned()]);
    }
    let (section, rest) = name.split_once("__")?;
    let section = section.to_ascii_lowercase();
    match rest.rsplit_once("__") {
        Some((id, key)) if section == "backends" => {
            Some(vec![section, id.to_owned(), key.to_ascii_lowercase()])
        }
        _ => Some(vec![section, rest.to_ascii_lowercase()]),
    }
}
