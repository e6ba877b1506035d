//! Stories about `load`: what the sources say, and what comes out.

use super::*;
use crate::checked::AccessLog;
use crate::checked::Profile;

/// Sources as text: `@FILE` before a TOML text, `NAME=value` for the environment, `--key=value` for
/// the command line.
fn from_env(pairs: &[(&str, &str)]) -> Result<Loaded, Vec<Problem>> {
    let environment = pairs
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    load(&Sources {
        environment: environment.collect(),
        ..Sources::default()
    })
}

#[test]
fn the_environment_of_the_original_container_is_enough() {
    let loaded = from_env(&[
        ("WRITE_ENDPOINT", "host.docker.internal:18888"),
        ("READ_ENDPOINT", "host.docker.internal:8881"),
        ("TEST_ENDPOINT", "host.docker.internal:8882"),
        ("WS_ENDPOINT", "host.docker.internal:3333"),
    ])
    .unwrap();
    assert_eq!(loaded.config.profile, Profile::TxProxy);
    assert_eq!(loaded.config.logs.access, AccessLog::Stdout);
    assert!(loaded.warnings.is_empty());
}
