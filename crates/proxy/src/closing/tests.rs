//! Stories about the end of a process as its clients see it.

use config::checked::Profile;
use futures_util::future::join;
use rules::ids::Pool;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;

use super::*;
use crate::harness::Proxy;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;

#[tokio::test(start_paused = true)]
async fn a_stopping_process_ends_what_is_under_way_and_closes_the_rest() {
    let slow = Act::After(Duration::from_secs(5), Box::new(Act::Echo));
    let proxy = Proxy::start(
        config(Profile::TxProxy),
        vec![node("read-1", Pool::Read, [slow])],
    );
    let mut idle = proxy.connect();
    let mut used = proxy.connect();
    let mut fresh = proxy.connect();
    let request = "GET /livez HTTP/1.1\r\nhost: proxy\r\n\r\n";
    used.write_all(request.as_bytes()).await.unwrap();
    used.read_buf(&mut Vec::with_capacity(1_000)).await.unwrap();
    let stop = async {
        proxy.pass(Duration::from_secs(1)).await;
        proxy.stop();
        let stopped = proxy.worker.clock.now();
        // Requests may be on their way on connections that were opened or used for them.
        proxy.pass(QUIET - Duration::from_millis(1)).await;
        for connection in [&mut used, &mut fresh] {
            let mut heard = String::new();
            connection.write_all(request.as_bytes()).await.unwrap();
            connection.read_to_string(&mut heard).await.unwrap();
            assert!(heard.starts_with("HTTP/1.1 200 "), "{heard}");
            assert!(heard.contains("connection: close"), "{heard}");
        }
        assert_eq!(idle.read(&mut [0]).await.unwrap(), 0);
        proxy.worker.clock.now().since(stopped)
    };
    let (heard, closed_after) = join(proxy.post(call("7", "eth_call")), stop).await;
    assert_eq!(closed_after, QUIET);
    assert_eq!((heard.status, heard.took), (200, Duration::from_secs(5)));
    assert_eq!(heard.header("connection"), Some("close"));
    proxy.settle().await;
}
