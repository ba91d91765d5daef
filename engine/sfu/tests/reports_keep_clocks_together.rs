//! A subscriber learns the publisher's clock from our sender reports, and the room learns who speaks.

mod meeting;

use std::time::Duration;

use huisclos_sfu::{Command, Event, Name};
use meeting::Meeting;

fn talking() -> Meeting {
    let mut meeting = Meeting::of(&["alice", "bob"]);
    meeting.publish(0);
    meeting.subscribe(1, 0);
    meeting.talk(0, 400);
    meeting
}

#[test]
fn sound_and_picture_are_reported_on_one_clock() {
    let meeting = talking();
    let bob = &meeting.clients[1];
    let of_size = |size| {
        bob.received
            .iter()
            .rev()
            .find(move |packet| packet.payload.len() == size)
            .unwrap()
    };
    // Both were written at the same instant: what the reports say must map them to the same wall-clock time.
    let wall_clock = |size, rate: f64| {
        let packet = of_size(size);
        let info = packet
            .last_sender_info
            .as_ref()
            .expect("no sender report came");
        let ticks = packet
            .header
            .timestamp
            .wrapping_sub(info.rtp_time.numer() as u32)
            .cast_signed();
        (info.ntp_time, f64::from(ticks) / rate)
    };
    let (audio_at, audio_after) = wall_clock(80, 48_000.0);
    let (video_at, video_after) = wall_clock(1000, 90_000.0);
    let apart = match audio_at.duration_since(video_at) {
        Ok(later) => later.as_secs_f64(),
        Err(earlier) => -earlier.duration().as_secs_f64(),
    };
    let skew = apart + audio_after - video_after;
    assert!(skew.abs() < 0.03, "sound and picture are {skew} s apart");
}

#[test]
fn who_speaks_is_told_and_who_is_muted_stops_speaking() {
    let mut meeting = talking();
    let spoke = |meeting: &Meeting| {
        meeting.events.iter().rev().find_map(|event| match event {
            Event::AudioLevels { levels, .. } => {
                levels.iter().find(|(peer, ..)| &**peer == "alice").cloned()
            }
            _ => None,
        })
    };
    let (_, level, active) = spoke(&meeting).expect("nobody was heard");
    assert!(active && level > 0.0);

    meeting.command(Command::Mute {
        track: Name::from("alice-audio"),
        muted: true,
    });
    meeting.talk(0, 60);
    meeting.run(Duration::from_secs(2));
    let (_, level, active) = spoke(&meeting).unwrap();
    assert!(!active && level == 0.0);
}
