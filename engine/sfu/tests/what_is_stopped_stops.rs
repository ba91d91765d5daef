//! Nothing goes to a subscriber who left a track, from a publisher who is muted, or to a peer that is gone.

mod meeting;

use std::time::Duration;

use huisclos_sfu::{CloseReason, Command, Event, Name};
use meeting::Meeting;

fn talking() -> Meeting {
    let mut meeting = Meeting::of(&["alice", "bob"]);
    meeting.publish(0);
    meeting.subscribe(1, 0);
    meeting.talk(0, 10);
    assert!(!meeting.clients[1].received.is_empty());
    meeting.run(Duration::from_millis(50));
    meeting
}

fn video_and_audio(meeting: &Meeting) -> (usize, usize) {
    let received = &meeting.clients[1].received;
    let of_size = |size| {
        received
            .iter()
            .filter(|packet| packet.payload.len() == size)
            .count()
    };
    (of_size(1000), of_size(80))
}

#[test]
fn after_unsubscribing_from_video_only_audio_comes() {
    let mut meeting = talking();
    let mid = meeting.clients[1].receive_video.to_string();
    meeting.command(Command::Unsubscribe {
        peer: Name::from("bob"),
        mid,
    });
    let before = video_and_audio(&meeting);
    meeting.talk(0, 20);
    let after = video_and_audio(&meeting);
    assert_eq!(after.0, before.0);
    assert!(after.1 >= before.1 + 19);
}

#[test]
fn a_muted_track_is_not_forwarded_whatever_its_publisher_sends_and_comes_back_when_unmuted() {
    let mut meeting = talking();
    meeting.command(Command::Mute {
        track: Name::from("alice-audio"),
        muted: true,
    });
    let before = video_and_audio(&meeting);
    meeting.talk(0, 20);
    let muted = video_and_audio(&meeting);
    assert_eq!(muted.1, before.1);
    assert!(muted.0 >= before.0 + 50);

    meeting.command(Command::Mute {
        track: Name::from("alice-audio"),
        muted: false,
    });
    meeting.talk(0, 20);
    assert!(video_and_audio(&meeting).1 >= muted.1 + 18);
}

#[test]
fn a_removed_peer_is_told_goodbye_and_gets_nothing_more() {
    let mut meeting = talking();
    meeting.command(Command::RemovePeer {
        peer: Name::from("bob"),
    });
    assert_eq!(meeting.closed("bob"), Some(CloseReason::Removed));
    let before = meeting.clients[1].received.len();
    meeting.talk(0, 20);
    assert_eq!(meeting.clients[1].received.len(), before);
    assert_eq!(meeting.sfu.counters().subscriptions, 0);
}

#[test]
fn a_peer_that_falls_silent_is_unreachable_and_later_closed() {
    let mut meeting = talking();
    meeting.clients.pop();
    meeting.run(Duration::from_secs(6));
    let unreachable = Event::Unreachable {
        peer: Name::from("bob"),
    };
    assert!(meeting.events.contains(&unreachable));
    assert_eq!(meeting.closed("bob"), None);
    meeting.run(Duration::from_secs(12));
    assert_eq!(meeting.closed("bob"), Some(CloseReason::IceTimeout));
    assert_eq!(meeting.closed("alice"), None);
}

#[test]
fn a_peer_that_never_connects_is_closed() {
    let mut meeting = Meeting::new();
    meeting.join("ghost");
    meeting.clients.clear();
    meeting.run(Duration::from_secs(32));
    assert_eq!(meeting.closed("ghost"), Some(CloseReason::NeverConnected));
}

#[test]
fn media_flows_on_over_an_ice_restart() {
    let mut meeting = talking();
    meeting.restart_ice(1);
    let before = video_and_audio(&meeting);
    meeting.talk(0, 100);
    let after = video_and_audio(&meeting);
    assert!(
        after.0 >= before.0 + 280 && after.1 >= before.1 + 95,
        "{before:?} {after:?}"
    );
    assert_eq!(meeting.closed("bob"), None);
}
