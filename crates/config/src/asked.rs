//! Asks the merged sources for one key after another, and collects what is wrong and what holds.

use std::fmt;
use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use figment::value::Value;
use rustls_pki_types::TrustAnchor;

use crate::checked::Profile;
use crate::expand;
use crate::expand::Environment;
use crate::key::Key;
use crate::keys::named;
use crate::kind::Setting;
use crate::layers::Merged;
use crate::problem::Problem;
use crate::raw::Raw;
use crate::raw::raw;
use crate::raw::secret_file;
use crate::raw::written;

/// A value in force and where it came from; secrets are hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// The key, such as `health.max_lag` or `backends.read-1.url`.
    pub key: String,
    /// The value as `proxy.toml` would spell it.
    pub value: String,
    /// `default`, `profile NAME`, the path of the file, `environment NAME` or `command line`.
    pub origin: String,
    pub(crate) mark: Mark,
}

/// Tells one value of a key from another, shows neither.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(u64);

impl Mark {
    fn of(setting: &Setting) -> Self {
        let mut hasher = DefaultHasher::new();
        setting.hash(&mut hasher);
        Self(hasher.finish())
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mark")
    }
}

/// The answers so far. A wrong value is a problem, and its default stands in for it so that the
/// rest can be checked as well.
pub(crate) struct Asked<'a> {
    pub(crate) merged: &'a Merged,
    pub(crate) problems: Vec<Problem>,
    pub(crate) warnings: Vec<Problem>,
    pub(crate) values: Vec<Effective>,
    /// Files that secrets came from.
    pub(crate) files: Vec<PathBuf>,
    environment: &'a Environment,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(merged: &'a Merged, environment: &'a Environment) -> Self {
        Self {
            merged,
            problems: Vec::new(),
            warnings: Vec::new(),
            values: Vec::new(),
            files: Vec::new(),
            environment,
        }
    }

    /// The profile whose defaults hold.
    pub(crate) fn profile(&self) -> Profile {
        self.merged.profile
    }

    /// What a key outside of the backends was set to; `None` when only its default, if it has one,
    /// can hold.
    pub(crate) fn given(&mut self, name: &str) -> Option<Setting> {
        let merged = self.merged;
        let key = self.key(name)?;
        self.read(key, name, merged.value(name)?)
    }

    /// What a key of a backend was set to. `shown` is the key with the backend's id in it.
    pub(crate) fn of_backend(
        &mut self,
        name: &str,
        shown: &str,
        value: Option<&Value>,
    ) -> Option<Setting> {
        let key = self.key(name)?;
        self.read(key, shown, value?)
    }

    /// Whether the environment says anything under this name.
    pub(crate) fn is_set(&self, variable: &str) -> bool {
        expand::variable(self.environment, variable).is_some_and(|value| !value.is_empty())
    }

    /// Notes a value that was worked out.
    pub(crate) fn derived(&mut self, shown: &str, setting: &Setting) {
        self.values.push(Effective {
            key: shown.to_owned(),
            value: setting.shown(),
            origin: "default".to_owned(),
            mark: Mark::of(setting),
        });
    }

    /// The value of a key that has a default.
    pub(crate) fn setting(&mut self, name: &str) -> Option<Setting> {
        self.given(name).or_else(|| self.preset(name))
    }

    /// The default of a key that has one.
    pub(crate) fn preset(&mut self, name: &str) -> Option<Setting> {
        let key = self.key(name)?;
        let text = key.preset(self.profile())?;
        accept(key, &Raw::Text(text.to_owned())).ok()
    }

    pub(crate) fn time(&mut self, name: &str) -> Duration {
        match self.setting(name) {
            Some(Setting::Time(time)) => time,
            other => self.misread(name, other.as_ref()),
        }
    }

    /// The time, unless the key says its word instead.
    pub(crate) fn time_or_off(&mut self, name: &str) -> Option<Duration> {
        match self.setting(name) {
            Some(Setting::Time(time)) => Some(time),
            Some(Setting::Instead(_)) => None,
            other => self.misread(name, other.as_ref()),
        }
    }

    pub(crate) fn count(&mut self, name: &str) -> u64 {
        match self.setting(name) {
            Some(Setting::Count(number) | Setting::Size(number)) => number,
            other => self.misread(name, other.as_ref()),
        }
    }

    /// The number, unless the key says its word instead.
    pub(crate) fn count_or_word(&mut self, name: &str) -> Option<u64> {
        match self.setting(name) {
            Some(Setting::Count(number) | Setting::Size(number)) => Some(number),
            Some(Setting::Instead(_)) => None,
            other => self.misread(name, other.as_ref()),
        }
    }

    pub(crate) fn count32(&mut self, name: &str) -> u32 {
        u32::try_from(self.count(name)).unwrap_or(u32::MAX)
    }

    pub(crate) fn size(&mut self, name: &str) -> usize {
        usize::try_from(self.count(name)).unwrap_or(usize::MAX)
    }

    pub(crate) fn switch(&mut self, name: &str) -> bool {
        match self.setting(name) {
            Some(Setting::Switch(on)) => on,
            other => self.misread(name, other.as_ref()),
        }
    }

    pub(crate) fn addresses(&mut self, name: &str) -> Vec<SocketAddr> {
        match self.setting(name) {
            Some(Setting::Addresses(addresses)) => addresses,
            Some(Setting::Instead(_)) => Vec::new(),
            other => self.misread(name, other.as_ref()),
        }
    }

    pub(crate) fn words(&mut self, name: &str) -> Vec<String> {
        match self.setting(name) {
            Some(Setting::Words(words)) => words,
            other => self.misread(name, other.as_ref()),
        }
    }

    pub(crate) fn text(&mut self, name: &str) -> String {
        match self.setting(name) {
            Some(Setting::Text(text)) => text,
            other => self.misread(name, other.as_ref()),
        }
    }

    pub(crate) fn authorities(&mut self, name: &str) -> Vec<TrustAnchor<'static>> {
        match self.setting(name) {
            Some(Setting::Authorities(_, authorities)) => authorities,
            Some(Setting::Instead(_)) => Vec::new(),
            other => self.misread(name, other.as_ref()),
        }
    }

    fn read(&mut self, key: &'static Key, shown: &str, value: &Value) -> Option<Setting> {
        let secret = key.kind.is_secret();
        let origin = self.merged.origin(value);
        let fault = |wrong: String, right: String| {
            let problem = Problem::new(shown, wrong, right);
            problem
                .with_value(written(value, secret))
                .from(origin.clone())
        };
        self.files.extend(secret_file(value).filter(|_| secret));
        let (raw, filled) = match raw(value, secret, self.environment) {
            Ok(raw) => raw,
            Err(unfilled) => {
                self.problems
                    .push(fault(unfilled.wrong, unfilled.right.to_owned()));
                return None;
            }
        };
        match accept(key, &raw) {
            Ok(setting) => {
                if let Setting::Authorities(path, _) = &setting {
                    self.files.push(PathBuf::from(path));
                }
                // What came out of a variable is not shown, unless the setting hides it by itself.
                let value = match filled && !secret {
                    true => written(value, secret),
                    false => setting.shown(),
                };
                let (key, mark) = (shown.to_owned(), Mark::of(&setting));
                self.values.push(Effective {
                    key,
                    value,
                    origin,
                    mark,
                });
                Some(setting)
            }
            Err(wrong) => {
                self.problems
                    .push(fault(wrong, format!("{} is right", key.right())));
                None
            }
        }
    }

    fn key(&mut self, name: &str) -> Option<&'static Key> {
        let key = named(name);
        if key.is_none() {
            self.misread::<()>(name, None);
        }
        key
    }

    /// A key that is asked for as what it is not: a fault in this crate, which any test that loads
    /// anything would see.
    fn misread<T: Default>(&mut self, name: &str, setting: Option<&Setting>) -> T {
        let wrong = match setting {
            Some(setting) => format!(
                "the key list and the check differ about {}",
                setting.shown()
            ),
            None => "the key list does not have it, or not its default".to_owned(),
        };
        self.problems.push(Problem::new(
            name,
            wrong,
            "a report of this message is right",
        ));
        T::default()
    }
}

fn accept(key: &Key, raw: &Raw) -> Result<Setting, String> {
    match (key.instead, raw) {
        (Some(word), Raw::Text(text)) if text.trim() == word => Ok(Setting::Instead(word)),
        _ => key.kind.read(raw),
    }
}
