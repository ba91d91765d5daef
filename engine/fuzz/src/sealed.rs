//! A target behind authentication: SRTCP that was really sealed by the peer, whatever it says, and SRTCP that was not.

use std::sync::LazyLock;

use huisclos_sfu::srtp::{Association, Profile};

static MATERIAL: LazyLock<Vec<u8>> = LazyLock::new(|| (0..=255).collect());

/// Opens what the other side sealed (it must come back unchanged, once) and what nobody sealed (it must be refused).
pub fn srtcp(bytes: &[u8]) {
    for (profile, length) in [
        (Profile::AeadAes256Gcm, 88),
        (Profile::AeadAes128Gcm, 56),
        (Profile::Aes128CmSha1_80, 60),
    ] {
        let material = MATERIAL.get(..length).unwrap_or_default();
        let (Ok(mut ours), Ok(mut theirs)) = (
            Association::new(profile, material, true),
            Association::new(profile, material, false),
        ) else {
            continue;
        };
        let mut forged = bytes.to_vec();
        assert!(
            ours.peer_rtcp.open(&mut forged).is_err(),
            "bytes that nobody sealed were accepted"
        );

        let mut sealed = bytes.to_vec();
        sealed.resize(bytes.len() + 64, 0);
        let Ok(size) = theirs.rtcp.seal(&mut sealed, bytes.len()) else {
            continue;
        };
        sealed.truncate(size);
        let mut replayed = sealed.clone();
        let opened = ours
            .peer_rtcp
            .open(&mut sealed)
            .expect("what the peer sealed opens");
        assert_eq!(sealed.get(..opened), Some(bytes));
        assert!(
            ours.peer_rtcp.open(&mut replayed).is_err(),
            "a replayed packet was accepted"
        );
    }
}
