//! A subscriber gets the simulcast layer it wished for, and changes only at a keyframe.

mod meeting;

use std::time::Duration;

use huisclos_sfu::{Command, Name, Wish};
use meeting::Meeting;

fn with_simulcast() -> Meeting {
    let mut meeting = Meeting::new();
    meeting.join_with("alice", true);
    meeting.join("bob");
    meeting.all_connect();
    meeting.publish(0);
    meeting
}

fn wish(meeting: &mut Meeting, quality: u8) {
    let mid = meeting.clients[1].receive_video.to_string();
    meeting.command(Command::Prefer {
        peer: Name::from("bob"),
        mid,
        wish: Wish {
            quality,
            ..Wish::default()
        },
    });
}

/// Sizes of the video packets that bob got since `from`: 400, 700 and 1,000 are the layers.
fn sizes(meeting: &Meeting, from: usize) -> Vec<usize> {
    let received = meeting.clients[1].received.iter().skip(from);
    received
        .map(|packet| packet.payload.len())
        .filter(|size| *size > 100)
        .collect()
}

fn frames(meeting: &mut Meeting, keyframes: [bool; 3], count: usize) {
    for frame in 0..count {
        meeting.send_layers(0, keyframes.map(|key| key && frame == 0), 3);
        meeting.run(Duration::from_millis(20));
    }
    // What is on its way arrives.
    meeting.run(Duration::from_millis(50));
}

#[test]
fn the_wished_layer_comes_after_its_keyframe_and_not_before() {
    let mut meeting = with_simulcast();
    meeting.subscribe(1, 0);
    wish(&mut meeting, 0);
    frames(&mut meeting, [true; 3], 20);
    assert!(sizes(&meeting, 0).iter().all(|size| *size == 400));

    wish(&mut meeting, 1);
    let before = meeting.clients[1].received.len();
    frames(&mut meeting, [false; 3], 20);
    assert!(
        sizes(&meeting, before).iter().all(|size| *size == 400),
        "a layer without keyframe was shown"
    );

    let before = meeting.clients[1].received.len();
    frames(&mut meeting, [false, true, false], 20);
    // The low layer's copy of the picture at which the change happens may still come before it.
    let after = sizes(&meeting, before).split_off(3);
    assert!(
        after.len() >= 57 && after.iter().all(|size| *size == 700),
        "{after:?}"
    );
}

#[test]
fn sequence_numbers_and_times_run_on_over_a_change_of_layer() {
    let mut meeting = with_simulcast();
    meeting.subscribe(1, 0);
    wish(&mut meeting, 0);
    frames(&mut meeting, [true; 3], 20);
    wish(&mut meeting, 2);
    frames(&mut meeting, [true; 3], 40);
    let video: Vec<_> = meeting.clients[1]
        .received
        .iter()
        .filter(|packet| packet.payload.len() > 100)
        .collect();
    assert_eq!(video.last().unwrap().payload.len(), 1000);
    for pair in video.windows(2) {
        assert_eq!(*pair[1].seq_no, *pair[0].seq_no + 1);
        let step = pair[1]
            .header
            .timestamp
            .wrapping_sub(pair[0].header.timestamp);
        assert!(step <= 6000, "the clock jumped by {step}");
    }
}

#[test]
fn a_paused_subscription_gets_nothing_until_it_is_resumed() {
    let mut meeting = with_simulcast();
    meeting.subscribe(1, 0);
    frames(&mut meeting, [true; 3], 10);
    let mid = meeting.clients[1].receive_video.to_string();
    let pause = |paused| Command::Prefer {
        peer: Name::from("bob"),
        mid: mid.clone(),
        wish: Wish {
            paused,
            ..Wish::default()
        },
    };
    meeting.command(pause(true));
    let before = meeting.clients[1].received.len();
    frames(&mut meeting, [true; 3], 10);
    assert_eq!(sizes(&meeting, before), Vec::<usize>::new());
    meeting.command(pause(false));
    frames(&mut meeting, [true; 3], 10);
    assert!(!sizes(&meeting, before).is_empty());
}
