//! The test vectors in `contract/e2ee-vectors.json`: what other implementations must compute as we do. `HUISCLOS_WRITE_VECTORS=1` writes
//! the file anew; without it the test checks that the file is what this code computes.

use openmls_rust_crypto::RustCrypto;
use openmls_traits::types::{AeadType, HashType};
use serde_json::{Value as Json, json};

use super::*;
use crate::derive::{psk_id, seal_name};
use crate::leaf::{Seat, make_card, signed_leaf};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../contract/e2ee-vectors.json");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A key from a seed: the seed is the private key, the public key is given with it.
fn key(seed: u8, public: &str) -> Key {
    let public = (0..32)
        .map(|at| u8::from_str_radix(&public[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    Key {
        public,
        private: vec![seed; 32],
    }
}

fn expand(prk: &[u8], info: &[u8], length: usize) -> Vec<u8> {
    RustCrypto::default()
        .hkdf_expand(HashType::Sha2_256, prk, info, length)
        .unwrap()
        .as_slice()
        .to_vec()
}

/// RFC 9605 §4.4.2 for suite 4 (AES_128_GCM_SHA256_128): key and salt of a KID.
fn sframe_key(base: &[u8], kid: u64) -> (Vec<u8>, Vec<u8>) {
    let secret = RustCrypto::default()
        .hkdf_extract(HashType::Sha2_256, &[], base)
        .unwrap();
    let info = |label: &str| [label.as_bytes(), &kid.to_be_bytes(), &4u16.to_be_bytes()].concat();
    let of = |label: &str, length| expand(secret.as_slice(), &info(label), length);
    (
        of("SFrame 1.0 Secret key ", 16),
        of("SFrame 1.0 Secret salt ", 12),
    )
}

/// RFC 9605 §4.3: config byte, KID and CTR, each in the fewest bytes.
fn sframe_header(kid: u64, counter: u64) -> Vec<u8> {
    let field = |number: u64| -> (u8, Vec<u8>) {
        if number < 8 {
            return (number as u8, vec![]);
        }
        let bytes: Vec<u8> = number
            .to_be_bytes()
            .into_iter()
            .skip_while(|byte| *byte == 0)
            .collect();
        (8 | (bytes.len() as u8 - 1), bytes)
    };
    let ((kid_bits, kid), (counter_bits, counter)) = (field(kid), field(counter));
    [&[kid_bits << 4 | counter_bits][..], &kid, &counter].concat()
}

/// One frame: clear prefix ‖ SFrame(header ‖ ciphertext ‖ tag), with the kind, the slot and the prefix as additional data.
fn frame(
    name: &str,
    base: &[u8],
    kid: u64,
    counter: u64,
    kind: u8,
    clear: usize,
    plain: &[u8],
) -> Json {
    let (key, salt) = sframe_key(base, kid);
    let header = sframe_header(kid, counter);
    let metadata = [b"hc1", &[kind, 0][..], &plain[..clear]].concat();
    let mut nonce = salt;
    for (byte, count) in nonce[4..].iter_mut().zip(counter.to_be_bytes()) {
        *byte ^= count;
    }
    let aad = [&header[..], &metadata].concat();
    let sealed = RustCrypto::default()
        .aead_encrypt(AeadType::Aes128Gcm, &key, &plain[clear..], &nonce, &aad)
        .unwrap();
    let wire = [&plain[..clear], &header, &sealed].concat();
    json!({ "name": name, "kind": kind, "slot": 0, "clear": clear, "kid": kid, "counter": counter,
        "metadata": hex(&metadata), "plain": hex(plain), "wire": hex(&wire) })
}

/// A personal invitation: its secret from the host's seed, the card made with it, and the link secret sealed for who came by it.
fn invitation(room: &RoomId, host_seed: &[u8], seat_pk: &[u8], link_secret: &[u8]) -> Json {
    let crypto = RustCrypto::default();
    let id = [0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8];
    let extract = |ikm: &[u8]| {
        crypto
            .hkdf_extract(HashType::Sha2_256, room.as_bytes(), ikm)
            .unwrap()
    };
    let info = [b"hc1 invitation".as_slice(), &id].concat();
    let secret = expand(extract(host_seed).as_slice(), &info, 16);
    let keys = LinkKeys::derive(&crypto, room, &secret).unwrap();
    let nonce = [7; 12];
    let name_ct = seal_name(&crypto, &keys.meta, nonce, seat_pk, "Mamie").unwrap();
    let card = make_card(&crypto, room, &keys, seat_pk, &name_ct, Some(&id)).unwrap();
    let generation = 3u32.to_be_bytes();
    let key = expand(extract(&secret).as_slice(), b"hc1 grant", 32);
    let aad = [
        b"hc1 grant\0".as_slice(),
        room.as_bytes(),
        seat_pk,
        &generation,
    ]
    .concat();
    let sealed = crypto
        .aead_encrypt(AeadType::Aes256Gcm, &key, link_secret, &nonce, &aad)
        .unwrap();
    let grant = [&generation[..], &nonce, &sealed].concat();
    json!({ "id": hex(&id), "secret": hex(&secret), "card": hex(&card), "name": "Mamie", "generation": 3,
        "nonce": hex(&nonce), "grant_key": hex(&key), "grant": hex(&grant) })
}

fn computed() -> Json {
    let crypto = RustCrypto::default();
    let room = RoomId::parse(ROOM).unwrap();
    let secret: Vec<u8> = (0..16).collect();
    let keys = LinkKeys::derive(&crypto, &room, &secret).unwrap();
    let host = key(
        1,
        "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c",
    );
    let seat = key(
        2,
        "8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394",
    );
    let leaf = key(
        3,
        "ed4928c628d1c2c6eae90338905995612959273a5c63f93636c14614ac8737d1",
    );

    let terms = Terms {
        admission: "lobby",
        max: 300,
        seq: 3,
        not_after: 1_900_000_000,
        banned: vec!["p_AAAAAAAAAAAAAAAAAAAA".into()],
        ..Terms::default()
    };
    let policy = signed(&host, &terms);
    let signed_cert = signed_certificate(&room, 1, &seat.public, 1_900_000_000);
    let cert_sig = host.sign(&signed_cert);
    let sealed_terms = Terms {
        about: Some(vec![0xab; 40]),
        notes: Some(vec![0xcd; 50]),
        ..terms.clone()
    };
    let certificate = certificate_bytes(1, &seat.public, 1_900_000_000, &cert_sig).unwrap();
    let nonce = [9; 12];
    let name_ct = seal_name(&crypto, &keys.meta, nonce, &seat.public, "Zoé").unwrap();
    let signed_leaf = signed_leaf(&room, &leaf.public);
    let seat_sig = seat.sign(&signed_leaf);
    let extension = Seat {
        seat_pk: seat.public.clone(),
        seat_sig: seat_sig.clone(),
        name_ct: name_ct.clone(),
        certificate: Some(certificate.clone()),
    }
    .encode();
    let card = make_card(&crypto, &room, &keys, &seat.public, &name_ct, None).unwrap();

    let base = [0x42; 16];
    let kid = |leaf: u64, epoch: u64| (leaf << 8) | (epoch % 256);
    let (sframe_secret, sframe_salt) = sframe_key(&base, kid(5, 300));
    let body: Vec<u8> = (0..40).collect();
    json!({
        "about": "hc-e2ee v1; bytes are hex. docs/develop/e2ee.md says what each is.",
        "link": {
            "room": ROOM, "secret": hex(&secret), "f": hex(&fingerprint(&crypto, &host.public).unwrap()),
            "fragment": format!("1.{}.{}", crate::derive::base64url(&secret),
                crate::derive::base64url(&fingerprint(&crypto, &host.public).unwrap())),
            "psk": hex(&keys.psk), "meta": hex(&keys.meta), "join": hex(&keys.join),
        },
        "psk_id": [{ "gen": 1, "id": hex(&psk_id(1)) }, { "gen": 258, "id": hex(&psk_id(258)) }],
        "keys": { "host_seed": hex(&host.private), "host_pk": hex(&host.public), "seat_seed": hex(&seat.private),
            "seat_pk": hex(&seat.public), "leaf_pk": hex(&leaf.public) },
        "identity": identity(&crypto, &seat.public).unwrap(),
        "policy": { "admission": "lobby", "max": 300, "gen": 1, "seq": 3, "not_before": 0, "not_after": 1_900_000_000,
            "idps": [], "banned": ["p_AAAAAAAAAAAAAAAAAAAA"], "blob": hex(&policy),
            "sealed": { "about": hex(&[0xab; 40]), "notes": hex(&[0xcd; 50]), "blob": hex(&signed(&host, &sealed_terms)) } },
        "certificate": { "role": 1, "not_after": 1_900_000_000, "signed": hex(&signed_cert), "sig": hex(&cert_sig),
            "certificate": hex(&certificate) },
        "leaf": { "signed": hex(&signed_leaf), "seat_sig": hex(&seat_sig), "name": "Zoé", "nonce": hex(&nonce),
            "name_ct": hex(&name_ct), "extension": hex(&extension) },
        "card": { "name": "Zoé", "card": hex(&card) },
        "invitation": invitation(&room, &host.private, &seat.public, &secret),
        "kid": [{ "leaf": 0, "epoch": 0, "kid": kid(0, 0) }, { "leaf": 5, "epoch": 300, "kid": kid(5, 300) },
            { "leaf": 4095, "epoch": 255, "kid": kid(4095, 255) }],
        "sframe": { "base": hex(&base), "kid": kid(5, 300), "key": hex(&sframe_secret), "salt": hex(&sframe_salt) },
        "frames": [
            frame("opus", &base, kid(5, 300), 0, 1, 1, &body),
            frame("vp8 key", &base, kid(5, 300), 7, 2, 10, &body),
            frame("vp8 delta", &base, kid(5, 300), 8, 2, 3, &[&[1], &body[1..]].concat()),
            frame("vp9", &base, kid(5, 300), 70_000, 4, 0, &body),
        ],
    })
}

#[test]
fn the_vectors_in_the_contract_are_what_this_code_computes() {
    let computed = computed();
    if std::env::var_os("HUISCLOS_WRITE_VECTORS").is_some() {
        std::fs::write(
            FILE,
            serde_json::to_string_pretty(&computed).unwrap() + "\n",
        )
        .unwrap();
    }

    let written: Json = serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap();

    assert_eq!(written, computed);
}

#[test]
fn sframe_keys_are_those_of_rfc_9605() {
    // Appendix C.3, suite 4: base key, KID 0x123.
    let base: Vec<u8> = (0..16).collect();

    let (key, salt) = sframe_key(&base, 0x123);

    assert_eq!(hex(&key), "d34f547f4ca4f9a7447006fe7fcbf768");
    assert_eq!(hex(&salt), "75234edefe07819026751816");
}

#[test]
fn the_policy_certificate_and_card_of_the_vectors_are_accepted() {
    let vectors: Json = serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap();
    let bytes = |path: &str| -> Vec<u8> {
        let text = vectors.pointer(path).and_then(Json::as_str).unwrap();
        (0..text.len() / 2)
            .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
            .collect()
    };
    let session = Session::open(&Opening {
        room: ROOM,
        secret: &bytes("/link/secret"),
        fingerprint: &bytes("/link/f"),
        policy: &bytes("/policy/blob"),
        apart: false,
        known_seq: 0,
        now: Some(1_800_000_000),
    })
    .unwrap();

    let card = session.open_card(&bytes("/card/card"), None).unwrap();

    assert_eq!(
        (card.name.as_str(), card.identity.as_str()),
        ("Zoé", vectors["identity"].as_str().unwrap())
    );
    let opened = crate::policy::Certificate::open(
        &session.crypto,
        &session.room,
        &bytes("/keys/host_pk"),
        &bytes("/keys/seat_pk"),
        &bytes("/certificate/certificate"),
    );
    assert!(opened.unwrap().is_valid_at(1_900_000_000));
}
