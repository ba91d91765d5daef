//! RTCP (RFC 3550, 4585, 5104, REMB): compound packets read as views; writing them is `rtcp::compound`'s work.

mod compound;

use crate::reader::Reader;
use crate::twcc::{self, TransportFeedback};

pub use compound::Compound;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const TRANSPORT_FEEDBACK: u8 = 205;
const PAYLOAD_FEEDBACK: u8 = 206;
const FORMAT_NACK: u8 = 1;
const FORMAT_TWCC: u8 = 15;
const FORMAT_PLI: u8 = 1;
const FORMAT_FIR: u8 = 4;
const FORMAT_APPLICATION: u8 = 15;
const REMB: u32 = u32::from_be_bytes(*b"REMB");

/// Why bytes are not RTCP, or a packet was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RtcpError {
    #[error("a length in the packet does not hold")]
    Truncated,
    #[error("not RTCP version 2")]
    Version,
    #[error("the buffer has no room")]
    NoRoom,
}

/// One packet of a compound packet, with the bytes it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// Header included: can be copied into another compound packet as it is.
    pub raw: &'a [u8],
    pub packet: Packet<'a>,
}

/// What an RTCP packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    SenderReport {
        sender: u32,
        info: SenderInfo,
        blocks: ReportBlocks<'a>,
    },
    ReceiverReport {
        sender: u32,
        blocks: ReportBlocks<'a>,
    },
    /// SDES: the first source it describes, if any. CNAMEs are not read.
    Description {
        source: Option<u32>,
    },
    Goodbye {
        sources: Sources<'a>,
    },
    Nack {
        sender: u32,
        media: u32,
        lost: Lost<'a>,
    },
    Pli {
        sender: u32,
        media: u32,
    },
    Fir {
        sender: u32,
        requests: FirRequests<'a>,
    },
    Remb {
        sender: u32,
        bits_per_second: u64,
        sources: Sources<'a>,
    },
    TransportFeedback(TransportFeedback<'a>),
    /// Any other kind, such as XR or an unknown feedback format.
    Other {
        kind: u8,
        format: u8,
    },
}

/// The sender's half of a sender report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderInfo {
    /// 64-bit NTP time.
    pub ntp: u64,
    pub rtp: u32,
    pub packets: u32,
    pub octets: u32,
}

/// What a receiver says about one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    pub source: u32,
    /// Of 256, since the last report.
    pub fraction_lost: u8,
    /// 24 bits, signed on the wire; kept raw.
    pub total_lost: u32,
    /// Highest sequence number, with its cycles above.
    pub highest: u32,
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report, 0 = none.
    pub last_report: u32,
    /// Since then, in 1/65,536 s.
    pub delay: u32,
}

/// Read a compound packet, or a reduced-size one (RFC 5506). The walk ends after the first error.
pub fn parse(datagram: &[u8]) -> Elements<'_> {
    Elements {
        reader: Reader::new(datagram),
    }
}

/// Iterator over the packets of a compound packet.
pub struct Elements<'a> {
    reader: Reader<'a>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Element<'a>, RtcpError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.rest().is_empty() {
            return None;
        }
        let element = element(&mut self.reader);
        if element.is_err() {
            self.reader = Reader::new(&[]);
        }
        Some(element)
    }
}

fn element<'a>(reader: &mut Reader<'a>) -> Result<Element<'a>, RtcpError> {
    let whole = reader.rest();
    let first = reader.u8().ok_or(RtcpError::Truncated)?;
    let kind = reader.u8().ok_or(RtcpError::Truncated)?;
    let words = usize::from(reader.u16().ok_or(RtcpError::Truncated)?);
    if first >> 6 != 2 {
        return Err(RtcpError::Version);
    }
    let length = words.saturating_mul(4);
    let mut body = reader.take(length).ok_or(RtcpError::Truncated)?;
    let raw = whole
        .get(..length.saturating_add(4))
        .ok_or(RtcpError::Truncated)?;
    if first & 0x20 != 0 {
        let padding = usize::from(body.last().copied().unwrap_or(0));
        let kept = body.len().checked_sub(padding).filter(|_| padding > 0);
        body = kept
            .and_then(|kept| body.get(..kept))
            .ok_or(RtcpError::Truncated)?;
    }
    let packet = fields(kind, first & 0x1F, body).ok_or(RtcpError::Truncated)?;
    Ok(Element { raw, packet })
}

