//! Bytes to fields and back: RTP, RTCP, header extensions, codec descriptors, STUN username.
