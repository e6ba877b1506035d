//! What a key takes: how it is read, what would be right, how it is shown.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use rustls_pki_types::TrustAnchor;

use crate::authorities;
use crate::networks::networks;
use crate::problem::quoted;
use crate::raw::Raw;
use crate::url::BackendUrl;
use crate::value;

/// Units of the bounds in the list of keys: milliseconds,
pub(crate) const MS: u64 = 1;
/// seconds,
pub(crate) const S: u64 = 1000;
/// hours,
pub(crate) const H: u64 = 3600 * S;
/// and bytes.
pub(crate) const KIB: u64 = 1 << 10;
/// A gibibyte.
pub(crate) const GIB: u64 = 1 << 30;

/// Items of a list.
const ITEMS_MAX: usize = 1000;
/// Bytes of a method name, prefix or phrase.
const PATTERN_BYTES_MAX: usize = 128;
/// Bytes of a phrase at least.
const PHRASE_BYTES_MIN: usize = 3;
/// Bytes of a backend's id.
const ID_BYTES_MAX: usize = 64;

/// What a key takes; bounds are inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A time such as `2s`; the bounds are milliseconds.
    Time(u64, u64),
    /// A size such as `10MiB`; the bounds are bytes.
    Size(u64, u64),
    /// A whole number.
    Count(u64, u64),
    /// `true` or `false`.
    Switch,
    /// Listening addresses, at most so many.
    Addresses(usize),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of these words.
    Choices(&'static [&'static str]),
    /// A list of method names and `prefix_*`.
    Patterns,
    /// A list of addresses, networks, and words for networks.
    Networks,
    /// A list of what browsers call the places that pages come from (RFC 6454, section 6.1).
    Origins,
    /// A list of what nodes say, in any words.
    Phrases,
    /// `off`, `stdout` or a path.
    LogTarget,
    /// The path of a directory.
    Directory,
    /// The path of a file of certificates.
    Authorities,
    /// A backend's URL; a secret.
    Url,
    /// A backend's id.
    Id,
}

