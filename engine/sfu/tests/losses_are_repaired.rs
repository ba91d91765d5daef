//! Over a bad line, what was lost on the way to a listener or from the publisher comes again by RTX, in time.

mod simulated;

use std::time::Duration;

use huisclos_sim::Line;
use simulated::{Call, missing};

const BAD: Line = Line {
    loss: 0.1,
    delay: Duration::from_millis(20),
    jitter: Duration::from_millis(50),
    rate: None,
    queue: Duration::ZERO,
};

/// Loss that is left after ten seconds, and resends that it took.
fn after_ten_seconds(seed: u64, up: Line, down: Line) -> (f64, u64) {
    let mut call = Call::new(seed, 1);
    call.talk(2);
    let heard = call.video().len();
    assert!(heard > 50, "nothing came over a perfect line: {heard}");
    call.world.up(0).set_line(up);
    call.world.down(1).set_line(down);
    call.talk(10);
    // What is under way arrives over a good line.
    call.world.up(0).set_line(Line::default());
    call.world.down(1).set_line(Line::default());
    call.talk(1);
    let dropped = call.world.up(0).dropped() + call.world.down(1).dropped();
    assert!(dropped > 50, "the line was not bad at all");
    (
        missing(&call.video()),
        call.world.server.sfu.counters().rtx_sent,
    )
}

#[test]
fn ten_per_cent_loss_and_fifty_milliseconds_of_jitter_to_a_listener_are_repaired() {
    for seed in 0..3 {
        let (lost, resent) = after_ten_seconds(seed, Line::default(), BAD);
        assert!(lost < 0.01, "seed {seed}: {lost}");
        assert!(resent > 50, "seed {seed}: {resent}");
    }
}

#[test]
fn ten_per_cent_loss_and_fifty_milliseconds_of_jitter_from_the_publisher_are_repaired() {
    for seed in 0..3 {
        let (lost, _) = after_ten_seconds(seed, BAD, Line::default());
        assert!(lost < 0.01, "seed {seed}: {lost}");
    }
}
