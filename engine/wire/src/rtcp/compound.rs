//! Builds compound RTCP packets into a fixed buffer; when they are due and how they are sealed is the engine's matter.

use super::{
    DESCRIPTION, FORMAT_APPLICATION, FORMAT_FIR, FORMAT_NACK, FORMAT_PLI, FORMAT_TWCC, GOODBYE,
    PAYLOAD_FEEDBACK, RECEIVER_REPORT, REMB, ReportBlock, RtcpError, SENDER_REPORT, SenderInfo,
    TRANSPORT_FEEDBACK,
};
use crate::reader::Writer;
use crate::twcc;

const CNAME: u8 = 1;

/// A compound packet being built. A packet that does not fit is left out whole and reported; those before it stay.
pub struct Compound<'a> {
    buffer: &'a mut [u8],
    length: usize,
}

impl<'a> Compound<'a> {
    pub const fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, length: 0 }
    }

    /// Bytes written so far.
    pub const fn length(&self) -> usize {
        self.length
    }

    fn packet(
        &mut self,
        kind: u8,
        format: usize,
        body: impl FnOnce(&mut Writer<'_>) -> Option<()>,
    ) -> Result<(), RtcpError> {
        self.try_packet(kind, format, body).ok_or(RtcpError::NoRoom)
    }

    fn try_packet(
        &mut self,
        kind: u8,
        format: usize,
        body: impl FnOnce(&mut Writer<'_>) -> Option<()>,
    ) -> Option<()> {
        let format = u8::try_from(format).ok().filter(|format| *format < 32)?;
        let mut writer = Writer::new(self.buffer.get_mut(self.length..)?);
        writer.u8(0x80 | format)?;
        writer.u8(kind)?;
        writer.u16(0)?;
        body(&mut writer)?;
        writer.pad()?;
        let words = u16::try_from(writer.written() / 4).ok()?.checked_sub(1)?;
        writer.patch_u16(2, words)?;
        self.length = self.length.checked_add(writer.written())?;
        Some(())
    }

    /// A packet as it came from elsewhere, header included.
    pub fn raw(&mut self, packet: &[u8]) -> Result<(), RtcpError> {
        let end = self
            .length
            .checked_add(packet.len())
            .ok_or(RtcpError::NoRoom)?;
        self.buffer
            .get_mut(self.length..end)
            .ok_or(RtcpError::NoRoom)?
            .copy_from_slice(packet);
        self.length = end;
        Ok(())
    }

    pub fn sender_report(
        &mut self,
        sender: u32,
        info: &SenderInfo,
        blocks: &[ReportBlock],
    ) -> Result<(), RtcpError> {
        self.packet(SENDER_REPORT, blocks.len(), |writer| {
            writer.u32(sender)?;
            writer.u64(info.ntp)?;
            writer.u32(info.rtp)?;
            writer.u32(info.packets)?;
            writer.u32(info.octets)?;
            blocks
                .iter()
                .try_for_each(|block| report_block(writer, block))
        })
    }

    pub fn receiver_report(
        &mut self,
        sender: u32,
        blocks: &[ReportBlock],
    ) -> Result<(), RtcpError> {
        self.packet(RECEIVER_REPORT, blocks.len(), |writer| {
            writer.u32(sender)?;
            blocks
                .iter()
                .try_for_each(|block| report_block(writer, block))
        })
    }

    /// SDES with the CNAME of one source; at most 255 bytes of it.
    pub fn description(&mut self, source: u32, cname: &str) -> Result<(), RtcpError> {
        self.packet(DESCRIPTION, 1, |writer| {
            writer.u32(source)?;
            writer.u8(CNAME)?;
            writer.u8(u8::try_from(cname.len()).ok()?)?;
            writer.put(cname.as_bytes())?;
            // The list ends with at least one zero byte; `packet` pads the rest.
            writer.u8(0)
        })
    }

    pub fn goodbye(&mut self, sources: &[u32]) -> Result<(), RtcpError> {
        self.packet(GOODBYE, sources.len(), |writer| {
            sources.iter().try_for_each(|source| writer.u32(*source))
        })
    }

    /// Ask again for `lost`, best in rising order: neighbours within 16 share an entry.
    pub fn nack(&mut self, sender: u32, media: u32, lost: &[u16]) -> Result<(), RtcpError> {
        self.packet(TRANSPORT_FEEDBACK, usize::from(FORMAT_NACK), |writer| {
            writer.u32(sender)?;
            writer.u32(media)?;
            let mut rest = lost.iter().copied().peekable();
            while let Some(base) = rest.next() {
                let mut mask = 0_u16;
                while let Some(bit) = rest
                    .peek()
                    .and_then(|next| next.wrapping_sub(base).checked_sub(1))
                {
                    if bit >= 16 {
                        break;
                    }
                    mask |= 1 << bit;
                    rest.next();
                }
                writer.u16(base)?;
                writer.u16(mask)?;
            }
            Some(())
        })
    }

    /// Transport-wide feedback number `count`: what became of the packets from number `base` on. `arrivals` are times in quarters
    /// of a millisecond from any fixed moment, `None` for what did not arrive; it begins with one that did. Returns how many
    /// of them were told: times that are too far apart for one packet, or no more room, end it early.
    pub fn transport_feedback(
        &mut self,
        sender: u32,
        media: u32,
        base: u16,
        count: u8,
        arrivals: impl Iterator<Item = Option<i64>> + Clone,
    ) -> Result<usize, RtcpError> {
        let mut told = 0;
        self.packet(TRANSPORT_FEEDBACK, usize::from(FORMAT_TWCC), |writer| {
            writer.u32(sender)?;
            writer.u32(media)?;
            writer.u16(base)?;
            told = twcc::write(writer, count, arrivals)?;
            Some(())
        })?;
        Ok(told)
    }

    pub fn pli(&mut self, sender: u32, media: u32) -> Result<(), RtcpError> {
        self.packet(PAYLOAD_FEEDBACK, usize::from(FORMAT_PLI), |writer| {
            writer.u32(sender)?;
            writer.u32(media)
        })
    }

    /// Full intra request number `number`; a new request needs a new number.
    pub fn fir(&mut self, sender: u32, media: u32, number: u8) -> Result<(), RtcpError> {
        self.packet(PAYLOAD_FEEDBACK, usize::from(FORMAT_FIR), |writer| {
            writer.u32(sender)?;
            writer.u32(0)?;
            writer.u32(media)?;
            writer.u8(number)?;
            writer.u24(0)
        })
    }

    /// REMB; the rate keeps its 18 highest bits.
    pub fn remb(
        &mut self,
        sender: u32,
        bits_per_second: u64,
        sources: &[u32],
    ) -> Result<(), RtcpError> {
        self.packet(
            PAYLOAD_FEEDBACK,
            usize::from(FORMAT_APPLICATION),
            |writer| {
                writer.u32(sender)?;
                writer.u32(0)?;
                writer.u32(REMB)?;
                writer.u8(u8::try_from(sources.len()).ok()?)?;
                let exponent = 64_u32
                    .saturating_sub(bits_per_second.leading_zeros())
                    .saturating_sub(18);
                let mantissa = u32::try_from(bits_per_second >> exponent).ok()?;
                writer.u24(exponent << 18 | mantissa)?;
                sources.iter().try_for_each(|source| writer.u32(*source))
            },
        )
    }
}

fn report_block(writer: &mut Writer<'_>, block: &ReportBlock) -> Option<()> {
    writer.u32(block.source)?;
    writer.u8(block.fraction_lost)?;
    writer.u24(block.total_lost & 0xFF_FFFF)?;
    writer.u32(block.highest)?;
    writer.u32(block.jitter)?;
    writer.u32(block.last_report)?;
    writer.u32(block.delay)
}

#[cfg(test)]
mod tests {
    use super::super::{Element, Packet, parse};
    use super::*;
    use proptest::prelude::*;

    fn only(buffer: &[u8]) -> Packet<'_> {
        let elements: Vec<Element<'_>> = parse(buffer).collect::<Result<_, _>>().unwrap();
        assert_eq!(elements.len(), 1);
        assert_eq!(elements[0].raw, buffer);
        elements[0].packet
    }

    prop_compose! {
        fn blocks()(source: u32, fraction_lost: u8, total_lost in 0_u32..1 << 24, highest: u32, jitter: u32, last_report: u32, delay: u32)
            -> ReportBlock {
            ReportBlock { source, fraction_lost, total_lost, highest, jitter, last_report, delay }
        }
    }

    proptest! {
        #[test]
        fn reports_are_read_back(
            sender: u32, ntp: u64, rtp: u32, packets: u32, octets: u32, sent in proptest::collection::vec(blocks(), 0..=31),
        ) {
            let written = SenderInfo { ntp, rtp, packets, octets };
            let mut buffer = [0; 1600];
            let mut compound = Compound::new(&mut buffer);
            compound.sender_report(sender, &written, &sent).unwrap();
            let split = compound.length();
            compound.receiver_report(sender, &sent).unwrap();
            let length = compound.length();

            match only(&buffer[..split]) {
                Packet::SenderReport { sender: from, info, blocks } => {
                    prop_assert_eq!((from, info), (sender, written));
                    prop_assert_eq!(blocks.collect::<Vec<_>>(), sent.clone());
                }
                other => prop_assert!(false, "{:?}", other),
            }
            match only(&buffer[split..length]) {
                Packet::ReceiverReport { sender: from, blocks } => {
                    prop_assert_eq!(from, sender);
                    prop_assert_eq!(blocks.collect::<Vec<_>>(), sent);
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn nacks_are_read_back(first: u16, steps in proptest::collection::vec(1_u16..40, 0..60)) {
            let mut lost = vec![first];
            for step in steps {
                lost.push(lost[lost.len() - 1].wrapping_add(step));
            }
            let mut buffer = [0; 400];
            let mut compound = Compound::new(&mut buffer);
            compound.nack(1, 2, &lost).unwrap();
            let length = compound.length();

            match only(&buffer[..length]) {
                Packet::Nack { sender: 1, media: 2, lost: read } => prop_assert_eq!(read.collect::<Vec<_>>(), lost),
                other => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn a_remb_is_read_back_to_eighteen_bits(rate: u64, sources in proptest::collection::vec(any::<u32>(), 0..10)) {
            let mut buffer = [0; 100];
            let mut compound = Compound::new(&mut buffer);
            compound.remb(7, rate, &sources).unwrap();
            let length = compound.length();

            match only(&buffer[..length]) {
                Packet::Remb { bits_per_second, sources: read, .. } => {
                    prop_assert!(bits_per_second <= rate && rate - bits_per_second <= rate >> 17);
                    prop_assert_eq!(read.collect::<Vec<_>>(), sources);
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn any_bytes_give_packets_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for element in parse(&bytes) {
                read_all(element);
            }
        }

        #[test]
        fn any_body_behind_a_right_header_gives_a_packet_or_an_error(
            kind in 200_u8..208, format in 0_u8..32, mut body in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            body.resize(body.len().next_multiple_of(4), 0);
            let mut bytes = vec![0x80 | format, kind, 0, (body.len() / 4) as u8];
            bytes.extend(body);
            for element in parse(&bytes) {
                read_all(element);
            }
        }
    }

    fn read_all(element: Result<Element<'_>, RtcpError>) {
        match element.map(|element| element.packet) {
            Ok(Packet::Nack { lost, .. }) => lost.for_each(drop),
            Ok(Packet::Fir { requests, .. }) => requests.for_each(drop),
            Ok(Packet::TransportFeedback(feedback)) => feedback.arrivals().for_each(drop),
            Ok(Packet::Goodbye { sources } | Packet::Remb { sources, .. }) => {
                sources.for_each(drop)
            }
            Ok(Packet::SenderReport { blocks, .. } | Packet::ReceiverReport { blocks, .. }) => {
                blocks.for_each(drop)
            }
            _ => {}
        }
    }

    #[test]
    fn a_compound_packet_keeps_its_order() {
        let mut buffer = [0; 200];
        let mut compound = Compound::new(&mut buffer);
        compound.receiver_report(1, &[]).unwrap();
        compound.description(1, "cname").unwrap();
        compound.pli(1, 2).unwrap();
        compound.fir(1, 3, 9).unwrap();
        compound.goodbye(&[4, 5]).unwrap();
        let length = compound.length();

        let packets: Vec<_> = parse(&buffer[..length])
            .map(|element| element.unwrap().packet)
            .collect();

        assert!(matches!(
            packets[0],
            Packet::ReceiverReport { sender: 1, .. }
        ));
        assert_eq!(packets[1], Packet::Description { source: Some(1) });
        assert_eq!(
            packets[2],
            Packet::Pli {
                sender: 1,
                media: 2
            }
        );
        assert!(matches!(packets[3], Packet::Fir { requests, .. } if requests.eq([(3, 9)])));
        assert!(matches!(packets[4], Packet::Goodbye { sources } if sources.eq([4, 5])));
    }

    #[test]
    fn what_does_not_fit_is_left_out_whole() {
        let mut buffer = [0; 20];
        let mut compound = Compound::new(&mut buffer);
        compound.pli(1, 2).unwrap();

        assert_eq!(compound.pli(1, 3), Err(RtcpError::NoRoom));
        assert_eq!(compound.length(), 12);
    }

    #[test]
    fn more_blocks_than_a_packet_can_count_are_refused() {
        let mut buffer = [0; 2000];
        assert_eq!(
            Compound::new(&mut buffer).receiver_report(1, &[ReportBlock::default(); 32]),
            Err(RtcpError::NoRoom)
        );
    }
}
