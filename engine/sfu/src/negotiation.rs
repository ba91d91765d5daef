//! Offers and answers: what we are willing to speak, and the sections that come of it.
//!
//! str0m announces an SSRC for every section on which we send and would then report on it by itself. So each such stream is lent to
//! it for the time of the negotiation only: the SSRC in the answer is ours, and str0m has nothing to send on. The streams that
//! an offer announces are taken from it in the same way: what comes in is `uplink`'s.

use std::time::Instant;

use huisclos_wire::extension::{IdMap, Kind};
use str0m::change::SdpOffer;
use str0m::media::{Media, MediaKind, Mid};
use str0m::rtp::Extension;
use str0m::{Candidate, Rtc, RtcError};

use crate::api::{Event, Name, Refusal};
use crate::guarded::Fatal;
use crate::peer::{Peer, Phase};
use crate::section::{Format, Section};
use crate::sfu::Sfu;
use crate::uplink::{Coding, Sending, Uplink};

/// A room of a hundred people in one description is about 150 kB.
pub(crate) const MAX_SDP: usize = 512 << 10;
pub(crate) const MAX_SECTIONS: usize = 256;
/// What a client may send in one data-channel message: 64 KiB and LiveKit's envelope, with room.
const MAX_MESSAGE: u32 = 96 << 10;

impl Sfu {
    /// An `Rtc` that knows our certificate, our addresses and what we speak.
    pub(crate) fn new_rtc(&self, now: Instant) -> Rtc {
        let mut config = Rtc::builder()
            .set_crypto_provider(self.crypto.clone())
            .set_dtls_cert(self.certificate.clone())
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .set_sctp_max_message_size(MAX_MESSAGE)
            .clear_codecs()
            // RED would double the audio of end-to-end encrypted calls with something their receivers can not read.
            .enable_opus(true, false)
            .enable_vp8(true)
            .enable_h264(true)
            .enable_vp9(true)
            .enable_av1(true)
            .clear_extension_map();
        for (id, extension) in [
            (1, Extension::AudioLevel),
            (3, Extension::TransportSequenceNumber),
            (4, Extension::RtpMid),
            (10, Extension::RtpStreamId),
            (11, Extension::RepairedRtpStreamId),
            (13, Extension::VideoOrientation),
        ] {
            config.extension_map().set(id, extension);
        }
        let mut rtc = config.build(now);
        for address in &self.config.candidates {
            if let Ok(candidate) = Candidate::host(*address, "udp") {
                rtc.add_local_candidate(candidate);
            }
        }
        rtc
    }

    pub(crate) fn offer(&mut self, now: Instant, name: &Name, request: u64, sdp: &str) {
        match self.try_offer(now, name, sdp) {
            Ok(answer) => self.events.push_back(Event::Answered {
                peer: name.clone(),
                request,
                sdp: answer,
            }),
            Err((code, detail)) => {
                self.events.push_back(Event::Refused {
                    peer: name.clone(),
                    request,
                    code,
                    detail,
                });
            }
        }
        if let Some(&key) = self.peer_names.get(name) {
            self.drive(now, key);
        }
    }

    fn try_offer(
        &mut self,
        now: Instant,
        name: &Name,
        sdp: &str,
    ) -> Result<String, (Refusal, String)> {
        let key = *self
            .peer_names
            .get(name)
            .ok_or((Refusal::UnknownPeer, String::new()))?;
        if sdp.len() > MAX_SDP || sdp.matches("\nm=").count() > MAX_SECTIONS {
            return Err((
                Refusal::SdpTooLarge,
                format!("at most {MAX_SDP} bytes and {MAX_SECTIONS} sections"),
            ));
        }
        let Some(peer) = self.peers.get_mut(key) else {
            return Err((Refusal::UnknownPeer, String::new()));
        };
        let (sections, uplink) = (&mut peer.sections, &mut peer.uplink);
        let negotiated = peer.rtc.call(|rtc| negotiate(rtc, sections, uplink, sdp));
        match negotiated {
            Ok(Ok((answer, ufrag))) => {
                self.negotiated(now, key, ufrag);
                Ok(answer)
            }
            Ok(Err(error)) => {
                // Some errors leave str0m's half dead, for example a missing fingerprint: `drive` ends such a peer.
                Err((Refusal::SdpInvalid, without_pointers(&error.to_string())))
            }
            Err(fatal) => {
                self.fail(now, key, fatal);
                Err((Refusal::Internal, "the peer was ended".to_owned()))
            }
        }
    }

