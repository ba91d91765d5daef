//! The few LiveKit signalling messages a load client needs, as protobuf structs.
//!
//! Field numbers are those of the public protocol (`/rtc/v1`, protocol 17). Whatever is not listed here is skipped by
//! the decoder, as the protocol asks of every client.

use std::io::Write;

use data_encoding::BASE64URL;
use flate2::Compression;
use flate2::write::GzEncoder;
use prost::{Message, Oneof};

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SessionDescription {
    #[prost(string, tag = "1")]
    pub(crate) kind: String,
    #[prost(string, tag = "2")]
    pub(crate) sdp: String,
    #[prost(uint32, tag = "3")]
    pub(crate) id: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct VideoLayer {
    /// 0 low, 1 medium, 2 high.
    #[prost(int32, tag = "1")]
    pub(crate) quality: i32,
    #[prost(uint32, tag = "2")]
    pub(crate) width: u32,
    #[prost(uint32, tag = "3")]
    pub(crate) height: u32,
    /// Target in bit/s.
    #[prost(uint32, tag = "4")]
    pub(crate) bitrate: u32,
    #[prost(int32, tag = "6")]
    pub(crate) spatial_layer: i32,
    #[prost(string, tag = "7")]
    pub(crate) rid: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct AddTrackRequest {
    /// The client's own id of the track, the same as the track id of `a=msid` in its offer.
    #[prost(string, tag = "1")]
    pub(crate) cid: String,
    /// 0 audio, 1 video.
    #[prost(int32, tag = "3")]
    pub(crate) kind: i32,
    #[prost(uint32, tag = "4")]
    pub(crate) width: u32,
    #[prost(uint32, tag = "5")]
    pub(crate) height: u32,
    /// 1 camera, 2 microphone.
    #[prost(int32, tag = "8")]
    pub(crate) source: i32,
    #[prost(message, repeated, tag = "9")]
    pub(crate) layers: Vec<VideoLayer>,
    #[prost(bool, tag = "13")]
    pub(crate) disable_red: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ClientInfo {
    #[prost(string, tag = "2")]
    pub(crate) version: String,
    #[prost(int32, tag = "3")]
    pub(crate) protocol: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ConnectionSettings {
    #[prost(bool, tag = "1")]
    pub(crate) auto_subscribe: bool,
    #[prost(bool, tag = "2")]
    pub(crate) adaptive_stream: bool,
    #[prost(bool, optional, tag = "3")]
    pub(crate) subscriber_allow_pause: Option<bool>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct JoinRequest {
    #[prost(message, optional, tag = "1")]
    pub(crate) client_info: Option<ClientInfo>,
    #[prost(message, optional, tag = "2")]
    pub(crate) connection_settings: Option<ConnectionSettings>,
    #[prost(message, repeated, tag = "5")]
    pub(crate) add_track_requests: Vec<AddTrackRequest>,
    #[prost(message, optional, tag = "6")]
    pub(crate) publisher_offer: Option<SessionDescription>,
}

#[derive(Clone, PartialEq, Message)]
struct WrappedJoinRequest {
    /// 1 = gzip.
    #[prost(int32, tag = "1")]
    compression: i32,
    #[prost(bytes = "vec", tag = "2")]
    join_request: Vec<u8>,
}

impl JoinRequest {
    /// The value of the `join_request` query parameter: gzip inside protobuf inside URL-safe base64, as SDKs send it.
    pub(crate) fn to_query(&self) -> std::io::Result<String> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&self.encode_to_vec())?;
        let wrapped = WrappedJoinRequest {
            compression: 1,
            join_request: gzip.finish()?,
        };
        Ok(BASE64URL.encode(&wrapped.encode_to_vec()))
    }
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Ping {
    /// Unix time in milliseconds.
    #[prost(int64, tag = "1")]
    pub(crate) timestamp: i64,
    #[prost(int64, tag = "2")]
    pub(crate) rtt: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Leave {
    #[prost(int32, tag = "2")]
    pub(crate) reason: i32,
    #[prost(int32, tag = "3")]
    pub(crate) action: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct MediaSectionsRequirement {
    #[prost(uint32, tag = "1")]
    pub(crate) num_audios: u32,
    #[prost(uint32, tag = "2")]
    pub(crate) num_videos: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct JoinResponse {
    /// Seconds between the pings the server wants.
    #[prost(int32, tag = "11")]
    pub(crate) ping_interval: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SignalRequest {
    #[prost(oneof = "Request", tags = "1, 8, 16")]
    pub(crate) message: Option<Request>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Request {
    #[prost(message, tag = "1")]
    Offer(SessionDescription),
    #[prost(message, tag = "8")]
    Leave(Leave),
    #[prost(message, tag = "16")]
    Ping(Ping),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SignalResponse {
    #[prost(oneof = "Response", tags = "1, 2, 8, 25")]
    pub(crate) message: Option<Response>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Response {
    #[prost(message, tag = "1")]
    Join(JoinResponse),
    #[prost(message, tag = "2")]
    Answer(SessionDescription),
    #[prost(message, tag = "8")]
    Leave(Leave),
    #[prost(message, tag = "25")]
    MediaSections(MediaSectionsRequirement),
}
