//! Room tokens: the JWT (HS256) a LiveKit server takes at `/rtc/v1`.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;

/// How long a token is good for, in seconds: longer than any run.
const LIFETIME: u64 = 3600;

/// A token with which `identity` may join `room`, publish and subscribe, signed with the key's secret.
pub(crate) fn room_token(key: &str, secret: &str, room: &str, identity: &str) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let claims = json!({
        "iss": key,
        "sub": identity,
        "name": identity,
        // A little in the past: two clocks need not agree to the second.
        "nbf": now.saturating_sub(10),
        "exp": now + LIFETIME,
        "video": {"room": room, "roomJoin": true, "canPublish": true, "canSubscribe": true, "canPublishData": true},
    });
    let body = format!(
        "{}.{}",
        BASE64URL_NOPAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#),
        BASE64URL_NOPAD.encode(claims.to_string().as_bytes()),
    );
    let signature = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
        body.as_bytes(),
    );
    format!("{body}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
}
