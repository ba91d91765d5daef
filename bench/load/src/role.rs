//! What a participant is to do, and the first offer that says so: the sections it sends and those it can receive on.

use str0m::Rtc;
use str0m::change::SdpPendingOffer;
use str0m::media::{Direction, MediaKind, Mid, Rid, Simulcast, SimulcastLayer};

use crate::protocol::{AddTrackRequest, VideoLayer};
use crate::source::Microphone;

/// Encodings of a simulcast camera, low first: rid, width, height, mean packets per frame.
const SIMULCAST: [(&str, u32, u32, usize); 3] =
    [("q", 320, 180, 1), ("h", 640, 360, 3), ("f", 1280, 720, 10)];

/// What a participant is to do.
#[derive(Clone)]
pub(crate) struct Role {
    pub(crate) room: usize,
    pub(crate) identity: String,
    pub(crate) camera: Option<Camera>,
    pub(crate) microphone: Option<Microphone>,
    /// Tracks of others it will get: as many sections are offered at once.
    pub(crate) audio_in: usize,
    pub(crate) video_in: usize,
}

#[derive(Clone, Copy)]
pub(crate) struct Camera {
    pub(crate) fps: u32,
    pub(crate) packets_per_frame: usize,
    pub(crate) simulcast: bool,
}

pub(crate) type FirstOffer = (
    Vec<(MediaKind, Mid)>,
    Vec<AddTrackRequest>,
    String,
    Option<SdpPendingOffer>,
);

pub(crate) fn first_offer(rtc: &mut Rtc, role: &Role) -> FirstOffer {
    let mut published = Vec::new();
    let mut tracks = Vec::new();
    let mut changes = rtc.sdp_api();
    let stream = Some(role.identity.clone());
    if role.microphone.is_some() {
        let cid = format!("{}-mic", role.identity);
        let mid = changes.add_media(
            MediaKind::Audio,
            Direction::SendOnly,
            stream.clone(),
            Some(cid.clone()),
            None,
        );
        published.push((MediaKind::Audio, mid));
        tracks.push(AddTrackRequest {
            cid,
            kind: 0,
            source: 2,
            disable_red: true,
            ..AddTrackRequest::default()
        });
    }
    if let Some(camera) = role.camera {
        let cid = format!("{}-cam", role.identity);
        let simulcast = camera.simulcast.then(|| Simulcast {
            send: SIMULCAST
                .iter()
                .map(|(rid, ..)| SimulcastLayer::new(rid))
                .collect(),
            recv: Vec::new(),
        });
        let mid = changes.add_media(
            MediaKind::Video,
            Direction::SendOnly,
            stream,
            Some(cid.clone()),
            simulcast,
        );
        published.push((MediaKind::Video, mid));
        tracks.push(AddTrackRequest {
            cid,
            kind: 1,
            width: 1280,
            height: 720,
            source: 1,
            layers: video_layers(camera),
            ..AddTrackRequest::default()
        });
    }
    for _ in 0..role.audio_in {
        changes.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None);
    }
    for _ in 0..role.video_in {
        changes.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
    }
    changes.add_channel("_reliable".into());
    match changes.apply() {
        Some((offer, pending)) => (published, tracks, offer.to_sdp_string(), Some(pending)),
        None => (published, tracks, String::new(), None),
    }
}

pub(crate) fn layers(camera: Camera) -> Vec<(Option<Rid>, usize)> {
    if camera.simulcast {
        SIMULCAST
            .iter()
            .map(|(rid, _, _, packets)| (Some(Rid::from(*rid)), *packets))
            .collect()
    } else {
        vec![(None, camera.packets_per_frame)]
    }
}

fn video_layers(camera: Camera) -> Vec<VideoLayer> {
    let bitrate = |packets: usize| (packets * 1_100 * 8) as u32 * camera.fps;
    if !camera.simulcast {
        return vec![VideoLayer {
            quality: 2,
            width: 1280,
            height: 720,
            bitrate: bitrate(camera.packets_per_frame),
            ..VideoLayer::default()
        }];
    }
    SIMULCAST
        .iter()
        .zip(0..)
        .map(|((rid, width, height, packets), quality)| VideoLayer {
            quality,
            width: *width,
            height: *height,
            bitrate: bitrate(*packets),
            spatial_layer: quality,
            rid: (*rid).into(),
        })
        .collect()
}
