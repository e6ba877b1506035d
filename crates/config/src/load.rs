//! From sources to a configuration, or to everything that is wrong with them.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::asked::Asked;
pub use crate::asked::Effective;
use crate::checked::Config;
use crate::expand::variable;
use crate::keys::KEYS;
use crate::layers::FileText;
use crate::layers::merge;
use crate::problem::Problem;
use crate::sections;
use crate::unknown;

/// Bytes of a configuration file.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Where a configuration comes from; the environment may hold secrets, so this has no `Debug`.
#[derive(Clone, Default)]
pub struct Sources {
    /// The file somebody named; else `HEADWAY_CONFIG` of the environment.
    pub file: Option<PathBuf>,
    /// The file to read when none is named, if it is there.
    pub fallback: Option<PathBuf>,
    /// Names and values, as from [`crate::environment::environment`].
    pub environment: Vec<(String, String)>,
    /// Dotted keys and values, such as `health.max_lag` and `10`, or `backends.read-1.url`.
    pub command_line: Vec<(String, String)>,
}

/// A configuration that holds, and how it came about. None of it shows a secret.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What to run.
    pub config: Config,
    /// Every value in force, in the order of the key list; backends by their ids.
    pub values: Vec<Effective>,
    /// What is allowed but worth knowing.
    pub warnings: Vec<Problem>,
    /// Files that secrets and authorities were read from.
    pub files: Vec<PathBuf>,
}

impl Sources {
    /// The configuration file that would be read, whether or not it is there.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        self.named().or_else(|| self.fallback.clone())
    }

    fn named(&self) -> Option<PathBuf> {
        let variable = variable(&self.environment, "HEADWAY_CONFIG");
        let variable = variable.filter(|path| !path.is_empty());
        self.file.clone().or_else(|| variable.map(PathBuf::from))
    }
}

/// Reads all sources and checks them.
///
/// # Errors
/// Every problem at once, in an order that does not change from run to run. A file that cannot be
/// read or is not TOML is told alone, because everything after it would be a guess.
pub fn load(sources: &Sources) -> Result<Loaded, Vec<Problem>> {
    let file = file(sources).map_err(|problem| vec![problem])?;
    checked(file, sources)
}

fn checked(file: Option<FileText>, sources: &Sources) -> Result<Loaded, Vec<Problem>> {
    let mut problems = Vec::new();
    let merged = merge(
        file,
        &sources.environment,
        &sources.command_line,
        &mut problems,
    )
    .map_err(|problem| vec![problem])?;
    problems.extend(unknown::unknown(&merged));
    let mut asked = Asked::new(&merged, &sources.environment);
    let config = sections::config(&mut asked);
    problems.append(&mut asked.problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut values = asked.values;
    values.sort_by_key(|value| {
        KEYS.iter()
            .position(|key| key.name == value.key)
            .unwrap_or(KEYS.len())
    });
    Ok(Loaded {
        config,
        values,
        warnings: asked.warnings,
        files: asked.files,
    })
}

fn file(sources: &Sources) -> Result<Option<FileText>, Problem> {
    let there = sources.fallback.clone().filter(|path| path.exists());
    let Some(path) = sources.named().or(there) else {
        return Ok(None);
    };
    let origin = path.display().to_string();
    let text = text(&path)
        .map_err(|wrong| Problem::new(&origin, wrong, "a readable TOML file is right"))?;
    Ok(Some(FileText { origin, text }))
}

fn text(path: &Path) -> Result<String, String> {
    let meta = fs::metadata(path).map_err(|error| error.kind().to_string())?;
    if !meta.is_file() {
        return Err("not a file".to_owned());
    }
    if meta.len() > FILE_BYTES_MAX {
        return Err("larger than 4 MiB".to_owned());
    }
    fs::read_to_string(path).map_err(|error| error.kind().to_string())
}

#[cfg(test)]
mod tests;
