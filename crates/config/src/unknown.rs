//! Keys that do not exist, and the one that was probably meant.

use figment::value::Dict;

use crate::keys::KEYS;
use crate::keys::named;
use crate::layers::Merged;
use crate::listing::BACKENDS;
use crate::problem::Problem;

/// Edits between two names that still look like a slip of the pen.
const EDITS_MAX: usize = 3;

/// Bytes of a name beyond which it is not a slip of any key.
const NAME_BYTES_MAX: usize = 64;

/// Sections and keys that another version has.
const ELSEWHERE: [&str; 6] = [
    "admin.token",
    "backends.ws_url",
    "health.leader_accepts",
    "notify",
    "server.proxy_protocol",
    "store",
];

/// A problem for every key outside of the backends that nobody knows.
pub(crate) fn unknown(merged: &Merged) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (section, value) in &merged.tree {
        if section == BACKENDS || named(section).is_some() {
            continue;
        }
        let first = KEYS.iter().find(|key| in_section(key.name, section));
        let problem = match (first, value.as_dict()) {
            (Some(_), Some(keys)) => {
                problems.extend(among(keys, section, section, merged));
                continue;
            }
            (Some(first), None) => {
                let right = format!("a section with keys such as {} is right", first.name);
                Problem::new(section, "not a section", right)
            }
            (None, _) => stranger(section, section),
        };
        problems.push(problem.from(merged.origin(value)));
    }
    problems
}

/// A problem for every key of a table that its section does not know; `shown` is what the table is
/// called in messages.
pub(crate) fn among(keys: &Dict, section: &str, shown: &str, merged: &Merged) -> Vec<Problem> {
    let strangers = keys.iter().filter_map(|(key, value)| {
        let name = format!("{section}.{key}");
        if named(&name).is_some() {
            return None;
        }
        let problem = stranger(&format!("{shown}.{key}"), &name);
        Some(problem.from(merged.origin(value)))
    });
    strangers.collect()
}

fn stranger(shown: &str, name: &str) -> Problem {
    if ELSEWHERE.contains(&name) {
        return Problem::new(
            shown,
            "this version does not have it yet",
            "leaving it out is right",
        );
    }
    let right = match nearest(name) {
        Some(meant) => format!("{meant} is the nearest known key"),
        None => "`headway config` shows every key".to_owned(),
    };
    Problem::new(shown, "there is no such key", right)
}

/// The known key or section that is the fewest edits away, where it is near enough. A key that
/// stands in another section counts as one edit away.
fn nearest(name: &str) -> Option<&'static str> {
    let own = last(name);
    let keys = KEYS.iter().map(|key| {
        let elsewhere = edits(own, last(key.name)) + 1;
        (edits(name, key.name).min(elsewhere), key.name)
    });
    let sections = KEYS.iter().filter_map(|key| key.name.split_once('.'));
    let sections = sections.map(|(section, _)| (edits(name, section), section));
    let (edits, meant) = keys.chain(sections).min()?;
    (edits <= EDITS_MAX && edits * 2 <= own.len()).then_some(meant)
}

fn last(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, key)| key)
}

fn in_section(name: &str, section: &str) -> bool {
    name.split_once('.').is_some_and(|(of, _)| of == section)
}

/// Letters to insert, delete or replace to get from one name to the other (Levenshtein).
fn edits(from: &str, to: &str) -> usize {
    if from.len() > NAME_BYTES_MAX {
        return usize::MAX / 2;
    }
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, letter) in from.chars().enumerate() {
        let mut left = above + 1;
        let mut next = vec![left];
        for (wanted, pair) in to.iter().zip(row.windows(2)) {
            let [diagonal, up] = *pair else { continue };
            left = (diagonal + usize::from(letter != *wanted))
                .min(up + 1)
                .min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests;
