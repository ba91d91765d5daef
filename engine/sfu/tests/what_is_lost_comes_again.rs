//! On a bad line the picture is whole in the end: what was lost is asked for and sent again, and nobody can make us send more than
//! that.

mod meeting;

use std::collections::BTreeSet;
use std::time::Duration;

use meeting::{Line, Meeting};

fn over(line: Line) -> (Meeting, BTreeSet<u64>) {
    let mut meeting = Meeting::of(&["alice", "bob"]);
    meeting.publish(0);
    meeting.subscribe(1, 0);
    meeting.talk(0, 5);
    meeting.line = Some((1, line));
    meeting.talk(0, 300);
    meeting.run(Duration::from_secs(1));
    let video = meeting.clients[1]
        .received
        .iter()
        .filter(|packet| packet.payload.len() == 1000);
    let numbers = video.map(|packet| *packet.seq_no).collect();
    (meeting, numbers)
}

fn missing(numbers: &BTreeSet<u64>) -> usize {
    let (first, last) = (numbers.first().unwrap(), numbers.last().unwrap());
    (last - first + 1) as usize - numbers.len()
}

#[test]
fn a_tenth_lost_and_fifty_milliseconds_of_jitter_leave_hardly_a_gap() {
    for seed in 1..=5 {
        let (meeting, numbers) = over(Line::new(seed, 10, Duration::from_millis(50)));
        let lost = meeting.line.as_ref().unwrap().1.lost;
        assert!(lost > 60, "the line was too good: {lost} lost");
        assert!(meeting.sfu.counters().rtx_sent >= 50);
        // A packet that was lost again and again may stay away: one in a thousand by the odds, five to be sure.
        assert!(
            missing(&numbers) <= 5,
            "seed {seed}: {} of {} never came",
            missing(&numbers),
            numbers.len()
        );
    }
}

#[test]
fn on_a_good_line_nothing_is_sent_twice() {
    let (meeting, numbers) = over(Line::new(1, 0, Duration::ZERO));
    assert_eq!((missing(&numbers), meeting.sfu.counters().rtx_sent), (0, 0));
}
