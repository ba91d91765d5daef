//! From DTLS keying material to session keys (RFC 3711 section 4.3, RFC 5764 section 4.2); using them is left to `cipher`.

use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use zeroize::Zeroizing;

use super::{Profile, SrtpError};

const HMAC_KEY: usize = 20;
/// Master salts are padded to this on the right (RFC 7714 section 11).
const PADDED_SALT: usize = 14;

const fn key_length(profile: Profile) -> usize {
    match profile {
        Profile::Aes128CmSha1_80 | Profile::AeadAes128Gcm => 16,
        Profile::AeadAes256Gcm => 32,
    }
}

const fn salt_length(profile: Profile) -> usize {
    match profile {
        Profile::Aes128CmSha1_80 => 14,
        Profile::AeadAes128Gcm | Profile::AeadAes256Gcm => 12,
    }
}

/// Bytes of keying material that a handshake must export.
pub(super) const fn material_length(profile: Profile) -> usize {
    2 * (key_length(profile) + salt_length(profile))
}

/// One direction's master key and salt.
pub(super) struct Master {
    profile: Profile,
    key: Zeroizing<Vec<u8>>,
    salt: Zeroizing<[u8; PADDED_SALT]>,
}

/// The client's and the server's masters.
pub(super) fn split(profile: Profile, material: &[u8]) -> Result<(Master, Master), SrtpError> {
    if material.len() != material_length(profile) {
        return Err(SrtpError::Material);
    }
    let (keys, salts) = material
        .split_at_checked(2 * key_length(profile))
        .ok_or(SrtpError::Material)?;
    let (client_key, server_key) = keys
        .split_at_checked(key_length(profile))
        .ok_or(SrtpError::Material)?;
    let (client_salt, server_salt) = salts
        .split_at_checked(salt_length(profile))
        .ok_or(SrtpError::Material)?;
    Ok((
        Master::new(profile, client_key, client_salt),
        Master::new(profile, server_key, server_salt),
    ))
}

/// RTP and RTCP never share a key.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Rtp,
    Rtcp,
}

/// The keys that protect packets.
pub(super) struct Session {
    pub(super) key: Zeroizing<Vec<u8>>,
    pub(super) salt: Zeroizing<Vec<u8>>,
    /// Empty for AEAD profiles.
    pub(super) authentication: Zeroizing<Vec<u8>>,
}

impl Session {
    #[cfg(test)]
    pub(super) fn for_test(key: &[u8], salt: &[u8], authentication: &[u8]) -> Self {
        Self {
            key: Zeroizing::new(key.to_vec()),
            salt: Zeroizing::new(salt.to_vec()),
            authentication: Zeroizing::new(authentication.to_vec()),
        }
    }
}

impl Master {
    fn new(profile: Profile, key: &[u8], salt: &[u8]) -> Self {
        let mut padded = Zeroizing::new([0; PADDED_SALT]);
        padded
            .iter_mut()
            .zip(salt)
            .for_each(|(to, from)| *to = *from);
        Self {
            profile,
            key: Zeroizing::new(key.to_vec()),
            salt: padded,
        }
    }

    /// The session keys for RTP (labels 0 to 2) or RTCP (labels 3 to 5).
    pub(super) fn session(&self, purpose: Purpose) -> Result<Session, SrtpError> {
        let first = match purpose {
            Purpose::Rtp => 0,
            Purpose::Rtcp => 3,
        };
        let authentication = if self.profile == Profile::Aes128CmSha1_80 {
            HMAC_KEY
        } else {
            0
        };
        Ok(Session {
            key: self.derive(first, key_length(self.profile))?,
            authentication: self.derive(first + 1, authentication)?,
            salt: self.derive(first + 2, salt_length(self.profile))?,
        })
    }

    /// The key stream of AES counter mode at (salt XOR label) is the pseudo-random function (RFC 3711 section 4.3.3).
    fn derive(&self, label: u8, length: usize) -> Result<Zeroizing<Vec<u8>>, SrtpError> {
        let mut start = [0; 16];
        start
            .iter_mut()
            .zip(self.salt.iter())
            .for_each(|(to, from)| *to = *from);
        if let Some(byte) = start.get_mut(7) {
            *byte ^= label;
        }
        let mut derived = Zeroizing::new(vec![0; length]);
        if length > 0 {
            let algorithm = if self.key.len() == 32 {
                &AES_256
            } else {
                &AES_128
            };
            let key =
                UnboundCipherKey::new(algorithm, &self.key).map_err(|_| SrtpError::Material)?;
            EncryptingKey::ctr(key)
                .and_then(|key| {
                    key.less_safe_encrypt(&mut derived, EncryptionContext::Iv128((&start).into()))
                })
                .map_err(|_| SrtpError::Material)?;
        }
        Ok(derived)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        text.as_bytes()
            .chunks(2)
            .map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn session_keys_are_those_of_rfc_3711_appendix_b_3() {
        let key = hex("E1F97A0D3E018BE0D64FA32C06DE4139");
        let salt = hex("0EC675AD498AFEEBB6960B3AABE6");

        let session = Master::new(Profile::Aes128CmSha1_80, &key, &salt)
            .session(Purpose::Rtp)
            .unwrap();

        assert_eq!(*session.key, hex("C61E7A93744F39EE10734AFE3FF7A087"));
        assert_eq!(*session.salt, hex("30CBBC08863D8C85D49DB34A9AE1"));
        assert_eq!(
            *session.authentication,
            hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4")
        );
    }

    #[test]
    fn each_direction_and_purpose_has_its_own_key() {
        let material: Vec<u8> = (0..material_length(Profile::AeadAes256Gcm) as u8).collect();
        let (client, server) = split(Profile::AeadAes256Gcm, &material).unwrap();
        let keys = [
            (&client, Purpose::Rtp),
            (&client, Purpose::Rtcp),
            (&server, Purpose::Rtp),
            (&server, Purpose::Rtcp),
        ]
        .map(|(master, purpose)| master.session(purpose).unwrap().key.to_vec());

        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key));
        }
    }
}
