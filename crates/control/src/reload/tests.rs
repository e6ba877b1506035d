//! Stories about the configuration read again: what is told, counted and put in force.

use std::fs;

use super::*;
use crate::harness::Stage;
use crate::harness::until;

/// A stage whose configuration has a file of its own, and the sender that asks for a reload.
async fn followed(name: &str, text: &str) -> (Stage, PathBuf, mpsc::Sender<()>) {
    let path = std::env::temp_dir().join(format!("headway-{name}-{}", std::process::id()));
    fs::write(&path, text).unwrap();
    let stage = Stage::set(&[]).await;
    let mut sources = stage.sources.clone();
    sources.file = Some(path.clone());
    let (heard, orders) = stage.probe_to_order();
    heard.await.unwrap();
    let reloader = Reloader {
        files: Files::new(vec![path.clone()]),
        loaded: load::load(&sources).unwrap(),
        sources: Origin(sources),
        orders,
        reloads: stage.gauges.reloads.clone(),
    };
    let (again, asked) = mpsc::channel(1);
    proxy::tasks::background(reloader.run(asked));
    (stage, path, again)
}

/// The figures of reloads: the last one was good, good ones, bad ones.
fn figures(stage: &Stage) -> [u64; 3] {
    let families = stage.worker.metrics.registry().gather();
    let text = prometheus::TextEncoder::new().encode_to_string(&families);
    let text = text.unwrap();
    [
        "headway_config_last_reload_successful ",
        "headway_config_reloads_total{result=\"success\"} ",
        "headway_config_reloads_total{result=\"failure\"} ",
    ]
    .map(|name| {
        let mut lines = text.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)).unwrap();
        value.parse().unwrap()
    })
}

fn max_body(stage: &Stage) -> usize {
    let settings = &stage.worker.live.snapshot().settings;
    settings.config.limits.body_bytes
}

#[tokio::test]
async fn a_good_file_is_put_in_force_and_a_bad_one_changes_nothing() {
    let (stage, path, again) = followed("reload", "[limits]\nbody_bytes = \"1MiB\"\n").await;
    assert_eq!(figures(&stage), [1, 0, 0]);
    let tables = stage.gauges.tables.get();
    let bad = "[limits]\nbody_bytes = \"none\"\n[helth]\nfall = 1\n[server]\nworkers = 3\n";
    fs::write(&path, bad).unwrap();
    again.send(()).await.unwrap();
    until("it is refused", || figures(&stage) == [0, 0, 1]).await;
    // Every problem has its line.
    for words in [
        &["ERROR", "limits.body_bytes", "not a size"][..],
        &["ERROR", "helth", "health"],
        &["ERROR", "problems=2", "nothing has changed"],
    ] {
        assert_eq!(stage.log.lines(words).len(), 1, "{words:?}");
    }
    assert!(stage.log.lines(&["in force"]).is_empty());
    let good = "[limits]\nbody_bytes = \"2MiB\"\n[server]\nworkers = 3\n";
    fs::write(&path, good).unwrap();
    again.send(()).await.unwrap();
    until("it is put in force", || figures(&stage) == [1, 1, 1]).await;
    assert_eq!(max_body(&stage), 2 << 20);
    let line = "limits.body_bytes: \"1MiB\" -> \"2MiB\"";
    assert_eq!(stage.log.lines(&["INFO", line]).len(), 1);
    let restart = ["WARN", "server.workers: 0 -> 3; needs a restart"];
    assert_eq!(stage.log.lines(&restart).len(), 1);
    let workers = stage.worker.live.snapshot().settings.config.server.workers;
    assert_eq!(workers, 0, "what needs a restart is as it was");
    assert!(stage.gauges.tables.get() > tables);
    fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn a_file_that_changes_is_noticed() {
    let (stage, path, _again) = followed("noticed", "[limits]\nbody_bytes = \"1MiB\"\n").await;
    fs::write(&path, "[limits]\nbody_bytes = \"3MiB\"\n").unwrap();
    until("it is noticed", || max_body(&stage) == 3 << 20).await;
    fs::write(&path, "[limits]\nbody_bytes = \"0MiB\"\n").unwrap();
    until("a bad one too", || figures(&stage) == [0, 1, 1]).await;
    assert_eq!(max_body(&stage), 3 << 20);
    fs::remove_file(&path).unwrap();
}
