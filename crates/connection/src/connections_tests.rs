//! Who has to go, played through without sockets.

use super::*;

fn room(all: usize, per_peer: usize) -> Connections {
    Connections::new(ConnectionLimits { all, per_peer, ..ConnectionLimits::default() })
}

/// Opens one from `10.0.0.<host>`.
fn enter(connections: &Connections, host: u8) -> Result<Open, Full> {
    connections.enter(IpAddr::from([10, 0, 0, host]), &connections.meters("test"))
}

fn is_ended(open: &Open) -> bool {
    open.signal.is_ended()
}

#[test]
fn the_longest_silent_one_goes_and_never_a_busy_one() {
    let connections = room(3, 3);
    let [a, b, c] = [1, 2, 3].map(|host| enter(&connections, host).unwrap());
    for open in [&a, &b, &c] {
        assert!(connections.begin(open.id));
    }
    assert_eq!(enter(&connections, 4).unwrap_err(), Full::Busy);
    // They fall silent in another order than they came in.
    connections.end(b.id);
    connections.end(a.id);
    let fourth = enter(&connections, 4).unwrap();
    assert_eq!([&a, &b, &c, &fourth].map(is_ended), [false, true, false, false]);
    assert!(!connections.begin(b.id), "nobody would read the answer");
    assert!(connections.begin(fourth.id));
    let fifth = enter(&connections, 5).unwrap();
    assert!(is_ended(&a));
    assert!(connections.begin(fifth.id));
    assert_eq!(enter(&connections, 6).unwrap_err(), Full::Busy);
    drop(c);
    enter(&connections, 6).unwrap();
}

#[test]
fn requests_beside_each_other_keep_a_connection_busy_until_the_last() {
    let connections = room(1, 1);
    let open = enter(&connections, 1).unwrap();
    assert!(connections.begin(open.id) && connections.begin(open.id));
    connections.end(open.id);
    assert_eq!(enter(&connections, 2).unwrap_err(), Full::Busy);
    connections.end(open.id);
    enter(&connections, 2).unwrap();
    assert!(is_ended(&open));
}

#[test]
fn a_peer_with_its_share_makes_room_itself() {
    let connections = room(8, 2);
    let other = enter(&connections, 2).unwrap();
    let (first, second) = (enter(&connections, 1).unwrap(), enter(&connections, 1).unwrap());
    assert!(connections.begin(first.id));
    let third = enter(&connections, 1).unwrap();
    assert_eq!([&other, &first, &second, &third].map(is_ended), [false, false, true, false]);
    assert!(connections.begin(third.id));
    assert_eq!(enter(&connections, 1).unwrap_err(), Full::Busy, "there is room, but not for this peer");
    enter(&connections, 3).unwrap();
}

#[test]
fn strangers_go_before_those_whose_requests_were_let_in_but_not_the_last_of_them() {
    let connections = room(8, 8);
    let opened: Vec<Open> = (0..8).map(|host| enter(&connections, host).unwrap()).collect();
    // The first five had requests, and are silent longer than none of the others.
    for open in &opened[..5] {
        assert!(connections.begin(open.id));
        connections.let_in(open.id, &open.member, "tenant");
        connections.end(open.id);
    }
    let ended = || opened.iter().map(is_ended).collect::<Vec<_>>();
    // Three strangers are more than a quarter of eight.
    let ninth = enter(&connections, 9).unwrap();
    assert_eq!(ended(), [false, false, false, false, false, true, false, false]);
    drop(ninth);
    assert_eq!(connections.state().silent.first(8), Some(opened[0].id), "two strangers are a quarter");
}

#[test]
fn those_that_were_told_to_end_have_descriptors_and_are_bounded() {
    let connections = room(4 * MOST_ENDING, 4 * MOST_ENDING);
    let mut opened: Vec<Open> = (0..4 * MOST_ENDING).map(|_| enter(&connections, 1).unwrap()).collect();
    for _ in 0..MOST_ENDING {
        opened.push(enter(&connections, 1).unwrap());
    }
    assert_eq!(enter(&connections, 1).unwrap_err(), Full::Shutdown);
    opened.retain(|open| !is_ended(open));
    assert_eq!(opened.len(), 4 * MOST_ENDING);
    enter(&connections, 1).unwrap();
    drop(opened);
    let state = connections.state();
    assert!(state.known.is_empty() && state.peers.is_empty() && state.shutdown == 0, "{state:?}");
    assert_eq!(state.silent.first(1), None);
}

#[test]
fn a_network_of_ipv6_is_one_peer_and_ipv4_in_ipv6_is_ipv4() {
    let peer = |text: &str| peer_of(text.parse().unwrap());
    assert_eq!(peer("2001:db8:1:2::1"), peer("2001:db8:1:2:ffff:1:2:3"));
    assert_ne!(peer("2001:db8:1:2::1"), peer("2001:db8:1:3::1"));
    assert_eq!(peer("::ffff:10.0.0.1"), peer("10.0.0.1"));
    assert_ne!(peer("10.0.0.1"), peer("10.0.0.2"));
}
