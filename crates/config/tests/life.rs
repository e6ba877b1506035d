//! How a process is stopped, as far as its configuration says.
#![expect(clippy::unwrap_used, reason = "tests")]

use config::load::Sources;
use config::load::load;

/// `timeouts.lame_duck` with one variable in the environment, as it holds and as it is shown.
fn lame_duck((name, value): (&str, &str), given: Option<&str>) -> (u64, String) {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut command_line = vec![owned(("backends.a.url", "http://h:1"))];
    command_line.push(owned(("backends.a.pool", "read")));
    command_line.extend(given.map(|given| owned(("timeouts.lame_duck", given))));
    let loaded = load(&Sources {
        environment: vec![owned((name, value))],
        command_line,
        ..Sources::default()
    });
    let loaded = loaded.unwrap();
    let mut shown = loaded.values.iter();
    let shown = shown.find(|value| value.key == "timeouts.lame_duck");
    let seconds = loaded.config.timeouts.lame_duck.as_secs();
    (seconds, shown.unwrap().value.clone())
}

#[test]
fn who_is_stopped_by_an_orchestrator_goes_on_accepting_for_a_while() {
    let kubernetes = ("KUBERNETES_SERVICE_HOST", "10.0.0.1");
    for (environment, given, seconds) in [
        (("HOME", "/"), None, 0),
        (("KUBERNETES_SERVICE_HOST", ""), None, 0),
        (kubernetes, None, 5),
        (("ECS_CONTAINER_METADATA_URI_V4", "http://h"), None, 5),
        (kubernetes, Some("0s"), 0),
        (("HOME", "/"), Some("30s"), 30),
    ] {
        let found = lame_duck(environment, given);
        assert_eq!(
            found,
            (seconds, format!("\"{seconds}s\"")),
            "{environment:?}"
        );
    }
}