    /// What follows from a finished negotiation, whoever made the offer.
    pub(crate) fn negotiated(&mut self, now: Instant, key: usize, ufrag: String) {
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        peer.section_of_ssrc.clear();
        for (index, section) in peer.sections.iter().enumerate() {
            peer.section_of_ssrc.insert(section.ssrc, index);
            peer.section_of_ssrc
                .extend(section.rtx_ssrc.map(|ssrc| (ssrc, index)));
        }
        if peer.phase == Phase::New {
            peer.phase = Phase::Connecting { since: now };
        }
        if peer.ufrag != ufrag {
            self.ufrags.remove(peer.ufrag.as_bytes());
            self.ufrags.insert(ufrag.clone().into_bytes(), key);
            peer.ufrag = ufrag;
        }
    }

    pub(crate) fn add_remote_candidate(&mut self, now: Instant, name: &Name, candidate: &str) {
        let Some(&key) = self.peer_names.get(name) else {
            return;
        };
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        // Names of `mdns` and the like do not parse. We are ICE-lite: the client finds us anyway.
        let line = candidate.strip_prefix("a=").unwrap_or(candidate);
        let added: Result<(), Fatal> = peer.rtc.call(|rtc| {
            if let Ok(candidate) = Candidate::from_sdp_string(line) {
                rtc.add_remote_candidate(candidate);
            }
        });
        match added {
            Ok(()) => self.drive(now, key),
            Err(fatal) => self.fail(now, key, fatal),
        }
    }
}

/// What str0m says about a description, without the memory address that its parser puts into the first line: that is nobody
/// else's business.
pub(crate) fn without_pointers(message: &str) -> String {
    let lines = message.lines().filter(|line| !line.contains("0x"));
    lines.collect::<Vec<_>>().join(", ")
}

/// Applies the offer, brings `sections` up to date, and returns the answer and our ICE user fragment.
fn negotiate(
    rtc: &mut Rtc,
    sections: &mut Vec<Section>,
    uplink: &mut Uplink,
    sdp: &str,
) -> Result<(String, String), RtcError> {
    let offer =
        SdpOffer::from_sdp_string(sdp).map_err(|error| RtcError::RemoteSdp(error.to_string()))?;
    lend(rtc, sections);
    let answer = rtc
        .sdp_api()
        .accept_offer(offer)
        .map(|answer| answer.to_sdp_string());
    if let Ok(answer) = &answer {
        for mid in mids(answer) {
            update_section(rtc, sections, mid);
        }
        update_uplink(rtc, uplink, answer);
    }
    take_back(rtc, sections);
    let ufrag = rtc.direct_api().local_ice_credentials().ufrag;
    Ok((answer?, ufrag))
}

/// Lends our sending streams to str0m, so that it names them in a description.
pub(crate) fn lend(rtc: &mut Rtc, sections: &[Section]) {
    for section in sections {
        if rtc.media(section.mid).is_some() {
            let rtx = section.rtx_ssrc.map(Into::into);
            rtc.direct_api()
                .declare_stream_tx(section.ssrc.into(), rtx, section.mid, None);
        }
    }
}

pub(crate) fn take_back(rtc: &mut Rtc, sections: &[Section]) {
    for section in sections {
        rtc.direct_api().remove_stream_tx(section.ssrc.into());
    }
}

