//! Seals and opens SRTP and SRTCP (RFC 3711, RFC 7714) with keys derived from a DTLS handshake; who sends what is decided elsewhere.

mod cipher;
mod keys;
mod replay;

use cipher::{Cipher, Position, Trailer};
use keys::Purpose;
use replay::ReplayWindows;

/// Version, count, type, length and sender: what SRTCP leaves readable.
const RTCP_HEADER: usize = 8;
/// The word with the E flag and the 31-bit index.
const RTCP_INDEX: usize = 4;
const ENCRYPTED: u32 = 1 << 31;

/// A protection profile that DTLS can negotiate (RFC 5764, RFC 7714).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    Aes128CmSha1_80,
    AeadAes128Gcm,
    AeadAes256Gcm,
}

impl Profile {
    /// Bytes that sealing adds behind an RTP packet.
    pub const fn rtp_overhead(self) -> usize {
        match self {
            Self::Aes128CmSha1_80 => cipher::HMAC_TAG,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => cipher::GCM_TAG,
        }
    }

    /// Bytes that sealing adds behind an RTCP packet: tag and index.
    pub const fn rtcp_overhead(self) -> usize {
        self.rtp_overhead() + RTCP_INDEX
    }
}

/// Why a packet was not sealed, or was not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SrtpError {
    #[error("the keying material has the wrong length for its profile")]
    Material,
    #[error("the buffer leaves no room for the tag")]
    NoRoom,
    #[error("the packet is too short to be what it claims")]
    TooShort,
    #[error("the packet does not authenticate")]
    Forged,
    #[error("the packet index was seen before or is too old")]
    Replayed,
    #[error("this key has sealed as many packets as it may")]
    Exhausted,
}

/// All that one finished DTLS handshake gives the engine. None of it prints.
pub struct Association {
    /// Seals every RTP packet to the peer.
    pub rtp: RtpSealer,
    /// Seals every RTCP packet to the peer: the only SRTCP writer of the connection.
    pub rtcp: RtcpSealer,
    /// Opens what str0m sealed towards the peer, so that the engine can filter it and seal it again.
    pub own_rtcp: RtcpOpener,
    /// Opens what the peer sent, beside str0m and with its own replay window.
    pub peer_rtcp: RtcpOpener,
}

impl Association {
    /// Derive all session keys (RFC 3711 section 4.3, rate 0) from DTLS-SRTP `material`: client key, server key, client
    /// salt, server salt. `active` is true when we are the DTLS client.
    pub fn new(profile: Profile, material: &[u8], active: bool) -> Result<Self, SrtpError> {
        let (client, server) = keys::split(profile, material)?;
        let (own, peer) = if active {
            (client, server)
        } else {
            (server, client)
        };
        Ok(Self {
            rtp: RtpSealer {
                profile,
                cipher: Cipher::new(profile, &own.session(Purpose::Rtp)?)?,
            },
            rtcp: RtcpSealer {
                profile,
                cipher: Cipher::new(profile, &own.session(Purpose::Rtcp)?)?,
                next: 0,
            },
            own_rtcp: RtcpOpener::new(profile, Cipher::new(profile, &own.session(Purpose::Rtcp)?)?),
            peer_rtcp: RtcpOpener::new(
                profile,
                Cipher::new(profile, &peer.session(Purpose::Rtcp)?)?,
            ),
        })
    }
}

/// Seals RTP in place. Stateless: the caller's 48-bit index makes the nonce, so a caller must never seal two different
/// packets with one (SSRC, index).
pub struct RtpSealer {
    profile: Profile,
    cipher: Cipher,
}

