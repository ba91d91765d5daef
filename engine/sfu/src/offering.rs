//! Our own offers, to clients that receive on a connection which the server opens (LiveKit's older protocol): the same sections and
//! lent streams as in `negotiation`, the other way round.

use std::time::Instant;

use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::channel::{ChannelConfig, Reliability};
use str0m::media::{Direction, MediaKind};
use str0m::{Rtc, RtcError};

use crate::api::{Event, Name, Refusal};
use crate::negotiation::{
    MAX_SDP, MAX_SECTIONS, lend, mids, take_back, update_section, without_pointers,
};
use crate::section::Section;
use crate::sfu::Sfu;

impl Sfu {
    pub(crate) fn create_offer(
        &mut self,
        now: Instant,
        name: &Name,
        request: u64,
        wanted: [usize; 2],
        restart: bool,
    ) {
        let Some(&key) = self.peer_names.get(name) else {
            return self.refuse(name, request, Refusal::UnknownPeer, String::new());
        };
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        if wanted[0].saturating_add(wanted[1]) > MAX_SECTIONS {
            let detail = format!("at most {MAX_SECTIONS} sections");
            return self.refuse(name, request, Refusal::SdpTooLarge, detail);
        }
        let sections = &peer.sections;
        // Not yet answered, or never: its channels and sections are asked for again.
        let is_first = peer.ufrag.is_empty();
        match peer
            .rtc
            .call(|rtc| make_offer(rtc, sections, wanted, is_first, restart))
        {
            Ok(Some((sdp, pending))) => {
                peer.offered = Some((request, pending));
                self.events.push_back(Event::Offered {
                    peer: name.clone(),
                    request,
                    sdp,
                });
            }
            Ok(None) => self.refuse(name, request, Refusal::Internal, String::new()),
            Err(fatal) => return self.fail(now, key, fatal),
        }
        self.drive(now, key);
    }

    pub(crate) fn apply_answer(&mut self, now: Instant, name: &Name, request: u64, sdp: &str) {
        let Some(&key) = self.peer_names.get(name) else {
            return;
        };
        let Some(peer) = self.peers.get_mut(key) else {
            return;
        };
        // The answer to an offer that a newer one has overtaken.
        let Some((_, pending)) = peer.offered.take_if(|(number, _)| *number == request) else {
            return;
        };
        if sdp.len() > MAX_SDP {
            return self.refuse(name, request, Refusal::SdpTooLarge, String::new());
        }
        let sections = &mut peer.sections;
        match peer
            .rtc
            .call(|rtc| accept_answer(rtc, sections, pending, sdp))
        {
            Ok(Ok(ufrag)) => self.negotiated(now, key, ufrag),
            Ok(Err(error)) => {
                let detail = without_pointers(&error.to_string());
                self.refuse(name, request, Refusal::SdpInvalid, detail);
            }
            Err(fatal) => return self.fail(now, key, fatal),
        }
        self.drive(now, key);
    }

    fn refuse(&mut self, name: &Name, request: u64, code: Refusal, detail: String) {
        self.events.push_back(Event::Refused {
            peer: name.clone(),
            request,
            code,
            detail,
        });
    }
}

/// An offer with at least `wanted` sections of sound and pictures, all of which we would send on.
fn make_offer(
    rtc: &mut Rtc,
    sections: &[Section],
    wanted: [usize; 2],
    is_first: bool,
    restart: bool,
) -> Option<(String, SdpPendingOffer)> {
    lend(rtc, sections);
    let mut api = rtc.sdp_api();
    if is_first {
        add_channels(&mut api);
    }
    if restart && !is_first {
        api.ice_restart(true);
    }
    for section in sections {
        // Both steps, so that there always is a change to negotiate: which track is on a section str0m does not know.
        api.set_direction(section.mid, Direction::Inactive);
        api.set_direction(section.mid, Direction::SendOnly);
    }
    for (kind, wanted) in [MediaKind::Audio, MediaKind::Video].into_iter().zip(wanted) {
        let is_audio = kind == MediaKind::Audio;
        let present = sections
            .iter()
            .filter(|section| section.is_audio == is_audio)
            .count();
        for _ in present..wanted {
            api.add_media(kind, Direction::SendOnly, None, None, None);
        }
    }
    let offer = api.apply();
    take_back(rtc, sections);
    offer.map(|(offer, pending)| (offer.to_sdp_string(), pending))
}

fn add_channels(api: &mut str0m::change::SdpApi<'_>) {
    let lossy = Reliability::MaxRetransmits { retransmits: 0 };
    for (label, ordered, reliability) in [
        ("_reliable", true, Reliability::Reliable),
        ("_lossy", false, lossy),
        ("_data_track", false, lossy),
    ] {
        api.add_channel_with_config(ChannelConfig {
            label: label.to_owned(),
            ordered,
            reliability,
            ..ChannelConfig::default()
        });
    }
}

fn accept_answer(
    rtc: &mut Rtc,
    sections: &mut Vec<Section>,
    pending: SdpPendingOffer,
    sdp: &str,
) -> Result<String, RtcError> {
    let answer =
        SdpAnswer::from_sdp_string(sdp).map_err(|error| RtcError::RemoteSdp(error.to_string()))?;
    lend(rtc, sections);
    let accepted = rtc.sdp_api().accept_answer(pending, answer);
    if accepted.is_ok() {
        for mid in mids(sdp) {
            update_section(rtc, sections, mid);
        }
    }
    take_back(rtc, sections);
    accepted?;
    Ok(rtc.direct_api().local_ice_credentials().ufrag)
}
