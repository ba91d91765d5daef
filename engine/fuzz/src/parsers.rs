//! Targets that read bytes and keep nothing: RTP, RTCP, transport feedback, STUN, codec descriptors.

use std::time::{Duration, Instant};

use huisclos_sfu::bandwidth::Estimator;
use huisclos_wire::extension::{IdMap, Kind};
use huisclos_wire::rtcp::Packet;
use huisclos_wire::{demux, h264, rtcp, rtp, stun, vp8, vp9};

pub fn rtp(bytes: &[u8]) {
    let _ = demux::protocol(bytes);
    for parsed in [rtp::parse(bytes), rtp::parse_header(bytes)]
        .into_iter()
        .flatten()
    {
        assert!(parsed.payload.len() + parsed.header_length <= bytes.len());
        let values = parsed.extensions.values(&IdMap::default());
        assert!(
            values.get(Kind::Mid).is_none(),
            "no id was agreed, so no value may be found"
        );
        assert!(parsed.extensions.iter().count() <= bytes.len());
    }
}

pub fn rtp_seeds() -> Vec<Vec<u8>> {
    vec![
        // One-byte extensions: MID "0" and a transport-wide number (RFC 8285 §4.2).
        b"\x90\x60\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\xbe\xde\x00\x02\x10\x30\x31\x00\x07\x00\x00\x00payload".to_vec(),
        // Two-byte extensions (§4.3) and padding.
        b"\xb0\x60\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x10\x00\x00\x01\x01\x01\x30\x00payload\x00\x00\x03".to_vec(),
    ]
}

pub fn rtcp(bytes: &[u8]) {
    for element in rtcp::parse(bytes).flatten() {
        match element.packet {
            Packet::SenderReport { blocks, .. } | Packet::ReceiverReport { blocks, .. } => {
                assert!(blocks.count() <= 31)
            }
            Packet::Nack { lost, .. } => assert!(lost.count() <= bytes.len() * 17),
            Packet::Fir { requests, .. } => assert!(requests.count() <= bytes.len()),
            Packet::TransportFeedback(feedback) => {
                assert!(feedback.arrivals().count() <= usize::from(u16::MAX))
            }
            _ => {}
        }
    }
}

/// Feedback that lies about packets that were sent must leave a usable estimate.
pub fn feedback(bytes: &[u8]) {
    let start = Instant::now();
    let mut estimator = Estimator::new(start);
    for millisecond in 0..200 {
        estimator.on_sent(start + Duration::from_millis(millisecond), 1_200);
    }
    let mut now = start + Duration::from_millis(250);
    for element in rtcp::parse(bytes).flatten() {
        match element.packet {
            Packet::TransportFeedback(feedback) => estimator.on_feedback(now, &feedback),
            Packet::Remb {
                bits_per_second, ..
            } => estimator.on_remb(now, bits_per_second),
            Packet::ReceiverReport { blocks, .. } => blocks.for_each(|block| {
                estimator.on_receiver_report(
                    now,
                    block.fraction_lost,
                    Some(Duration::from_micros(u64::from(block.delay))),
                );
            }),
            _ => {}
        }
        now += Duration::from_millis(50);
        estimator.on_timeout(now);
    }
    assert!(estimator.estimate() > 0 && estimator.loss().is_finite());
}

pub fn rtcp_seeds() -> Vec<Vec<u8>> {
    vec![
        b"\x81\xc9\x00\x07\x00\x00\x00\x01\x00\x00\x00\x02\x10\x00\x00\x03\x00\x00\x00\x09\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00".to_vec(),
        b"\x81\xcd\x00\x03\x00\x00\x00\x01\x00\x00\x00\x02\x00\x10\x80\x01".to_vec(),
        b"\x81\xce\x00\x02\x00\x00\x00\x01\x00\x00\x00\x02".to_vec(),
        b"\x8f\xcd\x00\x06\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x04\x00\x00\x01\x00\x20\x04\x0a\x0a\x0a\x0a\x00\x00".to_vec(),
        b"\x8f\xce\x00\x05\x00\x00\x00\x01\x00\x00\x00\x00REMB\x01\x0b\xff\xff\x00\x00\x00\x02".to_vec(),
    ]
}

pub fn stun(bytes: &[u8]) {
    let _ = demux::protocol(bytes);
    if let Ok(username) = stun::username(bytes) {
        assert!(username.local.len() <= bytes.len());
    }
}

pub fn stun_seeds() -> Vec<Vec<u8>> {
    vec![b"\x00\x01\x00\x0c\x21\x12\xa4\x42transaction!\x00\x06\x00\x07abc:def\x00".to_vec()]
}

pub fn codecs(bytes: &[u8]) {
    let _ = (h264::starts_keyframe(bytes), vp9::starts_keyframe(bytes));
    let Some(descriptor) = vp8::parse(bytes) else {
        return;
    };
    let mut again = bytes.to_vec();
    if vp8::renumber(&mut again, &descriptor.numbers).is_some() {
        assert_eq!(
            again, bytes,
            "writing the numbers that were read changed the payload"
        );
    }
}

pub fn codec_seeds() -> Vec<Vec<u8>> {
    vec![
        b"\x90\x80\x81\x02\x10\x02\x00\x9d\x01\x2a\x80\x02\x68\x01".to_vec(),
        b"\x90\xe0\x81\x02\x07\x20\x31\x00".to_vec(),
        b"\x7c\x85\x88\x84".to_vec(),
        b"\x8a\x81\x02\x00".to_vec(),
    ]
}