impl RtpSealer {
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Seal `buffer[..length]`, whose first `header_length` bytes (extensions included) stay readable, and return the
    /// new length: `length + profile.rtp_overhead()`. `index` is ROC × 2^16 + sequence number and must agree with the
    /// header's sequence number.
    pub fn seal(
        &self,
        buffer: &mut [u8],
        header_length: usize,
        length: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<usize, SrtpError> {
        if index >> 48 != 0 {
            return Err(SrtpError::Exhausted);
        }
        let (packet, tail) = buffer
            .split_at_mut_checked(length)
            .ok_or(SrtpError::NoRoom)?;
        let (header, payload) = packet
            .split_at_mut_checked(header_length)
            .ok_or(SrtpError::TooShort)?;
        debug_assert_eq!(header.get(2..4), Some(&(index as u16).to_be_bytes()[..]));
        let tag = tail
            .get_mut(..self.profile.rtp_overhead())
            .ok_or(SrtpError::NoRoom)?;
        // The roll-over counter is authenticated but not sent (RFC 3711 section 4.2); GCM has it in the nonce.
        let roc = ((index >> 16) as u32).to_be_bytes();
        self.cipher.seal(
            Position { ssrc, index },
            header,
            payload,
            Trailer::RollOverCounter(roc),
            tag,
        )?;
        Ok(length + self.profile.rtp_overhead())
    }
}

/// Seals RTCP in place with its own 31-bit index, which never repeats: after 2^31 packets it refuses.
pub struct RtcpSealer {
    profile: Profile,
    cipher: Cipher,
    next: u32,
}

impl RtcpSealer {
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Seal `buffer[..length]` (a compound RTCP packet) and return the new length: `length + profile.rtcp_overhead()`.
    pub fn seal(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, SrtpError> {
        let index = self.next;
        if index >= ENCRYPTED {
            return Err(SrtpError::Exhausted);
        }
        let (packet, tail) = buffer
            .split_at_mut_checked(length)
            .ok_or(SrtpError::NoRoom)?;
        let (header, body) = packet
            .split_at_mut_checked(RTCP_HEADER)
            .ok_or(SrtpError::TooShort)?;
        let tail = tail
            .get_mut(..self.profile.rtcp_overhead())
            .ok_or(SrtpError::NoRoom)?;
        let word = (index | ENCRYPTED).to_be_bytes();
        let (tag, place) = tag_and_index(self.profile, tail).ok_or(SrtpError::NoRoom)?;
        // Counted before sealing: even a failed attempt must not leave its nonce for another packet.
        self.next += 1;
        let position = Position {
            ssrc: sender(header),
            index: u64::from(index),
        };
        self.cipher
            .seal(position, header, body, Trailer::Index(word), tag)?;
        place.copy_from_slice(&word);
        Ok(length + self.profile.rtcp_overhead())
    }
}

/// Opens RTCP in place and refuses replays (a window of 64 indexes for each sender, as senders may count each SSRC apart).
pub struct RtcpOpener {
    profile: Profile,
    cipher: Cipher,
    replays: ReplayWindows,
}

impl RtcpOpener {
    fn new(profile: Profile, cipher: Cipher) -> Self {
        Self {
            profile,
            cipher,
            replays: ReplayWindows::default(),
        }
    }

