//! `headway check` and `headway config`: the configuration looked at, not used.

use std::process::ExitCode;

use config::load::Loaded;
use config::load::Sources;
use config::problem::Problem;

use crate::arguments::Configured;
use crate::arguments::Shown;
use crate::say;

/// Everywhere the configuration may come from.
pub(crate) fn sources(wanted: &Configured) -> Sources {
    Sources {
        file: wanted.config.clone(),
        fallback: Some("proxy.toml".into()),
        environment: config::environment::environment(),
        command_line: wanted.set.clone(),
    }
}

/// Loads the configuration from everywhere it may come from.
pub(crate) fn load(wanted: &Configured) -> Result<Loaded, Vec<Problem>> {
    config::load::load(&sources(wanted))
}

/// Tells everything that is wrong, one line each.
pub(crate) fn problems(problems: &[Problem]) -> ExitCode {
    for problem in problems {
        say::error(&format!("error: {problem}"));
    }
    ExitCode::FAILURE
}

/// Tells what is doubtful.
pub(crate) fn warnings(loaded: &Loaded) {
    for warning in &loaded.warnings {
        say::error(&format!("warning: {warning}"));
    }
}

/// `headway check`
pub(crate) fn check(wanted: &Configured) -> ExitCode {
    match load(wanted) {
        Ok(loaded) => {
            warnings(&loaded);
            say::line("the configuration is good");
            ExitCode::SUCCESS
        }
        Err(found) => problems(&found),
    }
}

/// `headway config`
pub(crate) fn config(wanted: &Shown) -> ExitCode {
    let loaded = match load(&wanted.configured) {
        Ok(loaded) => loaded,
        Err(found) => return problems(&found),
    };
    if wanted.json {
        let values = loaded.values.iter().map(|value| {
            serde_json::json!({
                "key": value.key,
                "value": value.value,
                "origin": value.origin.to_string(),
            })
        });
        say::line(&serde_json::Value::from_iter(values).to_string());
        return ExitCode::SUCCESS;
    }
    warnings(&loaded);
    let width = loaded
        .values
        .iter()
        .map(|value| value.key.len())
        .max()
        .unwrap_or(0);
    for value in &loaded.values {
        say::line(&format!(
            "{:width$} = {}  # {}",
            value.key, value.value, value.origin
        ));
    }
    ExitCode::SUCCESS
}