/// A value that its key accepts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Setting {
    /// The word that the key takes instead of a value.
    Instead(&'static str),
    /// From [`Kind::Time`].
    Time(Duration),
    /// From [`Kind::Size`].
    Size(u64),
    /// From [`Kind::Count`].
    Count(u64),
    /// From [`Kind::Switch`].
    Switch(bool),
    /// From [`Kind::Addresses`].
    Addresses(Vec<SocketAddr>),
    /// From [`Kind::Choices`], [`Kind::Patterns`], [`Kind::Networks`], [`Kind::Origins`] and
    /// [`Kind::Phrases`].
    Words(Vec<String>),
    /// From [`Kind::Choice`], [`Kind::LogTarget`], [`Kind::Directory`] and [`Kind::Id`].
    Text(String),
    /// From [`Kind::Authorities`]: the path and what the file holds.
    Authorities(String, Vec<TrustAnchor<'static>>),
    /// From [`Kind::Url`].
    Url(BackendUrl),
}

impl Kind {
    /// Whether a value of this kind must never be shown.
    pub(crate) fn is_secret(self) -> bool {
        self == Self::Url
    }

    /// The setting, or what is wrong in words that repeat nothing of the value.
    pub(crate) fn read(self, raw: &Raw) -> Result<Setting, String> {
        if let Raw::Other(what) = raw {
            return Err(format!("{what} is not what this key takes"));
        }
        match self {
            Self::Time(min, max) => read_time(raw, min, max),
            Self::Size(min, max) => read_size(raw, min, max).map(Setting::Size),
            Self::Count(min, max) => read_count(raw, min, max).map(Setting::Count),
            Self::Switch => match (raw, text(raw)) {
                (Raw::Switch(on), _) => Ok(Setting::Switch(*on)),
                (_, Some("true")) => Ok(Setting::Switch(true)),
                (_, Some("false")) => Ok(Setting::Switch(false)),
                _ => Err("neither true nor false".to_owned()),
            },
            Self::Addresses(max) => read_addresses(raw, max).map(Setting::Addresses),
            Self::Choice(words) => {
                let known = text(raw).filter(|word| words.contains(word));
                let known = known.ok_or("not one of the words known here")?;
                Ok(Setting::Text(known.to_owned()))
            }
            Self::Choices(words) => each(raw, "one of the words known here", |item| {
                words.contains(&item).then(|| item.to_owned())
            }),
            Self::Patterns => each(raw, "a method name or a prefix with * at its end", |item| {
                is_pattern(item).then(|| item.to_owned())
            }),
            Self::Networks => each(raw, "an address or a network", |item| {
                networks(item).map(|_known| item.to_owned())
            }),
            Self::Origins => each(raw, "a scheme and a host", |item| {
                is_origin(item).then(|| item.to_ascii_lowercase())
            }),
            Self::Phrases => each(raw, "3 to 128 bytes of text in one line", |item| {
                is_phrase(item).then(|| item.to_owned())
            }),
            Self::LogTarget | Self::Directory => {
                let target = text(raw).filter(|target| !target.is_empty());
                Ok(Setting::Text(target.ok_or("not a path")?.to_owned()))
            }
            Self::Authorities => {
                let path = text(raw).filter(|path| !path.is_empty());
                let path = path.ok_or("not a path")?;
                let authorities = authorities::read(Path::new(path))?;
                Ok(Setting::Authorities(path.to_owned(), authorities))
            }
            Self::Url => {
                let url = text(raw).ok_or("not text")?;
                Ok(Setting::Url(BackendUrl::parse(url)?))
            }
            Self::Id => {
                let id = text(raw).filter(|id| is_id(id)).ok_or("not an id")?;
                Ok(Setting::Text(id.to_owned()))
            }
        }
    }

    /// What would be right, as the start of a sentence that ends in "is right".
    #[must_use]
    pub fn right(self) -> String {
        match self {
            Self::Time(min, max) => {
                let [min, max] = [min, max].map(|ms| value::time_shown(Duration::from_millis(ms)));
                format!("a time with its unit (ms, s, m, h) from \"{min}\" to \"{max}\"")
            }
            Self::Size(min, max) => {
                let [min, max] = [min, max].map(value::size_shown);
                format!("a size in bytes or with its unit (KiB, MiB, GiB) from {min} to {max}")
            }
            Self::Count(min, max) => format!("a whole number from {min} to {max}"),
            Self::Switch => "true or false".to_owned(),
            Self::Addresses(1) => "an address with its port such as \"0.0.0.0:8545\"".to_owned(),
            Self::Addresses(_) => {
                "an address with its port such as \"0.0.0.0:8545\", or a list of them,".to_owned()
            }
            Self::Choice(words) => listed(words, "or"),
            Self::Choices(words) => format!("a list of {}", listed(words, "and")),
            Self::Patterns => "a list of names such as \"eth_call\" or \"debug_*\"".to_owned(),
            Self::Networks => {
                "a list of networks such as \"10.0.0.0/8\", of addresses, and of the \
                words \"private\" and \"google\""
                    .to_owned()
            }
            Self::Origins => "a list of origins such as \"https://app.example.org\"".to_owned(),
            Self::Phrases => "a list of texts such as \"header not found\"".to_owned(),
            Self::LogTarget => "\"off\", \"stdout\" or the path of a file".to_owned(),
            Self::Directory => "the path of a directory".to_owned(),
            Self::Authorities => "the path of a file of PEM certificates".to_owned(),
            Self::Url => "a URL such as \"http://10.0.1.5:8545\"".to_owned(),
            Self::Id => "1 to 64 letters, digits, dots, dashes and underscores".to_owned(),
        }
    }
}

impl Setting {
    /// The value as `proxy.toml` would spell it; URLs without what may be a key.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Instead(word) => quoted(word),
            Self::Time(time) => quoted(&value::time_shown(*time)),
            Self::Size(bytes) => match value::size_shown(*bytes) {
                plain if plain.ends_with(|c: char| c.is_ascii_digit()) => plain,
                with_unit => quoted(&with_unit),
            },
            Self::Count(count) => count.to_string(),
            Self::Switch(on) => on.to_string(),
            Self::Addresses(addresses) => match &**addresses {
                [one] => quoted(&one.to_string()),
                all => list_shown(all.iter().map(ToString::to_string)),
            },
            Self::Words(words) => list_shown(words.iter().cloned()),
            Self::Text(text) | Self::Authorities(text, _) => quoted(text),
            Self::Url(url) => format!("\"{url}\""),
        }
    }
}

fn list_shown(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.map(|item| quoted(&item)).collect();
    format!("[{}]", items.join(", "))
}

fn listed(words: &[&str], before_last: &str) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    match &*words {
        [] => String::new(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} {before_last} {last}", others.join(", ")),
    }
}

fn text(raw: &Raw) -> Option<&str> {
    match raw {
        Raw::Text(text) => Some(text.trim()),
        Raw::Number(_) | Raw::Switch(_) | Raw::List(_) | Raw::Other(_) => None,
    }
}