    /// Open a sealed datagram: on success its first `n` bytes are the compound RTCP packet. On failure what is left in
    /// `datagram` means nothing. Packets sent in the clear (E flag 0) are refused.
    pub fn open(&mut self, datagram: &mut [u8]) -> Result<usize, SrtpError> {
        let length = datagram
            .len()
            .checked_sub(self.profile.rtcp_overhead())
            .ok_or(SrtpError::TooShort)?;
        let (packet, tail) = datagram
            .split_at_mut_checked(length)
            .ok_or(SrtpError::TooShort)?;
        let (header, body) = packet
            .split_at_mut_checked(RTCP_HEADER)
            .ok_or(SrtpError::TooShort)?;
        let (tag, place) = tag_and_index(self.profile, tail).ok_or(SrtpError::TooShort)?;
        let word: [u8; RTCP_INDEX] = (&*place).try_into().map_err(|_| SrtpError::TooShort)?;
        let (encrypted, index) = (
            u32::from_be_bytes(word) & ENCRYPTED != 0,
            u32::from_be_bytes(word) & !ENCRYPTED,
        );
        if !encrypted {
            return Err(SrtpError::Forged);
        }
        let ssrc = sender(header);
        if self.replays.seen(ssrc, index) {
            return Err(SrtpError::Replayed);
        }
        self.cipher.open(
            Position {
                ssrc,
                index: u64::from(index),
            },
            header,
            body,
            Trailer::Index(word),
            tag,
        )?;
        self.replays.note(ssrc, index);
        Ok(length)
    }
}

/// GCM puts the tag before the index word (RFC 7714 section 9), HMAC behind it (RFC 3711 section 3.4).
fn tag_and_index(profile: Profile, tail: &mut [u8]) -> Option<(&mut [u8], &mut [u8])> {
    if profile == Profile::Aes128CmSha1_80 {
        let (index, tag) = tail.split_at_mut_checked(RTCP_INDEX)?;
        Some((tag, index))
    } else {
        tail.split_at_mut_checked(cipher::GCM_TAG)
    }
}

/// The SSRC in an RTCP header of eight bytes.
fn sender(header: &[u8]) -> u32 {
    header.last_chunk().copied().map_or(0, u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PROFILES: [Profile; 3] = [
        Profile::Aes128CmSha1_80,
        Profile::AeadAes128Gcm,
        Profile::AeadAes256Gcm,
    ];

    fn pair(profile: Profile) -> (Association, Association) {
        let material: Vec<u8> = (0..keys::material_length(profile) as u8).collect();
        (
            Association::new(profile, &material, true).unwrap(),
            Association::new(profile, &material, false).unwrap(),
        )
    }

    fn report(length: usize) -> Vec<u8> {
        let mut packet = vec![0x80, 201, 0, 1, 9, 9, 9, 9];
        packet.resize(8 + length, 0x5A);
        packet
    }

    fn sealed(sealer: &mut RtcpSealer, packet: &[u8]) -> Vec<u8> {
        let mut buffer = packet.to_vec();
        buffer.resize(packet.len() + 20, 0);
        let length = sealer.seal(&mut buffer, packet.len()).unwrap();
        buffer.truncate(length);
        buffer
    }

    proptest! {
        #[test]
        fn what_one_side_seals_the_other_opens(which in 0_usize..3, length in 0_usize..200) {
            let (mut client, mut server) = pair(PROFILES[which]);
            let packet = report(length);

            let mut datagram = sealed(&mut client.rtcp, &packet);
            let mut copy = datagram.clone();

            prop_assert_eq!(datagram.len(), packet.len() + PROFILES[which].rtcp_overhead());
            let opened = server.peer_rtcp.open(&mut datagram).unwrap();
            prop_assert_eq!(&datagram[..opened], &packet[..]);
            let opened = client.own_rtcp.open(&mut copy).unwrap();
            prop_assert_eq!(&copy[..opened], &packet[..]);
        }

        #[test]
        fn one_changed_bit_is_noticed(which in 0_usize..3, at in 0_usize..48, bit in 0_u8..8) {
            let (mut client, mut server) = pair(PROFILES[which]);
            let mut datagram = sealed(&mut client.rtcp, &report(20));
            let at = at % datagram.len();
            datagram[at] ^= 1 << bit;
            prop_assert_eq!(server.peer_rtcp.open(&mut datagram), Err(SrtpError::Forged));
        }

        #[test]
        fn any_bytes_are_refused(which in 0_usize..3, mut bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(pair(PROFILES[which]).1.peer_rtcp.open(&mut bytes).is_err());
        }
    }

    #[test]
    fn a_replayed_packet_is_refused_and_a_late_one_is_not() {
        for profile in PROFILES {
            let (mut client, mut server) = pair(profile);
            let first = sealed(&mut client.rtcp, &report(8));
            let second = sealed(&mut client.rtcp, &report(8));

            assert!(server.peer_rtcp.open(&mut second.clone()).is_ok());
            assert!(server.peer_rtcp.open(&mut first.clone()).is_ok());
            assert_eq!(
                server.peer_rtcp.open(&mut second.clone()),
                Err(SrtpError::Replayed)
            );
        }
    }

    #[test]
    fn one_report_sealed_twice_shares_nothing_but_its_header() {
        for profile in PROFILES {
            let (mut client, _) = pair(profile);
            let (first, second) = (
                sealed(&mut client.rtcp, &report(16)),
                sealed(&mut client.rtcp, &report(16)),
            );
            assert_eq!(first[..8], second[..8]);
            assert_ne!(first[8..24], second[8..24]);
        }
    }

    #[test]
    fn a_sealer_stops_before_its_index_repeats() {
        let (mut client, _) = pair(Profile::AeadAes128Gcm);
        client.rtcp.next = ENCRYPTED - 1;
        let mut buffer = [0; 64];
        assert!(client.rtcp.seal(&mut buffer, 8).is_ok());
        assert_eq!(client.rtcp.seal(&mut buffer, 8), Err(SrtpError::Exhausted));
        assert_eq!(
            client.rtp.seal(&mut buffer, 12, 20, 1, 1 << 48),
            Err(SrtpError::Exhausted)
        );
    }

    #[test]
    fn a_buffer_without_room_for_the_tag_is_refused() {
        for profile in PROFILES {
            let (mut client, _) = pair(profile);
            assert_eq!(
                client.rtp.seal(&mut [0; 29], 12, 20, 1, 0),
                Err(SrtpError::NoRoom)
            );
            assert_eq!(client.rtcp.seal(&mut [0; 33], 20), Err(SrtpError::NoRoom));
        }
    }

    #[test]
    fn material_of_a_wrong_length_is_refused() {
        assert!(matches!(
            Association::new(Profile::AeadAes256Gcm, &[0; 56], true),
            Err(SrtpError::Material)
        ));
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap())
            .collect()
    }

    const QUID_PRO_QUO: &str = "51756964 2070726f 2071756f";

    fn gcm(profile: Profile, key: &[u8]) -> Cipher {
        Cipher::new(
            profile,
            &keys::Session::for_test(key, &hex(QUID_PRO_QUO), &[]),
        )
        .unwrap()
    }

    #[test]
    fn rtp_is_sealed_as_in_rfc_7714_section_16() {
        let packet = hex("8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070
                          61727465 73207472 6573");
        for (profile, key, expected) in [
            (
                Profile::AeadAes128Gcm,
                (0..16).collect::<Vec<u8>>(),
                "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b
                 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce",
            ),
            (
                Profile::AeadAes256Gcm,
                (0..32).collect(),
                "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f
                 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
            ),
        ] {
            let sealer = RtpSealer { profile, cipher: gcm(profile, &key) };
            let mut buffer = packet.clone();
            buffer.resize(packet.len() + 16, 0);

            sealer.seal(&mut buffer, 12, packet.len(), 0x5501_a0b2, 0xf17b).unwrap();

            assert_eq!(buffer, hex(expected), "{profile:?}");
        }
    }

    #[test]
    fn rtcp_is_sealed_as_in_rfc_7714_section_17() {
        let packet = hex("81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef
                          deadbeef deadbeef deadbeef");
        let key: Vec<u8> = (0..16).collect();
        let profile = Profile::AeadAes128Gcm;
        let mut sealer = RtcpSealer {
            profile,
            cipher: gcm(profile, &key),
            next: 0x5d4,
        };

        let datagram = sealed(&mut sealer, &packet);

        let expected = hex("81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda
                            4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4");
        assert_eq!(datagram, expected);
    }
}
