//! Seals and opens SRTP and SRTCP (RFC 3711, RFC 7714) with keys derived from a DTLS handshake; who sends what is decided elsewhere.

use zeroize::Zeroizing;

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
            Self::Aes128CmSha1_80 => 10,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
        }
    }
    /// Bytes that sealing adds behind an RTCP packet: tag and index.
    pub const fn rtcp_overhead(self) -> usize {
        self.rtp_overhead() + 4
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
        let _ = (profile, material, active, Zeroizing::new([0u8; 1]));
        Err(SrtpError::Material)
    }
}

/// Seals RTP in place. Stateless: the caller's 48-bit index makes the nonce, so a caller must never seal two different
/// packets with one (SSRC, index).
pub struct RtpSealer {
    profile: Profile,
}

impl RtpSealer {
    pub fn profile(&self) -> Profile {
        self.profile
    }
    /// Seal `buffer[..length]`, whose first `header_length` bytes (extensions included) stay readable, and return the
    /// new length: `length + profile.rtp_overhead()`. `index` is ROC × 2^16 + sequence number and must agree with the
    /// header's sequence number.
    pub fn seal(&self, buffer: &mut [u8], header_length: usize, length: usize, ssrc: u32, index: u64) -> Result<usize, SrtpError> {
        let _ = (buffer, header_length, length, ssrc, index);
        Err(SrtpError::NoRoom)
    }
}

/// Seals RTCP in place with its own 31-bit index, which never repeats: after 2^31 packets it refuses.
pub struct RtcpSealer {
    profile: Profile,
}

impl RtcpSealer {
    pub fn profile(&self) -> Profile {
        self.profile
    }
    /// Seal `buffer[..length]` (a compound RTCP packet) and return the new length: `length + profile.rtcp_overhead()`.
    pub fn seal(&mut self, buffer: &mut [u8], length: usize) -> Result<usize, SrtpError> {
        let _ = (buffer, length);
        Err(SrtpError::NoRoom)
    }
}

/// Opens RTCP in place and refuses replays (window of 64 indexes per key).
pub struct RtcpOpener {
    _profile: Profile,
}

impl RtcpOpener {
    /// Open a sealed datagram: on success its first `n` bytes are the compound RTCP packet.
    pub fn open(&mut self, datagram: &mut [u8]) -> Result<usize, SrtpError> {
        let _ = datagram;
        Err(SrtpError::TooShort)
    }
}
