//! RTP header extensions (RFC 8285), one-byte and two-byte form: raw elements by id, and the ids that each connection negotiated;
//! values stay opaque bytes, so that what E2EE or a newer browser puts there is copied, not interpreted.

use crate::reader::{Reader, Writer};
use crate::rtp::RtpError;

/// An extension that the engine reads or passes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Mid,
    Rid,
    RepairedRid,
    /// RFC 6464: voice flag and -dBov.
    AudioLevel,
    /// Transport-wide sequence number, 2 bytes, written anew on each connection.
    TransportSequence,
    AbsSendTime,
    AbsCaptureTime,
    DependencyDescriptor,
    VideoOrientation,
    PlayoutDelay,
}

impl Kind {
    pub const ALL: [Self; 10] = [
        Self::Mid,
        Self::Rid,
        Self::RepairedRid,
        Self::AudioLevel,
        Self::TransportSequence,
        Self::AbsSendTime,
        Self::AbsCaptureTime,
        Self::DependencyDescriptor,
        Self::VideoOrientation,
        Self::PlayoutDelay,
    ];

    /// The URI that stands in `a=extmap`.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Mid => "urn:ietf:params:rtp-hdrext:sdes:mid",
            Self::Rid => "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
            Self::RepairedRid => "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
            Self::AudioLevel => "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            Self::TransportSequence => {
                "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
            }
            Self::AbsSendTime => "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
            Self::AbsCaptureTime => "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
            Self::DependencyDescriptor => {
                "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
            }
            Self::VideoOrientation => "urn:3gpp:video-orientation",
            Self::PlayoutDelay => "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
        }
    }

    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.uri() == uri)
    }
}

/// Which id each extension has on one connection. Ids are 1 to 14, or to 255 in the two-byte form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdMap([u8; Kind::ALL.len()]);

impl IdMap {
    /// Id 0 (padding) and 15 (reserved) are never taken.
    pub fn set(&mut self, kind: Kind, id: u8) {
        if id != 15
            && let Some(slot) = self.0.get_mut(kind as usize)
        {
            *slot = id;
        }
    }

    pub fn id(&self, kind: Kind) -> Option<u8> {
        self.0.get(kind as usize).copied().filter(|id| *id != 0)
    }

    pub fn kind(&self, id: u8) -> Option<Kind> {
        Kind::ALL
            .into_iter()
            .find(|kind| id != 0 && self.id(*kind) == Some(id))
    }
}

/// The values of one packet, as borrowed bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Values<'a>([Option<&'a [u8]>; Kind::ALL.len()]);

impl<'a> Values<'a> {
    pub fn set(&mut self, kind: Kind, value: &'a [u8]) {
        if let Some(slot) = self.0.get_mut(kind as usize) {
            *slot = Some(value);
        }
    }

    pub fn get(&self, kind: Kind) -> Option<&'a [u8]> {
        self.0.get(kind as usize).copied().flatten()
    }

    fn with_ids(&self, ids: &IdMap) -> impl Iterator<Item = (u8, &'a [u8])> {
        Kind::ALL
            .into_iter()
            .filter_map(|kind| Some((ids.id(kind)?, self.get(kind)?)))
    }
}

/// The extension block of a received packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions<'a> {
    profile: u16,
    bytes: &'a [u8],
}

const ONE_BYTE: u16 = 0xBEDE;
const TWO_BYTE: u16 = 0x1000;

impl<'a> Extensions<'a> {
    pub(crate) const fn new(profile: u16, bytes: &'a [u8]) -> Self {
        Self { profile, bytes }
    }

    /// Each (id, value). Ends early at an element whose length does not fit or at the reserved id 15.
    pub fn iter(&self) -> Elements<'a> {
        Elements {
            reader: Reader::new(self.bytes),
            form: Form::of(self.profile),
        }
    }

    /// The values known by `ids`. A repeated id: the first counts.
    pub fn values(&self, ids: &IdMap) -> Values<'a> {
        let mut values = Values::default();
        for (id, value) in self.iter() {
            if let Some(kind) = ids.kind(id)
                && values.get(kind).is_none()
            {
                values.set(kind, value);
            }
        }
        values
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    OneByte,
    TwoByte,
    Unknown,
}

impl Form {
    const fn of(profile: u16) -> Self {
        match profile {
            ONE_BYTE => Self::OneByte,
            // The low four bits are application bits (RFC 8285 section 4.3).
            profile if profile & 0xFFF0 == TWO_BYTE => Self::TwoByte,
            _ => Self::Unknown,
        }
    }
}

/// Iterator over the elements of an extension block.
pub struct Elements<'a> {
    reader: Reader<'a>,
    form: Form,
}

impl<'a> Iterator for Elements<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.form == Form::Unknown {
            return None;
        }
        loop {
            let first = self.reader.u8()?;
            let (id, length) = match self.form {
                // Padding may stand anywhere, one byte at a time, in both forms.
                _ if first == 0 => continue,
                Form::OneByte if first >> 4 == 15 => return None,
                Form::OneByte => (first >> 4, usize::from(first & 15).saturating_add(1)),
                _ => (first, usize::from(self.reader.u8()?)),
            };
            let value = self.reader.take(length)?;
            // Id 0 with a length is reserved: RFC 8285 says to skip it.
            if id != 0 {
                return Some((id, value));
            }
        }
    }
}

/// Write the extension block for `values`, in the one-byte form where it can hold them. Returns whether there was any.
pub(crate) fn write(
    writer: &mut Writer<'_>,
    values: &Values<'_>,
    ids: &IdMap,
) -> Result<bool, RtpError> {
    let mut any = false;
    let mut one_byte = true;
    for (id, value) in values.with_ids(ids) {
        any = true;
        one_byte &= id <= 14 && (1..=16).contains(&value.len());
    }
    if !any {
        return Ok(false);
    }
    let start = writer.written();
    put(writer, values, ids, one_byte, start).ok_or(RtpError::NoRoom)?;
    Ok(true)
}

fn put(
    writer: &mut Writer<'_>,
    values: &Values<'_>,
    ids: &IdMap,
    one_byte: bool,
    start: usize,
) -> Option<()> {
    writer.u16(if one_byte { ONE_BYTE } else { TWO_BYTE })?;
    writer.u16(0)?;
    for (id, value) in values.with_ids(ids) {
        let length = u8::try_from(value.len()).ok()?;
        if one_byte {
            writer.u8(id << 4 | length.saturating_sub(1) & 15)?;
        } else {
            writer.u8(id)?;
            writer.u8(length)?;
        }
        writer.put(value)?;
    }
    writer.pad()?;
    let words = writer.written().checked_sub(start)?.checked_sub(4)? / 4;
    writer.patch_u16(start.checked_add(2)?, u16::try_from(words).ok()?)
}
