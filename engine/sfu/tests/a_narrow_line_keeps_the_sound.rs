//! On a line that does not carry the picture the sound goes on, the picture is taken away and said to be, and comes back with the
//! line.

mod meeting;

use std::time::Duration;

use huisclos_sfu::Event;
use meeting::{Line, Meeting};

fn told(meeting: &Meeting) -> Vec<bool> {
    let states = meeting.events.iter().filter_map(|event| match event {
        Event::StreamState { paused, .. } => Some(*paused),
        _ => None,
    });
    states.collect()
}

/// Talks for `seconds` and returns how many audio and video packets arrived meanwhile.
fn talk(meeting: &mut Meeting, seconds: usize) -> (usize, usize) {
    let before = meeting.clients[1].received.len();
    for frame in 0..seconds * 50 {
        // A picture of 1.2 Mbit/s; every second a keyframe, as a publisher who is asked for it gives.
        meeting.send_layers(0, [frame % 50 == 0; 3], 3);
        meeting.run(Duration::from_millis(20));
    }
    let received = &meeting.clients[1].received[before..];
    let of_size = |size| {
        received
            .iter()
            .filter(|packet| packet.payload.len() == size)
            .count()
    };
    (of_size(80), of_size(1000))
}

#[test]
fn the_picture_goes_the_sound_stays_and_both_return() {
    let mut meeting = Meeting::of(&["alice", "bob"]);
    meeting.publish(0);
    meeting.subscribe(1, 0);
    let (audio, video) = talk(&mut meeting, 5);
    assert!(audio > 240 && video > 700, "{audio} {video}");
    assert_eq!(told(&meeting), Vec::<bool>::new());

    let mut line = Line::new(3, 0, Duration::ZERO);
    line.capacity = Some(300_000);
    meeting.line = Some((1, line));
    talk(&mut meeting, 10);
    let (audio, video) = talk(&mut meeting, 10);
    assert!(
        audio >= 400,
        "only {audio} of 500 audio packets came through"
    );
    assert!(
        video < 300,
        "{video} of 1500 video packets were pressed into the line"
    );
    assert_eq!(told(&meeting).first(), Some(&true));

    if let Some((_, line)) = &mut meeting.line {
        line.capacity = Some(5_000_000);
    }
    talk(&mut meeting, 40);
    let (audio, video) = talk(&mut meeting, 5);
    assert!(audio > 240 && video > 700, "{audio} {video}");
    assert_eq!(told(&meeting).last(), Some(&false));
}
