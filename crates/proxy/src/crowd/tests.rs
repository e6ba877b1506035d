//! Clients with many connections, and none that is remembered without one.

use super::*;

#[test]
fn a_client_has_so_many_connections_and_others_have_theirs() {
    let crowd = Crowd::default();
    let mut open = Vec::new();
    for (peer, let_in) in [
        ("192.0.2.7", true),
        ("::ffff:192.0.2.7", true),
        ("192.0.2.7", false),
        ("192.0.2.8", true),
        // A network of IPv6 is one client.
        ("2001:db8:1:2::1", true),
        ("2001:db8:1:2::2", true),
        ("2001:db8:1:2::3", false),
        ("2001:db8:1:3::1", true),
    ] {
        let presence = crowd.enter(peer.parse().unwrap(), 2);
        assert_eq!(presence.is_some(), let_in, "{peer}");
        open.extend(presence);
    }
    assert_eq!(crowd.clients(), 4);
    open.remove(0);
    open.extend(crowd.enter("192.0.2.7".parse().unwrap(), 2));
    assert_eq!(open.len(), 6);
    drop(open);
    assert_eq!(crowd.clients(), 0);
}