fn fields(kind: u8, format: u8, body: &[u8]) -> Option<Packet<'_>> {
    let mut reader = Reader::new(body);
    Some(match (kind, format) {
        (SENDER_REPORT, count) => {
            let sender = reader.u32()?;
            let info = SenderInfo {
                ntp: reader.u64()?,
                rtp: reader.u32()?,
                packets: reader.u32()?,
                octets: reader.u32()?,
            };
            Packet::SenderReport {
                sender,
                info,
                blocks: ReportBlocks::new(&mut reader, count)?,
            }
        }
        (RECEIVER_REPORT, count) => Packet::ReceiverReport {
            sender: reader.u32()?,
            blocks: ReportBlocks::new(&mut reader, count)?,
        },
        (DESCRIPTION, 0) => Packet::Description { source: None },
        (DESCRIPTION, _) => Packet::Description {
            source: Some(reader.u32()?),
        },
        (GOODBYE, count) => Packet::Goodbye {
            sources: Sources::new(&mut reader, count)?,
        },
        (TRANSPORT_FEEDBACK, FORMAT_NACK) => {
            let (sender, media) = (reader.u32()?, reader.u32()?);
            Packet::Nack {
                sender,
                media,
                lost: Lost {
                    reader,
                    base: 0,
                    mask: 0,
                },
            }
        }
        (TRANSPORT_FEEDBACK, FORMAT_TWCC) => Packet::TransportFeedback(twcc::parse(body)?),
        (PAYLOAD_FEEDBACK, FORMAT_PLI) => Packet::Pli {
            sender: reader.u32()?,
            media: reader.u32()?,
        },
        (PAYLOAD_FEEDBACK, FORMAT_FIR) => {
            let sender = reader.u32()?;
            reader.u32()?;
            Packet::Fir {
                sender,
                requests: FirRequests { reader },
            }
        }
        (PAYLOAD_FEEDBACK, FORMAT_APPLICATION) => remb(&mut reader)?,
        _ => Packet::Other { kind, format },
    })
}

fn remb<'a>(reader: &mut Reader<'a>) -> Option<Packet<'a>> {
    let sender = reader.u32()?;
    reader.u32()?;
    if reader.u32() != Some(REMB) {
        return Some(Packet::Other {
            kind: PAYLOAD_FEEDBACK,
            format: FORMAT_APPLICATION,
        });
    }
    let count = reader.u8()?;
    let rate = reader.u24()?;
    let mantissa = u64::from(rate & 0x3_FFFF);
    // An exponent of up to 63 can pass what fits: then there is no bound at all.
    let exponent = rate >> 18;
    let bits_per_second = if mantissa.leading_zeros() < exponent {
        u64::MAX
    } else {
        mantissa.checked_shl(exponent).unwrap_or(u64::MAX)
    };
    Some(Packet::Remb {
        sender,
        bits_per_second,
        sources: Sources::new(reader, count)?,
    })
}

/// Iterator over report blocks; at most 31.
#[derive(Clone, Copy, Debug)]
pub struct ReportBlocks<'a> {
    reader: Reader<'a>,
}

impl<'a> ReportBlocks<'a> {
    fn new(reader: &mut Reader<'a>, count: u8) -> Option<Self> {
        let bytes = reader.take(usize::from(count).checked_mul(24)?)?;
        Some(Self {
            reader: Reader::new(bytes),
        })
    }
}

impl Iterator for ReportBlocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        Some(ReportBlock {
            source: self.reader.u32()?,
            fraction_lost: self.reader.u8()?,
            total_lost: self.reader.u24()?,
            highest: self.reader.u32()?,
            jitter: self.reader.u32()?,
            last_report: self.reader.u32()?,
            delay: self.reader.u32()?,
        })
    }
}

/// Iterator over SSRCs.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    reader: Reader<'a>,
}

impl<'a> Sources<'a> {
    fn new(reader: &mut Reader<'a>, count: u8) -> Option<Self> {
        let bytes = reader.take(usize::from(count).checked_mul(4)?)?;
        Some(Self {
            reader: Reader::new(bytes),
        })
    }
}

impl Iterator for Sources<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.reader.u32()
    }
}

/// Iterator over the sequence numbers that a NACK asks for.
#[derive(Clone, Copy, Debug)]
pub struct Lost<'a> {
    reader: Reader<'a>,
    base: u16,
    mask: u16,
}

impl Iterator for Lost<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        if self.mask == 0 {
            self.base = self.reader.u16()?;
            self.mask = self.reader.u16()?;
            return Some(self.base);
        }
        let bit = self.mask.trailing_zeros();
        self.mask &= self.mask.wrapping_sub(1);
        Some(
            self.base
                .wrapping_add(1)
                .wrapping_add(u16::try_from(bit).unwrap_or(0)),
        )
    }
}

/// Iterator over full intra requests: (media SSRC, request number). The same number again is a repetition.
#[derive(Clone, Copy, Debug)]
pub struct FirRequests<'a> {
    reader: Reader<'a>,
}

impl Iterator for FirRequests<'_> {
    type Item = (u32, u8);

    fn next(&mut self) -> Option<(u32, u8)> {
        let media = self.reader.u32()?;
        let number = self.reader.u8()?;
        self.reader.u24()?;
        Some((media, number))
    }
}

macro_rules! equal_by_bytes {
    ($($view:ident),*) => {$(
        impl PartialEq for $view<'_> {
            fn eq(&self, other: &Self) -> bool {
                self.eq_by_items(other)
            }
        }
        impl Eq for $view<'_> {}
        impl $view<'_> {
            fn eq_by_items(&self, other: &Self) -> bool {
                Iterator::eq(*self, *other)
            }
        }
    )*};
}
equal_by_bytes!(ReportBlocks, Sources, Lost, FirRequests);
