//! Stories about the probing of one backend: what a probe proves.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use proxy::tasks;
use tokio::net::TcpListener;

use super::*;
use crate::harness::Stage;

/// A watch on a listener that takes connections and never answers; how many it has taken.
async fn watched(stage: &Stage) -> (Watch, mpsc::Receiver<News>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let taken = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&taken);
    tasks::background(async move {
        let mut open = Vec::new();
        while let Ok((stream, _peer)) = listener.accept().await {
            open.push(stream);
            count.fetch_add(1, SeqCst);
        }
    });
    let mut wanted = stage.worker.live.snapshot().settings.config.backends[0].clone();
    wanted.url = config::url::BackendUrl::parse(&format!("http://{address}")).unwrap();
    wanted.id = stage.place("read-1").id;
    let backend = Backend::new(&wanted, 1, &stage.worker.metrics).unwrap();
    let (news, found) = mpsc::channel(100);
    let watch = Watch {
        key: 7,
        worker: stage.worker.clone(),
        backend: Arc::new(backend),
        terms: Terms {
            pool: Some(Pool::Read),
            interval: Duration::from_secs(1),
            wait: Duration::from_secs(2),
        },
        seconds: stage.gauges.probe_seconds.with_label_values(&["read-1"]),
        failures: stage.gauges.probe_failures.with_label_values(&["read-1"]),
        discarded: stage.gauges.probes_discarded.clone(),
        bell: Arc::default(),
        news,
    };
    (watch, found, taken)
}

#[tokio::test]
async fn a_probe_whose_timer_was_late_proves_nothing() {
    let stage = Stage::set(&[]).await;
    let (watch, mut found, taken) = watched(&stage).await;
    tokio::time::pause();
    tasks::background(watch.run());
    // As long as this task is busy, the stopped clock does not move by itself.
    while taken.load(SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::advance(Duration::from_secs(2) + LATE + Duration::from_millis(1)).await;
    let News::Probed(7, None) = found.recv().await.unwrap() else {
        panic!("a late timer is held against the backend");
    };
    assert_eq!(stage.gauges.probes_discarded.get(), 1);
    // The next one has its whole time, and fails by it.
    let News::Probed(7, Some(Probe::Failed)) = found.recv().await.unwrap() else {
        panic!("a probe that had its time is thrown away");
    };
    assert_eq!(stage.gauges.probes_discarded.get(), 1);
    let failed = stage.gauges.probe_failures.with_label_values(&["read-1"]);
    assert_eq!(failed.get(), 1);
}
