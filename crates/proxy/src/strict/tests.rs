//! Stories about heads that two parsers could read differently.

use http::Request;

use super::*;

fn status(method: &str, target: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let head = request.body(()).unwrap().into_parts().0;
    check(&head).map_or_else(|breach| breach.status.as_u16(), |()| 200)
}

#[test]
fn only_one_way_of_framing_a_body_is_understood() {
    for (headers, wanted) in [
        (vec![("transfer-encoding", "chunked")], 200),
        (vec![("transfer-encoding", " Chunked ")], 200),
        (vec![("transfer-encoding", "gzip, chunked")], 501),
        (vec![("transfer-encoding", "identity")], 501),
        (vec![("transfer-encoding", "")], 501),
        (vec![("transfer-encoding", "chunked, chunked")], 400),
        (
            vec![
                ("transfer-encoding", "chunked"),
                ("transfer-encoding", "chunked"),
            ],
            400,
        ),
        (vec![("content_length", "1")], 400),
        (vec![("transfer_encoding", "chunked")], 400),
        (vec![("content-length", "1")], 200),
        (
            vec![
                ("content_type", "a"),
                ("x_y", "b"),
                ("x-transfer_encoding", "a"),
            ],
            200,
        ),
        (vec![("expect", "100-Continue")], 200),
        (vec![("expect", "200-ok")], 417),
        (vec![("expect", "100-continue"), ("expect", "more")], 417),
    ] {
        assert_eq!(status("POST", "/", &headers), wanted, "{headers:?}");
    }
}

#[test]
fn a_target_is_a_path_or_a_whole_address() {
    let long = format!("/{}", "a".repeat(TARGET_BYTES_MAX - 1));
    let longer = format!("{long}a");
    for (method, target, wanted) in [
        ("POST", "/", 200),
        ("POST", "/a?b", 200),
        ("POST", "http://proxy/a", 200),
        ("POST", "https://proxy:8545/", 200),
        ("POST", "http://user@proxy/", 400),
        ("POST", "ftp://proxy/", 400),
        ("POST", "proxy:80", 400),
        ("POST", "*", 400),
        ("OPTIONS", "*", 200),
        ("CONNECT", "proxy:80", 200),
        ("GET", &long, 200),
        ("GET", &longer, 414),
    ] {
        assert_eq!(status(method, target, &[]), wanted, "{method} {target}");
    }
}

#[test]
fn a_field_has_a_size() {
    let long = "a".repeat(FIELD_BYTES_MAX - 1);
    assert_eq!(status("GET", "/", &[("x", &long)]), 200);
    assert_eq!(status("GET", "/", &[("xy", &long)]), 431);
    let four = ["a", "b", "c", "d"].map(|name| (name, &*long));
    assert_eq!(status("GET", "/", &four), 200);
    let five = [&four[..], &[("e", "")]].concat();
    assert_eq!(status("GET", "/", &five), 431);
}
