//! What SRTP promises, with the examples of RFC 7714.

use super::*;
use proptest::prelude::*;

const PROFILES: [Profile; 3] = [
    Profile::Aes128CmSha1_80,
    Profile::AeadAes128Gcm,
    Profile::AeadAes256Gcm,
];

fn pair(profile: Profile) -> (Association, Association) {
    let material: Vec<u8> = (0..keys::material_length(profile) as u8).collect();
    (
        Association::new(profile, &material, true).unwrap(),
        Association::new(profile, &material, false).unwrap(),
    )
}

fn report(length: usize) -> Vec<u8> {
    let mut packet = vec![0x80, 201, 0, 1, 9, 9, 9, 9];
    packet.resize(8 + length, 0x5A);
    packet
}

fn sealed(sealer: &mut RtcpSealer, packet: &[u8]) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + 20, 0);
    let length = sealer.seal(&mut buffer, packet.len()).unwrap();
    buffer.truncate(length);
    buffer
}

proptest! {
    #[test]
    fn what_one_side_seals_the_other_opens(which in 0_usize..3, length in 0_usize..200) {
        let (mut client, mut server) = pair(PROFILES[which]);
        let packet = report(length);

        let mut datagram = sealed(&mut client.rtcp, &packet);

        prop_assert_eq!(datagram.len(), packet.len() + PROFILES[which].rtcp_overhead());
        let opened = server.peer_rtcp.open(&mut datagram).unwrap();
        prop_assert_eq!(&datagram[..opened], &packet[..]);
    }

    #[test]
    fn one_changed_bit_is_noticed(which in 0_usize..3, at in 0_usize..48, bit in 0_u8..8) {
        let (mut client, mut server) = pair(PROFILES[which]);
        let mut datagram = sealed(&mut client.rtcp, &report(20));
        let at = at % datagram.len();
        datagram[at] ^= 1 << bit;
        prop_assert_eq!(server.peer_rtcp.open(&mut datagram), Err(SrtpError::Forged));
    }

    #[test]
    fn rtp_that_one_side_seals_the_other_opens_and_nothing_else(
        which in 0_usize..3,
        length in 0_usize..200,
        roc in 0_u64..3,
        at in 0_usize..300,
        bit in 0_u8..8,
    ) {
        let (client, server) = pair(PROFILES[which]);
        let index = roc << 16 | 0x0807;
        let mut packet = vec![0x80, 96, 8, 7, 0, 0, 0, 1, 0, 0, 0, 9];
        packet.resize(12 + length, 0x5A);
        let mut datagram = packet.clone();
        datagram.resize(packet.len() + PROFILES[which].rtp_overhead(), 0);
        client.rtp.seal(&mut datagram, 12, packet.len(), 9, index).unwrap();

        let mut opened = datagram.clone();
        prop_assert_eq!(server.peer_rtp.open(&mut opened, 12, 9, index), Ok(packet.len()));
        prop_assert_eq!(&opened[..packet.len()], &packet[..]);
        let other_turn = index + (1 << 16);
        prop_assert_eq!(server.peer_rtp.open(&mut datagram.clone(), 12, 9, other_turn), Err(SrtpError::Forged));
        let at = at % datagram.len();
        datagram[at] ^= 1 << bit;
        prop_assert_eq!(server.peer_rtp.open(&mut datagram, 12, 9, index), Err(SrtpError::Forged));
    }

    #[test]
    fn any_bytes_are_refused(which in 0_usize..3, mut bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let mut server = pair(PROFILES[which]).1;
        prop_assert!(server.peer_rtp.open(&mut bytes.clone(), 12.min(bytes.len()), 9, 1).is_err());
        prop_assert!(server.peer_rtcp.open(&mut bytes).is_err());
    }
}

