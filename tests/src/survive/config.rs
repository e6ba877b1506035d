//! A configuration: a file, and after each zero byte a name and a value of the environment in turn.

use std::path::PathBuf;

use config::load::Sources;
use config::load::load;

pub(super) fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split('\0');
    let file = file();
    let written = std::fs::write(&file, parts.next().unwrap_or_default());
    written.expect("a file can be written");
    let mut environment = Vec::new();
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        // Another file is not ours to read.
        if name != "HEADWAY_CONFIG" {
            environment.push((name.to_owned(), value.to_owned()));
        }
    }
    let loaded = load(&Sources {
        file: Some(file.clone()),
        environment,
        ..Sources::default()
    });
    let _gone = std::fs::remove_file(&file);
    match loaded {
        Ok(loaded) => assert!(!format!("{loaded:?}").is_empty()),
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                let line = problem.to_string();
                assert!(!line.contains('\n'), "{line}");
            }
        }
    }
}

/// One per thread and process, in memory where there is such a place.
fn file() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    let thread = format!("{:?}", std::thread::current().id());
    let thread: String = thread.chars().filter(char::is_ascii_digit).collect();
    folder.join(format!(
        "headway-survive-{}-{thread}.toml",
        std::process::id()
    ))
}