fn bounded(number: u64, min: u64, max: u64) -> Result<u64, String> {
    if number < min {
        return Err("too small".to_owned());
    }
    if number > max {
        return Err("too large".to_owned());
    }
    Ok(number)
}

fn read_time(raw: &Raw, min: u64, max: u64) -> Result<Setting, String> {
    if matches!(raw, Raw::Number(_)) {
        return Err("no unit".to_owned());
    }
    let time = text(raw).and_then(value::time).ok_or("not a time")?;
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    bounded(millis, min, max).map(|millis| Setting::Time(Duration::from_millis(millis)))
}

fn read_size(raw: &Raw, min: u64, max: u64) -> Result<u64, String> {
    match (raw, text(raw).and_then(value::size)) {
        (_, Some(bytes)) => bounded(bytes, min, max),
        (Raw::Number(bytes), None) => bounded(clamped(*bytes)?, min, max),
        _ => Err("not a size".to_owned()),
    }
}

fn read_count(raw: &Raw, min: u64, max: u64) -> Result<u64, String> {
    let number = match raw {
        Raw::Number(number) => Some(*number),
        Raw::Text(text) => text.trim().parse().ok(),
        Raw::Switch(_) | Raw::List(_) | Raw::Other(_) => None,
    };
    bounded(clamped(number.ok_or("not a whole number")?)?, min, max)
}

fn clamped(number: i128) -> Result<u64, String> {
    if number < 0 {
        return Err("negative".to_owned());
    }
    Ok(u64::try_from(number).unwrap_or(u64::MAX))
}

/// The items of a list; text is a list with commas.
fn items(raw: &Raw) -> Result<Vec<&str>, String> {
    let items: Vec<&str> = match raw {
        Raw::List(items) => items.iter().map(|item| item.trim()).collect(),
        Raw::Text(text) if text.trim().is_empty() => Vec::new(),
        Raw::Text(text) => text.split(',').map(str::trim).collect(),
        Raw::Number(_) | Raw::Switch(_) | Raw::Other(_) => return Err("not a list".to_owned()),
    };
    if items.len() > ITEMS_MAX {
        return Err(format!("more than {ITEMS_MAX} items"));
    }
    Ok(items)
}

fn each(raw: &Raw, what: &str, read: impl Fn(&str) -> Option<String>) -> Result<Setting, String> {
    let mut words = Vec::new();
    for (index, item) in items(raw)?.into_iter().enumerate() {
        let word = read(item).ok_or_else(|| format!("item {} is not {what}", index + 1))?;
        if words.contains(&word) {
            return Err(format!("item {} is there twice", index + 1));
        }
        words.push(word);
    }
    Ok(Setting::Words(words))
}

fn read_addresses(raw: &Raw, max: usize) -> Result<Vec<SocketAddr>, String> {
    let mut addresses = Vec::new();
    for (index, item) in items(raw)?.into_iter().enumerate() {
        let address: SocketAddr = item
            .parse()
            .map_err(|_| format!("item {} is not an address with its port", index + 1))?;
        // Port 0 asks for any free port, so it may stand there twice.
        if address.port() != 0 && addresses.contains(&address) {
            return Err(format!("item {} is there twice", index + 1));
        }
        addresses.push(address);
    }
    match addresses.len() {
        0 => Err("no address".to_owned()),
        count if count > max => Err(format!("more than {max}")),
        _ => Ok(addresses),
    }
}

fn is_pattern(text: &str) -> bool {
    let name = text.strip_suffix('*').unwrap_or(text);
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | ':');
    !text.is_empty() && text.len() <= PATTERN_BYTES_MAX && name.chars().all(word)
}

/// An origin has a scheme, a host, at most a port, and never a path.
fn is_origin(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    text.split_once("://").is_some_and(|(scheme, host)| {
        let named = !scheme.is_empty() && !host.is_empty() && text.len() <= PATTERN_BYTES_MAX;
        named && scheme.chars().chain(host.chars()).all(word)
    })
}

/// A shorter one would be found in anything.
fn is_phrase(text: &str) -> bool {
    (PHRASE_BYTES_MIN..=PATTERN_BYTES_MAX).contains(&text.len()) && !text.contains(char::is_control)
}

/// Whether a backend may be called this; ids stand in metrics, logs and addresses of the admin API.
pub(crate) fn is_id(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    !text.is_empty() && text.len() <= ID_BYTES_MAX && text.chars().all(word)
}
