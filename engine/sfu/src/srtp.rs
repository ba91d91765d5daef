//! Seals and opens SRTP and SRTCP (RFC 3711, RFC 7714) with keys derived from a DTLS handshake; who sends what is decided elsewhere.

mod cipher;
mod keys;
mod replay;
#[cfg(test)]
mod tests;

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
    /// Opens the peer's RTP.
    pub peer_rtp: RtpOpener,
    /// Opens the peer's RTCP.
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
            peer_rtp: RtpOpener {
                profile,
                cipher: Cipher::new(profile, &peer.session(Purpose::Rtp)?)?,
            },
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

/// Opens RTP in place. Stateless: the caller finds out the index and refuses what it has seen (RFC 3711 section 3.3).
pub struct RtpOpener {
    profile: Profile,
    cipher: Cipher,
}

impl RtpOpener {
    /// Open a sealed packet, whose first `header_length` bytes are readable: on success `datagram[header_length..n]` is its
    /// payload, padding included, for the `n` returned. On failure what is left in `datagram` means nothing.
    pub fn open(
        &self,
        datagram: &mut [u8],
        header_length: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<usize, SrtpError> {
        let length = datagram
            .len()
            .checked_sub(self.profile.rtp_overhead())
            .ok_or(SrtpError::TooShort)?;
        let (packet, tag) = datagram
            .split_at_mut_checked(length)
            .ok_or(SrtpError::TooShort)?;
        let (header, body) = packet
            .split_at_mut_checked(header_length)
            .ok_or(SrtpError::TooShort)?;
        let roc = ((index >> 16) as u32).to_be_bytes();
        self.cipher.open(
            Position { ssrc, index },
            header,
            body,
            Trailer::RollOverCounter(roc),
            tag,
        )?;
        Ok(length)
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
