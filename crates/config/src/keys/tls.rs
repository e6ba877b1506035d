//! Keys of encrypted connections.

use crate::key::Key;
use crate::key::Preset;
use crate::key::key;
use crate::kind::Kind;

/// In the order of `proxy.toml.example`.
pub(crate) const KEYS: &[Key] = &[key(
    "tls.ca_file",
    Kind::Authorities,
    Preset::Same("off"),
    "PEM certificates of authorities that https backends are trusted by, beside those of the web",
)
.or("off")];
