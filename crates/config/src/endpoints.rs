//! The variables that the users of the `tx_proxy` container know, as backends.

use crate::expand::Environment;
use crate::expand::variable;
use crate::listing::Entry;

/// A variable, the ids of its backends, their pool; a leader has one backend and no pool.
const ENDPOINTS: [(&str, &str, Option<&str>); 5] = [
    ("WRITE_ENDPOINT", "write", Some("write")),
    ("READ_ENDPOINT", "read", Some("read")),
    ("TEST_ENDPOINT", "test", Some("heavy")),
    ("WS_ENDPOINT", "ws", Some("ws")),
    ("LEADER_ENDPOINT", "leader", None),
];

/// The backends of these variables: `write-1`, `write-2`, … and `leader`.
pub(crate) fn entries(environment: &Environment) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (name, id, pool) in ENDPOINTS {
        let Some(text) = given(environment, name) else {
            continue;
        };
        let mut add = |id: &str, key: &str, value: String| {
            entries.push(Entry {
                origin: format!("environment {name}"),
                path: vec!["backends".to_owned(), id.to_owned(), key.to_owned()],
                value,
            });
        };
        let Some(pool) = pool else {
            add(id, "url", url(text));
            add(id, "leader", "true".to_owned());
            continue;
        };
        let addresses = text.split(',').map(str::trim).filter(|one| !one.is_empty());
        for (index, address) in addresses.enumerate() {
            let id = format!("{id}-{}", index + 1);
            add(&id, "url", url(address));
            add(&id, "pool", pool.to_owned());
        }
    }
    entries
}

/// The first variable that the original container knows too, where one is given: whoever sets it
/// and names no profile wants that container's manners.
pub(crate) fn of_tx_proxy(environment: &Environment) -> Option<&'static str> {
    let mut names = ENDPOINTS.iter().filter(|(_, _, pool)| pool.is_some());
    let found = names.find(|(name, _, _)| given(environment, name).is_some());
    found.map(|(name, _, _)| *name)
}

fn given<'a>(environment: &'a Environment, name: &str) -> Option<&'a str> {
    let text = variable(environment, name)?.trim();
    (!text.is_empty()).then_some(text)
}

/// The original took `host:port`; what goes through an upgrade starts as plain HTTP as well.
fn url(address: &str) -> String {
    match address.split_once("://") {
        Some(("ws", rest)) => format!("http://{rest}"),
        Some(("wss", rest)) => format!("https://{rest}"),
        Some(_) => address.to_owned(),
        None => format!("http://{address}"),
    }
}
