//! Stories about more requests than may be served at once.

use super::*;

#[tokio::test(start_paused = true)]
async fn one_request_too_many_is_turned_away_but_health_is_told() {
    for profile in PROFILES {
        let mut config = config(profile);
        config.limits.in_flight = 2;
        let slow = Act::After(Duration::from_secs(5), Box::new(Act::Echo));
        let proxy = Proxy::start(config, vec![node("read-1", Pool::Read, [slow])]);
        proxy.worker.live.readiness.set_serving(true);
        let crowd = join(
            proxy.post(call("1", "eth_call")),
            proxy.post(call("2", "eth_call")),
        );
        let late = async {
            proxy.pass(Duration::from_secs(1)).await;
            let heard = proxy.post(call("3", "eth_call")).await;
            assert_eq!((heard.status, heard.took), (503, Duration::ZERO));
            assert_eq!(heard.reason(), "overloaded");
            assert!((1..=2).contains(&heard.retry_after()));
            let socket = "upgrade: websocket\r\nconnection: upgrade, close\r\n";
            let text = format!("GET / HTTP/1.1\r\nhost: proxy\r\n{socket}\r\n");
            assert!(proxy.raw(&text).await.starts_with("HTTP/1.1 503 "));
            for path in ["/livez", "/healthz", "/readyz"] {
                let asked = Request::get(path).header("host", "proxy");
                let heard = proxy.ask(asked.body(String::new()).unwrap()).await;
                assert_eq!(heard.status, 200, "{path}");
            }
        };
        let ((first, second), ()) = join(crowd, late).await;
        assert_eq!((first.status, second.status), (200, 200));
        assert_eq!(proxy.count("read-1"), 2);
        let capped = proxy.metric("headway_capped_total{limit=\"in_flight\"}");
        assert!((capped - 2.0).abs() < 0.1, "{capped}");
        proxy.settle().await;
        assert_eq!(proxy.post(call("4", "eth_call")).await.status, 200);
        proxy.settle().await;
    }
}
