//! Stories about the one call that Headway answers itself.

use config::checked::Profile;
use rules::ids::Pool;
use rules::table::Standing;

use crate::harness::Proxy;
use crate::harness::client::batch;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;

fn start(served: Option<u64>, answers: bool) -> Proxy {
    let mut config = config(Profile::TxProxy);
    config.consistency.served_head = answers;
    let proxy = Proxy::start(config, vec![node("read-1", Pool::Read, [Act::Echo])]);
    proxy.serve(served);
    proxy
}

#[tokio::test(start_paused = true)]
async fn the_block_number_is_told_without_a_backend() {
    for (served, answers, heard, asked) in [
        (Some(0), true, "0x0", 0),
        (Some(0x12_ab), true, "0x12ab", 0),
        (Some(u64::MAX), true, "0xffffffffffffffff", 0),
        (Some(7), false, "read-1/eth_blockNumber", 1),
        (None, true, "read-1/eth_blockNumber", 1),
    ] {
        let proxy = start(served, answers);
        let alone = proxy.post(call("\"a\"", "eth_blockNumber")).await.json();
        assert_eq!(alone["id"], "a");
        assert_eq!(alone["jsonrpc"], "2.0");
        assert_eq!(alone["result"], heard);
        assert_eq!(proxy.count("read-1"), asked, "{served:?} {answers}");
        let calls = [
            call("1", "eth_call"),
            call("2", "eth_blockNumber"),
            call("null", "eth_blockNumber"),
        ];
        let many = proxy.post(batch(&calls)).await.json();
        assert_eq!(many[0]["result"], "read-1/eth_call");
        assert_eq!(
            (&many[1]["id"], &many[1]["result"]),
            (&2.into(), &heard.into())
        );
        assert_eq!(many[2]["result"], heard);
        proxy.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn with_nobody_eligible_it_is_not_ours_to_tell() {
    let proxy = start(Some(7), true);
    proxy.publish(&[Standing::Down]);
    proxy.serve(Some(7));
    let heard = proxy.post(call("1", "eth_blockNumber")).await.json();
    assert_eq!(heard["result"], "read-1/eth_blockNumber", "the least bad");
}

#[tokio::test(start_paused = true)]
async fn it_counts_like_any_other_call() {
    let proxy = start(Some(7), true);
    proxy.post(call("1", "eth_blockNumber")).await;
    proxy.post(batch(&[call("1", "eth_blockNumber")])).await;
    let counted = "headway_rpc_requests_total{method=\"eth_blockNumber\",outcome=\"result\"}";
    assert_eq!(proxy.metric(counted) as u64, 2);
}
