//! A defect met in one peer's connection costs that peer its connection and nobody else anything.

mod meeting;

use huisclos_sfu::CloseReason;
use meeting::Meeting;

#[test]
fn the_others_go_on_talking_after_one_peer_panicked() {
    let mut meeting = Meeting::of(&["alice", "bob", "mallory"]);
    meeting.publish(0);
    meeting.subscribe(1, 0);
    meeting.subscribe(2, 0);
    meeting.talk(0, 5);

    let now = meeting.now;
    meeting.sfu.provoke_panic(now, "mallory");
    let before = (
        meeting.clients[1].received.len(),
        meeting.clients[2].received.len(),
    );
    meeting.talk(0, 20);

    assert_eq!(meeting.closed("mallory"), Some(CloseReason::Panic));
    assert_eq!(
        (meeting.closed("alice"), meeting.closed("bob")),
        (None, None)
    );
    assert!(meeting.clients[1].received.len() >= before.0 + 70);
    assert_eq!(meeting.clients[2].received.len(), before.1);
    assert_eq!(meeting.sfu.counters().panics, 1);
}

#[test]
fn a_publishers_panic_takes_its_tracks_along_and_its_name_is_free_again() {
    let mut meeting = Meeting::of(&["alice", "bob"]);
    meeting.publish(0);
    meeting.subscribe(1, 0);
    meeting.talk(0, 5);

    let now = meeting.now;
    meeting.sfu.provoke_panic(now, "alice");

    let counters = meeting.sfu.counters();
    assert_eq!(
        (counters.peers, counters.tracks, counters.subscriptions),
        (1, 0, 0)
    );
    meeting.clients.remove(0);
    let again = meeting.join("alice");
    meeting.run_until(|meeting| meeting.clients[again].connected);
}