#[test]
fn a_replayed_packet_is_refused_and_a_late_one_is_not() {
    for profile in PROFILES {
        let (mut client, mut server) = pair(profile);
        let first = sealed(&mut client.rtcp, &report(8));
        let second = sealed(&mut client.rtcp, &report(8));

        assert!(server.peer_rtcp.open(&mut second.clone()).is_ok());
        assert!(server.peer_rtcp.open(&mut first.clone()).is_ok());
        assert_eq!(
            server.peer_rtcp.open(&mut second.clone()),
            Err(SrtpError::Replayed)
        );
    }
}

#[test]
fn one_report_sealed_twice_shares_nothing_but_its_header() {
    for profile in PROFILES {
        let (mut client, _) = pair(profile);
        let (first, second) = (
            sealed(&mut client.rtcp, &report(16)),
            sealed(&mut client.rtcp, &report(16)),
        );
        assert_eq!(first[..8], second[..8]);
        assert_ne!(first[8..24], second[8..24]);
    }
}

#[test]
fn a_sealer_stops_before_its_index_repeats() {
    let (mut client, _) = pair(Profile::AeadAes128Gcm);
    client.rtcp.next = ENCRYPTED - 1;
    let mut buffer = [0; 64];
    assert!(client.rtcp.seal(&mut buffer, 8).is_ok());
    assert_eq!(client.rtcp.seal(&mut buffer, 8), Err(SrtpError::Exhausted));
    assert_eq!(
        client.rtp.seal(&mut buffer, 12, 20, 1, 1 << 48),
        Err(SrtpError::Exhausted)
    );
}

#[test]
fn a_buffer_without_room_for_the_tag_is_refused() {
    for profile in PROFILES {
        let (mut client, _) = pair(profile);
        assert_eq!(
            client.rtp.seal(&mut [0; 29], 12, 20, 1, 0),
            Err(SrtpError::NoRoom)
        );
        assert_eq!(client.rtcp.seal(&mut [0; 33], 20), Err(SrtpError::NoRoom));
    }
}

#[test]
fn material_of_a_wrong_length_is_refused() {
    assert!(matches!(
        Association::new(Profile::AeadAes256Gcm, &[0; 56], true),
        Err(SrtpError::Material)
    ));
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap())
        .collect()
}

const QUID_PRO_QUO: &str = "51756964 2070726f 2071756f";

fn gcm(profile: Profile, key: &[u8]) -> Cipher {
    Cipher::new(
        profile,
        &keys::Session::for_test(key, &hex(QUID_PRO_QUO), &[]),
    )
    .unwrap()
}

#[test]
fn rtp_is_sealed_as_in_rfc_7714_section_16() {
    let packet = hex(
        "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 696e2070
                      61727465 73207472 6573",
    );
    for (profile, key, expected) in [
        (
            Profile::AeadAes128Gcm,
            (0..16).collect::<Vec<u8>>(),
            "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b
             36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce",
        ),
        (
            Profile::AeadAes256Gcm,
            (0..32).collect(),
            "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f
             1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
        ),
    ] {
        let sealer = RtpSealer { profile, cipher: gcm(profile, &key) };
        let mut buffer = packet.clone();
        buffer.resize(packet.len() + 16, 0);

        sealer.seal(&mut buffer, 12, packet.len(), 0x5501_a0b2, 0xf17b).unwrap();

        assert_eq!(buffer, hex(expected), "{profile:?}");
    }
}

#[test]
fn rtcp_is_sealed_as_in_rfc_7714_section_17() {
    let packet = hex(
        "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef
                      deadbeef deadbeef deadbeef",
    );
    let key: Vec<u8> = (0..16).collect();
    let profile = Profile::AeadAes128Gcm;
    let mut sealer = RtcpSealer {
        profile,
        cipher: gcm(profile, &key),
        next: 0x5d4,
    };

    let datagram = sealed(&mut sealer, &packet);

    let expected = hex(
        "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda
                        4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4",
    );
    assert_eq!(datagram, expected);
}