/// Makes or renews the section `mid`, if it is one on which we send.
pub(crate) fn update_section(rtc: &mut Rtc, sections: &mut Vec<Section>, mid: Mid) {
    let Some(media) = rtc.media(mid) else { return };
    if !media.direction().is_sending() {
        return;
    }
    let is_audio = media.kind() == MediaKind::Audio;
    let cname = media.cname().to_owned();
    let mut ids = IdMap::default();
    add_ids(&mut ids, media);
    let wanted = media.remote_pts();
    let formats: Vec<Format> = rtc
        .codec_config()
        .params()
        .iter()
        .filter(|params| {
            wanted.contains(&params.pt()) && params.spec().codec.is_audio() == is_audio
        })
        .map(|params| Format {
            payload_type: *params.pt(),
            rtx: params.resend().map(|pt| *pt),
            spec: params.spec(),
        })
        .collect();
    let known = sections.iter().position(|section| section.mid == mid);
    let section = match known.and_then(|index| sections.get_mut(index)) {
        Some(section) => section,
        None => {
            let mut direct = rtc.direct_api();
            let Some(stream) = direct.stream_tx_by_mid(mid, None) else {
                return;
            };
            let (ssrc, rtx) = (*stream.ssrc(), stream.rtx().map(|ssrc| *ssrc));
            sections.push(Section::new(mid, is_audio, ssrc, rtx, cname));
            let Some(section) = sections.last_mut() else {
                return;
            };
            section
        }
    };
    section.formats = formats;
    section.ids = ids;
    section.forget_mapping();
    section.renew_templates();
}

/// Brings up to date what the peer may send, and how it marks that.
fn update_uplink(rtc: &mut Rtc, uplink: &mut Uplink, answer: &str) {
    uplink.sections.clear();
    // One numbering holds for all sections of a bundle (RFC 8285 §6).
    uplink.ids = IdMap::default();
    for mid in mids(answer) {
        let Some(media) = rtc.media(mid) else {
            continue;
        };
        add_ids(&mut uplink.ids, media);
        if !media.direction().is_receiving() {
            continue;
        }
        let is_audio = media.kind() == MediaKind::Audio;
        let mut declared = Vec::new();
        let mut direct = rtc.direct_api();
        while let Some(stream) = direct.stream_rx_by_mid(mid, None) {
            let ssrc = stream.ssrc();
            declared.push((*ssrc, stream.rtx().map(|ssrc| *ssrc)));
            if !direct.remove_stream_rx(ssrc) {
                break;
            }
        }
        uplink.sections.push(Sending {
            mid,
            is_audio,
            declared,
        });
    }
    let params = rtc.codec_config().params().iter();
    uplink.codings = params
        .map(|params| Coding {
            payload_type: *params.pt(),
            repair: params.resend().map(|pt| *pt),
            spec: params.spec(),
        })
        .collect();
}

fn add_ids(ids: &mut IdMap, media: &Media) {
    for (id, extension) in media.remote_extmap().iter() {
        if let Some(kind) = Kind::from_uri(extension.as_uri()) {
            ids.set(kind, id);
        }
    }
}

pub(crate) fn mids(sdp: &str) -> impl Iterator<Item = Mid> {
    sdp.lines()
        .filter_map(|line| line.strip_prefix("a=mid:"))
        .map(|mid| Mid::from(mid.trim_end()))
}

impl Peer {
    /// Whether the peer offered to send audio on `mid`; `None` when there is no such section.
    pub(crate) fn section_is_audio(&mut self, mid: Mid) -> Option<bool> {
        let kind = self
            .rtc
            .call(|rtc| rtc.media(mid).map(str0m::media::Media::kind))
            .ok()
            .flatten()?;
        Some(kind == MediaKind::Audio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_fault_and_no_memory_address() {
        let error = SdpOffer::from_sdp_string("v=0")
            .err()
            .map(|error| error.to_string());
        let told = without_pointers(&error.unwrap());
        assert!(told.contains("Expected") && !told.contains("0x"), "{told}");
    }
}
