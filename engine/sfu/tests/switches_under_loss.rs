//! However the line and the wishes of a listener change, its decoder sees one stream that changes layer only at a keyframe.

mod simulated;

use std::time::Duration;

use huisclos_sim::{Line, Received};
use simulated::{Call, layer};

const BAD: Line = Line {
    loss: 0.05,
    delay: Duration::from_millis(30),
    jitter: Duration::from_millis(30),
    rate: None,
    queue: Duration::ZERO,
};

fn wander(seed: u64, line: Line) -> Call {
    let mut call = Call::new(seed, 1);
    call.world.down(1).set_line(line);
    call.talk(2);
    for (quality, paused) in [
        (0, false),
        (2, false),
        (1, true),
        (1, false),
        (0, false),
        (2, false),
    ] {
        call.prefer(quality, paused);
        call.talk(2);
    }
    call
}

fn switches<'a>(packets: &[&'a Received]) -> Vec<(&'a Received, &'a Received)> {
    let pairs = packets.windows(2).map(|pair| (pair[0], pair[1]));
    pairs
        .filter(|(before, after)| layer(before) != layer(after))
        .collect()
}

#[test]
fn a_layer_begins_with_a_keyframe_and_nothing_is_missing_before_it() {
    let call = wander(1, Line::default());
    let video = call.video();

    let switches = switches(&video);

    assert!(
        switches.len() >= 4,
        "only {} changes of layer",
        switches.len()
    );
    for (before, after) in switches {
        assert!(after.vp8.unwrap().starts_keyframe);
        assert_eq!(after.sequence, before.sequence + 1);
    }
}

#[test]
fn over_a_bad_line_a_layer_still_begins_with_a_keyframe() {
    for seed in 0..3 {
        let call = wander(seed, BAD);
        let video = call.video();
        let switches = switches(&video);
        assert!(
            switches.len() >= 3,
            "seed {seed}: only {} changes of layer",
            switches.len()
        );
        for (before, after) in switches {
            let whole = after.sequence == before.sequence + 1;
            assert!(!whole || after.vp8.unwrap().starts_keyframe, "seed {seed}");
        }
    }
}

#[test]
fn times_and_pictures_run_on_over_every_change() {
    for (seed, line) in [(1, Line::default()), (2, BAD)] {
        let call = wander(seed, line);
        let start = call.video()[0].timestamp;
        let began = call.video()[0].arrived;
        for pair in call.video().windows(2) {
            let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
            assert!(
                step < 90_000 * 4,
                "the clock went from {} to {}",
                pair[0].timestamp,
                pair[1].timestamp
            );
            let pictures = picture(pair[1]).wrapping_sub(picture(pair[0])) & 0x7FFF;
            assert!(pictures < 30, "pictures jumped by {pictures}");
        }
        let last = *call.video().last().unwrap();
        let told = f64::from(last.timestamp.wrapping_sub(start)) / 90_000.0;
        let passed = (last.arrived - began).as_secs_f64();
        assert!(
            (told - passed).abs() < 0.5,
            "{told} s of pictures in {passed} s"
        );
    }
}

fn picture(packet: &Received) -> u16 {
    match packet.vp8.and_then(|descriptor| descriptor.numbers.picture) {
        Some(huisclos_wire::vp8::PictureId::Long(id)) => id,
        other => panic!("{other:?}"),
    }
}
