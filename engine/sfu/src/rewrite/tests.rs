//! The laws of continuity, for any interleaving of layers, switches, pauses, restarts, loss and reordering.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use huisclos_wire::vp8::PictureId;
use proptest::prelude::*;

use super::*;

const RATE: u32 = 90_000;
const FRAME: Duration = Duration::from_millis(33);

/// One layer of a simulcast publisher: three packets a frame, a keyframe when asked or now and then.
#[derive(Clone)]
struct Encoder {
    layer: u8,
    sequence: u64,
    /// RTP time at the start of the test; every layer has its own.
    origin: u32,
    picture: u16,
    tl0: u8,
    key: u8,
    knows_clock: bool,
}

impl Encoder {
    fn new(layer: u8, knows_clock: bool) -> Self {
        let odd = u64::from(layer) + 1;
        Self {
            layer,
            sequence: odd * 65_000,
            origin: 0xFFFF_0000_u32.wrapping_mul(odd as u32),
            picture: 0x7FF0 + u16::from(layer),
            tl0: 250 + layer,
            key: 30 + layer,
            knows_clock,
        }
    }

    fn frame(&mut self, start: Instant, elapsed: Duration, keyframe: bool) -> [Incoming; 3] {
        self.picture = (self.picture + 1) & 0x7FFF;
        self.tl0 = self.tl0.wrapping_add(1);
        self.key = (self.key + u8::from(keyframe)) & 0x1F;
        let timestamp = self.origin.wrapping_add(run::ticks(elapsed, RATE) as u32);
        [0, 1, 2].map(|part| {
            self.sequence += 1;
            Incoming {
                layer: self.layer,
                sequence: self.sequence,
                timestamp,
                starts_keyframe: keyframe && part == 0,
                vp8: Some(PictureNumbers {
                    picture: Some(PictureId::Long(self.picture)),
                    tl0: Some(self.tl0),
                    key: Some(self.key),
                }),
                arrived: start + elapsed,
                clock: self.knows_clock.then_some(LayerClock {
                    ntp: 77 << 32,
                    rtp: self.origin,
                }),
            }
        })
    }
}

#[derive(Clone, Debug)]
enum Step {
    Frame {
        keyframes: [bool; 3],
        lost: u16,
        swapped: Option<usize>,
        repeated: Option<usize>,
    },
    Want(Option<u8>),
    Silence(u64),
    Restart,
    Jump,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let frame = (
        any::<[bool; 3]>(),
        any::<u16>(),
        any::<u16>(),
        proptest::option::of(0_usize..8),
        proptest::option::of(0_usize..9),
    );
    let step = prop_oneof![
        20 => frame.prop_map(|(keyframes, a, b, swapped, repeated)| Step::Frame { keyframes, lost: a & b & 0x1FF, swapped, repeated }),
        4 => proptest::option::of(0_u8..3).prop_map(Step::Want),
        1 => (1_u64..5000).prop_map(Step::Silence),
        1 => Just(Step::Restart),
        1 => Just(Step::Jump),
    ];
    proptest::collection::vec(step, 1..120)
}

/// What a receiver got, by index.
type Received = BTreeMap<u64, (Incoming, Outgoing)>;

