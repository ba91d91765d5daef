//! On a line that is too narrow, pictures give way so that voices come through; when it widens, pictures come back.

mod simulated;

use std::time::Duration;

use huisclos_sim::Line;
use simulated::{Call, layer, missing};

/// The three layers are about 80, 280 and 800 kbit/s.
fn narrow(rate: u64) -> Line {
    Line {
        rate: Some(rate),
        queue: Duration::from_millis(300),
        delay: Duration::from_millis(20),
        ..Line::default()
    }
}

#[test]
fn voices_come_through_where_the_best_picture_does_not_fit() {
    let mut call = Call::new(1, 1);
    call.talk(3);
    assert_eq!(
        layer(call.video().last().unwrap()),
        2,
        "the control: a wide line shows the best layer"
    );

    call.world.down(1).set_line(narrow(500_000));
    call.talk(6);
    let (seen, heard) = (call.video().len(), call.audio().len());
    call.talk(10);

    let video = call.video().split_off(seen);
    let audio = call.audio().split_off(heard);
    let low = video.iter().filter(|packet| layer(packet) < 2).count();
    assert!(
        low * 10 >= video.len() * 9,
        "{low} of {} packets are of a layer that fits",
        video.len()
    );
    assert!(!video.is_empty(), "a picture fits, and was not shown");
    assert!(
        missing(&audio) < 0.02,
        "{} of the voice is missing",
        missing(&audio)
    );
}

#[test]
fn the_best_picture_comes_back_when_the_line_widens() {
    let mut call = Call::new(2, 1);
    call.world.down(1).set_line(narrow(500_000));
    call.talk(10);
    call.world.down(1).set_line(narrow(20_000_000));
    call.talk(40);

    assert_eq!(layer(call.video().last().unwrap()), 2);
}
