//! Two people in a room hear, see and write to each other.

mod meeting;

use std::sync::Arc;

use huisclos_sfu::{Channel, Command, Event, Name};
use meeting::Meeting;

#[test]
fn audio_and_video_of_each_reach_the_other() {
    let mut meeting = Meeting::of(&["alice", "bob"]);
    for index in 0..2 {
        meeting.publish(index);
    }
    meeting.subscribe(0, 1);
    meeting.subscribe(1, 0);

    meeting.talk(0, 30);
    meeting.talk(1, 30);

    for index in 0..2 {
        let client = &meeting.clients[index];
        let sizes: Vec<usize> = client
            .received
            .iter()
            .map(|packet| packet.payload.len())
            .collect();
        let audio = sizes.iter().filter(|size| **size == 80).count();
        let video = sizes.iter().filter(|size| **size == 1000).count();
        assert!(
            audio >= 29 && video >= 87,
            "client {index}: {audio} audio, {video} video"
        );
    }
}

#[test]
fn a_started_track_is_told_once_with_its_codec() {
    let mut meeting = Meeting::of(&["alice", "bob"]);
    meeting.publish(0);
    meeting.talk(0, 5);
    let mut mimes: Vec<_> = meeting
        .events
        .iter()
        .filter_map(|event| match event {
            Event::TrackStarted { track, mime, .. } => Some((track.to_string(), *mime)),
            _ => None,
        })
        .collect();
    mimes.sort();
    assert_eq!(
        mimes,
        [
            ("alice-audio".to_owned(), "audio/opus"),
            ("alice-video".to_owned(), "video/VP8")
        ]
    );
}

#[test]
fn a_message_goes_in_as_an_event_and_out_to_those_named() {
    let mut meeting = Meeting::of(&["alice", "bob", "carol"]);
    assert!(meeting.clients[0].say("_reliable", b"bonjour"));
    meeting.run_until(|meeting| !meeting.data_events().is_empty());
    assert_eq!(
        meeting.data_events(),
        [("alice", Channel::Reliable, &b"bonjour"[..])]
    );

    let peers = vec![Name::from("bob"), Name::from("nobody")];
    let payload = Arc::from(&b"salut"[..]);
    meeting.command(Command::SendData {
        peers,
        channel: Channel::Reliable,
        payload,
    });
    meeting.run_until(|meeting| !meeting.clients[1].messages.is_empty());
    assert_eq!(meeting.clients[1].messages, [b"salut"]);
    assert!(meeting.clients[2].messages.is_empty());
}

#[test]
fn a_new_subscription_asks_the_publisher_for_a_keyframe() {
    let mut meeting = Meeting::of(&["alice", "bob"]);
    meeting.publish(0);
    meeting.talk(0, 10);
    assert_eq!(meeting.clients[0].keyframes_asked, 0);
    meeting.subscribe(1, 0);
    meeting.run_until(|meeting| meeting.clients[0].keyframes_asked > 0);
}