fn play(
    steps: &[Step],
    knows_clock: bool,
    mut check: impl FnMut(&mut Continuity, &Incoming, &Outgoing),
) -> Received {
    let start = Instant::now();
    let mut elapsed = Duration::ZERO;
    let mut encoders = [0, 1, 2].map(|layer| Encoder::new(layer, knows_clock));
    let mut link = Continuity::new(RATE);
    link.want(Some(0));
    let mut received = Received::new();
    for step in steps {
        match step {
            Step::Want(layer) => link.want(*layer),
            Step::Silence(millis) => elapsed += Duration::from_millis(*millis),
            Step::Restart => {
                encoders.iter_mut().for_each(|encoder| {
                    encoder.sequence %= 1000;
                    encoder.origin = encoder.origin.wrapping_add(1 << 30);
                });
                link.restart();
            }
            Step::Jump => encoders
                .iter_mut()
                .for_each(|encoder| encoder.sequence += 20_000),
            Step::Frame {
                keyframes,
                lost,
                swapped,
                repeated,
            } => {
                elapsed += FRAME;
                let mut packets: Vec<Incoming> = Vec::new();
                for (encoder, keyframe) in encoders.iter_mut().zip(keyframes) {
                    packets.extend(encoder.frame(start, elapsed, *keyframe));
                }
                if let Some(at) = swapped {
                    packets.swap(*at, *at + 1);
                }
                if let Some(at) = repeated {
                    packets.push(packets[*at]);
                }
                for (at, packet) in packets.iter().enumerate() {
                    if lost >> at & 1 == 1 {
                        continue;
                    }
                    if let Some(outgoing) = link.on_packet(packet) {
                        check(&mut link, packet, &outgoing);
                        assert!(
                            received
                                .insert(outgoing.index, (*packet, outgoing))
                                .is_none(),
                            "an index left twice"
                        );
                    }
                }
            }
        }
    }
    received
}

fn picture(numbers: Option<PictureNumbers>) -> u16 {
    match numbers.unwrap().picture.unwrap() {
        PictureId::Long(id) => id,
        PictureId::Short(id) => u16::from(id),
    }
}

proptest! {
    #[test]
    fn a_receiver_sees_one_stream(steps in steps(), knows_clock: bool) {
        let received = play(&steps, knows_clock, |_, _, _| {});

        let mut before: Option<&(Incoming, Outgoing)> = None;
        for now in received.values() {
            let (packet, outgoing) = now;
            if let Some((last_packet, last)) = before {
                let behind = outgoing.timestamp.wrapping_sub(last.timestamp);
                prop_assert!(behind < 1 << 31, "time ran back");
                let pictures = picture(outgoing.vp8).wrapping_sub(picture(last.vp8)) & 0x7FFF;
                prop_assert!(pictures < 1 << 14, "pictures ran back");
                if outgoing.switched {
                    prop_assert_eq!(outgoing.index, last.index + 1, "a gap at a switch");
                    prop_assert!(behind > 0, "two frames at one time");
                    prop_assert_eq!(pictures, 1);
                    let numbers = (outgoing.vp8.unwrap(), last.vp8.unwrap());
                    prop_assert_eq!(numbers.0.tl0.unwrap(), numbers.1.tl0.unwrap().wrapping_add(1));
                    prop_assert_eq!(numbers.0.key.unwrap(), (numbers.1.key.unwrap() + 1) & 0x1F);
                } else {
                    prop_assert_eq!(outgoing.index - last.index, packet.sequence - last_packet.sequence, "other gaps than the publisher's");
                    prop_assert_eq!(behind, packet.timestamp.wrapping_sub(last_packet.timestamp));
                }
            } else {
                prop_assert!(outgoing.index <= 1 << 15, "a receiver would guess the roll-over counter wrong");
            }
            before = Some(now);
        }
    }

    #[test]
    fn a_layer_changes_only_at_a_keyframe(steps in steps()) {
        let received = play(&steps, false, |_, _, _| {});

        let mut layer = None;
        for (packet, outgoing) in received.values() {
            if layer != Some(packet.layer) || outgoing.switched {
                prop_assert!(packet.starts_keyframe);
            }
            layer = Some(packet.layer);
        }
    }

    #[test]
    fn what_left_is_found_again_as_it_left(steps in steps()) {
        play(&steps, true, |link, packet, outgoing| {
            let again = link.again(outgoing.sequence()).unwrap();

            assert_eq!((again.layer, again.sequence, again.index), (packet.layer, packet.sequence, outgoing.index));
            assert_eq!(again.timestamp(packet.timestamp), outgoing.timestamp);
            assert_eq!(packet.vp8.map(|numbers| again.vp8(numbers)), outgoing.vp8);
        });
    }

    #[test]
    fn capture_times_stay_aligned_when_sender_reports_are_known(wishes in proptest::collection::vec(0_u8..3, 1..40)) {
        let steps: Vec<Step> = wishes.into_iter().flat_map(|layer| {
            let frame = Step::Frame { keyframes: [true; 3], lost: 0, swapped: None, repeated: None };
            [Step::Want(Some(layer)), frame.clone(), frame]
        }).collect();
        let received = play(&steps, true, |_, _, _| {});

        let mut first = HashMap::new();
        for (packet, outgoing) in received.values() {
            let (start, timestamp) = *first.entry(()).or_insert((packet.arrived, outgoing.timestamp));
            let ideal = run::ticks(packet.arrived - start, RATE) as u32;
            prop_assert!(outgoing.timestamp.wrapping_sub(timestamp).abs_diff(ideal) <= 2);
        }
    }
}

