//! Stories about `entry`: the verdict on the head of a request.

use http::Request;

use super::*;

type Headers = &'static [(&'static str, &'static str)];

fn verdict(method: &str, target: &str, headers: Headers) -> Verdict {
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .header("host", "proxy");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    judge(&request.body(()).unwrap().into_parts().0)
}

#[test]
fn methods_and_paths_tell_what_is_wanted() {
    use Asked::*;
    for (method, target, wanted) in [
        ("POST", "/", Verdict::Call),
        ("POST", "/livez", Verdict::Call),
        ("POST", "/any/path?query", Verdict::Call),
        ("OPTIONS", "*", Verdict::Preflight),
        ("GET", "/", Verdict::Page),
        ("HEAD", "/index.html", Verdict::Page),
        ("GET", "/livez/", Verdict::Page),
        ("GET", "/livez", Verdict::Health(Live)),
        ("HEAD", "/healthz?a", Verdict::Health(Live)),
        ("GET", "/readyz", Verdict::Health(Ready)),
        ("PUT", "/", Verdict::MethodNotAllowed),
        ("CONNECT", "proxy:80", Verdict::MethodNotAllowed),
        ("post", "/", Verdict::MethodNotAllowed),
    ] {
        assert_eq!(verdict(method, target, &[]), wanted, "{method} {target}");
    }
}

#[test]
fn only_a_whole_request_for_a_web_socket_is_one() {
    const SOCKET: (&str, &str) = ("upgrade", "websocket");
    const ASKED: (&str, &str) = ("connection", "upgrade");
    let rows: [(&str, Headers, Verdict); 9] = [
        ("GET", &[SOCKET, ASKED], Verdict::Upgrade),
        (
            "GET",
            &[("upgrade", "h2c,WEBSOCKET"), ("connection", "a, Upgrade")],
            Verdict::Upgrade,
        ),
        (
            "GET",
            &[("upgrade", "h2c"), SOCKET, ("connection", "a"), ASKED],
            Verdict::Upgrade,
        ),
        ("GET", &[SOCKET], Verdict::Page),
        ("GET", &[ASKED], Verdict::Page),
        ("GET", &[("upgrade", "websocket/13"), ASKED], Verdict::Page),
        ("GET", &[("upgrade", "h2c"), ASKED], Verdict::Page),
        ("POST", &[SOCKET, ASKED], Verdict::Call),
        ("HEAD", &[SOCKET, ASKED], Verdict::Page),
    ];
    for (method, headers, wanted) in rows {
        assert_eq!(
            verdict(method, "/", headers),
            wanted,
            "{method} {headers:?}"
        );
    }
    let old = Request::get("/")
        .version(Version::HTTP_10)
        .header("upgrade", "websocket")
        .header("connection", "upgrade");
    assert_eq!(judge(&old.body(()).unwrap().into_parts().0), Verdict::Page);
}

#[test]
fn a_bad_host_is_said_before_anything_else() {
    for method in ["GET", "POST", "OPTIONS", "PUT"] {
        let two = verdict(method, "/", &[("host", "proxy")]);
        assert_eq!(two, Verdict::BadRequest("more than one Host header"));
        let none = Request::builder().method(method).body(()).unwrap();
        let none = judge(&none.into_parts().0);
        assert_eq!(none, Verdict::BadRequest("no Host header"));
    }
}
