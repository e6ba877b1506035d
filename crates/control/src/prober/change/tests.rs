//! Stories about another configuration: what is kept of backends that stay, and nothing of others.

use config::load::Sources;
use devnet::Fault;
use rules::ids::Pool;
use rules::table::Standing;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use super::*;
use crate::harness::Stage;
use crate::harness::until;
use crate::prober::Order;

/// Orders what the stage's sources say after this change.
async fn order(
    stage: &Stage,
    orders: &mpsc::Sender<Order>,
    change: impl FnOnce(&mut Sources),
) -> Result<(), String> {
    let mut sources = stage.sources.clone();
    change(&mut sources);
    let config = config::load::load(&sources).unwrap().config;
    let (done, heard) = oneshot::channel();
    orders.send(Order { config, done }).await.unwrap();
    heard.await.unwrap()
}

fn variable<'a>(sources: &'a mut Sources, name: &str) -> &'a mut String {
    let mut variables = sources.environment.iter_mut();
    let (_, value) = variables.find(|(known, _)| known == name).unwrap();
    value
}

fn set(sources: &mut Sources, key: &str, value: &str) {
    sources
        .command_line
        .push((key.to_owned(), value.to_owned()));
}

/// All series that name a backend.
fn series(stage: &Stage, id: &str) -> usize {
    stage.gauges.look(&stage.worker.live);
    let families = stage.worker.metrics.registry().gather();
    let text = prometheus::TextEncoder::new()
        .encode_to_string(&families)
        .unwrap();
    let label = format!("backend=\"{id}\"");
    text.lines().filter(|line| line.contains(&label)).count()
}

#[tokio::test]
async fn backends_come_and_go_and_the_others_notice_nothing() {
    let stage = Stage::set(&[]).await;
    let (heard, orders) = stage.probe_to_order();
    heard.await.unwrap();
    stage.node("read-2").set(Fault::Die);
    until("read-2 is down", || {
        stage.place("read-2").standing == Standing::Down
    })
    .await;
    let before = [
        stage.backend("read-1"),
        stage.backend("read-2"),
        stage.backend("write-1"),
    ];
    let under_way = before[0].vitals.seat();
    assert!(series(&stage, "read-1") > 10 && series(&stage, "leader") > 10);
    // The leader goes, a backend comes, and the order is another one.
    let heavy = stage.node("read-3").addr().to_string();
    order(&stage, &orders, |sources| {
        sources
            .environment
            .retain(|(name, _)| name != "LEADER_ENDPOINT");
        sources.environment.reverse();
        set(sources, "backends.added.url", &format!("http://{heavy}"));
        set(sources, "backends.added.pool", "read");
    })
    .await
    .unwrap();
    for old in &before {
        assert!(
            Arc::ptr_eq(old, &stage.backend(old.id.as_str())),
            "{}",
            old.id
        );
    }
    assert_eq!(stage.place("read-1").vitals.load.in_flight(), 1);
    assert_eq!(
        stage.place("read-2").standing,
        Standing::Down,
        "it is still known"
    );
    assert_eq!(series(&stage, "leader"), 0);
    assert!(series(&stage, "read-1") > 10 && series(&stage, "added") > 10);
    let ids = stage.served_by(Pool::Read);
    assert!(ids.contains(&"added".to_owned()), "{ids:?}");
    until("the new one is probed", || {
        let heads = &stage.gauges.block_number;
        heads.with_label_values(&["added"]).get() > 0
    })
    .await;
    // Who is known goes on being judged where it stands now.
    stage.node("read-2").clear();
    until("read-2 is up", || {
        stage.place("read-2").standing == Standing::Eligible
    })
    .await;
    drop(under_way);
}

#[tokio::test]
async fn a_backend_that_moves_is_another_one_under_the_same_name() {
    let stage = Stage::set(&[]).await;
    let (heard, orders) = stage.probe_to_order();
    heard.await.unwrap();
    let before = stage.backend("read-1");
    let elsewhere = stage.node("read-3").addr().to_string();
    order(&stage, &orders, |sources| {
        let list = variable(sources, "READ_ENDPOINT");
        let (_, second) = list.split_once(',').unwrap();
        *list = format!("{elsewhere},{second}");
    })
    .await
    .unwrap();
    assert!(!Arc::ptr_eq(&before, &stage.backend("read-1")));
    assert!(series(&stage, "read-1") > 10);
    // Who only rests for another time is the same: its idle connections are.
    let before = stage.backend("read-2");
    order(&stage, &orders, |sources| {
        set(sources, "backends.read-2.keep_alive", "1s")
    })
    .await
    .unwrap();
    let after = stage.backend("read-2");
    assert!(Arc::ptr_eq(&before.pool, &after.pool) && Arc::ptr_eq(&before.vitals, &after.vitals));
    assert_eq!(after.keep_alive.as_secs(), 1);
}

#[tokio::test]
async fn limits_and_lists_hold_from_the_next_round_on() {
    let stage = Stage::set(&[("health.max_lag_at_once", "30")]).await;
    let (heard, orders) = stage.probe_to_order();
    heard.await.unwrap();
    stage.network.mine(40);
    stage.node("read-2").set(Fault::Lag(15));
    until("read-2 is behind", || {
        stage.place("read-2").standing == Standing::Lagging
    })
    .await;
    order(&stage, &orders, |sources| {
        set(sources, "health.max_lag", "20");
        set(sources, "methods.forbid", "eth_call");
        set(sources, "health.interval", "150ms");
    })
    .await
    .unwrap();
    let settings = Arc::clone(&stage.worker.live.snapshot().settings);
    assert_eq!(settings.config.methods.classify("eth_call"), None);
    until("20 blocks are healthy", || {
        stage.place("read-2").standing == Standing::Eligible
    })
    .await;
}