#[test]
fn nothing_leaves_while_paused_and_a_keyframe_resumes() {
    let start = Instant::now();
    let mut encoder = Encoder::new(0, false);
    let mut link = Continuity::new(RATE);
    let mut sent = |link: &mut Continuity, keyframe| {
        encoder
            .frame(start, FRAME, keyframe)
            .iter()
            .filter(|packet| link.on_packet(packet).is_some())
            .count()
    };

    assert_eq!(sent(&mut link, true), 0, "nothing is wanted yet");
    link.want(Some(0));
    assert_eq!(sent(&mut link, false), 0);
    assert_eq!(link.awaits_keyframe(), Some(0));
    assert_eq!(sent(&mut link, true), 3);
    assert_eq!(link.awaits_keyframe(), None);
    link.want(None);
    assert_eq!(sent(&mut link, true), 0);
    link.want(Some(0));
    assert_eq!(sent(&mut link, true), 3);
}

#[test]
fn a_number_that_never_left_is_not_found() {
    let mut link = Continuity::new(RATE);
    link.want(Some(0));
    let mut highest = 0;
    for packet in Encoder::new(0, false).frame(Instant::now(), FRAME, true) {
        highest = link.on_packet(&packet).unwrap().sequence();
    }

    assert!(link.again(highest).is_some(), "the control");
    assert_eq!(link.again(highest + 1), None);
    assert_eq!(link.again(highest - 3), None);
    assert_eq!(Continuity::new(RATE).again(0), None);
}

#[test]
fn audio_needs_no_keyframe_and_its_time_runs_on_through_a_mute() {
    let start = Instant::now();
    let mut link = Continuity::new(48_000);
    let at = |millis: u32, sequence| Incoming {
        layer: 0,
        sequence,
        timestamp: millis * 48,
        starts_keyframe: true,
        vp8: None,
        arrived: start + Duration::from_millis(u64::from(millis)),
        clock: None,
    };
    link.want(Some(0));
    let first = link.on_packet(&at(0, 9)).unwrap();
    link.want(None);
    assert_eq!(link.on_packet(&at(20, 10)), None);
    link.want(Some(0));

    let second = link.on_packet(&at(1020, 60)).unwrap();

    assert_eq!(second.index, first.index + 1);
    assert_eq!(second.timestamp - first.timestamp, 1020 * 48);
}

#[test]
fn the_sender_report_speaks_of_the_layer_that_is_forwarded() {
    let mut link = Continuity::new(RATE);
    link.want(Some(1));
    let [first, ..] = Encoder::new(1, false).frame(Instant::now(), FRAME, true);
    let outgoing = link.on_packet(&first).unwrap();

    assert_eq!(
        link.outgoing_time(1, first.timestamp.wrapping_add(5)),
        Some(outgoing.timestamp.wrapping_add(5))
    );
    assert_eq!(link.outgoing_time(0, 0), None);
}
