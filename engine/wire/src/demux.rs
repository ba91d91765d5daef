//! Tells by the first bytes which protocol a datagram on the media port speaks (RFC 7983, RFC 5761); parsing it is left to others.

/// What a datagram is, going by its first two bytes alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Stun,
    Dtls,
    Rtp,
    Rtcp,
}

/// The protocol of `datagram`; `None` for anything else, which deserves silence.
pub fn protocol(datagram: &[u8]) -> Option<Protocol> {
    let first = *datagram.first()?;
    match first {
        0..=3 => Some(Protocol::Stun),
        20..=63 => Some(Protocol::Dtls),
        // RTCP packet types are 192–223; an RTP payload type there would need 64–95, which RFC 5761 forbids.
        128..=191 => match datagram.get(1)? {
            192..=223 => Some(Protocol::Rtcp),
            _ => Some(Protocol::Rtp),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_is_told_by_its_first_bytes() {
        assert_eq!(protocol(&[0, 1]), Some(Protocol::Stun));
        assert_eq!(protocol(&[22, 254]), Some(Protocol::Dtls));
        assert_eq!(protocol(&[0x80, 111]), Some(Protocol::Rtp));
        assert_eq!(protocol(&[0x80, 0x80 | 96]), Some(Protocol::Rtp));
        assert_eq!(protocol(&[0x81, 200]), Some(Protocol::Rtcp));
    }

    #[test]
    fn what_is_none_of_them_is_nothing() {
        assert_eq!(protocol(&[]), None);
        assert_eq!(protocol(&[0x80]), None);
        assert_eq!(protocol(&[64, 0]), None);
        assert_eq!(protocol(b"GET / HTTP/1.1"), None);
        assert_eq!(protocol(&[255; 20]), None);
    }
}
