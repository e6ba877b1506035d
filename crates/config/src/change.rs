//! What a new configuration changes, and how much of it a running process can take.

use std::collections::BTreeSet;
use std::fmt;

use crate::asked::Effective;
use crate::checked::Config;
use crate::checked::Limits;
use crate::checked::Retry;
use crate::checked::Server;
use crate::keys::named;
use crate::listing::BACKENDS;
use crate::load::Loaded;

/// One key, or a whole backend, that is not as it was. It never shows a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The key, such as `health.max_lag`, or the backend, such as `backends.read-1`.
    pub key: String,
    /// The value before; none where it is new.
    pub from: Option<String>,
    /// The value now; none where it is gone.
    pub to: Option<String>,
    /// It holds only after a restart.
    pub restart: bool,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match (&self.from, &self.to) {
            (Some(from), Some(to)) if from == to => write!(f, "{key}: changed, not shown")?,
            (Some(from), Some(to)) => write!(f, "{key}: {from} -> {to}")?,
            (None, Some(to)) => write!(f, "{key}: added, {to}")?,
            (Some(from), None) => write!(f, "{key}: removed, {from}")?,
            (None, None) => write!(f, "{key}")?,
        }
        match self.restart {
            true => f.write_str("; needs a restart"),
            false => Ok(()),
        }
    }
}

/// Everything that is not as it was, in the order of the key list.
#[must_use]
pub fn differences(old: &Loaded, new: &Loaded) -> Vec<Difference> {
    let mut found: Vec<Difference> = new
        .values
        .iter()
        .filter(|value| !is_of_another(&value.key, old))
        .filter_map(|value| changed(find(old, &value.key), value))
        .collect();
    // A value that is said nowhere any more and has no default.
    let gone = old
        .values
        .iter()
        .filter(|value| find(new, &value.key).is_none() && !is_of_another(&value.key, new));
    found.extend(gone.map(|value| Difference {
        key: value.key.clone(),
        from: Some(value.value.clone()),
        to: None,
        restart: is_at_start(&value.key),
    }));
    let (before, now) = (ids(old), ids(new));
    let whole = |id: &&str, from: Option<String>, to: Option<String>| Difference {
        key: format!("{BACKENDS}.{id}"),
        from,
        to,
        restart: false,
    };
    found.extend(
        before
            .difference(&now)
            .map(|id| whole(id, url(old, id), None)),
    );
    found.extend(
        now.difference(&before)
            .map(|id| whole(id, None, url(new, id))),
    );
    found
}

/// `new` as far as it can hold in a process that was started with `old`: the keys that are read at
/// the start stay as they were, so that they differ until there is a restart.
#[must_use]
pub fn as_started(old: &Loaded, new: Loaded) -> Loaded {
    let values = new.values.into_iter().map(|value| {
        let started = find(old, &value.key).filter(|_| is_at_start(&value.key));
        started.cloned().unwrap_or(value)
    });
    Loaded {
        values: values.collect(),
        config: started(&old.config, new.config),
        ..new
    }
}

fn started(old: &Config, new: Config) -> Config {
    let (server, limits, retry) = (&old.server, &old.limits, &old.retry);
    Config {
        server: Server {
            listen: server.listen.clone(),
            health_listen: server.health_listen,
            workers: server.workers,
            ..new.server
        },
        admin: old.admin.clone(),
        limits: Limits {
            buffered_bytes: limits.buffered_bytes,
            ..new.limits
        },
        retry: Retry {
            budget_percent: retry.budget_percent,
            budget_tokens: retry.budget_tokens,
            ..new.retry
        },
        logs: old.logs.clone(),
        ..new
    }
}

fn changed(old: Option<&Effective>, new: &Effective) -> Option<Difference> {
    if old.is_some_and(|old| old.mark == new.mark) {
        return None;
    }
    Some(Difference {
        key: new.key.clone(),
        from: old.map(|old| old.value.clone()),
        to: Some(new.value.clone()),
        restart: is_at_start(&new.key),
    })
}

fn find<'a>(loaded: &'a Loaded, key: &str) -> Option<&'a Effective> {
    loaded.values.iter().find(|value| value.key == key)
}

fn is_at_start(key: &str) -> bool {
    named(key).is_some_and(|key| key.at_start)
}

/// Whether a key is of a backend that the other configuration does not have.
fn is_of_another(key: &str, other: &Loaded) -> bool {
    id(key).is_some_and(|id| !ids(other).contains(id))
}

/// The backend's id in a key such as `backends.read-1.url`.
fn id(key: &str) -> Option<&str> {
    let (section, rest) = key.split_once('.')?;
    let (id, _) = rest.rsplit_once('.')?;
    (section == BACKENDS).then_some(id)
}

fn ids(loaded: &Loaded) -> BTreeSet<&str> {
    let backends = loaded.config.backends.iter();
    backends.map(|backend| backend.id.as_str()).collect()
}

fn url(loaded: &Loaded, id: &str) -> Option<String> {
    let mut backends = loaded.config.backends.iter();
    let backend = backends.find(|backend| backend.id.as_str() == id)?;
    Some(backend.url.to_string())
}
