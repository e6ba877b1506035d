//! Stories about many reads at once while backends die, freeze, and tables are swapped.

use std::time::Duration;

use config::checked::Profile;
use futures_util::future::join;
use futures_util::future::join_all;
use rules::ids::Pool;
use rules::table::Standing;

use super::gist;
use super::seconds;
use crate::harness::Proxy;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;

const CLIENTS: usize = 64;
const CALLS: usize = 20;

/// Reads of many clients, each with several in a row; all of them must be answered by a reader.
async fn busy(proxy: &Proxy) {
    let clients = (0..CLIENTS).map(async |_| {
        for _ in 0..CALLS {
            let heard = proxy.post(call("7", "eth_call")).await;
            let gist = gist(&heard);
            assert!(
                gist.starts_with("read-") && gist.ends_with("/eth_call"),
                "{heard:?}"
            );
        }
    });
    join_all(clients).await;
}

fn fleet() -> Proxy {
    let acts = || [Act::After(Duration::from_millis(20), Box::new(Act::Echo))];
    let cast = vec![
        node("read-1", Pool::Read, acts()),
        node("read-2", Pool::Read, acts()),
        node("read-3", Pool::Read, acts()),
        node("miner-1", Pool::Write, acts()),
    ];
    Proxy::start(config(Profile::TxProxy), cast)
}

/// In the midst of the load something happens.
async fn amid(happens: impl FnOnce(&Proxy)) {
    let proxy = fleet();
    let trouble = async {
        proxy.pass(Duration::from_millis(90)).await;
        happens(&proxy);
    };
    join(busy(&proxy), trouble).await;
    assert_eq!(proxy.count("miner-1"), 0);
    proxy.pass(seconds(60)).await;
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_killed_backend_loses_no_read() {
    amid(|proxy| proxy.kill("read-1")).await;
}

#[tokio::test(start_paused = true)]
async fn a_frozen_backend_loses_no_read() {
    amid(|proxy| proxy.script("read-1", [Act::Hang])).await;
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_starts_to_reset_everything_loses_no_read() {
    amid(|proxy| proxy.script("read-1", [Act::Reset])).await;
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_starts_to_answer_rubbish_loses_no_read() {
    amid(|proxy| proxy.script("read-1", [Act::Say(200, "<html>")])).await;
}

#[tokio::test(start_paused = true)]
async fn tables_swapped_all_the_time_lose_and_misroute_nothing() {
    let proxy = fleet();
    let busy = busy(&proxy);
    tokio::pin!(busy);
    let (up, out) = (Standing::Eligible, Standing::Lagging);
    let verdicts = [
        [up, out, up, up],
        [out, up, out, up],
        [out, out, up, out],
        [up; 4],
    ];
    let mut swaps = 0;
    loop {
        tokio::select! {
            () = &mut busy => break,
            () = proxy.pass(Duration::from_millis(1)) => {
                proxy.publish(&verdicts[swaps % verdicts.len()]);
                swaps += 1;
            }
        }
    }
    assert!(swaps > 100, "{swaps}");
    for reader in ["read-1", "read-2", "read-3"] {
        assert!(proxy.count(reader) > 0, "{reader}");
        // Connections of those that stay are kept over every swap.
        let connections = proxy.got(reader).iter().map(|got| got.connection).max();
        assert!(connections < Some(CLIENTS), "{reader} {connections:?}");
    }
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn who_was_ejected_serves_again_when_those_left_get_worse() {
    let rubbish = Act::Say(502, "<html>");
    let (up, down) = (Standing::Eligible, Standing::Down);
    // In words: who fails while all are up, how they stand afterwards, who fails then.
    let stories = [
        ("the other is down", [up, up, down], "read-2"),
        ("two of three are well", [up, up, up], "read-2"),
        ("it fails itself again", [up, up, down], "read-1"),
    ];
    for (story, standings, failing) in stories {
        let proxy = Proxy::start(
            config(Profile::TxProxy),
            ["read-1", "read-2", "read-3"]
                .map(|id| node(id, Pool::Read, [Act::Echo]))
                .into(),
        );
        proxy.script("read-1", [rubbish.clone()]);
        while proxy.metric("headway_backend_ejections_total") < 0.5 {
            proxy.post(call("7", "eth_call")).await;
        }
        proxy.script("read-1", [Act::Echo]);
        proxy.script(failing, [rubbish.clone()]);
        proxy.publish(&standings);
        let (calls, mut lost) = (2_000, 0);
        let retries = "headway_retries_total{reason=\"broken\"}";
        let before = proxy.metric(retries);
        for _ in 0..calls {
            // A hundred a second.
            proxy.pass(Duration::from_millis(10)).await;
            let heard = proxy.post(call("7", "eth_call")).await;
            lost += usize::from(!gist(&heard).ends_with("/eth_call"));
        }
        let retried = proxy.metric(retries) - before;
        println!("{story}: {lost} lost, {retried} retries");
        assert_eq!(
            lost, 0,
            "{story}: {lost} of {calls} lost, {retried} retries"
        );
        assert!(retried < 100.0, "{story}: {retried} retries");
    }
}
